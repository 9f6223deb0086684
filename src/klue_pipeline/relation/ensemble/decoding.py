"""The decoding options on a blend: each on, off, or on if that is better by more than noise."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from klue_pipeline.evaluation.judgement import Judgement
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.decoding import (
    add_negative_bias,
    fit_negative_bias,
    legal_for_test,
    legal_out_of_fold,
    mask_illegal,
    nested_negative_bias,
)
from klue_pipeline.relation.ensemble.members import BlendTask
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.metrics.prior import Target
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams, ScoreName
from klue_pipeline.relation.settings.params import EnsembleParams

OFF = "never"


@dataclass(frozen=True)
class Decoded:
    """Scores after the options that are in use.

    Attributes:
        out_of_fold: The blend's nested scores.
        test: The blend's test scores.
        judgement: How good the former are.
        report: What each option did, by name, for JSON; empty if none was looked at.
    """

    out_of_fold: ScoreTable
    test: ScoreTable
    judgement: Judgement
    report: dict[str, Any]


@dataclass(frozen=True)
class DecodingRules:
    """Which options are looked at, and what decides.

    Attributes:
        params: Which options.
        evaluation: Draws, seed, confidence.
        select_by: The score by which ``auto`` decides.
    """

    params: EnsembleParams
    evaluation: EvaluationParams
    select_by: ScoreName


@dataclass(frozen=True)
class _Option:
    """A decoding option: whether it is used, and what it makes of both score tables."""

    wanted: str | float
    decode: Callable[[ScoreTable, ScoreTable], tuple[ScoreTable, ScoreTable]]


def require_decodable(task: BlendTask, params: EnsembleParams) -> None:
    """Refuse options that the labels do not allow, before anything is fitted.

    Raises:
        ValueError: A bias is wanted where no label is negative.
    """
    if task.negative_id is None and params.negative_bias != OFF:
        raise ValueError(
            f"ensemble.negative_bias is {params.negative_bias}, but no label is negative; set it "
            f"to {OFF}."
        )


def decode_blend(
    blend: Decoded, task: BlendTask, target: Target | None, rules: DecodingRules
) -> Decoded:
    """Apply the options in their order: first the mask, then the bias on what it leaves.

    Args:
        blend: The blend's nested out-of-fold scores, its test scores, and how good it is, before
            any option.
        task: Rows, folds and labels.
        target: Where the blend will be judged, or None.
        rules: Which options, and by which score ``auto`` decides.
    """
    decoded = blend
    for name, option in _options(task, rules.params).items():
        if option.wanted != OFF:
            decoded = _try(name, option, decoded, task, target, rules)
    return decoded


def _try(
    name: str,
    option: _Option,
    before: Decoded,
    task: BlendTask,
    target: Target | None,
    rules: DecodingRules,
) -> Decoded:
    out_of_fold, test = option.decode(before.out_of_fold, before.test)
    truth = task.gold_ids(out_of_fold)
    judged = judge({"": out_of_fold}, truth, task.negative_id, target, rules.evaluation)[""]
    difference = judged.minus(before.judgement, rules.select_by)
    used = option.wanted != "auto" or difference.low > 0
    report = {**before.report, name: {"used": used, **asdict(difference)}}
    if not used:
        return replace(before, report=report)
    return Decoded(out_of_fold, test, judged, report)


def _options(task: BlendTask, params: EnsembleParams) -> dict[str, _Option]:
    options = {"type_pair_mask": _Option(params.type_pair_mask, _masker(task, params))}
    if task.negative_id is not None:
        biaser = _biaser(task, task.negative_id, params.negative_bias)
        options["negative_bias"] = _Option(params.negative_bias, biaser)
    return options


def _masker(
    task: BlendTask, params: EnsembleParams
) -> Callable[[ScoreTable, ScoreTable], tuple[ScoreTable, ScoreTable]]:
    def decode(out_of_fold: ScoreTable, test: ScoreTable) -> tuple[ScoreTable, ScoreTable]:
        least, labels, rows = params.type_pair_min_count, task.labels, task.sentences
        seen = legal_out_of_fold(out_of_fold, rows, task.fold_members, labels, least)
        known = legal_for_test(test, task.test_sentences, rows, labels, least)
        return mask_illegal(out_of_fold, seen), mask_illegal(test, known)

    return decode


def _biaser(
    task: BlendTask, negative_id: int, wanted: str | float
) -> Callable[[ScoreTable, ScoreTable], tuple[ScoreTable, ScoreTable]]:
    def decode(out_of_fold: ScoreTable, test: ScoreTable) -> tuple[ScoreTable, ScoreTable]:
        if not isinstance(wanted, str):
            biased = [add_negative_bias(own, negative_id, wanted) for own in (out_of_fold, test)]
            return biased[0], biased[1]
        # On unweighted rows, whatever the blend is chosen by: see decoding.negative_bias.
        truth = task.gold_ids(out_of_fold)
        bias = fit_negative_bias(out_of_fold.logits, truth, negative_id)
        nested = nested_negative_bias(out_of_fold, truth, negative_id)
        return nested, add_negative_bias(test, negative_id, bias)

    return decode
