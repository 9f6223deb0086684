"""The decoding options on a blend: each on, off, or on if that is better by more than noise."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from klue_pipeline.relation.decoding import (
    add_negative_bias,
    fit_negative_bias,
    legal_for_test,
    legal_out_of_fold,
    mask_illegal,
    nested_negative_bias,
)
from klue_pipeline.relation.ensemble.task import BlendTask
from klue_pipeline.relation.evaluation_params import EvaluationParams
from klue_pipeline.relation.judgement import judge
from klue_pipeline.relation.params import EnsembleParams
from klue_pipeline.relation.scores import ScoreTable
from klue_pipeline.relation.shift.target import Target

OFF = "never"


@dataclass(frozen=True)
class Decoded:
    """Scores after the options that are in use.

    Attributes:
        out_of_fold: The blend's nested scores.
        test: The blend's test scores.
        report: What each option did, by name, for JSON; empty if none was looked at.
    """

    out_of_fold: ScoreTable
    test: ScoreTable
    report: dict[str, Any]


@dataclass(frozen=True)
class _Option:
    """A decoding option: whether it is used, and what it makes of both score tables."""

    wanted: str | float
    decode: Callable[[ScoreTable, ScoreTable], tuple[ScoreTable, ScoreTable]]


def decode_blend(
    tables: tuple[ScoreTable, ScoreTable],
    task: BlendTask,
    target: Target | None,
    settings: tuple[EnsembleParams, EvaluationParams],
) -> Decoded:
    """Apply the options in their order: first the mask, then the bias on what it leaves.

    Args:
        tables: The blend's nested out-of-fold scores and its test scores.
        task: Rows, folds and labels.
        target: Where the blend will be judged, or None.
        settings: Which options, and by which score ``auto`` decides.
    """
    params, evaluation = settings
    decoded = Decoded(*tables, {})
    for name, option in _options(task, params).items():
        if option.wanted == OFF:
            continue
        tried = option.decode(decoded.out_of_fold, decoded.test)
        told = _compare(decoded.out_of_fold, tried[0], task, target, evaluation)
        used = option.wanted != "auto" or told["low"] > 0
        report = {**decoded.report, name: {"used": used, **told}}
        kept = tried if used else (decoded.out_of_fold, decoded.test)
        decoded = Decoded(*kept, report)
    return decoded


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
            return tuple(add_negative_bias(own, negative_id, wanted) for own in (out_of_fold, test))  # type: ignore[return-value]
        # On unweighted rows, whatever the blend is chosen by: see decoding.negative_bias.
        truth = task.gold_ids(out_of_fold)
        bias = fit_negative_bias(out_of_fold.logits, truth, negative_id)
        nested = nested_negative_bias(out_of_fold, truth, negative_id)
        return nested, add_negative_bias(test, negative_id, bias)

    return decode


def _compare(
    before: ScoreTable,
    after: ScoreTable,
    task: BlendTask,
    target: Target | None,
    evaluation: EvaluationParams,
) -> dict[str, float]:
    models = {"before": before, "after": after}
    told = judge(models, task.gold_ids(before), task.negative_id, target, evaluation)
    name = evaluation.told_by(has_target=target is not None)
    return asdict(told["after"].minus(told["before"], name))
