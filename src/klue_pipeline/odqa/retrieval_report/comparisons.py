"""Whether what is made of several runs is better than they are: paired differences, and a verdict.

Both runs are judged on the same draws of the same questions, so that what is hard for both does not
blur the difference (paired bootstrap).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from klue_pipeline.evaluation.intervals import Interval, Judgement
from klue_pipeline.odqa.metrics.task_scores import ODQA_SCORES
from klue_pipeline.reporting.leaderboard import NOISE, WORSE

BETTER = "better"

Comparison = dict[str, Any]


def compare_runs(
    judged: Mapping[str, Judgement], singles: Sequence[str], combined: Sequence[str]
) -> list[Comparison]:
    """Compare each combined run with every single one, and with the combined runs before it.

    Args:
        judged: The judgement of each run, on the same draws.
        singles: Runs of one retriever.
        combined: Runs made of others, in the order in which they are made.

    Returns:
        For each pair and score: ``run``, ``against``, ``score``, ``difference`` (by how much the
        first is higher) with ``low`` and ``high``, ``chance_to_beat`` (share of draws in which it
        is higher), and ``verdict``.
    """
    pairs = [
        (run, other)
        for place, run in enumerate(combined)
        for other in (*combined[:place], *singles)
    ]
    return [
        _compare(judged, run, other, score) for run, other in pairs for score in judged[run].scores
    ]


def _compare(judged: Mapping[str, Judgement], run: str, other: str, score: str) -> Comparison:
    interval = judged[run].minus(judged[other], score)
    return {
        "run": run,
        "against": other,
        "score": score,
        "difference": interval.difference,
        "low": interval.low,
        "high": interval.high,
        "chance_to_beat": judged[run].chance_to_beat(judged[other], score),
        "verdict": word_verdict(interval),
    }


def word_verdict(difference: Interval) -> str:
    """Say what a paired difference comes to.

    >>> word_verdict(Interval(1.0, 0.2, 1.8)), word_verdict(Interval(0.1, -0.5, 0.6))
    ('better', 'no difference: noise')
    """
    if not difference.excludes_zero:
        return NOISE
    return BETTER if difference.low > 0 else WORSE


def conclude(
    comparisons: Sequence[Comparison], combined: Sequence[str], best: str, select_by: str
) -> str:
    """Say in a sentence or more whether the combined runs are worth their members.

    Args:
        comparisons: Those of :func:`compare_runs`.
        combined: Names of the combined runs; without any there is nothing to say.
        best: The best single run.
        select_by: The score that decides.
    """
    found = {(one["run"], one["against"], one["score"]): one for one in comparisons}
    return " ".join(_conclude(found[run, best, select_by]) for run in combined)


def _conclude(one: Comparison) -> str:
    score = ODQA_SCORES.find(one["score"]).title
    numbers = f"{one['difference']:+.1f} [{one['low']:+.1f}, {one['high']:+.1f}]"
    against = f"the best single retriever, {one['against']}"
    if one["verdict"] == BETTER:
        return f"{one['run']} is better than {against}, in {score}: {numbers}."
    if one["verdict"] == WORSE:
        return (
            f"{one['run']} is worse than {against}, in {score}: {numbers}. {one['against']} alone "
            "is the better default."
        )
    return (
        f"{one['run']} does not beat {against}, in {score}: {numbers}. {one['against']} alone is "
        "the better default: it is as good and takes less."
    )
