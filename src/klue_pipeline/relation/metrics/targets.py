"""Which question a model answers about a row: the labels it knows, and how the row's label maps.

``all`` is the task itself. ``binary`` (a relation or none) and ``positive`` (which relation, given
that there is one) are its two halves, which a composite experiment joins again.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores, gold_by_row, label_scores
from klue_pipeline.relation.settings.params import TargetParams

RELATION = "relation"
"""The label that ``binary`` gives to every row that is not negative."""

NO_ANSWER = -1


@dataclass(frozen=True)
class Answers:
    """What a model with a target may answer.

    Attributes:
        labels: The labels it tells apart.
        by_label: The answer for a row of each label of the task; None if it has none.
    """

    labels: LabelSet
    by_label: dict[str, str | None]


def target_labels(labels: LabelSet, target: TargetParams) -> LabelSet:
    """Return the labels that a model with this target tells apart.

    Args:
        labels: The label set of the task.
        target: Which question the model answers.

    Raises:
        ValueError: The label set has no negative label, so that there are no halves to answer.

    >>> labels = LabelSet(names=["per:title", "none", "per:spouse"], negative="none")
    >>> target_labels(labels, TargetParams(name="binary")).names
    ['none', 'relation']
    >>> target_labels(labels, TargetParams(name="positive")).names
    ['per:title', 'per:spouse']
    """
    return TARGETS[target.name](labels).labels


def map_label_ids(labels: LabelSet, target: TargetParams) -> NDArray[np.int64]:
    """Return the target's label id for each label id of the task.

    Returns:
        -1 where a row of that label has no answer to the target's question. Shape: (labels,).

    Raises:
        ValueError: As in :func:`target_labels`.

    >>> labels = LabelSet(names=["per:title", "none", "per:spouse"], negative="none")
    >>> map_label_ids(labels, TargetParams(name="positive")).tolist()
    [0, -1, 1]
    """
    answers = TARGETS[target.name](labels)
    ids = {name: index for index, name in enumerate(answers.labels.names)}
    mapped = [ids.get(answers.by_label[name] or "", NO_ANSWER) for name in labels.names]
    return np.array(mapped, dtype=np.int64)


def map_gold(gold: pd.Series, labels: LabelSet, target: TargetParams) -> pd.Series:
    """Return the target's label of each row that has an answer to its question.

    Args:
        gold: Label names of the task, indexed by row id; missing ones stay missing.
        labels: The label set of the task.
        target: Which question the model answers.

    Raises:
        ValueError: A label is not in the label set, or as in :func:`target_labels`.
    """
    unknown = sorted(set(gold.dropna()).difference(labels.names))
    if unknown:
        raise ValueError(
            f"Found true labels {unknown[:3]} that the label set does not have; it has "
            f"{len(labels.names)} labels {labels.names[:3]}…. Choose the one that fits with "
            "ingest.label_set."
        )
    return gold.map(TARGETS[target.name](labels).by_label).dropna()


def take_answered(
    scores: ScoreTable, gold: pd.Series, labels: LabelSet, target: TargetParams
) -> tuple[ScoreTable, pd.Series]:
    """Leave out the scored rows that have no answer to a target's question.

    Args:
        scores: Scores for the target's labels; every row may be scored.
        gold: Label names of the task, indexed by row id.
        labels: The label set of the task.
        target: Which question the model answers.

    Returns:
        The other rows' scores, and the target's label of each of them. A row whose label is not
        known stays, so that whoever judges the scores can say so.
    """
    answers = map_gold(gold, labels, target)
    unanswerable = gold.dropna().index.difference(answers.index)
    kept = ~pd.Index(scores.row_ids).isin(unanswerable)
    return scores.take(kept), answers


def label_answered(
    scores: ScoreTable, rows: pd.DataFrame, labels: LabelSet, target: TargetParams
) -> LabelledScores:
    """Bring scores and true labels of a model with a target together, where there is an answer.

    Args:
        scores: Scores for the target's labels; every row may be scored.
        rows: ``row_id`` and ``label`` of these rows at least, in labels of the task.
        labels: The label set of the task.
        target: Which question the model answers.

    Raises:
        ValueError: As in :func:`map_gold`, or a scored row has no true label.
    """
    answered, answers = take_answered(scores, gold_by_row(rows), labels, target)
    return label_scores(answered, answers, target_labels(labels, target))


def _all_labels(labels: LabelSet) -> Answers:
    return Answers(labels, {name: name for name in labels.names})


def _negative_or_not(labels: LabelSet) -> Answers:
    negative = _negative_of(labels)
    return Answers(
        LabelSet(names=[negative, RELATION], negative=negative),
        {name: negative if name == negative else RELATION for name in labels.names},
    )


def _positive_labels(labels: LabelSet) -> Answers:
    negative = _negative_of(labels)
    positive = [name for name in labels.names if name != negative]
    return Answers(
        LabelSet(names=positive, negative=None),
        {**{name: name for name in positive}, negative: None},
    )


def _negative_of(labels: LabelSet) -> str:
    if labels.negative is None:
        raise ValueError(
            "target.name is binary or positive, but the label set has no negative label, so every "
            "row has a relation; set target.name to all."
        )
    return labels.negative


TARGETS: dict[str, Callable[[LabelSet], Answers]] = {
    "all": _all_labels,
    "binary": _negative_or_not,
    "positive": _positive_labels,
}
"""What every target may answer, by the name it has in ``target.name``."""
