"""All experiments side by side: each judged on its own rows, and against the best of them.

Experiments that scored the same rows are judged on the same draws. One that trained other folds of
the split is compared with the best on the rows that both scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from klue_pipeline.evaluation.alignment import row_keys, rows_common_to_all
from klue_pipeline.evaluation.intervals import Interval
from klue_pipeline.evaluation.judgement import Judgement
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import gold_ids, negative_id
from klue_pipeline.relation.metrics.comparison import compare_correctness
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.metrics.prior import Target
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams, ScoreName


@dataclass(frozen=True)
class Rules:
    """What all experiments are judged by.

    Attributes:
        gold: True label names, indexed by row id.
        labels: The labels of the scores.
        target: Where the models will be judged, or None.
        evaluation: Draws, seed, confidence.
        select_by: The score that ranks, which is a plain one without a target.
    """

    gold: pd.Series
    labels: LabelSet
    target: Target | None
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
    """

    difference: Interval | None
    p_value: float | None
    reason: str = ""


def judge_field(tables: Mapping[str, ScoreTable], rules: Rules) -> dict[str, Judgement]:
    """Judge every experiment on the rows that it scored.

    Args:
        tables: Out-of-fold scores of the same split and labels, by experiment.
        rules: What they are judged by.

    Returns:
        One judgement per experiment, in the order of ``tables``.
    """
    judged: dict[str, Judgement] = {}
    for names in _with_equal_rows(tables):
        aligned = rows_common_to_all([tables[name] for name in names])
        judged |= _judge(dict(zip(names, aligned, strict=True)), rules)
    return {name: judged[name] for name in tables}


def compare_with_best(
    tables: Mapping[str, ScoreTable], judged: Mapping[str, Judgement], best: str, rules: Rules
) -> dict[str, Comparison]:
    """Compare every experiment but the best with it.

    Args:
        tables: Out-of-fold scores, by experiment.
        judged: By :func:`judge_field`.
        best: The experiment that ranks first.
        rules: What they are judged by.
    """
    keys = {name: row_keys(table) for name, table in tables.items()}
    compared = {}
    for name, table in tables.items():
        if name == best:
            continue
        pair = {name: judged[name], best: judged[best]}
        if not _are_equal(keys[name], keys[best]):
            pair = _judge_common({name: table, best: tables[best]}, rules)
        compared[name] = _compare(name, best, pair, tables, rules)
    return compared


def _compare(
    name: str,
    best: str,
    pair: Mapping[str, Judgement],
    tables: Mapping[str, ScoreTable],
    rules: Rules,
) -> Comparison:
    if not pair:
        return Comparison(None, None, f"it scored no row that {best} scored")
    difference = pair[name].minus(pair[best], rules.select_by)
    test = compare_correctness(tables[name], tables[best], rules.gold, rules.labels)
    return Comparison(difference, test.p_value)


def _judge_common(tables: Mapping[str, ScoreTable], rules: Rules) -> dict[str, Judgement]:
    aligned = rows_common_to_all(list(tables.values()))
    return _judge(dict(zip(tables, aligned, strict=True)), rules) if len(aligned[0]) else {}


def _judge(tables: Mapping[str, ScoreTable], rules: Rules) -> dict[str, Judgement]:
    truth = gold_ids(next(iter(tables.values())), rules.gold, rules.labels)
    return judge(tables, truth, negative_id(rules.labels), rules.target, rules.evaluation)


def _with_equal_rows(tables: Mapping[str, ScoreTable]) -> list[list[str]]:
    """Return the names of experiments that scored the same rows, group by group."""
    groups: list[tuple[pd.MultiIndex, list[str]]] = []
    for name, table in tables.items():
        keys = row_keys(table)
        own = next((names for known, names in groups if _are_equal(known, keys)), None)
        if own is None:
            groups.append((keys, [name]))
        else:
            own.append(name)
    return [names for _, names in groups]


def _are_equal(first: pd.MultiIndex, second: pd.MultiIndex) -> bool:
    return len(first) == len(second) and (first.equals(second) or bool(first.isin(second).all()))
