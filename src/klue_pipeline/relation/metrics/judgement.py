"""Models judged on the same draws of the same rows: plain, and re-weighted to a target population.

The plain interval says how far the score on rows *like the scored ones* may be from the one found.
The shift-aware interval is one of prediction. Each of its draws takes other scored rows, other
shares of labels among the plausible ones, and then a test set of the population's size from these
rows under these shares; so it holds what was learned from too few rows, what is not known about the
population, and the luck of the test set itself.

What to expect of such a test set is the mean of its draws. For F1 that is the re-weighted score
itself; AUPRC is higher on few rows than on many, where a label has only a handful of them.

All models see the same draws, so that differences are paired.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import Draws, Judgement, draw_weights
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.resampled_metrics import METRICS, THREADS, ResampledMetrics
from klue_pipeline.relation.settings.evaluation_params import SHIFT, EvaluationParams

Shares = NDArray[np.float64]
"""Share of each label; every column sums to 1. Shape: (labels,) or (labels, alternatives)."""

Weightings = Mapping[str, NDArray[np.floating]]
"""How often each draw has each row, by what scores under it begin with. Shape: (rows, draws)."""


@dataclass(frozen=True)
class TargetPopulation:
    """Where a model will be judged: rows with other shares of labels than the scored ones.

    Attributes:
        shares: Share of each label. Shape: (labels,).
        plausible: Shares that are nearly as credible, for intervals; one column is enough where
            the shares are given. Shape: (labels, alternatives).
        n_rows: How many rows the models will be judged on.
        source: Whether the settings give the shares, or the test scores were asked.
    """

    shares: Shares
    plausible: Shares
    n_rows: int
    source: Literal["given", "estimated"]


def judge(
    models: Mapping[str, LabelledScores],
    population: TargetPopulation | None,
    params: EvaluationParams,
) -> dict[str, Judgement]:
    """Judge models by every score.

    Args:
        models: Scores of the same rows in the same order, by name; at least one row.
        population: Where the models will be judged; None gives plain scores only.
        params: How many draws, their seed, and the confidence.

    Returns:
        One judgement per model, in the order of ``models``.

    Raises:
        ValueError: There is no model or no row.
    """
    n_rows = len(next(iter(models.values()), ()))
    if not n_rows:
        raise ValueError(f"Found {len(models)} models and {n_rows} rows to judge them by; "
                         "at least one of each was wanted.")  # fmt: skip
    metrics = [ResampledMetrics(scores) for scores in models.values()]
    rows = next(iter(models.values()))
    parts: list[list[Draws]] = [[] for _ in metrics]
    for judged in _judge_ahead(metrics, _draw_all(rows, population, params)):
        for part, draws in zip(parts, judged, strict=True):
            part.append(draws)
    return {
        name: _conclude(model, part, n_rows, params.confidence)
        for name, model, part in zip(models, metrics, parts, strict=True)
    }


def _conclude(
    metrics: ResampledMetrics, parts: list[Draws], n_rows: int, confidence: float
) -> Judgement:
    draws = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    observed = metrics(np.ones((n_rows, 1)))
    plain = {name: float(observed[name][0]) for name in METRICS}
    shifted = {
        name: float(values.mean()) for name, values in draws.items() if name.startswith(SHIFT)
    }
    return Judgement(plain | shifted, draws, confidence)


def _judge_ahead(
    metrics: Sequence[ResampledMetrics], drawn: Iterable[Weightings]
) -> Iterator[list[Draws]]:
    """Judge all models on some draws after the other, while the next ones are being drawn."""
    waiting: list[Future[Draws]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for weightings in drawn:
            begun = [pool.submit(_judge_each, model, weightings) for model in metrics]
            if waiting:
                yield [future.result() for future in waiting]
            waiting = begun
        yield [future.result() for future in waiting]


def _judge_each(metrics: ResampledMetrics, weightings: Weightings) -> Draws:
    """Judge one model under every weighting, each named by what its scores begin with."""
    return {
        f"{prefix}{name}": values
        for prefix, weights in weightings.items()
        for name, values in metrics(weights).items()
    }


def _draw_all(
    rows: LabelledScores, population: TargetPopulation | None, params: EvaluationParams
) -> Iterator[Weightings]:
    """Draw rows, and from each draw a test set of the population."""
    generator = np.random.default_rng([params.seed, 1])
    for drawn in draw_weights(rows.table, params.n_resamples, params.seed):
        if population is None:
            yield {"": drawn}
            continue
        yield {"": drawn, SHIFT: draw_test_sets(drawn, rows.truth, population, generator)}


def draw_test_sets(
    drawn: NDArray[np.floating],
    gold_ids: NDArray[np.int64],
    population: TargetPopulation,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Draw one test set of the population from each draw of the scored rows.

    Args:
        drawn: How often each draw has each row. Shape: (rows, draws).
        gold_ids: True label ids. Shape: (rows,).
        population: Its size, and shares of which each draw takes one column.
        generator: Source of chance.

    Returns:
        How often each test set has each row; columns sum to the population's rows.
        Shape: (rows, draws).

    Raises:
        ValueError: A draw has no row of any label that the population has.
    """
    n_labels, n_alternatives = population.plausible.shape
    # Draws down: every step below reads or writes one draw from end to end.
    by_draw = np.ascontiguousarray(drawn.T)
    test_sets = np.empty(by_draw.shape, dtype=np.float32)
    for place, drawn_rows in enumerate(by_draw):
        counts = np.bincount(gold_ids, weights=drawn_rows, minlength=n_labels)
        shares = population.plausible[:, generator.integers(n_alternatives)]
        ratios = np.divide(shares, counts, out=np.zeros(n_labels), where=counts > 0)
        edges = np.cumsum(drawn_rows * ratios[gold_ids])
        if not edges[-1] > 0:
            raise ValueError(
                "A draw of the scored rows has no label of the target; score more rows."
            )
        # Sorted, because neighbours are then found near each other; only counts matter.
        thresholds = np.sort(generator.random(population.n_rows)) * edges[-1]
        places = np.searchsorted(edges, thresholds, "right")
        test_sets[place] = np.bincount(places, minlength=len(edges))
    return np.ascontiguousarray(test_sets.T)
