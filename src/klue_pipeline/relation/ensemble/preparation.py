"""What has to be known before anything is blended: rows, target, and which methods make sense."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.nesting import nested_parts
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.ensemble.decoding import require_decodable
from klue_pipeline.relation.ensemble.fitting import Tuning
from klue_pipeline.relation.ensemble.members import (
    BlendTask,
    Panel,
    seat_out_of_fold,
    seat_test,
    table_of,
)
from klue_pipeline.relation.ensemble.methods import METHODS, UNTUNED
from klue_pipeline.relation.ensemble.methods.interface import (
    TuningRows,
    equal_weights,
    weighted_mean,
)
from klue_pipeline.relation.ensemble.methods.objective import Objective
from klue_pipeline.relation.ensemble.selection import Selection
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.params import BlendMethod, EnsembleParams
from klue_pipeline.relation.shift.resolve import Resolved, resolve_target
from klue_pipeline.relation.shift.weights import shift_weights

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Voters:
    """Everybody who may speak about the test rows.

    Attributes:
        selection: Members with out-of-fold scores.
        fold_scores: Their test scores fold by fold; unless all members have some, what averaging
            the folds brings is not estimated.
        plain: Test scores of submission files from elsewhere, by name.
    """

    selection: Selection
    fold_scores: Mapping[str, Sequence[ScoreTable]]
    plain: Mapping[str, ScoreTable]


@dataclass(frozen=True)
class Prepared:
    """Members brought together, ready to be blended.

    Attributes:
        panel: What they say about out-of-fold rows.
        test_panel: What they say about test rows.
        truth: True label ids of the out-of-fold rows. Shape: (rows,).
        resolved: The target.
        tuning: What methods are fitted with.
        methods: The methods that make sense for these members.
    """

    panel: Panel
    test_panel: Panel
    truth: NDArray[np.int64]
    resolved: Resolved
    tuning: Tuning
    methods: tuple[BlendMethod, ...]


def prepare(
    voters: Voters, task: BlendTask, params: EnsembleParams, evaluation: EvaluationParams
) -> Prepared:
    """Bring members together and find out what they will be judged by.

    Raises:
        ValueError: They share no out-of-fold row, or a test row is missing; or the chosen method
            has to be fitted and cannot be; or a submission file is named like a member.
    """
    if taken := sorted(voters.plain.keys() & voters.selection.test_scores.keys()):
        raise ValueError(
            f"Submission files have the names of members: {', '.join(taken)}. Rename the files, or "
            "remove them if they are submissions of these members."
        )
    require_decodable(task, params)
    panel = _seat(voters.selection)
    test_panel = seat_test(voters.selection.test_scores)
    truth = task.gold_ids(panel.rows)
    resolved = resolve_common_target(panel, test_panel, task, evaluation)
    objective = Objective(evaluation.told_by(has_target=resolved.target is not None),
                          task.negative_id)  # fmt: skip
    rows = TuningRows(panel.said, truth, _row_weights(truth, resolved))
    tuning = Tuning(rows, objective, _without_useless_fitting(panel, voters, params))
    methods = _usable_methods(panel, voters, params)
    return Prepared(panel, test_panel, truth, resolved, tuning, methods)


def _without_useless_fitting(
    panel: Panel, voters: Voters, params: EnsembleParams
) -> EnsembleParams:
    """Fit no temperatures for a single member, nor where nothing fitted can be judged."""
    if len(panel.names) > 1 and not _why_untuned(panel, voters):
        return params
    return params.model_copy(update={"calibrate": False})


def resolve_common_target(
    panel: Panel, test_panel: Panel, task: BlendTask, evaluation: EvaluationParams
) -> Resolved:
    """Find one target for all members; where it is estimated, from the mean of what they say."""
    truth = task.gold_ids(panel.rows)
    tables = (_mean_of(panel), truth, _mean_of(test_panel))
    return resolve_target(*tables, task.labels, evaluation)


def _seat(selection: Selection) -> Panel:
    panel = seat_out_of_fold(selection.out_of_fold)
    if not len(panel):
        raise ValueError(
            f"The members {', '.join(panel.names)} were scored on different folds and share no "
            "out-of-fold row, so that no blend of them can be judged. Name others in "
            "ensemble.members, or train the same folds."
        )
    longest = max(map(len, selection.out_of_fold.values()))
    if len(panel) < longest:
        logger.warning(
            "Members were scored on different folds; blends are fitted and judged on %d common "
            "rows of %d", len(panel), longest,
        )  # fmt: skip
    return panel


def _mean_of(panel: Panel) -> ScoreTable:
    return table_of(weighted_mean(panel.said, equal_weights(len(panel.names))), panel.rows)


def _row_weights(truth: NDArray[np.int64], resolved: Resolved) -> NDArray[np.float64]:
    if resolved.target is None:
        return np.ones(len(truth))
    return shift_weights(truth, resolved.target.shares)


def _usable_methods(
    panel: Panel, voters: Voters, params: EnsembleParams
) -> tuple[BlendMethod, ...]:
    """Return the methods in the order of their table, simplest first."""
    asked = {*params.methods, *(() if params.method == "auto" else (params.method,))}
    if len(panel.names) == 1 and not voters.plain:
        logger.info("There is one member, %s: a blend of it is itself", panel.names[0])
        return ("soft_vote",)
    if why := _why_untuned(panel, voters):
        if params.method not in ("auto", *UNTUNED):
            raise ValueError(
                f"ensemble.method={params.method} cannot be fitted: {why}. Choose auto, or one of "
                f"{', '.join(UNTUNED)}."
            )
        logger.warning("Nothing is fitted to blend: %s", why)
        asked = asked & set(UNTUNED) or {"soft_vote"}
    return tuple(name for name in METHODS if name in asked)


def _why_untuned(panel: Panel, voters: Voters) -> str:
    """Say why methods that fit something are out of the question; empty if they are not."""
    if voters.plain:
        return f"submission files have no out-of-fold scores ({', '.join(voters.plain)})"
    if panel.rows.folds is None or not all(part.others.any() for part in nested_parts(panel.rows)):
        return "a fold's rows are all that there are, and what is fitted on them cannot be judged"
    return ""
