"""All that one fold reads, as tables of candidates that are made while they are taken."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from klue_pipeline.base_settings import naming_settings
from klue_pipeline.odqa.reader.joined_text import JoinedTexts, join_texts
from klue_pipeline.odqa.reader.reader_model import OWN_NAMES, ReaderModel, read_reader_config
from klue_pipeline.odqa.reader.reading import ReadSpans, read_pairs
from klue_pipeline.odqa.reader.window_reading import SpanRules
from klue_pipeline.text.counts import counted
from klue_pipeline.training.device import choose_device, explain_out_of_memory
from klue_pipeline.training.fingerprint import hash_table
from klue_pipeline.training.params import TrainingParams
from klue_pipeline.training.tokenizer import load_tokenizer

logger = logging.getLogger(__name__)

CHUNK_CHARACTERS = 2**20
"""Text that is in memory as tokens at a time: some thousand windows, so that sorting them by length
leaves little padding."""

_COLUMNS = {
    "question_id": "str",
    "passage_id": "str",
    "is_joined": "bool",
    "start_char": "int64",
    "end_char": "int64",
    "text": "str",
    "logit": "float64",
    "passage_log_total": "float64",
}


@dataclass(frozen=True)
class FoldReading:
    """Passages that are read for questions, chunk by chunk, as the tables are asked for.

    The model is loaded when somebody iterates, and gone when they are done.

    Attributes:
        folder: Checkpoint of the fold's reader.
        plan: What to read; see :func:`~klue_pipeline.odqa.reader.reading_plan.plan_reading`.
        questions: Their texts, by id.
        passages: Their texts, by id.
        training: Device, precision and batch size.
        rules: Which spans are kept of a text.
    """

    folder: Path
    plan: pd.DataFrame
    questions: pd.Series
    passages: pd.Series
    training: TrainingParams
    rules: SpanRules

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Read everything, with a progress bar for each chunk on a terminal.

        Yields:
            One or more tables of schema ``FoldCandidates``, in the order of the plan.

        Raises:
            ValueError: The reader's scores are not finite.
            RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
        """
        if self.plan.empty:
            yield no_candidates()
            return
        n_texts = n_without_span = 0
        with naming_settings(OWN_NAMES), explain_out_of_memory(self.training):
            read = self._load_reader()
            for description, chunk in self._chunks():
                joined = join_texts(
                    self.passages.loc[chunk["passage_id"]].tolist(), chunk["text"].to_numpy()
                )
                asked = chunk["question_id"].iloc[joined.first_passages]
                found = read(self.questions.loc[asked].tolist(), joined.texts, description)
                n_texts += len(joined.texts)
                n_without_span += int(np.isneginf(found.log_totals).sum())
                yield tabulate(chunk, joined, found)
        _log(self.folder.name, n_texts, n_without_span)

    def _load_reader(self) -> Callable[[list[str], list[str], str], ReadSpans]:
        device, precision = choose_device(self.training)
        model = ReaderModel.from_pretrained(self.folder).to(device)
        tokenizer = load_tokenizer(str(self.folder))
        return lambda questions, texts, description: read_pairs(
            model,
            tokenizer,
            model.reader_config,
            questions,
            texts,
            batch_size=self.training.evaluation_batch_size,
            precision=precision,
            span_score=self.rules.score,
            max_answer_tokens=self.rules.max_answer_tokens,
            n_best=self.rules.n_best,
            description=description,
        )

    def _chunks(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Cut the plan between its texts, and describe each chunk."""
        lengths = self.plan["passage_id"].map(self.passages.str.len())
        text_starts = (lengths.cumsum() - lengths).groupby(self.plan["text"]).transform("first")
        numbers = text_starts.to_numpy() // CHUNK_CHARACTERS
        cuts = np.flatnonzero(np.diff(numbers)) + 1
        bounds = [0, *cuts.tolist(), len(self.plan)]
        for number, (start, end) in enumerate(pairwise(bounds), start=1):
            description = f"read {self.folder.name}, part {number} of {len(bounds) - 1}"
            yield description, self.plan.iloc[start:end]


def read_fold_number(folder: Path, fold_members: pd.DataFrame) -> int:
    """Read of which fold a reader is.

    Args:
        folder: Its checkpoint.
        fold_members: Which questions each fold holds out.

    Raises:
        ValueError: It was trained on another split, so that it may have learnt from other questions
            than this one says.
    """
    config = read_reader_config(folder)
    if config.fingerprint.get("folds") != hash_table(fold_members, ["fold", "row_id"]):
        raise ValueError(
            f"The reader in {folder} was trained on another split of the questions than there is "
            "now, and may have learnt from some that it would answer as unseen; train it again "
            "with kedro run --pipelines odqa_train."
        )
    return config.fold


def no_candidates() -> pd.DataFrame:
    """Return a table of schema ``FoldCandidates`` without rows."""
    return pd.DataFrame(columns=list(_COLUMNS)).astype(_COLUMNS)


def tabulate(chunk: pd.DataFrame, joined: JoinedTexts, found: ReadSpans) -> pd.DataFrame:
    """Write the spans of some texts as candidates, each with the passage that it begins in.

    Args:
        chunk: What was read, as :func:`~klue_pipeline.odqa.reader.reading_plan.plan_reading` plans
            it.
        joined: Its texts.
        found: Their spans.

    Returns:
        Schema ``FoldCandidates``.
    """
    passages, starts = joined.find(found.pairs, found.start_chars)
    places = zip(found.pairs, found.start_chars, found.end_chars, strict=True)
    rows = chunk.iloc[passages]
    table = pd.DataFrame(
        {
            "question_id": rows["question_id"].to_numpy(),
            "passage_id": rows["passage_id"].to_numpy(),
            "is_joined": rows["is_joined"].to_numpy(),
            "start_char": starts,
            "end_char": starts + found.end_chars - found.start_chars,
            "text": [joined.texts[pair][start:end] for pair, start, end in places],
            "logit": found.logits,
            "passage_log_total": found.log_totals[found.pairs],
        }
    )
    # The spans of joined passages come best first, those of each passage shall be together.
    return table.iloc[np.argsort(passages, kind="stable")].astype(_COLUMNS).reset_index(drop=True)


def _log(name: str, n_texts: int, n_without_span: int) -> None:
    logger.info("%s has read %s", name, counted(n_texts, "text"))
    if n_without_span:
        logger.warning(
            "%s holds no character that could be of an answer; no candidate comes of it",
            counted(n_without_span, "of these texts", "of these texts"),
        )
