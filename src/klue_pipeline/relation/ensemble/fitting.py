"""Blends fitted and judged without a row being judged by what was learned from it.

For each fold, everything that is fitted (temperatures, weights, classifiers) sees the rows of the
other folds only, and then speaks about the rows of the fold. What goes into the submission is
fitted on all rows. One limit stays, that of all stacking: the scores a fold's blend is fitted on
are by models that trained on the fold's rows.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from klue_pipeline.evaluation.calibration.temperature import fit_temperature
from klue_pipeline.evaluation.logits import LOG_ZERO
from klue_pipeline.evaluation.nesting import nested_parts
from klue_pipeline.relation.ensemble.methods import METHODS
from klue_pipeline.relation.ensemble.methods.interface import (
    Blend,
    LogProbabilities,
    Objective,
    Probabilities,
    TuningRows,
)
from klue_pipeline.relation.ensemble.methods.picking import tries_every_subset
from klue_pipeline.relation.ensemble.panel import Panel
from klue_pipeline.relation.settings.params import BlendMethod, EnsembleParams

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tuning:
    """What every method is fitted with.

    Attributes:
        rows: The out-of-fold rows of all members.
        objective: The score to raise.
        params: Settings of the methods.
    """

    rows: TuningRows
    objective: Objective
    params: EnsembleParams


@dataclass(frozen=True)
class FittedBlend:
    """Temperatures and a blend.

    Attributes:
        temperatures: What each member's logits are divided by first. Shape: (members,).
        blend: What the method made of the softened members.
    """

    temperatures: NDArray[np.float64]
    blend: Blend

    def __call__(self, members: LogProbabilities) -> Probabilities:
        """Blend what the members say about any rows. Shape: (rows, labels)."""
        return self.blend.apply(soften(members, self.temperatures))


def fit_blends(
    tuning: Tuning, names: Sequence[BlendMethod], rows: NDArray[np.bool_] | None = None
) -> dict[BlendMethod, FittedBlend]:
    """Fit methods, on all rows or on some.

    Args:
        tuning: Rows, objective and settings.
        names: The methods.
        rows: Which rows to fit on; None for all. Shape: (rows,).
    """
    chosen = tuning.rows if rows is None else _take(tuning.rows, rows)
    n_members = len(chosen.log_probabilities)
    temperatures = np.ones(n_members)
    if tuning.params.calibrate and len(chosen.gold_ids):
        members = _ruled_out(chosen.log_probabilities)
        temperatures = np.array([fit_temperature(member, chosen.gold_ids) for member in members])
    softened = replace(chosen, log_probabilities=soften(chosen.log_probabilities, temperatures))
    doing = {name: _does_the_work(name, n_members, tuning.params) for name in names}
    blends = {
        name: METHODS[name](softened, tuning.objective, tuning.params)
        for name in set(doing.values())
    }
    return {name: FittedBlend(temperatures, blends[doing[name]]) for name in names}


def _does_the_work(name: BlendMethod, n_members: int, params: EnsembleParams) -> BlendMethod:
    """Return the method that a method comes to, so that no search is made twice."""
    if name == "best_subset" and not tries_every_subset(n_members, params):
        return "greedy"
    return name


def nested_probabilities(
    tuning: Tuning, panel: Panel, names: Sequence[BlendMethod]
) -> dict[BlendMethod, Probabilities]:
    """Let every method speak about each fold's rows after seeing only those of the others.

    Args:
        tuning: Rows, objective and settings; the rows are those of the panel.
        panel: The members' out-of-fold scores.
        names: The methods; with one fold only, nothing can be fitted and each has to do without.

    Returns:
        Probabilities by method. Shape of each: (rows, labels).
    """
    shape = panel.log_probabilities.shape[1:]
    nested: dict[BlendMethod, Probabilities] = {
        name: np.empty(shape, dtype=np.float32) for name in names
    }
    for part in nested_parts(panel.rows):
        for name, fitted in fit_blends(tuning, names, part.others).items():
            nested[name][part.held_out] = fitted(panel.log_probabilities[:, part.held_out])
    return nested


def soften(
    log_probabilities: LogProbabilities, temperatures: NDArray[np.float64]
) -> LogProbabilities:
    """Divide each member's logarithms by its temperature, and normalise again."""
    if (temperatures == 1).all():
        return log_probabilities
    softened = np.empty_like(log_probabilities)
    pairs = zip(log_probabilities, temperatures, strict=True)
    for place, (member, temperature) in enumerate(pairs):
        scaled = _ruled_out(member) / np.float32(temperature)
        softened[place] = np.maximum(log_softmax(scaled, axis=1), LOG_ZERO)
    return softened


def _ruled_out(log_probabilities: LogProbabilities) -> LogProbabilities:
    """Write what has no probability as minus infinity, which no temperature brings back."""
    return np.where(log_probabilities > LOG_ZERO, log_probabilities, np.float32(-np.inf))


def _take(rows: TuningRows, chosen: NDArray[np.bool_]) -> TuningRows:
    return TuningRows(
        rows.log_probabilities[:, chosen], rows.gold_ids[chosen], rows.weights[chosen]
    )
