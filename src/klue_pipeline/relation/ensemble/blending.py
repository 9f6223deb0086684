"""Members on disk -> every method's test scores, the best of them, and how good it really is."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from klue_pipeline.evaluation.calibration import fit_temperature
from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.evaluation.judgement import Judgement
from klue_pipeline.evaluation.logits import log_probabilities
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.ensemble.decoding import Decoded, DecodingRules, decode_blend
from klue_pipeline.relation.ensemble.fitting import (
    FittedBlend,
    fit_blends,
    nested_probabilities,
)
from klue_pipeline.relation.ensemble.members import BlendTask, Panel, seat_test, table_of
from klue_pipeline.relation.ensemble.methods import METHODS
from klue_pipeline.relation.ensemble.methods.interface import Said, TuningRows
from klue_pipeline.relation.ensemble.preparation import Prepared, Voters, prepare
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.params import BlendMethod, EnsembleParams
from klue_pipeline.relation.shift.averaging import AveragingGain, gain_of_submission
from klue_pipeline.relation.shift.prediction import predict_submission

_BEST = "best member"
"""Under which the best member is judged beside the methods."""


@dataclass(frozen=True)
class BlendedMethod:
    """One way of blending, fitted and judged.

    Attributes:
        fitted: As fitted on all rows, and with submission files among its voters, if any.
        voters: Everybody who speaks about the test rows: the members, then submission files.
        nested: Scores of out-of-fold rows, each by a blend that was not fitted on its fold.
        judgement: How good these are.
        test: Scores of the test rows.
        gain: What averaging the folds brings on them; None where it cannot be told.
        predicted: What the submission will score.
    """

    fitted: FittedBlend
    voters: tuple[str, ...]
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
        decoded: Its scores after the decoding options, and how good these are.
        predicted: What the submission will score, after the decoding options.
        best_member: The member with the best score.
        best_alone: How good that one is.
    """

    prepared: Prepared
    methods: dict[BlendMethod, BlendedMethod]
    chosen: BlendMethod
    decoded: Decoded
    predicted: dict[str, Estimate]
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
    models: dict[str, ScoreTable] = {_BEST: _alone(prepared.panel, best_member)}
    models |= {str(name): table for name, table in nested.items()}
    judged = judge(
        models,
        prepared.truth, task.negative_id, prepared.resolved.target, evaluation,
    )  # fmt: skip
    methods = {}
    for name, own in fit_blends(prepared.tuning, prepared.methods).items():
        gain = _gain(own, voters, (nested[name], judged[name]), prepared, evaluation.seed)
        with_files = _with_files(own, name, prepared, len(voters.plain))
        methods[name] = BlendedMethod(
            fitted=with_files,
            voters=(*prepared.panel.names, *voters.plain),
            nested=nested[name],
            judgement=judged[name],
            test=table_of(with_files(_said_about_test(prepared, voters)), prepared.test_panel.rows),
            gain=gain,
            predicted=predict_submission(judged[name], gain, evaluation.seed),
        )
    chosen = _choose(params, judged, prepared)
    decoded = _decode(methods[chosen], prepared, task, params, evaluation)
    predicted = predict_submission(decoded.judgement, methods[chosen].gain, evaluation.seed)
    return Blended(prepared, methods, chosen, decoded, predicted, best_member, judged[_BEST])


def _decode(
    own: BlendedMethod,
    prepared: Prepared,
    task: BlendTask,
    params: EnsembleParams,
    evaluation: EvaluationParams,
) -> Decoded:
    rules = DecodingRules(params, evaluation, prepared.tuning.objective.name)
    undecoded = Decoded(own.nested, own.test, own.judgement, {})
    return decode_blend(undecoded, task, prepared.resolved.target, rules)


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


def _with_files(
    fitted: FittedBlend, name: BlendMethod, prepared: Prepared, n_files: int
) -> FittedBlend:
    """Let submission files vote too; only methods that fit nothing get this far with some."""
    if not n_files:
        return fitted
    n_members, n_labels = len(prepared.panel.names), len(prepared.panel.rows.labels)
    # Such a method only looks at how many there are.
    nobody = np.empty((n_members + n_files, 0, n_labels), dtype=np.float32)
    rows = TuningRows(nobody, np.empty(0, dtype=np.int64), np.empty(0))
    blend = METHODS[name](rows, prepared.tuning.objective, prepared.tuning.params)
    return FittedBlend(np.append(fitted.temperatures, np.ones(n_files)), blend)


def _said_about_test(prepared: Prepared, voters: Voters) -> Said:
    """Put what members and files say about the test rows together. (voters, rows, labels)."""
    panel = prepared.test_panel
    row_ids = panel.rows.row_ids.tolist()
    files = [
        log_probabilities(table.in_order_of(row_ids).logits).astype(np.float32)
        for table in voters.plain.values()
    ]
    return np.concatenate([panel.said, np.stack(files)]) if files else panel.said


def _gain(
    fitted: FittedBlend,
    voters: Voters,
    out_of_fold: tuple[ScoreTable, Judgement],
    prepared: Prepared,
    seed: int,
) -> AveragingGain | None:
    """Estimate what averaging the folds brings, if every member's folds are on disk."""
    nested, judgement = out_of_fold
    names = prepared.panel.names
    by_member = [voters.fold_scores.get(name, ()) for name in names]
    n_folds = {len(folds) for folds in by_member}
    if len(n_folds) > 1 or not n_folds.isdisjoint({0, 1}) or voters.plain:
        return None
    row_ids = prepared.test_panel.rows.row_ids.tolist()
    folds = [
        _blend_fold(fitted, dict(zip(names, tables, strict=True)), row_ids)
        for tables in zip(*by_member, strict=True)
    ]
    target, negative_id = prepared.resolved.target, prepared.tuning.objective.negative_id
    return gain_of_submission(
        folds, prepared.truth, judgement, target, negative_id, seed,
        temperature=fit_temperature(nested.logits, prepared.truth),
    )  # fmt: skip


def _blend_fold(
    fitted: FittedBlend, tables: Mapping[str, ScoreTable], row_ids: list[str]
) -> ScoreTable:
    panel = seat_test({name: table.in_order_of(row_ids) for name, table in tables.items()})
    return table_of(fitted(panel.said), panel.rows)
