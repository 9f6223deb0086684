"""Whether a search found something: its best trials trained again, beside the experiment as it was.

The best of many trials is partly lucky. The value that put it first is therefore not counted: the
best few are trained with other seeds, as is the experiment itself with the same ones, and these
values alone say who wins and by how much more than noise.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from klue_pipeline.training.tuning.objective import SEED, VALUES
from klue_pipeline.training.tuning.space import plain_values
from klue_pipeline.training.tuning.study import USUAL, alone_with

if TYPE_CHECKING:
    from optuna import Study

OF = "of"
"""Attribute of a repeat: the number of the trial that it repeats, as text, or
:data:`AS_IT_WAS`."""
AS_IT_WAS = "as it was"
"""What the experiment without any searched value is called."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Verdict:
    """What the repeats say.

    Attributes:
        winner: Number of the trial that won, as text, or :data:`AS_IT_WAS`.
        gain: How much better its mean is than the experiment's; above 0 is better.
        low: Lower end of the interval around the gain that noise of seeds leaves.
        high: Upper end.
        seeds: Values behind each mean.
    """

    winner: str
    gain: float
    low: float
    high: float
    seeds: int

    @property
    def is_beyond_noise(self) -> bool:
        """Whether the winner is better by more than noise of seeds."""
        return self.low > 0


def queue_repeats(study: "Study", repeats: "Study", finalists: int, seeds: int) -> int:
    """Put the repeats of the best trials, and of the experiment, into a study of their own.

    What is there already is not repeated, so that a later search with more trials adds the new
    ones alone.

    Args:
        study: The study whose best trials are meant.
        repeats: The study of repeats.
        finalists: How many of the best.
        seeds: How many seeds each.

    Returns:
        How many repeats the study of repeats has now.
    """
    with alone_with(repeats):
        return _queue_repeats(study, repeats, finalists, seeds)


def _queue_repeats(study: "Study", repeats: "Study", finalists: int, seeds: int) -> int:
    from optuna.trial import TrialState

    known = {_key(trial.user_attrs) for trial in repeats.get_trials(deepcopy=False)}
    trials = study.get_trials(deepcopy=False)
    usual = [trial.params for trial in trials if trial.user_attrs.get(USUAL)]
    complete = [
        trial
        for trial in trials
        if trial.state is TrialState.COMPLETE and trial.params not in usual
    ]
    sign = -1.0 if study.direction.name == "MAXIMIZE" else 1.0
    best = sorted(complete, key=lambda trial: (sign * float(trial.value or 0.0), trial.number))
    candidates: dict[str, Mapping[str, Any]] = {AS_IT_WAS: {}}
    candidates |= {
        str(trial.number): plain_values(trial.params) for trial in _distinct(best)[:finalists]
    }
    for name, values in candidates.items():
        for seed in range(1, seeds + 1):
            attributes = {OF: name, SEED: seed, VALUES: dict(values)}
            if _key(attributes) not in known:
                repeats.enqueue_trial({}, user_attrs=attributes)
    return len({_key(trial.user_attrs) for trial in repeats.get_trials(deepcopy=False)})


def _key(attributes: Mapping[str, Any]) -> tuple[Any, Any]:
    return attributes.get(OF), attributes.get(SEED)


def _distinct(trials: Sequence[Any]) -> list[Any]:
    """Keep the first trial of those with the same values."""
    first: dict[str, Any] = {}
    for trial in trials:
        first.setdefault(repr(sorted(trial.params.items())), trial)
    return list(first.values())


def tabulate_repeats(study: "Study", repeats: "Study") -> pd.DataFrame:
    """Return one row per candidate, in the order of their means, best first.

    Returns:
        ``candidate``, ``mean``, ``deviation`` (of the values, with n - 1), ``values`` (text, by
        seed), ``n``, ``first_value``, by which the trial was chosen and which is not in the
        mean, and ``settings`` as JSON. Candidates of an earlier call that are no longer among the
        best stay in the table.
    """
    by_candidate: dict[str, dict[int, float]] = {}
    settings: dict[str, str] = {}
    for trial in repeats.get_trials(deepcopy=False):
        if trial.state.name == "COMPLETE":
            of, seed = _key(trial.user_attrs)
            by_candidate.setdefault(str(of), {})[int(seed)] = float(trial.value or 0.0)
            settings[str(of)] = json.dumps(trial.user_attrs[VALUES], ensure_ascii=False)
    first = {str(trial.number): trial.value for trial in study.get_trials(deepcopy=False)}
    rows = [
        {
            "candidate": name,
            "mean": float(np.mean(list(values.values()))),
            "deviation": float(np.std(list(values.values()), ddof=1)) if len(values) > 1 else None,
            "values": ", ".join(f"{values[seed]:.2f}" for seed in sorted(values)),
            "n": len(values),
            "first_value": first.get(name),
            "settings": settings[name],
        }
        for name, values in by_candidate.items()
    ]
    columns = ["candidate", "mean", "deviation", "values", "n", "first_value", "settings"]
    table = pd.DataFrame(rows, columns=columns)
    rises = repeats.direction.name == "MAXIMIZE"
    return table.sort_values("mean", ascending=not rises, kind="stable", ignore_index=True)


def judge_repeats(table: pd.DataFrame, *, rises: bool = True) -> Verdict | None:
    """Say which candidate won, and whether by more than noise.

    The noise of seeds is pooled over all candidates, as each alone has few values; the interval is
    Student's for the difference of two means.

    Args:
        table: By :func:`tabulate_repeats`.
        rises: Whether a higher value is better.

    Returns:
        None where the experiment, or every trial, lacks two values.

    >>> values = {"candidate": ["3", AS_IT_WAS], "mean": [62.0, 60.0], "deviation": [1.0, 1.0]}
    >>> verdict = judge_repeats(pd.DataFrame({**values, "n": [3, 3]}))
    >>> verdict.winner, verdict.gain, round(verdict.low, 2), verdict.is_beyond_noise
    ('3', 2.0, -0.27, False)
    """
    from scipy import stats

    whole = table[table["n"] > 1]
    if AS_IT_WAS not in set(whole["candidate"]):
        return None
    usual = whole[whole["candidate"] == AS_IT_WAS].iloc[0]
    winner = whole.iloc[0]
    freedom = int((whole["n"] - 1).sum())
    variance = float((whole["deviation"] ** 2 * (whole["n"] - 1)).sum()) / freedom
    error = float(np.sqrt(variance * (1 / winner["n"] + 1 / usual["n"])))
    gain = float(winner["mean"] - usual["mean"]) * (1 if rises else -1)
    around = (
        0.0
        if winner["candidate"] == AS_IT_WAS
        else error * float(stats.t.ppf(0.5 + CONFIDENCE / 2, freedom))
    )
    return Verdict(str(winner["candidate"]), gain, gain - around, gain + around, int(winner["n"]))
