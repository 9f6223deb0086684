"""Members on disk -> every method's test scores, the best of them, and how good it really is."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from klue_pipeline.evaluation.intervals import Judgement, best_first
from klue_pipeline.evaluation.logits import log_probabilities
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.ensemble.decoding import Decoded, DecodingRules, decode_blend
from klue_pipeline.relation.ensemble.fitting import (
    FittedBlend,
    fit_blends,
    nested_probabilities,
)
from klue_pipeline.relation.ensemble.methods import METHODS
from klue_pipeline.relation.ensemble.methods.interface import LogProbabilities, TuningRows
from klue_pipeline.relation.ensemble.panel import seat_test, table_of
from klue_pipeline.relation.ensemble.preparation import (
    Prepared,
    Voters,
    find_best_member,
    prepare,
)
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.metrics.run_rows import RunRows
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.params import BlendMethod, EnsembleParams
from klue_pipeline.relation.shift.averaging import AveragingGain, gain_of_submission
from klue_pipeline.relation.shift.density import TextShift
from klue_pipeline.relation.shift.prediction import Prediction, predict_submission
from klue_pipeline.relation.shift.witnesses import Evidence

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
        gain: What averaging the folds brings on them; None where it is not known.
        predicted: What the submission will score.
    """

    fitted: FittedBlend
    voters: tuple[str, ...]
    nested: LabelledScores
    judgement: Judgement
    test: ScoreTable
    gain: AveragingGain | None
    predicted: Prediction


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
    predicted: Prediction
    best_member: str
    best_alone: Judgement


def blend(
    voters: Voters,
    run: RunRows,
    texts: TextShift,
    params: EnsembleParams,
    evaluation: EvaluationParams,
) -> Blended:
    """Fit and judge every method, and choose one.

    Args:
        voters: Members, and who else votes.
        run: Rows, folds and labels.
        texts: How the texts of the test differ from those of training.
        params: Which methods, and their settings.
        evaluation: The target's prior, intervals, and the score that decides.

    Raises:
        ValueError: As in :func:`~klue_pipeline.relation.ensemble.preparation.prepare`.
    """
    prepared = prepare(voters, run, texts, params, evaluation)
    best_member = find_best_member(prepared)
    nested = _nested_scores(prepared)
    models = {_BEST: _alone(prepared, best_member)}
    models |= {str(name): scores for name, scores in nested.items()}
    judged = judge(models, prepared.prior.population, evaluation)
    methods = {
        name: _finish(name, fitted, (nested[name], judged[name]), (prepared, voters), evaluation)
        for name, fitted in fit_blends(prepared.tuning, prepared.methods).items()
    }
    chosen = _choose(params, judged, prepared)
    decoded = _decode(methods[chosen], prepared, run, params, evaluation)
    predicted = _predict_decoded(methods[chosen], decoded, prepared, evaluation)
    return Blended(prepared, methods, chosen, decoded, predicted, best_member, judged[_BEST])


def _finish(
    name: BlendMethod,
    fitted: FittedBlend,
    out_of_fold: tuple[LabelledScores, Judgement],
    members: tuple[Prepared, Voters],
    evaluation: EvaluationParams,
) -> BlendedMethod:
    """Blend the test rows by a method, and predict what that will score."""
    prepared, voters = members
    nested, judgement = out_of_fold
    folds, population = _blend_folds(fitted, voters, prepared), prepared.prior.population
    gain = gain_of_submission(folds, *out_of_fold, population, evaluation.seed)
    members_alone = [table_of(fitted(prepared.test_panel.log_probabilities),
                              prepared.test_panel.rows)]  # fmt: skip
    evidence = Evidence(*out_of_fold, folds or members_alone, gain, population, prepared.texts)
    with_files = _with_files(fitted, name, prepared, len(voters.plain))
    probabilities = with_files(_test_log_probabilities(prepared, voters))
    return BlendedMethod(
        fitted=with_files,
        voters=(*prepared.panel.names, *voters.plain),
        nested=nested,
        judgement=judgement,
        test=table_of(probabilities, prepared.test_panel.rows),
        gain=gain,
        predicted=predict_submission(evidence, evaluation),
    )


def _decode(
    blended: BlendedMethod,
    prepared: Prepared,
    run: RunRows,
    params: EnsembleParams,
    evaluation: EvaluationParams,
) -> Decoded:
    rules = DecodingRules(params, evaluation, prepared.tuning.objective.name)
    undecoded = Decoded(blended.nested, blended.test, blended.judgement, {})
    return decode_blend(undecoded, run, prepared.prior.population, rules)


def _predict_decoded(
    blended: BlendedMethod, decoded: Decoded, prepared: Prepared, evaluation: EvaluationParams
) -> Prediction:
    """Predict anew only what decoding has changed."""
    if decoded.out_of_fold is blended.nested:
        return blended.predicted
    evidence = Evidence(
        decoded.out_of_fold, decoded.judgement, [decoded.test], blended.gain,
        prepared.prior.population, prepared.texts,
    )  # fmt: skip
    return predict_submission(evidence, evaluation)


def _nested_scores(prepared: Prepared) -> dict[BlendMethod, LabelledScores]:
    nested = nested_probabilities(prepared.tuning, prepared.panel, prepared.methods)
    return {name: prepared.panel.score(found) for name, found in nested.items()}


def _alone(prepared: Prepared, name: str) -> LabelledScores:
    panel = prepared.panel
    return panel.score(np.exp(panel.log_probabilities[panel.names.index(name)]))


def _choose(
    params: EnsembleParams, judged: Mapping[str, Judgement], prepared: Prepared
) -> BlendMethod:
    """Return the method of the settings, or the best one; of equally good ones, the simplest."""
    if params.method != "auto" and params.method in prepared.methods:
        return params.method
    by = prepared.tuning.objective.name
    return best_first({name: judged[name].scores[by] for name in prepared.methods})[0]


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


def _test_log_probabilities(prepared: Prepared, voters: Voters) -> LogProbabilities:
    """Put what members and files say about the test rows together. (voters, rows, labels)."""
    panel = prepared.test_panel
    row_ids = panel.rows.row_ids.tolist()
    files = [
        log_probabilities(table.in_order_of(row_ids).logits).astype(np.float32)
        for table in voters.plain.values()
    ]
    if not files:
        return panel.log_probabilities
    return np.concatenate([panel.log_probabilities, np.stack(files)])


def _blend_folds(fitted: FittedBlend, voters: Voters, prepared: Prepared) -> list[ScoreTable]:
    """Blend the test scores fold by fold, if every member's folds are on disk."""
    names = prepared.panel.names
    by_member = [voters.fold_scores.get(name, ()) for name in names]
    n_folds = {len(folds) for folds in by_member}
    if len(n_folds) > 1 or not n_folds.isdisjoint({0, 1}) or voters.plain:
        return []
    row_ids = prepared.test_panel.rows.row_ids.tolist()
    return [
        _blend_fold(fitted, dict(zip(names, tables, strict=True)), row_ids)
        for tables in zip(*by_member, strict=True)
    ]


def _blend_fold(
    fitted: FittedBlend, tables: Mapping[str, ScoreTable], row_ids: list[str]
) -> ScoreTable:
    panel = seat_test({name: table.in_order_of(row_ids) for name, table in tables.items()})
    return table_of(fitted(panel.log_probabilities), panel.rows)
