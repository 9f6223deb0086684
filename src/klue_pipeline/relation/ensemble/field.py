"""All experiments side by side: each judged on its own rows, and against the best of them.

Experiments that scored the same rows are judged on the same draws. One that trained other folds of
the split is compared with the best on the rows that both scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from klue_pipeline.evaluation.intervals import Interval, Judgement
from klue_pipeline.evaluation.significance import compare_correctness
from klue_pipeline.evaluation.truth import LabelledScores, take_common_rows
from klue_pipeline.relation.metrics.judgement import TargetPopulation, judge
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams, ScoreName


@dataclass(frozen=True)
class Rules:
    """What all experiments are judged by.

    Attributes:
        population: Where the models will be judged, or None.
        evaluation: Draws, seed, confidence.
        select_by: The score that ranks, which is a plain one without a target population.
    """

    population: TargetPopulation | None
    evaluation: EvaluationParams
    select_by: ScoreName


@dataclass(frozen=True)
class Comparison:
    """One experiment against the best.

    Attributes:
        difference: By how much it is better, in the score that ranks; None where the two scored no
            row in common.
        p_value: McNemar's, 0 to 1; None likewise.
        reason: Why there is no comparison; empty if there is one.
        common_rows: How many rows both scored, where these are not all of either.
    """

    difference: Interval | None
    p_value: float | None
    reason: str = ""
    common_rows: int | None = None


def judge_field(models: Mapping[str, LabelledScores], rules: Rules) -> dict[str, Judgement]:
    """Judge every experiment on the rows that it scored.

    Args:
        models: Out-of-fold scores of the same split and labels, by experiment.
        rules: What they are judged by.

    Returns:
        One judgement per experiment, in the order of ``models``.
    """
    judged: dict[str, Judgement] = {}
    for names in _with_equal_rows(models):
        judged |= _judge_common({name: models[name] for name in names}, rules)
    return {name: judged[name] for name in models}


def compare_with_best(
    models: Mapping[str, LabelledScores],
    judged: Mapping[str, Judgement],
    best: str,
    rules: Rules,
) -> dict[str, Comparison]:
    """Compare every experiment but the best with it.

    Args:
        models: Out-of-fold scores, by experiment.
        judged: By :func:`judge_field`.
        best: The experiment that ranks first.
        rules: What they are judged by.
    """
    keys = {name: scores.table.keys for name, scores in models.items()}
    compared = {}
    for name, scores in models.items():
        if name == best:
            continue
        pair = {name: judged[name], best: judged[best]}
        if not _are_equal(keys[name], keys[best]):
            pair = _judge_common({name: scores, best: models[best]}, rules)
        compared[name] = _compare(name, best, pair, models, rules)
    return compared


def _compare(
    name: str,
    best: str,
    pair: Mapping[str, Judgement],
    models: Mapping[str, LabelledScores],
    rules: Rules,
) -> Comparison:
    if not pair:
        return Comparison(None, None, f"it scored no row that {best} scored")
    difference = pair[name].minus(pair[best], rules.select_by)
    found = compare_correctness(models[name], models[best])
    common = take_common_rows([models[name], models[best]])[0]
    differ = len(common) < max(len(models[name]), len(models[best]))
    return Comparison(difference, found.p_value, common_rows=len(common) if differ else None)


def _judge_common(models: Mapping[str, LabelledScores], rules: Rules) -> dict[str, Judgement]:
    """Judge models on the rows that all scored; without such rows, none."""
    common = dict(zip(models, take_common_rows(list(models.values())), strict=True))
    if not len(next(iter(common.values()))):
        return {}
    return judge(common, rules.population, rules.evaluation)


def _with_equal_rows(models: Mapping[str, LabelledScores]) -> list[list[str]]:
    """Return the names of experiments that scored the same rows, group by group."""
    groups: list[tuple[pd.MultiIndex, list[str]]] = []
    for name, scores in models.items():
        keys = scores.table.keys
        group = next((names for known, names in groups if _are_equal(known, keys)), None)
        if group is None:
            groups.append((keys, [name]))
        else:
            group.append(name)
    return [names for _, names in groups]


def _are_equal(first: pd.MultiIndex, second: pd.MultiIndex) -> bool:
    return len(first) == len(second) and (first.equals(second) or bool(first.isin(second).all()))
