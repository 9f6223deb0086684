"""What has to be known before anything is blended: rows, target, and which methods make sense."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import best_first
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.nesting import nested_parts
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.ensemble.decoding import require_decodable
from klue_pipeline.relation.ensemble.fitting import Tuning
from klue_pipeline.relation.ensemble.methods import METHODS, UNTUNED
from klue_pipeline.relation.ensemble.methods.interface import (
    Objective,
    Probabilities,
    TuningRows,
    equal_weights,
    weighted_mean,
)
from klue_pipeline.relation.ensemble.panel import (
    LabelledPanel,
    Panel,
    seat_out_of_fold,
    seat_test,
    table_of,
)
from klue_pipeline.relation.ensemble.selection import Selection
from klue_pipeline.relation.metrics.run_rows import RunRows
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.params import BlendMethod, EnsembleParams
from klue_pipeline.relation.shift.density import TextShift
from klue_pipeline.relation.shift.prior import TargetPrior, resolve_prior, warn_of_prior
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
        members: Out-of-fold scores of each on its own rows, by name.
        panel: What they say about the out-of-fold rows that all scored.
        test_panel: What they say about test rows.
        prior: Where the blend will be judged, if that is known.
        texts: How the texts differ where the blend will be judged.
        tuning: What methods are fitted with.
        methods: The methods that make sense for these members.
    """

    members: dict[str, LabelledScores]
    panel: LabelledPanel
    test_panel: Panel
    prior: TargetPrior
    texts: TextShift
    tuning: Tuning
    methods: tuple[BlendMethod, ...]


def prepare(
    voters: Voters,
    run: RunRows,
    texts: TextShift,
    params: EnsembleParams,
    evaluation: EvaluationParams,
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
    require_decodable(run.labels, params)
    members = {name: run.label(table) for name, table in voters.selection.out_of_fold.items()}
    panel, test_panel = _seat(members), seat_test(voters.selection.test_scores)
    prior = resolve_common_prior(panel, test_panel, run.labels, evaluation)
    if len(members) > 1:
        warn_of_prior(prior, evaluation, "the blend")
    select_by = evaluation.ranking_score(has_target=prior.population is not None)
    tuning = Tuning(
        TuningRows(panel.log_probabilities, panel.truth, _row_weights(panel.truth, prior)),
        Objective(select_by, run.labels.negative_id),
        _without_useless_fitting(panel, voters, params),
    )
    methods = _usable_methods(panel, voters, params)
    return Prepared(members, panel, test_panel, prior, texts, tuning, methods)


def _without_useless_fitting(
    panel: Panel, voters: Voters, params: EnsembleParams
) -> EnsembleParams:
    """Fit no temperatures for a single member, nor where nothing fitted can be judged."""
    if len(panel.names) > 1 and not _why_untuned(panel, voters):
        return params
    return params.model_copy(update={"calibrate": False})


def resolve_common_prior(
    panel: LabelledPanel,
    test_panel: Panel,
    labels: LabelSet,
    evaluation: EvaluationParams,
    known: TargetPrior | None = None,
) -> TargetPrior:
    """Find one population for all members; where it is estimated, from the mean of what they say.

    Args:
        panel: What the members say about out-of-fold rows.
        test_panel: What they say about test rows.
        labels: The labels of the scores.
        evaluation: Where the prior comes from.
        known: What was found before; taken if it was estimated from the same scores.
    """
    scores = panel.score(_mean_of(panel))
    test_scores = table_of(_mean_of(test_panel), test_panel.rows)
    return resolve_prior(scores, test_scores, labels, evaluation, known)


def find_best_member(prepared: Prepared) -> str:
    """Return the member with the best score; of equally good ones, the first."""
    rows, objective = prepared.tuning.rows, prepared.tuning.objective
    members = zip(prepared.panel.names, rows.log_probabilities, strict=True)
    scores = {
        name: objective(np.exp(member), rows.gold_ids, rows.weights) for name, member in members
    }
    return best_first(scores)[0]


def _seat(members: dict[str, LabelledScores]) -> LabelledPanel:
    panel = seat_out_of_fold(members)
    if not len(panel):
        raise ValueError(
            f"The members {', '.join(panel.names)} were scored on different folds and share no "
            "out-of-fold row, so that no blend of them can be judged. Name others in "
            "ensemble.members, or train the same folds."
        )
    longest = max(map(len, members.values()))
    if len(panel) < longest:
        logger.warning(
            "Members were scored on different folds; blends are fitted and judged on %d common "
            "rows of %d", len(panel), longest,
        )  # fmt: skip
    return panel


def _mean_of(panel: Panel) -> Probabilities:
    return weighted_mean(panel.log_probabilities, equal_weights(len(panel.names)))


def _row_weights(truth: NDArray[np.int64], prior: TargetPrior) -> NDArray[np.float64]:
    if prior.population is None:
        return np.ones(len(truth))
    return shift_weights(truth, prior.population.shares)


def _usable_methods(
    panel: Panel, voters: Voters, params: EnsembleParams
) -> tuple[BlendMethod, ...]:
    """Return the methods in the order of their table, simplest first."""
    wanted = {*params.methods, *(() if params.method == "auto" else (params.method,))}
    if len(panel.names) == 1 and not voters.plain:
        return ("soft_vote",)
    if why := _why_untuned(panel, voters):
        if params.method not in ("auto", *UNTUNED):
            raise ValueError(
                f"ensemble.method={params.method} cannot be fitted: {why}. Choose auto, or one of "
                f"{', '.join(UNTUNED)}."
            )
        logger.warning("Nothing is fitted to blend: %s", why)
        wanted = wanted & set(UNTUNED) or {"soft_vote"}
    return tuple(name for name in METHODS if name in wanted)


def _why_untuned(panel: Panel, voters: Voters) -> str:
    """Say why methods that fit something are out of the question; empty if they are not."""
    if voters.plain:
        return f"submission files have no out-of-fold scores ({', '.join(voters.plain)})"
    if panel.rows.folds is None or not all(part.others.any() for part in nested_parts(panel.rows)):
        return "a fold's rows are all that there are, and what is fitted on them cannot be judged"
    return ""
