"""What reading is measured on: questions with their passages, as windows, and a reader of them."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from benchmarks.retrieval.corpus import read_odqa_settings
from benchmarks.retrieval.embedding import SIZES
from klue_pipeline.odqa.encoding.features import ReaderFeatures, encode_reader_examples
from klue_pipeline.odqa.encoding.schema import ORIGINAL
from klue_pipeline.odqa.reader.fold_training import ReaderSettings, build_reader
from klue_pipeline.odqa.reader.reader_model import ReaderConfig, ReaderModel
from klue_pipeline.odqa.settings.reader_params import (
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
    ReaderTrainingParams,
)
from klue_pipeline.text.blanks import blank_out_breaks
from klue_pipeline.training.tokenizer import prepare_tokenizer


@dataclass(frozen=True)
class ReadingWorkload:
    """Questions with their passages, and what reads them.

    Attributes:
        examples: Schema ``ReaderExamples``.
        tokenizer: The reader's.
        settings: Those of ``conf/base``, but for the encoder and one epoch.
    """

    examples: pd.DataFrame
    tokenizer: Any
    settings: ReaderSettings

    @cached_property
    def features(self) -> ReaderFeatures:
        """All windows."""
        max_tokens = self.settings.training.max_tokens
        return encode_reader_examples(
            self.examples, self.tokenizer, self.settings.reader, max_tokens
        )

    def build_reader(self) -> ReaderModel:
        """Build the reader anew, always with the same weights.

        Those of its last layer are so large that spans differ by more than bfloat16 rounds.
        """
        torch.manual_seed(0)
        config = ReaderConfig(
            reader=self.settings.reader,
            head=self.settings.head,
            max_tokens=self.settings.training.max_tokens,
            strategy=self.settings.folds.strategy,
            fold=0,
            fingerprint={},
        )
        model = build_reader(config, self.tokenizer)
        torch.nn.init.normal_(model.head.output.weight, std=0.5)
        return model


def read_gold_questions(path: Path, n_questions: int) -> pd.DataFrame:
    """Read the first questions with answers of a file of JSON lines; schema ``ReaderExamples``."""
    with path.open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    rows = [line for line in lines if line["answers"]["text"]][:n_questions]
    contexts = pd.Series([row["context"] for row in rows])
    return pd.DataFrame(
        {
            "row_id": [row["id"] for row in rows],
            "question_id": [row["id"] for row in rows],
            "method": ORIGINAL,
            "question": [row["question"] for row in rows],
            "passage_id": "p" + pd.Series(pd.factorize(contexts)[0]).astype(str),
            "context": contexts,
            "answers": [row["answers"]["text"] for row in rows],
            "answer_starts": [row["answers"]["answer_start"] for row in rows],
            "part": "train",
        }
    )


def make_workload(
    examples: pd.DataFrame, encoder: str | None, layers: int | None = None, **training: Any
) -> ReadingWorkload:
    """Put questions beside a reader.

    Args:
        examples: Schema ``ReaderExamples``.
        encoder: Folder or hub id; ``scratch`` for one with random weights in the sizes of a small
            E5; None takes that of the lab book.
        layers: How many layers of it are kept; None keeps all.
        **training: What ``odqa.training`` has otherwise.
    """
    defaults = read_odqa_settings()["experiment_defaults"]
    sizes = {} if encoder is None else {"name": encoder, "scratch": SIZES}
    reader = ReaderParams.model_validate(
        {**defaults["reader"], **sizes, "num_hidden_layers": layers}
    )
    texts = map(blank_out_breaks, [*examples["context"].unique(), *examples["question"]])
    settings = ReaderSettings(
        folds=ReaderFoldsParams.model_validate({**defaults["folds"], "strategy": "all"}),
        reader=reader,
        head=ReaderHeadParams.model_validate(defaults["head"]),
        training=ReaderTrainingParams.model_validate(
            {**defaults["training"], "epochs": 1, "learning_rate": 3e-5, **training}
        ),
        max_answer_tokens=defaults["answer"]["max_answer_tokens"],
    )
    return ReadingWorkload(examples, prepare_tokenizer(reader, texts), settings)
