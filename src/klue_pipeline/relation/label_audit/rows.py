"""The rows that can be audited: scored by models that did not learn from them, and labelled."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, require_numbers
from klue_pipeline.evaluation.truth import gold_by_row, gold_ids
from klue_pipeline.relation.metrics.targets import take_answered, target_labels
from klue_pipeline.relation.settings.params import TargetParams


@dataclass(frozen=True)
class AuditedRows:
    """What the audit looks at, in the order of the data.

    Attributes:
        rows: The audited rows of ``clean_sentences``, index from 0.
        given: Id of each row's given label among ``labels``. Shape: (rows,).
        probabilities: Of each label by the models that did not see the row. Shape: (rows, labels);
            rows sum to 1.
        labels: The labels the model tells apart.
        n_rows: Rows in the data.
        n_unscored: Of these, rows that no fold held out, or whose fold was not run.
        n_unanswered: Of these, scored rows without an answer to the model's question.
        n_averaged: Audited rows that several folds held out; their probabilities are averaged.
    """

    rows: pd.DataFrame
    given: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    labels: LabelSet
    n_rows: int
    n_unscored: int
    n_unanswered: int
    n_averaged: int

    def __len__(self) -> int:
        """Return the number of audited rows."""
        return len(self.given)


def collect_rows(
    scores: ScoreTable, sentences: pd.DataFrame, labels: LabelSet, target: TargetParams
) -> AuditedRows:
    """Bring out-of-fold scores and given labels together, row by row.

    Args:
        scores: Out-of-fold scores, for the labels of the target; overlapping folds may have scored
            a row more than once.
        sentences: The rows with their given labels; schema ``Sentences``.
        labels: The label set of the task.
        target: Which question the model answers; its answers are the audited labels.

    Raises:
        ValueError: A score is not a number, a scored row is not in the data, the labels are others,
            or the rows that are left have fewer than two labels.
    """
    require_numbers(scores)
    answered, gold = take_answered(scores, gold_by_row(sentences), labels, target)
    answers = target_labels(labels, target)
    given = gold_ids(answered, gold, answers)
    order, probabilities, n_scores = _average_by_row(answered, sentences["row_id"])
    given_by_row = pd.Series(given, index=answered.row_ids).groupby(level=0).first()
    rows = sentences.iloc[order].reset_index(drop=True)
    audited = AuditedRows(
        rows=rows,
        given=given_by_row.reindex(rows["row_id"]).to_numpy(dtype=np.int64),
        probabilities=probabilities,
        labels=answers,
        n_rows=len(sentences),
        n_unscored=len(sentences) - len(set(scores.row_ids)),
        n_unanswered=len(set(scores.row_ids)) - len(rows),
        n_averaged=int((n_scores > 1).sum()),
    )
    _require_two_labels(audited)
    return audited


def _average_by_row(
    scores: ScoreTable, row_ids: pd.Series
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Average the probabilities of each row over the folds that scored it.

    Returns:
        Places of the scored rows among ``row_ids`` in ascending order, their probabilities, and
        how often each was scored.
    """
    place = pd.Index(row_ids).get_indexer(pd.Index(scores.row_ids))
    order, first, n_scores = np.unique(place, return_inverse=True, return_counts=True)
    total = np.zeros((len(order), len(scores.labels)))
    np.add.at(total, first, scores.probabilities)
    # Rounding may leave a sum a hair above 1, which cleanlab refuses.
    return order, np.clip(total / n_scores[:, None], 0.0, 1.0), n_scores


def _require_two_labels(audited: AuditedRows) -> None:
    found = len(np.unique(audited.given))
    if found < 2:  # noqa: PLR2004 - one label cannot be mistaken for another
        raise ValueError(
            f"Found {found} labels among {len(audited)} rows with out-of-fold scores; an audit "
            "compares at least two. Train more folds, or audit another experiment."
        )
