"""Submission files from elsewhere as members of a vote.

Nobody knows which rows trained what such a file says, so that nothing is tuned with it: it has test
scores only, and no fingerprint.
"""

import ast
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.submissions.submission import validate_submission
from klue_pipeline.relation.submissions.submission_problems import ROUNDED_SUM_TOLERANCE

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SubmissionShelf:
    """The submission files that were handed in, by file name.

    Attributes:
        tables: What each readable file holds, all of it as text.
        refused: Why each of the others cannot be read.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlainSubmissions:
    """Submissions that may join a vote, by file name.

    Attributes:
        test_scores: Logarithms of the probabilities of the test rows, in file order.
        refused: The reason for each file left out.
    """

    test_scores: dict[str, ScoreTable] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def read_plain_submissions(
    shelf: SubmissionShelf, row_ids: Sequence[str], label_names: Sequence[str]
) -> PlainSubmissions:
    """Turn every sound submission into scores of the test rows.

    Args:
        shelf: The files that were handed in.
        row_ids: Ids of all test rows in file order.
        label_names: Labels in the order that ``probs`` must have.

    Returns:
        The scores of the sound ones, and the reason for each of the others.
    """
    test_scores: dict[str, ScoreTable] = {}
    refused = dict(shelf.refused)
    for name, table in shelf.tables.items():
        try:
            test_scores[name] = score_submission(table, row_ids, label_names)
        except ValueError as error:
            refused[name] = f"{name} is no submission for these test rows: {error}"
    return PlainSubmissions(test_scores, refused)


def choose_plain_submissions(
    shelf: SubmissionShelf,
    wanted: Literal["none", "all"] | list[str],
    row_ids: Sequence[str],
    label_names: Sequence[str],
) -> dict[str, ScoreTable]:
    """Return the scores of the submissions that are to vote.

    Args:
        shelf: The files that were handed in.
        wanted: ``none``, the names of the files, or ``all`` that are sound, with a warning about
            the others.
        row_ids: Ids of all test rows in file order.
        label_names: Labels in the order that ``probs`` must have.

    Raises:
        ValueError: A named file is not there or not sound.
    """
    if wanted == "none":
        return {}
    read = read_plain_submissions(shelf, row_ids, label_names)
    if wanted == "all":
        for reason in read.refused.values():
            logger.warning("A submission is left out of the vote: %s", reason)
        return read.test_scores
    missing = {
        name: read.refused.get(name, f"{name}: there is no such file in raw.submissions")
        for name in wanted
        if name not in read.test_scores
    }
    if missing:
        raise ValueError(
            f"ensemble.plain_submissions names files that cannot vote. "
            f"{'; '.join(missing.values())}. Sound ones: {', '.join(read.test_scores) or 'none'}."
        )
    return {name: read.test_scores[name] for name in wanted}


def score_submission(
    submission: pd.DataFrame, row_ids: Sequence[str], label_names: Sequence[str]
) -> ScoreTable:
    """Turn a submission into scores whose softmax gives its probabilities back.

    A probability of 0 becomes the smallest one that float32 knows, as where probabilities are
    averaged.

    Args:
        submission: ``id``, ``pred_label`` and ``probs``, all as text.
        row_ids: Ids of all test rows in file order.
        label_names: Labels in the order of ``probs``.

    Returns:
        Scores without folds and without fingerprint.

    Raises:
        ValueError: It is not a valid submission for these test rows and labels.
    """
    validate_submission(submission, row_ids, label_names, ROUNDED_SUM_TOLERANCE)
    rows = [_parse_checked(text) for text in submission["probs"]]
    probabilities = np.maximum(np.array(rows, dtype=np.float64), np.finfo(np.float32).tiny)
    return ScoreTable(
        row_ids=np.array(row_ids, dtype=object),
        logits=np.log(probabilities).astype(np.float32),
        labels=tuple(label_names),
    )


def _parse_checked(text: str) -> list[float]:
    """Read a list of numbers; that it is one was checked before."""
    try:
        values: list[float] = json.loads(text)  # several times as fast
    except ValueError:
        values = ast.literal_eval(text)  # knows what only Python writes, such as [1., .5]
    return values
