"""How good a model is on parts of the rows: which kind of row it is good at, and how sure that is.

The parts are chosen by what is known of a row, not by what the model says. Each number of a part is
a ratio of weighted sums over its rows, so that the sums of all parts under many bootstrap
draws are one product of a sparse matrix (sums by rows) and the draws (rows by draws).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from klue_pipeline.evaluation.intervals import PERCENT, draw_weights
from klue_pipeline.evaluation.logits import require_usable_logits
from klue_pipeline.evaluation.nesting import find_rows
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.exploration.comparison import NOT_GIVEN, bin_numbers
from klue_pipeline.relation.exploration.row_measures import measure_rows
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams

Mask = NDArray[np.bool_]

SLICES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "type_pair": lambda rows: rows["type_pair"],
    "source": lambda rows: rows["source"].astype("object").where(rows["source"].notna(), NOT_GIVEN),
    "entity_distance": lambda rows: _bin_measure(rows, "entity_distance"),
    "sentence_length": lambda rows: _bin_measure(rows, "characters"),
    "pair": lambda rows: pd.Series(np.where(rows["pair_is_seen"], "seen", "unseen")),
}
"""What the rows are sliced by, beside their label: a function of the rows to one value per row.
Ordered categories stand in the table in their order, other values the most frequent first."""


def tabulate_slices(
    scores: LabelledScores,
    rows: pd.DataFrame,
    seen: Mask,
    evaluation: EvaluationParams,
) -> pd.DataFrame:
    """Judge parts of the scored rows, each with intervals.

    Args:
        scores: Out-of-fold or test scores.
        rows: The sentences that were scored, and maybe more, in any order; schema ``Sentences`` or
            ``TestSentences``.
        seen: Whether the row's entity pair stood in the training part, by the functions of
            ``seen_pairs``. Shape: (scored rows,).
        evaluation: Draws, seed and confidence of the intervals.

    Returns:
        One row per part: ``kind``, ``value``, ``rows``; from 0 to 100 ``micro_f1`` with ``low`` and
        ``high``, and ``accuracy`` with ``accuracy_low`` and ``accuracy_high``. The kinds are:

        - ``label``, every label in label order, also those without rows. ``rows`` and ``accuracy``
          (which is its recall) are those of the rows that have it; ``micro_f1`` is the F1 of this
          label alone over all rows, the negative label's too;
        - ``type_pair`` and ``source``;
        - ``entity_distance`` and ``sentence_length`` in characters, in the bins in which the look
          at the data counts them;
        - ``pair``: whether training rows had the same two entities (seen, unseen).

        NaN where a number is not defined: F1 where no relation is true or predicted. The intervals
        leave draws out where it is not; a part of few rows may have an interval of one point,
        because its rows alone do not show how others would differ.

    Raises:
        ValueError: There is no row, a score is not a number, a scored row is not in ``rows`` or has
            no true label, or ``seen`` does not fit.
    """
    table, truth = scores.table, scores.truth
    require_usable_logits(table.logits)
    if seen.shape != (len(scores),):
        raise ValueError(f"Found {seen.shape} marks of seen pairs for {len(scores)} scored rows.")
    scored = rows.iloc[find_rows(table.row_ids, rows["row_id"])].reset_index(drop=True)
    predictions = _Predictions.of(truth, scores.predicted, scores.negative_id)
    parts = [_slice_by_label(predictions, list(table.labels))]
    values = {name: take(scored.assign(pair_is_seen=seen)) for name, take in SLICES.items()}
    parts += [_slice_by_value(predictions, name, given) for name, given in values.items()]
    return _judge(parts, table, evaluation)


@dataclass(frozen=True)
class _Predictions:
    """What became of each scored row. Shape of each: (rows,).

    Attributes:
        truth: True label ids.
        predicted: Predicted label ids.
        is_correct: Whether the two are the same.
        found: Whether they are, and are a relation.
        relations: Number of relations among the two: 0, 1 or 2.
    """

    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    is_correct: Mask
    found: Mask
    relations: NDArray[np.int64]

    @classmethod
    def of(
        cls, truth: NDArray[np.int64], predicted: NDArray[np.int64], negative: int | None
    ) -> "_Predictions":
        is_correct, is_relation = truth == predicted, truth != negative
        relations = is_relation.astype(np.int64) + (predicted != negative)
        return cls(truth, predicted, is_correct, is_correct & is_relation, relations)


@dataclass(frozen=True)
class _Part:
    """The parts of one kind, and the sums over their rows. Shape of each sum: (parts, rows)."""

    kind: str
    names: list[str]
    found: csr_array
    relations: csr_array
    correct: csr_array
    total: csr_array


def _slice_by_label(predictions: _Predictions, names: list[str]) -> _Part:
    ones = np.ones(len(predictions.truth))
    of_truth = _sum_matrix(predictions.truth, len(names), ones)
    correct = _sum_matrix(predictions.truth, len(names), predictions.is_correct)
    relations = of_truth + _sum_matrix(predictions.predicted, len(names), ones)
    return _Part("label", names, correct, relations, correct, of_truth)


def _slice_by_value(predictions: _Predictions, kind: str, values: pd.Series) -> _Part:
    places, names = _number_values(values)
    ones = np.ones(len(places))
    return _Part(
        kind,
        names,
        found=_sum_matrix(places, len(names), predictions.found),
        relations=_sum_matrix(places, len(names), predictions.relations),
        correct=_sum_matrix(places, len(names), predictions.is_correct),
        total=_sum_matrix(places, len(names), ones),
    )


def _number_values(values: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Number the values that occur, in the order of the table."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        order = values.cat.categories[values.cat.categories.isin(values)]
    else:
        counts = values.value_counts()
        order = counts.index[np.lexsort((counts.index.astype("str"), -counts))]
    return order.get_indexer(pd.Index(values)).astype(np.int64), [str(value) for value in order]


def _sum_matrix(places: NDArray[np.int64], n_parts: int, numbers: NDArray[Any]) -> csr_array:
    """Return the matrix that adds up one number per row by the row's part."""
    rows = np.flatnonzero(numbers)
    shape = (n_parts, len(places))
    return csr_array((numbers[rows].astype(np.float64), (places[rows], rows)), shape=shape)


