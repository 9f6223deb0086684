"""Members on disk -> every method's test scores, the best of them, and how good it really is."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from klue_pipeline.relation.bootstrap import Estimate
from klue_pipeline.relation.ensemble.decoding import Decoded, decode_blend
from klue_pipeline.relation.ensemble.fitting import (
    FittedBlend,
    fit_blends,
    nested_probabilities,
)
from klue_pipeline.relation.ensemble.interface import Said, TuningRows
from klue_pipeline.relation.ensemble.members import Panel, seat_test, table_of
from klue_pipeline.relation.ensemble.methods import METHODS
from klue_pipeline.relation.ensemble.preparation import Prepared, Voters, prepare
from klue_pipeline.relation.ensemble.task import BlendTask
from klue_pipeline.relation.evaluation_params import EvaluationParams
from klue_pipeline.relation.judgement import Judgement, judge
from klue_pipeline.relation.logits import log_probabilities
from klue_pipeline.relation.params import BlendMethod, EnsembleParams
from klue_pipeline.relation.scores import ScoreTable
from klue_pipeline.relation.shift.averaging import AveragingGain, gain_of_submission
from klue_pipeline.relation.shift.prediction import predict_submission


@dataclass(frozen=True)
class BlendedMethod:
    """One way of blending, fitted and judged.

    Attributes:
        fitted: As fitted on all rows.
        nested: Scores of out-of-fold rows, each by a blend that was not fitted on its fold.
        judgement: How good these are.
        test: Scores of the test rows.
        gain: What averaging the folds brings on them; None where it cannot be told.
        predicted: What the submission will score.
    """

    fitted: FittedBlend
    nested: ScoreTable
    judgement: Judgement
    test: ScoreTable
    gain: AveragingGain | None
    predicted: dict[str, Estimate]


@dataclass(frozen=True)
class Blended:
    """All methods, and the one that was chosen.

    Attributes:
        prepared: The members and what they were judged by.
        methods: By name, simplest first.
        chosen: The method that becomes the submission.
        decoded: Its scores after the decoding options.
        best_member: The member with the best score.
        best_alone: How good that one is.
    """

    prepared: Prepared
    methods: dict[BlendMethod, BlendedMethod]
    chosen: BlendMethod
    decoded: Decoded
    best_member: str
    best_alone: Judgement


def blend(
    voters: Voters, task: BlendTask, params: EnsembleParams, evaluation: EvaluationParams
) -> Blended:
    """Fit and judge every method, and choose one.

    Args:
        voters: Members, and who else votes.
        task: Rows, folds and labels.
        params: Which methods, and their settings.
        evaluation: Target, intervals, and the score that decides.

    Raises:
        ValueError: As in :func:`~klue_pipeline.relation.ensemble.preparation.prepare`.
    """
    prepared = prepare(voters, task, params, evaluation)
    best_member = _best_member(prepared)
    nested = _nested_tables(prepared)
    models: dict[str, ScoreTable] = {"": _alone(prepared.panel, best_member)}
    models |= {str(name): table for name, table in nested.items()}
    judged = judge(
        models,
        prepared.truth, task.negative_id, prepared.resolved.target, evaluation,
    )  # fmt: skip
    fitted = fit_blends(prepared.tuning, prepared.methods)
    methods = {
        name: BlendedMethod(
            own, nested[name], judged[name], _speak_about_test(own, name, prepared, voters),
            gain := _gain(own, voters, judged[name], prepared, evaluation.seed),
            predict_submission(judged[name], gain, evaluation.seed),
        )
        for name, own in fitted.items()
    }  # fmt: skip
    chosen = _choose(params, judged, prepared)
    tables = (methods[chosen].nested, methods[chosen].test)
    decoded = decode_blend(tables, task, prepared.resolved.target, (params, evaluation))
    return Blended(prepared, methods, chosen, decoded, best_member, judged[""])


def _nested_tables(prepared: Prepared) -> dict[BlendMethod, ScoreTable]:
    told = nested_probabilities(prepared.tuning, prepared.panel, prepared.methods)
    return {name: table_of(own, prepared.panel.rows) for name, own in told.items()}


def _best_member(prepared: Prepared) -> str:
    rows, objective = prepared.tuning.rows, prepared.tuning.objective
    scores = [objective(np.exp(own), rows.gold_ids, rows.weights) for own in rows.said]
    return prepared.panel.names[int(np.argmax(scores))]


def _alone(panel: Panel, name: str) -> ScoreTable:
    return table_of(np.exp(panel.said[panel.names.index(name)]), panel.rows)


def _choose(
    params: EnsembleParams, judged: Mapping[str, Judgement], prepared: Prepared
) -> BlendMethod:
    """Return the method of the settings, or the best one; of equally good ones, the simplest."""
    if params.method != "auto" and params.method in prepared.methods:
        return params.method
    by = prepared.tuning.objective.name
    return max(prepared.methods, key=lambda name: judged[name].values[by])


def _speak_about_test(
    fitted: FittedBlend, name: BlendMethod, prepared: Prepared, voters: Voters
) -> ScoreTable:
    panel = prepared.test_panel
    if not voters.plain:
        return table_of(fitted(panel.said), panel.rows)
    said = np.concatenate([panel.said, _said_by_files(voters, panel)])
    # Methods that fit nothing only count the members.
    nobody = TuningRows(said[:, :0], np.empty(0, dtype=np.int64), np.empty(0))
    blend = METHODS[name](nobody, prepared.tuning.objective, prepared.tuning.params)
    temperatures = np.append(fitted.temperatures, np.ones(len(voters.plain)))
    return table_of(FittedBlend(temperatures, blend)(said), panel.rows)


def _said_by_files(voters: Voters, panel: Panel) -> Said:
    row_ids = panel.rows.row_ids.tolist()
    tables = [table.in_order_of(row_ids) for table in voters.plain.values()]
    return np.stack([log_probabilities(table.logits) for table in tables]).astype(np.float32)


def _gain(
    fitted: FittedBlend,
    voters: Voters,
    judgement: Judgement,
    prepared: Prepared,
    seed: int,
) -> AveragingGain | None:
    """Estimate what averaging the folds brings, if every member's folds are on disk."""
    names = prepared.panel.names
    by_member = [voters.fold_scores.get(name, ()) for name in names]
    n_folds = {len(folds) for folds in by_member}
    if len(n_folds) > 1 or not n_folds.isdisjoint({0, 1}) or voters.plain:
        return None
    folds = [
        _blend_fold(fitted, dict(zip(names, tables, strict=True)))
        for tables in zip(*by_member, strict=True)
    ]
    target, negative_id = prepared.resolved.target, prepared.tuning.objective.negative_id
    return gain_of_submission(folds, prepared.truth, judgement, target, negative_id, seed)


def _blend_fold(fitted: FittedBlend, tables: Mapping[str, ScoreTable]) -> ScoreTable:
    panel = seat_test(tables)
    return table_of(fitted(panel.said), panel.rows)
