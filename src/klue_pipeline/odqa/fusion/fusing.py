"""Runs of several retrievers as one run: by ranks, or by scores that are weighed."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from klue_pipeline.odqa.fusion.normalising import NORMALISERS, Floats
from klue_pipeline.odqa.fusion.pooled_runs import PooledRuns, pool_runs
from klue_pipeline.odqa.fusion.training_questions import TrainingQuestions, training_questions
from klue_pipeline.odqa.fusion.weights import fit_weights
from klue_pipeline.odqa.passages.run_table import rank_run
from klue_pipeline.odqa.settings.retriever_params import FusionParams

logger = logging.getLogger(__name__)

Fused = tuple[Floats, dict[str, Any]]
"""A score for each row of the pool, and facts for the report."""

_DIGITS = 4


def fuse(
    runs: Mapping[str, pd.DataFrame],
    params: FusionParams,
    examples: pd.DataFrame,
    gold: pd.DataFrame,
    groups: pd.DataFrame,
    top_k: int,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Make one run of several.

    Gold passages are looked at only where weights are fitted, and of training questions alone.

    Args:
        runs: Each a run (:class:`~klue_pipeline.odqa.ingest.schema.Run`), by its retriever's name.
        params: How.
        examples: All questions, with ``part``.
        gold: The gold passages of questions.
        groups: Which passages say the same.
        top_k: Passages of a question at most.

    Returns:
        The run, and a report: ``name``, ``retrievers``, for weights ``weights`` and where they were
        fitted ``fitted_on``, and ``dropped_by_score_ratio``.

    Raises:
        ValueError: The weights name other retrievers, or cannot be fitted.
    """
    pool = pool_runs(runs)
    scores, facts = FUSIONS[params.name](pool, params, training_questions(examples, gold, groups))
    rows = {"question_id": pool.question_ids, "passage_id": pool.passage_ids, "score": scores}
    run = rank_run(pd.DataFrame(rows), top_k)
    kept = run if params.score_ratio is None else cut_tail(run, params.score_ratio)
    report = {
        "name": params.name,
        "retrievers": pool.names,
        **facts,
        "dropped_by_score_ratio": len(run) - len(kept),
    }
    return kept, report


def reciprocal_rank(pool: PooledRuns, params: FusionParams, _: TrainingQuestions) -> Fused:
    """Add up 1 / (k + rank) over the runs (Cormack, Clarke and Büttcher 2009)."""
    return np.nansum(1 / ((params.rank_constant or 0) + pool.ranks), axis=1), {}


def weighted(pool: PooledRuns, params: FusionParams, training: TrainingQuestions) -> Fused:
    """Add up normalised scores, each run's times its weight."""
    if params.normalise is None:
        raise ValueError("Weighted fusion needs a way to normalise scores; found none.")
    values = NORMALISERS[params.normalise](pool)
    if params.weights is None:
        weights, facts = _fit(pool, values, training)
    else:
        weights, facts = _given(pool.names, params.weights), {}
    named = dict(zip(pool.names, weights.round(_DIGITS).tolist(), strict=True))
    return values @ weights, {"weights": named, **facts}


def cut_tail(run: pd.DataFrame, score_ratio: float) -> pd.DataFrame:
    """Drop passages that score below a share of their question's best; the best one stays.

    Args:
        run: A run whose best scores are above 0.
        score_ratio: From 0 to 1.
    """
    best = run.groupby("question_id", sort=False)["score"].transform("first")
    is_kept = (run["score"] >= score_ratio * best) | (run["rank"] == 1)
    return run[is_kept].reset_index(drop=True)


def _given(names: list[str], weights: Mapping[str, float]) -> Floats:
    if set(weights) != set(names):
        raise ValueError(
            f"The weights of a fusion are for {', '.join(weights)}; one for each of "
            f"{', '.join(names)} was wanted."
        )
    return np.array([weights[name] for name in names], dtype=float)


def _fit(
    pool: PooledRuns, values: Floats, training: TrainingQuestions
) -> tuple[Floats, dict[str, Any]]:
    wanted = training.are_in(pool)
    if not wanted.any():
        raise ValueError(
            "Weights of a fusion are fitted on training questions with a gold passage; no run has "
            "one. Set odqa.fusion.weights, or odqa.fusion.name to reciprocal_rank."
        )
    part, rows = pool.of_questions(wanted), np.repeat(wanted, pool.lengths)
    fitted = fit_weights(part, values[rows], training.are_gold(part), len(training))
    logger.info("Fitted the weights of %s on %d questions", ", ".join(pool.names), len(training))
    facts = {
        "n_questions": len(training),
        "n_weights_tried": fitted.n_points,
        "mrr": round(fitted.mrr, _DIGITS),
        "mrr_with_equal_weights": round(fitted.equal_mrr, _DIGITS),
        "mrr_alone": dict(zip(pool.names, fitted.single_mrr.round(_DIGITS).tolist(), strict=True)),
    }
    # As the report says them, so that others fuse alike by what it says.
    return fitted.weights.round(_DIGITS), {"fitted_on": facts}


FUSIONS: dict[
    Literal["reciprocal_rank", "weighted"],
    Callable[[PooledRuns, FusionParams, TrainingQuestions], Fused],
] = {
    "reciprocal_rank": reciprocal_rank,
    "weighted": weighted,
}
"""Every way by its name in the settings."""
