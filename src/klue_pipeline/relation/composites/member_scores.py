"""Scores of a composite's members, and whether they are those of this run's rows and split."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.metrics.run_rows import RunRows
from klue_pipeline.relation.metrics.targets import target_labels
from klue_pipeline.relation.settings.params import TargetParams
from klue_pipeline.text.counts import counted

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


def require_fit(name: str, member: MemberScores, run: RunRows, fold: int) -> None:
    """Refuse a member whose scores are not those of this run's rows, split and labels.

    What a member says about a row that a fold holds out is honest only if the member's own fold
    held out the same row, so the split and the number of the fold count too.

    Args:
        name: Name of the member, for the message.
        member: Its scores.
        run: The rows, split and labels of this run.
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
        _require_same(name, what, table, run, ("rows", "folds"))
    for number, table in member.validation.items():
        _require_fold(name, table, number, run)
    what = f"test scores of fold {fold}"
    _require_same(name, what, member.test, run, ("rows", "folds", "test_rows"))
    if len({table.labels for table in [*tables.values(), member.test]}) > 1:
        raise ValueError(
            f"Experiment {name} cannot be joined: labels of its {what} are not those of its "
            "validation scores; predict it again."
        )


def target_of(table: ScoreTable, labels: LabelSet) -> TargetName | None:
    """Recognise which question a model answers by the labels of its scores.

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
    name: str, what: str, table: ScoreTable, run: RunRows, fields: tuple[str, ...]
) -> None:
    for field in fields:
        found, wanted = table.fingerprint.get(field), run.provenance.fingerprint[field]
        if found != wanted:
            raise ValueError(
                f"Experiment {name} cannot be joined: {field} of its {what} are "
                f"{found[:_SHORT] if found else 'not recorded'}, those of this run "
                f"{wanted[:_SHORT]}; train and predict it again with the rows and folds of this "
                f"run (kedro run --params experiment={name})."
            )
    if target_of(table, run.labels) is None:
        raise ValueError(
            f"Experiment {name} cannot be joined: its {what} are for {len(table.labels)} labels "
            f"{list(table.labels)[:3]}…, which are neither those of this run "
            f"{run.labels.names[:3]}… nor a part of them; train and predict it again."
        )


def _require_fold(name: str, table: ScoreTable, fold: int, run: RunRows) -> None:
    found = None if table.folds is None else sorted(set(table.folds.tolist()))
    if found != [fold]:
        raise ValueError(
            f"Experiment {name} cannot be joined: fold of its validation scores of fold {fold} is "
            f"{'not recorded' if found is None else found}; train and predict it again."
        )
    missing = sorted(set(run.held_out(fold)).difference(table.row_ids))
    if missing:
        raise ValueError(
            f"Experiment {name} cannot be joined: its validation scores of fold {fold} lack "
            f"{counted(len(missing), 'row')}, among them {missing[:3]}; train and predict it again."
        )
