"""What the experiments of a call scored, and how sure it is that one is better than another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from klue_pipeline.commands.outcomes import Outcome
from klue_pipeline.evaluation.intervals import CONFIDENCE, Interval
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.significance import take_comparable_rows
from klue_pipeline.evaluation.truth import gold_by_row, label_scores
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.metrics.targets import map_gold, target_labels
from klue_pipeline.runs.stored_results import StoredResults

N_RESAMPLES = 1000
"""Draws of a bootstrap; the ends of an interval move by a few hundredths with another seed."""

_SEED = 42

_STALE_LABELS = (
    "nothing is compared with it, because clean_sentences was made anew by other settings since; "
    "kedro run --pipelines ingest,clean with these settings brings it back"
)

Open = Callable[[Outcome], StoredResults]


@dataclass(frozen=True)
class Row:
    """One experiment in the table.

    Attributes:
        outcome: How it ended.
        metrics: ``micro_f1`` and ``auprc`` of the out-of-fold scores, and with ``test_`` before
            them of the test scores if their labels are known; 0 to 100. Empty without results.
        differences: Out-of-fold ``micro_f1`` and ``auprc`` minus those of the reference; empty
            where there is nothing to compare.
        note: What the reader should know besides, such as why there is no difference.
    """

    outcome: Outcome
    metrics: dict[str, float] = field(default_factory=dict)
    differences: dict[str, Interval] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class _Reference:
    """What the other experiments are compared with."""

    scores: ScoreTable
    gold: pd.Series
    labels: LabelSet


def compare_results(outcomes: Sequence[Outcome], reference: str, open_results: Open) -> list[Row]:
    """Collect the metrics of every experiment and its differences to the reference.

    Args:
        outcomes: How the experiments ended, in the order of the table.
        reference: Folder of the experiment that the others are compared with; without its results
            there are no differences.
        open_results: Finds the results of an experiment.
    """
    first = next((own for own in outcomes if own.job.folder == reference), None)
    against = _read_reference(open_results(first)) if first and first.has_results else None
    return [
        _compare_one(outcome, open_results(outcome), reference, against)
        if outcome.has_results
        else Row(outcome)
        for outcome in outcomes
    ]


def _read_reference(results: StoredResults) -> _Reference | None:
    """Read what is compared with; None where the true labels are those of other settings."""
    if not results.is_current("clean_sentences"):
        return None
    labels = results.catalog.load("labels")
    gold = gold_by_row(results.catalog.load("clean_sentences"))
    target = results.parameters.target
    answers = map_gold(gold, labels, target)
    scores: ScoreTable = results.catalog.load("out_of_fold@one")
    has_answer = pd.Series(scores.row_ids).isin(answers.index).to_numpy(dtype=bool)
    return _Reference(scores.take(has_answer), answers, target_labels(labels, target))


def _compare_one(
    outcome: Outcome, results: StoredResults, reference: str, against: _Reference | None
) -> Row:
    metrics = _flat_metrics(results.catalog.load("experiment_metrics"))
    if outcome.job.folder == reference:
        return Row(outcome, metrics, note="" if against else _STALE_LABELS)
    if against is None:
        return Row(outcome, metrics)
    scores: ScoreTable = results.catalog.load("out_of_fold@one")
    if scores.labels != against.scores.labels:
        n_labels = len(scores.labels)
        return Row(outcome, metrics, note=f"no difference, it tells {n_labels} other labels apart")
    try:
        pair = take_comparable_rows(
            *(label_scores(own, against.gold, against.labels) for own in (scores, against.scores))
        )
    except ValueError as error:
        return Row(outcome, metrics, note=f"no difference, {error}")
    settings = {"n_resamples": N_RESAMPLES, "seed": _SEED, "confidence": CONFIDENCE}
    params = results.parameters.evaluation.model_copy(update=settings)
    ours, theirs = judge(dict(zip("ab", pair, strict=True)), None, params).values()
    differences = {name: ours.minus(theirs, name) for name in ours.scores}
    return Row(outcome, metrics, differences)


def _flat_metrics(stored: dict[str, Any]) -> dict[str, float]:
    parts = {"": stored["out_of_fold"], "test_": stored.get("test") or {}}
    return {
        f"{prefix}{name}": float(part[name])
        for prefix, part in parts.items()
        for name in ("micro_f1", "auprc")
        if name in part
    }
