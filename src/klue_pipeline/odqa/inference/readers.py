"""The readers of all folds, loaded, which read the same windows one after the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd
import torch

from klue_pipeline.odqa.encoding.windows import Windows, encode_windows
from klue_pipeline.odqa.reader.fold_reading import no_candidates, tabulate
from klue_pipeline.odqa.reader.joined_text import join_texts
from klue_pipeline.odqa.reader.reader_graph import AnyReader, ReaderGraph
from klue_pipeline.odqa.reader.reader_model import ReaderModel
from klue_pipeline.odqa.reader.reading import ReadSpans, read_encoded
from klue_pipeline.odqa.reader.window_reading import SpanRules
from klue_pipeline.training.params import Precision
from klue_pipeline.training.tokenizer import Tokenizer, load_tokenizer

_TOKENIZER_FILE = "tokenizer.json"


@dataclass(frozen=True, eq=False)
class Readers:
    """Readers that were trained alike, on other parts of the questions.

    Attributes:
        models: By the numbers of their folds, in evaluation mode, on one device.
        tokenizer: The tokenizer of all of them.
        precision: A resolved precision, not ``auto``.
        batch_size: Windows in a batch.
        lock: A fast tokenizer keeps settings of its last call. One that changes them while another
            thread is in it gives that thread other tokens, or fails ("Already borrowed").
    """

    models: Mapping[int, AnyReader]
    tokenizer: Tokenizer
    precision: Precision
    batch_size: int
    lock: Any = field(default_factory=Lock)

    @property
    def device(self) -> torch.device:
        """Where the models are."""
        return next(self._first.parameters()).device

    @property
    def _first(self) -> AnyReader:
        return next(iter(self.models.values()))

    def read(
        self, plan: pd.DataFrame, questions: pd.Series, passages: pd.Series, rules: SpanRules
    ) -> dict[int, pd.DataFrame]:
        """Let every reader find spans.

        Args:
            plan: What to read; see :func:`~klue_pipeline.odqa.reader.reading_plan.plan_reading`.
            questions: Their texts, by id.
            passages: Their texts, by id.
            rules: Which spans are kept of a text.

        Returns:
            Schema ``FoldCandidates``, by fold.

        Raises:
            RuntimeError: A reader's scores are not finite, or the GPU's memory did not suffice.
        """
        if plan.empty:
            return {fold: no_candidates() for fold in self.models}
        joined = join_texts(passages.loc[plan["passage_id"]].tolist(), plan["text"].to_numpy())
        asked = plan["question_id"].iloc[joined.first_passages]
        windows = self._encode(questions.loc[asked].tolist(), joined.texts)
        return {
            fold: tabulate(plan, joined, self._read(model, windows, len(joined.texts), rules))
            for fold, model in self.models.items()
        }

    def _encode(self, questions: list[str], texts: list[str]) -> Windows:
        config = self._first.reader_config
        with self.lock:
            return encode_windows(
                questions,
                texts,
                self.tokenizer,
                config.max_tokens,
                config.reader.max_question_tokens,
                config.reader.stride,
            )

    def _read(
        self, model: AnyReader, windows: Windows, n_texts: int, rules: SpanRules
    ) -> ReadSpans:
        try:
            return read_encoded(
                model,
                windows,
                n_texts,
                int(self.tokenizer.pad_token_id or 0),
                rules,
                batch_size=self.batch_size,
                precision=self.precision,
            )
        except torch.cuda.OutOfMemoryError as error:
            raise RuntimeError(
                f"The GPU ran out of memory at batch_size={self.batch_size}; load the answerer "
                "with a smaller one (same result)."
            ) from error
        except ValueError as error:  # of the model, not of what was asked
            raise RuntimeError(str(error)) from error


def load_readers(
    folders: Mapping[int, Path], device: torch.device, precision: Precision, batch_size: int
) -> Readers:
    """Load the readers of some folds.

    Args:
        folders: Their checkpoints, by fold; at least one.
        device: Where they go.
        precision: A resolved precision.
        batch_size: Windows in a batch.

    Raises:
        FileNotFoundError: A checkpoint is not whole.
        ValueError: A checkpoint is of another version, or the readers cut texts differently.
    """
    models = {
        fold: ReaderModel.from_pretrained(folder).to(device) for fold, folder in folders.items()
    }
    return _gather(folders, models, precision, batch_size)


def load_graphs(folders: Mapping[int, Path], batch_size: int) -> Readers:
    """Load the graphs of readers; as :func:`load_readers`.

    Raises:
        ImportError: onnxruntime is not installed.
    """
    models = {fold: ReaderGraph(folder) for fold, folder in folders.items()}
    return _gather(folders, models, "fp32", batch_size)


def _gather(
    folders: Mapping[int, Path],
    models: Mapping[int, AnyReader],
    precision: Precision,
    batch_size: int,
) -> Readers:
    _require_alike(models)
    first = next(iter(folders.values()))
    # Without it Transformers makes up a tokenizer that knows no word.
    if not (first / _TOKENIZER_FILE).is_file():
        raise FileNotFoundError(
            f"{first} is no whole reader: {_TOKENIZER_FILE} is missing; export it again."
        )
    return Readers(models, load_tokenizer(str(first.resolve())), precision, batch_size)


def _require_alike(models: Mapping[int, AnyReader]) -> None:
    ways = {
        (model.reader_config.max_tokens, model.reader_config.reader) for model in models.values()
    }
    if len(ways) > 1:
        raise ValueError(
            f"The readers of folds {', '.join(map(str, models))} were trained with different "
            "settings of windows; train all folds of the experiment again, then export it."
        )
