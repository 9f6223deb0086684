"""From the chosen methods to the training rows: what all methods share.

A method only turns rows into other rows. Here is decided which rows it starts from and how many
stay, and checked that spans are intact and that nothing of a validation row gets into training.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from tqdm import tqdm

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.augmentation.guards import Limits, RowGuard
from klue_pipeline.relation.augmentation.methods import (
    AUGMENTERS,
    METHODS_THAT_RELABEL,
    METHODS_THAT_REPEAT,
)
from klue_pipeline.relation.augmentation.methods.undersample import undersample
from klue_pipeline.relation.augmentation.rows.context import AugmentContext, Resources
from klue_pipeline.relation.augmentation.rows.example import Example, read_examples
from klue_pipeline.relation.augmentation.selection import select_origins
from klue_pipeline.relation.augmentation.table import join_rows
from klue_pipeline.relation.settings.augment_params import AugmentParams, MethodParams

logger = logging.getLogger(__name__)

ROWS_PER_CHUNK = 512
_SECONDS_BEFORE_BAR = 2.0


@dataclass
class MethodRun:
    """One method at work.

    Attributes:
        context: What it may use.
        limits: How much it may add.
        selected: How many rows it starts from.
        rows: The new rows so far.
        refused: New rows that were not added, by reason.
    """

    context: AugmentContext
    limits: Limits
    selected: int = 0
    rows: list[Example] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def report(self) -> dict[str, Any]:
        """Return the counts for JSON."""
        return {
            "rows_selected": self.selected,
            "rows_added": len(self.rows),
            "rows_by_label": _sorted(self.limits.added),
            "skipped": _sorted(self.context.skipped),
            "refused": _sorted(self.refused),
        }


def augment_rows(
    sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    labels: LabelSet,
    augment: AugmentParams,
    resources: Resources,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the originals, then the rows that each chosen method adds.

    A new row trains in the folds where the row that it was made from trains, and never validates.

    Args:
        sentences: Cleaned rows; schema ``Sentences``.
        fold_members: Validation rows of every fold; schema ``FoldMembers``.
        labels: The task's labels.
        augment: The methods to use.
        resources: What else methods may read.

    Returns:
        Rows of schema ``TrainingSentences``: ``origin_id`` (the row it was made from, its own id
        for an original), ``method`` and ``weight`` (in the training loss; 0 does not train). Then
        a report for JSON: counts by method, and of all of them by label.

    Raises:
        ValueError: A setting names a label, type pair or experiment that does not fit the rows, or
            a method made a row whose entities are not where it says.
    """
    originals = read_examples(sentences, fold_members)
    guard = RowGuard(originals, labels)
    left_out = undersample(originals, augment.undersample, augment.seed)
    if left_out:
        logger.info(
            "undersample: %d of %d rows do not train (they still validate)",
            len(left_out),
            len(originals),
        )
    runs: dict[str, MethodRun] = {}
    for name in sorted(augment.methods, key=list(AUGMENTERS).index):
        context = AugmentContext(name, augment.seed, labels, originals, resources)
        params = augment.settings_of(name)
        origins = select_origins(context, params, left_out)
        runs[name] = _run_method(context, origins, params, guard)
    rows = join_rows(sentences, {name: run.rows for name, run in runs.items()}, left_out)
    return rows, _report(len(sentences), runs, len(left_out))


def _run_method(
    context: AugmentContext, origins: Sequence[Example], params: MethodParams, guard: RowGuard
) -> MethodRun:
    """Make the rows of one method, chunk by chunk until its limits are reached."""
    run = MethodRun(context, Limits(params.max_rows, params.max_rows_per_label), len(origins))
    augment = AUGMENTERS[context.method](params, context)
    for chunk in _chunks(origins, run):
        for row in augment(chunk):
            _judge(row, run, guard)
    places = {row.row_id: place for place, row in enumerate(context.originals)}
    run.rows.sort(key=lambda row: places[row.row_id])
    run.rows = [replace(row, weight=row.weight * params.weight) for row in run.rows]
    _log(run)
    return run


def _chunks(origins: Sequence[Example], run: MethodRun) -> Iterator[list[Example]]:
    """Cut what a method starts from into chunks; rows that no limit would let stay are left out."""
    relabels = run.context.method in METHODS_THAT_RELABEL
    with tqdm(
        total=len(origins), desc=run.context.method, unit="row", leave=False,
        delay=_SECONDS_BEFORE_BAR, disable=None,
    ) as bar:  # fmt: skip
        for start in range(0, len(origins), ROWS_PER_CHUNK):
            if run.limits.is_full():
                return
            chunk = origins[start : start + ROWS_PER_CHUNK]
            yield [row for row in chunk if relabels or not run.limits.is_label_full(row.label)]
            bar.update(len(chunk))


def _judge(row: Example, run: MethodRun, guard: RowGuard) -> None:
    repeats = run.context.method in METHODS_THAT_REPEAT
    problem = guard.find_problem(row, repeats=repeats) or run.limits.find_problem(row)
    if problem:
        run.refused[problem] += 1
        return
    guard.remember(row)
    run.limits.count(row)
    run.rows.append(row)


def _log(run: MethodRun) -> None:
    left_out = {**run.context.skipped, **run.refused}
    reasons = ", ".join(f"{reason}: {count}" for reason, count in sorted(left_out.items()))
    logger.info(
        "%s: %d rows selected, %d new rows (%s)",
        run.context.method,
        run.selected,
        len(run.rows),
        reasons or "none left out",
    )
    if not run.rows:
        logger.warning(
            "%s added no row; look at augment.%s.select and at what it left out in "
            "augmentation_report",
            run.context.method,
            run.context.method,
        )


def _report(n_originals: int, runs: Mapping[str, MethodRun], n_left_out: int) -> dict[str, Any]:
    by_label: Counter[str] = Counter()
    for run in runs.values():
        by_label.update(run.limits.added)
    return {
        "originals": n_originals,
        "originals_left_out_of_training": n_left_out,
        "rows_added": by_label.total(),
        "rows_by_label": _sorted(by_label),
        "methods": {name: run.report() for name, run in runs.items()},
    }


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
