"""The decoding options on a blend: each on, off, or on if that is better by more than noise."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from klue_pipeline.evaluation.intervals import Judgement
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.decoding import (
    add_negative_bias,
    fit_negative_bias,
    legal_for_test,
    legal_out_of_fold,
    mask_illegal,
    nested_negative_bias,
)
from klue_pipeline.relation.metrics.judgement import TargetPopulation, judge
from klue_pipeline.relation.metrics.run_rows import RunRows
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

    out_of_fold: LabelledScores
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


_Decode = Callable[[LabelledScores, ScoreTable], tuple[ScoreTable, ScoreTable]]
"""From out-of-fold and test scores to both after an option."""


@dataclass(frozen=True)
class _Option:
    """A decoding option: whether it is used, and what it makes of both score tables."""

    wanted: str | float
    decode: _Decode


def require_decodable(labels: LabelSet, params: EnsembleParams) -> None:
    """Refuse options that the labels do not allow, before anything is fitted.

    Raises:
        ValueError: A bias is wanted where no label is negative.
    """
    if labels.negative_id is None and params.negative_bias != OFF:
        raise ValueError(
            f"ensemble.negative_bias is {params.negative_bias}, but no label is negative; set it "
            f"to {OFF}."
        )


def decode_blend(
    blend: Decoded, run: RunRows, population: TargetPopulation | None, rules: DecodingRules
) -> Decoded:
    """Apply the options in their order: first the mask, then the bias on what it leaves.

    Args:
        blend: The blend's nested out-of-fold scores, its test scores, and how good it is, before
            any option.
        run: Rows, folds and labels.
        population: Where the blend will be judged, or None.
        rules: Which options, and by which score ``auto`` decides.
    """
    decoded = blend
    for name, option in _options(run, rules.params).items():
        if option.wanted != OFF:
            decoded = _try(name, option, decoded, population, rules)
    return decoded


def _try(
    name: str,
    option: _Option,
    before: Decoded,
    population: TargetPopulation | None,
    rules: DecodingRules,
) -> Decoded:
    table, test = option.decode(before.out_of_fold, before.test)
    out_of_fold = before.out_of_fold.with_table(table)
    judged = judge({"": out_of_fold}, population, rules.evaluation)[""]
    difference = judged.minus(before.judgement, rules.select_by)
    used = option.wanted != "auto" or difference.low > 0
    report = {**before.report, name: {"used": used, **asdict(difference)}}
    if not used:
        return replace(before, report=report)
    return Decoded(out_of_fold, test, judged, report)


def _options(run: RunRows, params: EnsembleParams) -> dict[str, _Option]:
    options = {"type_pair_mask": _Option(params.type_pair_mask, _masker(run, params))}
    if run.labels.negative_id is not None:
        biaser = _biaser(run.labels.negative_id, params.negative_bias)
        options["negative_bias"] = _Option(params.negative_bias, biaser)
    return options


def _masker(run: RunRows, params: EnsembleParams) -> _Decode:
    def decode(out_of_fold: LabelledScores, test: ScoreTable) -> tuple[ScoreTable, ScoreTable]:
        least, labels, rows = params.type_pair_min_count, run.labels, run.sentences
        seen = legal_out_of_fold(out_of_fold.table, rows, run.fold_members, labels, least)
        known = legal_for_test(test, run.test_sentences, rows, labels, least)
        return mask_illegal(out_of_fold.table, seen), mask_illegal(test, known)

    return decode


def _biaser(negative_id: int, wanted: str | float) -> _Decode:
    def decode(out_of_fold: LabelledScores, test: ScoreTable) -> tuple[ScoreTable, ScoreTable]:
        table, truth = out_of_fold.table, out_of_fold.truth
        if not isinstance(wanted, str):
            biased = [add_negative_bias(scores, negative_id, wanted) for scores in (table, test)]
            return biased[0], biased[1]
        # On unweighted rows, whatever the blend is chosen by: see decoding.negative_bias.
        bias = fit_negative_bias(table.logits, truth, negative_id)
        nested = nested_negative_bias(table, truth, negative_id)
        return nested, add_negative_bias(test, negative_id, bias)

    return decode
