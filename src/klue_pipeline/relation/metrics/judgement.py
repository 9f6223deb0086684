"""Many models judged on the same draws of the same rows: plain, and re-weighted to a target.

The plain interval says how far the score on rows *like the scored ones* may be from the one found.
The shift-aware interval is one of prediction. Each of its draws takes other scored rows, other
shares of labels among the plausible ones, and then a test set of the target's size from these rows
under these shares; so it holds what was learned from too few rows, what is not known about the
target, and the luck of the test set itself.

What to expect of such a test set is the mean of its draws. For F1 that is the re-weighted score
itself; AUPRC is higher on few rows than on many, where a label has only a handful of them.

All models see the same draws, so that differences are paired.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import (
    draw_weights,
)
from klue_pipeline.evaluation.judgement import Draws, Judgement
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.metrics.prior import Target
from klue_pipeline.relation.metrics.resampled_metrics import METRICS, THREADS, ResampledMetrics
from klue_pipeline.relation.settings.evaluation_params import SHIFT, EvaluationParams

Weightings = Mapping[str, NDArray[np.floating]]
"""How often each draw has each row, by what scores under it begin with. Shape: (rows, draws)."""


def judge(
    models: Mapping[str, ScoreTable],
    gold_ids: NDArray[np.int64],
    negative_id: int | None,
    target: Target | None,
    params: EvaluationParams,
) -> dict[str, Judgement]:
    """Judge models by every score.

    Args:
        models: Scores of the same rows in the same order, by name; at least one row.
        gold_ids: True label ids. Shape: (rows,).
        negative_id: Id of the label that means no relation, or None.
        target: Where the models will be judged; None tells plain scores only.
        params: How many draws, their seed, and the confidence.

    Returns:
        One judgement per model, in the order of ``models``.

    Raises:
        ValueError: There is no model or no row.
    """
    if not models or not len(gold_ids):
        raise ValueError(f"Found {len(models)} models and {len(gold_ids)} rows to judge them by; "
                         "at least one of each was wanted.")  # fmt: skip
    metrics = [ResampledMetrics(scores, gold_ids, negative_id) for scores in models.values()]
    rows = next(iter(models.values()))
    parts: list[list[Draws]] = [[] for _ in metrics]
    for told in _judge_ahead(metrics, _draw_all(rows, gold_ids, target, params)):
        for part, draws in zip(parts, told, strict=True):
            part.append(draws)
    return {
        name: _conclude(own, part, len(gold_ids), params.confidence)
        for name, own, part in zip(models, metrics, parts, strict=True)
    }


def _conclude(
    metrics: ResampledMetrics, parts: list[Draws], n_rows: int, confidence: float
) -> Judgement:
    draws = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    observed = metrics(np.ones((n_rows, 1)))
    plain = {name: float(observed[name][0]) for name in METRICS}
    shifted = {name: float(own.mean()) for name, own in draws.items() if name.startswith(SHIFT)}
    return Judgement(plain | shifted, draws, confidence)


def _judge_ahead(
    metrics: Sequence[ResampledMetrics], drawn: Iterable[Weightings]
) -> Iterator[list[Draws]]:
    """Judge all models on some draws after the other, while the next ones are being drawn."""
    waiting: list[Future[Draws]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for weightings in drawn:
            begun = [pool.submit(_judge_each, own, weightings) for own in metrics]
            if waiting:
                yield [own.result() for own in waiting]
            waiting = begun
        yield [own.result() for own in waiting]


def _judge_each(metrics: ResampledMetrics, weightings: Weightings) -> Draws:
    """Judge one model under every weighting, each named by what its scores begin with."""
    return {
        f"{prefix}{name}": values
        for prefix, weights in weightings.items()
        for name, values in metrics(weights).items()
    }


def _draw_all(
    rows: ScoreTable,
    gold_ids: NDArray[np.int64],
    target: Target | None,
    params: EvaluationParams,
) -> Iterator[Weightings]:
    """Draw rows, and from each draw a test set of the target."""
    generator = np.random.default_rng([params.seed, 1])
    for drawn in draw_weights(rows, params.n_resamples, params.seed):
        if target is None:
            yield {"": drawn}
            continue
        yield {"": drawn, SHIFT: draw_test_sets(drawn, gold_ids, target, generator)}


def draw_test_sets(
    drawn: NDArray[np.floating],
    gold_ids: NDArray[np.int64],
    target: Target,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Draw one test set of the target from each draw of the scored rows.

    Args:
        drawn: How often each draw has each row. Shape: (rows, draws).
        gold_ids: True label ids. Shape: (rows,).
        target: Its size, and shares of which each draw takes one column.
        generator: Source of chance.

    Returns:
        How often each test set has each row; columns sum to the target's rows.
        Shape: (rows, draws).

    Raises:
        ValueError: A draw has no row of any label that the target has.
    """
    n_labels, n_alternatives = target.plausible.shape
    # Draws down: every step below reads or writes one draw from end to end.
    by_draw = np.ascontiguousarray(drawn.T)
    test_sets = np.empty(by_draw.shape, dtype=np.float32)
    for place, own in enumerate(by_draw):
        counts = np.bincount(gold_ids, weights=own, minlength=n_labels)
        shares = target.plausible[:, generator.integers(n_alternatives)]
        ratios = np.divide(shares, counts, out=np.zeros(n_labels), where=counts > 0)
        edges = np.cumsum(own * ratios[gold_ids])
        if not edges[-1] > 0:
            raise ValueError(
                "A draw of the scored rows has no label of the target; score more rows."
            )
        # Sorted, because neighbours are then found near each other; only counts matter.
        thresholds = np.sort(generator.random(target.n_rows)) * edges[-1]
        places = np.searchsorted(edges, thresholds, "right")
        test_sets[place] = np.bincount(places, minlength=len(edges))
    return np.ascontiguousarray(test_sets.T)
