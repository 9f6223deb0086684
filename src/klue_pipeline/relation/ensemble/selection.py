"""Which experiments may be blended: those scored by this run's rows, folds and labels.

A blend is tuned on out-of-fold scores, so it also matters that every score is what it says: one by
a model that did not train on its row. A table that lists a row under a fold which does not hold it
out is refused.

An experiment that was trained on a part of the folds, as for a quick look, would shrink the rows
that all members scored to its own. It is left out unless it is named, or no other one is whole.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.metrics.run_rows import Provenance

logger = logging.getLogger(__name__)

_SHORT = 8


@dataclass(frozen=True)
class Selection:
    """The experiments that are blended, and why the others are not.

    Attributes:
        out_of_fold: Scores of training rows by the models that did not see them, by experiment.
        test_scores: Scores of the test rows, by experiment; the same names.
        skipped: The reason for each experiment left out, by name.
        partial: Which folds alone a member was scored on, by name; none for members of all folds.
    """

    out_of_fold: dict[str, ScoreTable]
    test_scores: dict[str, ScoreTable]
    skipped: dict[str, str]
    partial: dict[str, str] = field(default_factory=dict)


def select_members(
    out_of_fold: Mapping[str, ScoreTable],
    test_scores: Mapping[str, ScoreTable],
    members: Literal["all"] | list[str],
    expected: Provenance,
    refused: Mapping[str, str] | None = None,
) -> Selection:
    """Choose the experiments whose scores were made from the rows, folds and labels of this run.

    Args:
        out_of_fold: Out-of-fold scores of every experiment on disk, by its name.
        test_scores: Test scores of every experiment on disk, by its name.
        members: Names of the wanted experiments. ``"all"`` takes every one of all folds that fits
            and skips the others with a warning.
        expected: What this run is made from.
        refused: Why score bundles could not be read at all, by name.

    Returns:
        At least one member; members in order of their names, or as named.

    Raises:
        ValueError: A named experiment is unknown or does not fit, or none fits.
    """
    broken = dict(refused or {})
    known = sorted(out_of_fold.keys() | test_scores.keys() | broken.keys())
    wanted = known if members == "all" else list(members)
    reasons = {
        name: broken.get(name)
        or _reason_to_skip(out_of_fold.get(name), test_scores.get(name), expected)
        for name in wanted
    }
    skipped = {name: reason for name, reason in reasons.items() if reason}
    fitting = {name: out_of_fold[name] for name in wanted if name not in skipped}
    if members == "all":
        skipped |= _reasons_of_parts(fitting, expected)
    else:
        _refuse_named(skipped, known)
    for name, reason in skipped.items():
        logger.warning("Experiment %s is left out of the ensemble: %s", name, reason)
    chosen = {name: table for name, table in fitting.items() if name not in skipped}
    if not chosen:
        raise ValueError(_none_left(members, skipped))
    partial = _find_partial(chosen, expected)
    for name, part in partial.items():
        logger.warning(
            "Member %s was scored on %s: the blend is fitted and judged on its %d rows at most, of "
            "%d; train its other folds to have them all",
            name, part, len(chosen[name]), len(expected.held_out),
        )  # fmt: skip
    return Selection(chosen, {name: test_scores[name] for name in chosen}, skipped, partial)


def _find_partial(tables: Mapping[str, ScoreTable], expected: Provenance) -> dict[str, str]:
    parts = {name: expected.describe_part(table) for name, table in tables.items()}
    return {name: part for name, part in parts.items() if part}


def _reasons_of_parts(fitting: Mapping[str, ScoreTable], expected: Provenance) -> dict[str, str]:
    """Say which experiments leave out folds that another one scored.

    Where none is whole, those stay that were scored on the folds with most rows.
    """
    partial = _find_partial(fitting, expected)
    # Of equally many rows, the first name's folds.
    most = max(partial, key=lambda name: len(fitting[name]), default="")
    kept = partial[most] if partial and len(partial) == len(fitting) else ""
    return {
        name: f"it was scored on {part}, {len(fitting[name])} of {len(expected.held_out)} rows, "
        "and the blend would be judged on these alone; train its other folds, or name it in "
        "ensemble.members"
        for name, part in partial.items()
        if part != kept
    }


def _reason_to_skip(
    out_of_fold: ScoreTable | None, test_scores: ScoreTable | None, expected: Provenance
) -> str:
    if out_of_fold is None and test_scores is None:
        return "it has no scores at all; is the name right?"
    if out_of_fold is None:
        return "it has no out-of-fold scores; run its train pipeline"
    if test_scores is None:
        return "it has no test scores; run its predict pipeline"
    return (
        why_not_judged(out_of_fold, expected)
        or _difference(test_scores, ("rows", "folds", "test_rows"), expected)
        or _unusable(test_scores)
    )


def why_not_judged(out_of_fold: ScoreTable, expected: Provenance) -> str:
    """Say why out-of-fold scores cannot be judged by the rows of a run; empty if they can."""
    return (
        _difference(out_of_fold, ("rows", "folds"), expected)
        or _rows_of_training(out_of_fold, expected)
        or _unusable(out_of_fold)
    )


def _difference(scores: ScoreTable, fields: tuple[str, ...], expected: Provenance) -> str:
    for name in fields:
        found, wanted = scores.fingerprint.get(name), expected.fingerprint.get(name)
        if found != wanted:
            return (
                f"its {name} are {_shortened(found)}, those of this run {_shortened(wanted)}; "
                "train and predict it again with the rows and folds of this run"
            )
    if len(scores.labels) != len(expected.labels):
        return (
            f"it tells {len(scores.labels)} labels apart, this run {len(expected.labels)}; models "
            "of a part of the task are joined by a composite experiment"
        )
    if scores.labels != expected.labels:
        return f"its labels differ from those of this run ({_label_difference(scores, expected)})"
    return ""


def _rows_of_training(out_of_fold: ScoreTable, expected: Provenance) -> str:
    """Say why a score is by a model that trained on its row; empty if none is."""
    if out_of_fold.folds is None:
        return "its out-of-fold scores do not say which fold made them; train it again"
    keys = out_of_fold.keys
    seen = out_of_fold.row_ids[~keys.isin(expected.held_out)]
    if len(seen):
        return (
            f"{len(seen)} of its out-of-fold scores are by a fold that does not hold the row out, "
            f"such as row {seen[0]}: a blend would be tuned on rows that a model trained on; "
            "train it again"
        )
    if keys.has_duplicates:
        return "it scores a row twice for one fold; train it again"
    return ""


def _unusable(scores: ScoreTable) -> str:
    # The maximum of a row is NaN if one score is, and minus infinity if no label is left.
    broken = int((~np.isfinite(scores.logits.max(axis=1, initial=-np.inf))).sum())
    if not broken:
        return ""
    return (
        f"{broken} of its rows have scores that are not numbers; its training diverged: lower its "
        "training.learning_rate and train it again"
    )


def _shortened(fingerprint: str | None) -> str:
    return fingerprint[:_SHORT] if fingerprint else "not recorded"


def _label_difference(scores: ScoreTable, expected: Provenance) -> str:
    pairs = enumerate(zip(scores.labels, expected.labels, strict=True))
    place, (found, wanted) = next(item for item in pairs if item[1][0] != item[1][1])
    return f"label {place} is {found} against {wanted}"


def _refuse_named(skipped: dict[str, str], known: list[str]) -> None:
    if skipped:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
        raise ValueError(
            f"ensemble.members names experiments that cannot be blended. {reasons}. "
            f"Experiments with scores: {', '.join(known) or 'none'}."
        )


def _none_left(members: Literal["all"] | list[str], skipped: dict[str, str]) -> str:
    if members != "all":
        return "ensemble.members is an empty list; name experiments, or set it to all."
    reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
    return (
        f"No experiment on disk can be blended. {reasons or 'None has scores'}. "
        "Run the train and predict pipelines first."
    )
