"""The rows, folds and labels of a run: what scores are judged by and recognised by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores, gold_by_row, label_scores
from klue_pipeline.relation.splits.fingerprints import (
    folds_fingerprint,
    rows_fingerprint,
    test_rows_fingerprint,
)
from klue_pipeline.training.splitting.fold_members import validation_row_ids


@dataclass(frozen=True)
class Provenance:
    """What scores are made from; those of a run's experiments have the same.

    Attributes:
        fingerprint: Content hashes by name: ``rows``, ``folds`` and ``test_rows``.
        labels: Label names in order.
        held_out: Fold and id of every row that a fold holds out.
    """

    fingerprint: Mapping[str, str]
    labels: tuple[str, ...]
    held_out: pd.MultiIndex

    def describe_part(self, scores: ScoreTable) -> str:
        """Say which folds alone out-of-fold scores are of; empty if every fold has some."""
        return describe_part(scores.folds, self.held_out.get_level_values(0))


def describe_part(scored: Iterable[int] | None, split: Iterable[int]) -> str:
    """Say which folds of a split were scored; empty where all of them were, or nobody knows.

    >>> describe_part([0, 0, 2], [0, 1, 2]), describe_part([1], [0, 1, 2])
    ('folds 0, 2 only', 'fold 1 only')
    >>> describe_part([0, 1], [0, 1])
    ''
    """
    found, wanted = set(() if scored is None else scored), set(split)
    if not found or wanted <= found:
        return ""
    numbers = ", ".join(map(str, sorted(found)))
    return f"fold{'s' if len(found) > 1 else ''} {numbers} only"


@dataclass(frozen=True)
class RunRows:
    """The tables that scores of a run belong to; what follows from them is found out once.

    Attributes:
        sentences: The training rows; schema ``Sentences``.
        fold_members: Which rows each fold holds out: ``fold`` and ``row_id``.
        test_sentences: The test rows; schema ``TestSentences``.
        labels: The labels to score.
    """

    sentences: pd.DataFrame
    fold_members: pd.DataFrame
    test_sentences: pd.DataFrame
    labels: LabelSet

    @cached_property
    def gold(self) -> pd.Series:
        """True label names, indexed by row id."""
        return gold_by_row(self.sentences)

    @cached_property
    def provenance(self) -> Provenance:
        """What scores of these rows are recognised by."""
        fingerprint = {
            "rows": rows_fingerprint(self.sentences),
            "folds": folds_fingerprint(self.fold_members),
            "test_rows": test_rows_fingerprint(self.test_sentences),
        }
        held_out = pd.MultiIndex.from_frame(self.fold_members[["fold", "row_id"]])
        return Provenance(fingerprint, tuple(self.labels.names), held_out)

    @property
    def test_row_ids(self) -> list[str]:
        """Ids of the test rows in the order of their table."""
        ids: list[str] = self.test_sentences["row_id"].tolist()
        return ids

    def held_out(self, fold: int) -> list[str]:
        """Return the ids of the rows that a fold holds out."""
        ids: list[str] = validation_row_ids(self.fold_members, fold).tolist()
        return ids

    def label(self, scores: ScoreTable) -> LabelledScores:
        """Look up the true label of each scored training row.

        Raises:
            ValueError: As in :func:`~klue_pipeline.evaluation.truth.label_scores`.
        """
        return label_scores(scores, self.gold, self.labels)
