"""Scores of a composite's members, and whether they are those of this run's rows and split."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.relation.ensemble.selection import Origin, trace_origin
from klue_pipeline.relation.metrics.targets import target_labels
from klue_pipeline.relation.settings.params import TargetParams
from klue_pipeline.training.splitting.fold_members import validation_row_ids

TargetName = Literal["all", "binary", "positive"]

_SHORT = 8


@dataclass(frozen=True)
class MemberScores:
    """What one member says about the rows of this run.

    Attributes:
        validation: The scores of the rows that a fold holds out, by the number of the fold.
        test: The scores of the test rows by the model of the fold that is composed.
    """

    validation: Mapping[int, ScoreTable]
    test: ScoreTable


@dataclass(frozen=True)
class Task:
    """The rows, split and labels of this run.

    Attributes:
        origin: What scores of this run are recognised by.
        fold_members: Which rows each fold holds out: ``fold`` and ``row_id``.
        gold: True label names by row id.
        test_row_ids: Ids of the test rows in the order of their table.
        labels: The labels to score.
    """

    origin: Origin
    fold_members: pd.DataFrame
    gold: pd.Series
    test_row_ids: list[str]
    labels: LabelSet

    def held_out(self, fold: int) -> list[str]:
        """Return the ids of the rows that a fold holds out."""
        ids: list[str] = validation_row_ids(self.fold_members, fold).tolist()
        return ids


def describe_task(
    clean_sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    test_sentences: pd.DataFrame,
    labels: LabelSet,
) -> Task:
    """Gather what a composite has to know of the tables of this run."""
    return Task(
        origin=trace_origin(clean_sentences, fold_members, test_sentences, labels),
        fold_members=fold_members,
        gold=gold_by_row(clean_sentences),
        test_row_ids=test_sentences["row_id"].tolist(),
        labels=labels,
    )


def require_fit(name: str, member: MemberScores, task: Task, fold: int) -> None:
    """Refuse a member whose scores are not those of this run's rows, split and labels.

    What a member says about a row that a fold holds out is honest only if the member's own fold
    held out the same row, so the split and the number of the fold count too.

    Args:
        name: Name of the member, for the message.
        member: Its scores.
        task: The rows, split and labels of this run.
        fold: The fold that is composed.

    Raises:
        ValueError: Naming what differs, with both values.
    """
    if fold not in member.validation:
        raise ValueError(
            f"Experiment {name} has validation scores of folds {sorted(member.validation)}, but "
            f"those of fold {fold} were wanted; train it."
        )
    tables = {f"validation scores of fold {k}": table for k, table in member.validation.items()}
    for what, table in tables.items():
        _require_same(name, what, table, task, ("rows", "folds"))
    for number, table in member.validation.items():
        _require_fold(name, table, number, task)
    what = f"test scores of fold {fold}"
    _require_same(name, what, member.test, task, ("rows", "folds", "test_rows"))
    if len({table.labels for table in [*tables.values(), member.test]}) > 1:
        raise ValueError(
            f"Experiment {name} cannot be joined: labels of its {what} are not those of its "
            "validation scores; predict it again."
        )


def target_of(table: ScoreTable, labels: LabelSet) -> TargetName | None:
    """Tell which question a model answers by the labels that it tells apart.

    Returns:
        A target's name, or None if the labels are those of no target of this label set.
    """
    for name in get_args(TargetName):
        if name != "all" and labels.negative is None:
            continue
        if table.labels == tuple(target_labels(labels, TargetParams(name=name)).names):
            return name  # type: ignore[no-any-return]
    return None


def _require_same(
    name: str, what: str, table: ScoreTable, task: Task, fields: tuple[str, ...]
) -> None:
    for field in fields:
        found, wanted = table.fingerprint.get(field), task.origin.fingerprint[field]
        if found != wanted:
            raise ValueError(
                f"Experiment {name} cannot be joined: {field} of its {what} are "
                f"{found[:_SHORT] if found else 'not recorded'}, those of this run "
                f"{wanted[:_SHORT]}; train and predict it again with the rows and folds of this "
                f"run (kedro run --params experiment={name})."
            )
    if target_of(table, task.labels) is None:
        raise ValueError(
            f"Experiment {name} cannot be joined: its {what} are for {len(table.labels)} labels "
            f"{list(table.labels)[:3]}…, which are neither those of this run "
            f"{task.labels.names[:3]}… nor a part of them; train and predict it again."
        )


def _require_fold(name: str, table: ScoreTable, fold: int, task: Task) -> None:
    found = None if table.folds is None else sorted(set(table.folds.tolist()))
    if found != [fold]:
        raise ValueError(
            f"Experiment {name} cannot be joined: fold of its validation scores of fold {fold} is "
            f"{'not recorded' if found is None else found}; train and predict it again."
        )
    missing = sorted(set(task.held_out(fold)).difference(table.row_ids))
    if missing:
        raise ValueError(
            f"Experiment {name} cannot be joined: its validation scores of fold {fold} lack "
            f"{len(missing)} rows, among them {missing[:3]}; train and predict it again."
        )