def _judge(parts: list[_Part], scores: ScoreTable, evaluation: EvaluationParams) -> pd.DataFrame:
    sums = vstack([getattr(part, name) for name in _SUMS for part in parts], format="csr")
    observed = _ratios(sums, np.ones((len(scores), 1)))
    draws = [
        _ratios(sums, weights)
        for weights in draw_weights(scores, evaluation.n_resamples, evaluation.seed)
    ]
    low, high = _interval(np.concatenate(draws, axis=2), evaluation.confidence)
    total = np.concatenate([part.total.sum(axis=1) for part in parts])
    return pd.DataFrame(
        {
            "kind": [part.kind for part in parts for _ in part.names],
            "value": [name for part in parts for name in part.names],
            "rows": total.astype(np.int64),
            "micro_f1": observed[0, :, 0],
            "low": low[0],
            "high": high[0],
            "accuracy": observed[1, :, 0],
            "accuracy_low": low[1],
            "accuracy_high": high[1],
        }
    )


_SUMS = ("found", "relations", "correct", "total")


def _ratios(sums: csr_array, weights: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return micro F1 and accuracy of each part under each draw. Shape: (2, parts, draws)."""
    found, relations, correct, total = np.split(sums @ weights, len(_SUMS))
    return np.stack([_percentage(2 * found, relations), _percentage(correct, total)])


def _interval(
    draws: NDArray[np.float64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take the quantiles of the draws in which a number is defined. Shape of each: (2, parts)."""
    ends = np.full((2, *draws.shape[:2]), np.nan)
    known = ~np.isnan(draws).all(axis=2)
    ends[:, known] = np.nanquantile(
        draws[known], [(1 - confidence) / 2, (1 + confidence) / 2], axis=1
    )
    return ends[0], ends[1]


def _percentage(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.full_like(part, np.nan)
    np.divide(PERCENT * part, whole, out=shares, where=whole > 0)
    return shares


def _bin_measure(rows: pd.DataFrame, measure: str) -> pd.Series:
    return bin_numbers(measure_rows(rows)[measure], measure)
