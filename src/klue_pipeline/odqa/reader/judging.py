"""How good a reader is at questions that it has not seen, given their gold passages."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.odqa.encoding.features import ReaderFeatures
from klue_pipeline.odqa.metrics.answers import CHARACTER_F1, EXACT_MATCH, score_answers
from klue_pipeline.odqa.reader.labelled_rows import list_column
from klue_pipeline.odqa.reader.loss import span_losses
from klue_pipeline.odqa.reader.reader_model import window_logits
from klue_pipeline.odqa.reader.spans import score_spans
from klue_pipeline.training.batches import Batch, EncodedRows
from klue_pipeline.training.params import Precision
from klue_pipeline.training.prediction import read_rows


@dataclass(frozen=True)
class HeldOutWindows:
    """Windows of questions whose answers are known.

    Attributes:
        rows: What batches are cut from.
        question_ids: The question of each window. Shape: (windows,).
        contexts: The passage of each window.
        golds: The gold answers of each window's question; none for one without an answer.
        start_chars: Place in the passage of each token's first character, window after window.
        end_chars: Place after its last character.
    """

    rows: EncodedRows
    question_ids: list[str]
    contexts: list[str]
    golds: list[Sequence[str]]
    start_chars: NDArray[np.integer]
    end_chars: NDArray[np.integer]

    def answer_of(self, window: int, start: int, end: int) -> str:
        """Return the text of the tokens from ``start`` to before ``end`` of a window."""
        first = self.rows.offsets[window]
        return self.contexts[window][
            self.start_chars[first + start] : self.end_chars[first + end - 1]
        ]


def held_out_windows(
    features: ReaderFeatures, rows: EncodedRows, examples: pd.DataFrame
) -> HeldOutWindows:
    """Put windows beside the texts that they were made of.

    Args:
        features: Encoded windows.
        rows: The same as batches are cut from them.
        examples: Schema ``ReaderExamples``.
    """
    row_ids = features.table["row_id"].to_pylist()
    texts = examples.set_index("row_id")[["context", "answers"]].loc[row_ids]
    return HeldOutWindows(
        rows=rows,
        question_ids=features.table["question_id"].to_pylist(),
        contexts=texts["context"].tolist(),
        golds=texts["answers"].tolist(),
        start_chars=list_column(features, "start_chars")[0],
        end_chars=list_column(features, "end_chars")[0],
    )


def judge_reader(
    model: nn.Module,
    held_out: HeldOutWindows,
    max_answer_tokens: int,
    batch_size: int,
    precision: Precision,
) -> dict[str, float]:
    """Return ``exact_match`` and ``character_f1`` (0 to 100) and ``loss`` (nats).

    The answer to a question is the best span of all windows of its gold passage, with the particle
    that may end it. The loss is the mean over windows, those without an answer included, and is
    never smoothed.

    Args:
        model: It stays where it is.
        held_out: What it is judged on; at least one question has an answer.
        max_answer_tokens: Longest answer.
        batch_size: Windows in a batch.
        precision: A resolved precision, not ``auto``.
    """
    losses, answers = answer_held_out(model, held_out, max_answer_tokens, batch_size, precision)
    right = score_answers(list(answers.values()), [held_out.golds[window] for window in answers])
    return {
        EXACT_MATCH: PERCENT * float(right[EXACT_MATCH].mean()),
        CHARACTER_F1: PERCENT * float(right[CHARACTER_F1].mean()),
        "loss": float(losses.mean(dtype=np.float64)),
    }


def answer_held_out(
    model: nn.Module,
    held_out: HeldOutWindows,
    max_answer_tokens: int,
    batch_size: int,
    precision: Precision,
) -> tuple[NDArray[np.float32], dict[int, str]]:
    """Answer questions from their gold passages; the arguments are those of :func:`judge_reader`.

    Returns:
        The loss of each window, and for each question that has an answer the window with its best
        span, and the span's text.
    """

    def read(model: nn.Module, batch: Batch) -> Tensor:
        logits = window_logits(model, batch)
        best = score_spans(logits, batch["may_start"], batch["may_end"], max_answer_tokens, 1)
        found = (best.scores[:, 0], best.starts[:, 0], best.ends[:, 0])
        return torch.stack([span_losses(logits, batch, 0.0), *found], dim=1)

    losses, *spans = read_rows(read, model, held_out.rows, batch_size, precision).T
    return losses, _choose_answers(held_out, *spans)


def _choose_answers(
    held_out: HeldOutWindows,
    scores: NDArray[np.float32],
    starts: NDArray[np.float32],
    ends: NDArray[np.float32],
) -> dict[int, str]:
    """Return the window with the best span of each question that has an answer, and its text."""
    # A diverged model scores by nan, and then has no answer, which is wrong.
    scores = np.nan_to_num(scores, nan=-math.inf)
    best = pd.Series(scores).groupby(held_out.question_ids, sort=False).idxmax()
    return {
        window: held_out.answer_of(window, int(starts[window]), int(ends[window]))
        if scores[window] > -math.inf
        else ""
        for window in best
        if len(held_out.golds[window])
    }
