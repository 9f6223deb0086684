"""A study in a database: opened or joined, with its sampler, its pruner and what it is about.

Any number of processes may work on one study, on any number of machines. Each says with its trial
which process it is and reports that it is alive; a trial whose process is over is given up, and its
values are tried once more.
"""

import json
import logging
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

from klue_pipeline.databases import alone_at
from klue_pipeline.passwords import without_passwords
from klue_pipeline.training.tuning.space import Space, Values, plain_values
from klue_pipeline.training.tuning.tune_params import Dimension, SearchParams

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

logger = logging.getLogger(__name__)

ABOUT = "about"
"""Attribute of a study: what all of its trials have in common, by setting."""
_ALIVE_EVERY_SECONDS = 20
_GIVEN_UP_AFTER_SECONDS = 120
_SQLITE_WAIT_SECONDS = 60

Differences = Callable[[Mapping[str, str], Mapping[str, str]], list[str]]
"""Says line by line how what a study is about differs from what a run is about."""


def open_storage(address: str) -> "RDBStorage":
    """Connect to the database of studies; the first to come makes its tables.

    Raises:
        ValueError: It cannot be reached, or its driver is not installed.
    """
    from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback

    _quieten()
    is_sqlite = address.startswith("sqlite")
    try:
        with alone_at(address):
            return RDBStorage(
                address,
                engine_kwargs={"connect_args": {"timeout": _SQLITE_WAIT_SECONDS}} if is_sqlite
                else {"pool_pre_ping": True},
                heartbeat_interval=_ALIVE_EVERY_SECONDS,
                grace_period=_GIVEN_UP_AFTER_SECONDS,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=1),
            )  # fmt: skip
    except Exception as error:  # each database driver raises its own
        reason = without_passwords(str(error)).partition("\n")[0]
        raise ValueError(
            f"The studies cannot be kept at {without_passwords(address)}: {reason}. Correct "
            "tune.storage, start the server, or install its driver (for PostgreSQL: pip install "
            '"klue_pipeline[postgresql]").'
        ) from error


def alone_with(study: "Study") -> AbstractContextManager[bool]:
    """Keep other processes out of what they do alone with a study; see :func:`alone_at`."""
    storage = study._storage  # Optuna has no public name for it, nor for what it caches
    return alone_at(str(getattr(getattr(storage, "_backend", storage), "url", "")))


def join_study(
    storage: "RDBStorage",
    name: str,
    params: SearchParams,
    *,
    rises: bool,
    about: Mapping[str, str],
    differences: Differences,
) -> "Study":
    """Open a study, or make it if there is none of the name.

    Args:
        storage: Where it is kept.
        name: Its name.
        params: How it chooses and ends trials.
        rises: Whether a higher value is better.
        about: What makes values of trials comparable, by setting.
        differences: Says how two of these differ.

    Raises:
        ValueError: There is one of the name that is about something else.
    """
    import optuna

    pruner = PRUNERS[params.pruner](params)
    try:
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            pruner=pruner,
            direction="maximize" if rises else "minimize",
        )
    except optuna.exceptions.DuplicatedStudyError:
        study = optuna.load_study(storage=storage, study_name=name, pruner=pruner)
        _require_same(study, about, differences)
        return study
    study.set_user_attr(ABOUT, dict(about))
    return study


def _require_same(study: "Study", about: Mapping[str, str], differences: Differences) -> None:
    # One that was made this moment may not have said it yet.
    found = study.user_attrs.get(ABOUT, about)
    if found != about:
        lines = "\n".join(f"  {line}" for line in differences(found, about))
        raise ValueError(
            f"The study {study.study_name!r} has trials of other settings, whose values cannot be "
            f"compared with this run's:\n{lines}\nGive this search a name of its own (tune.study), "
            "or go back to the settings that the study was made with."
        )


def _tpe(params: SearchParams, seed: int) -> "BaseSampler":
    from optuna.samplers import TPESampler

    return TPESampler(
        n_startup_trials=params.startup_trials,
        seed=seed,
        multivariate=True,
        group=True,
        constant_liar=True,
    )


def _random(params: SearchParams, seed: int) -> "BaseSampler":  # noqa: ARG001 (the table's)
    from optuna.samplers import RandomSampler

    return RandomSampler(seed=seed)


def _gp(params: SearchParams, seed: int) -> "BaseSampler":
    from optuna.samplers import GPSampler

    return GPSampler(n_startup_trials=params.startup_trials, seed=seed)


def _median(params: SearchParams) -> "BasePruner":
    from optuna.pruners import MedianPruner

    return MedianPruner(n_startup_trials=params.spared_trials)


def _halving(params: SearchParams) -> "BasePruner":
    from optuna.pruners import SuccessiveHalvingPruner

    return SuccessiveHalvingPruner(min_resource=1, reduction_factor=params.reduction_factor)


def _never(params: SearchParams) -> "BasePruner":  # noqa: ARG001 (the table's signature)
    from optuna.pruners import NopPruner

    return NopPruner()


SAMPLERS: dict[str, Callable[[SearchParams, int], "BaseSampler"]] = {
    "tpe": _tpe,
    "random": _random,
    "grid": _random,  # its points wait in the study; nothing is left to draw
    "gp": _gp,
}
"""By ``tune.sampler``."""

PRUNERS: dict[str, Callable[[SearchParams], "BasePruner"]] = {
    "median": _median,
    "halving": _halving,
    "none": _never,
}
"""By ``tune.pruner``."""


def _quieten() -> None:
    """Let Optuna tell what goes wrong, and neither each trial nor what it calls experimental."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    warnings.filterwarnings("ignore", message="Heartbeat of storage")
    logging.getLogger("alembic").setLevel(logging.WARNING)


def reseed(study: "Study", params: SearchParams, number: int) -> None:
    """Give a trial a source of chance of its own, by its number.

    A sampler with one seed would draw the same values again in every process that joins a study
    and after every restart. A study that one process works on is the same each time it is made.
    """
    seed = int(np.random.SeedSequence([params.seed, number]).generate_state(1)[0])
    study.sampler = SAMPLERS[params.sampler](params, seed)


USUAL = "usual"
"""Attribute of the trial that takes the experiment's own values."""


def queue_first(study: "Study", space: Space, params: SearchParams) -> int:
    """Put what is to be tried first into a study: the experiment's own values, or the whole grid.

    Returns:
        How many trials the study is to have in the end.
    """
    with alone_with(study):
        return _queue_first(study, space, params)


def _queue_first(study: "Study", space: Space, params: SearchParams) -> int:
    _require_same_kinds(study, space)
    usual = space.usual_values()
    if params.sampler == "grid":
        return _queue_grid(study, space.grid(), usual, params.trials)
    if usual is None:
        logger.info("The experiment's own values are not in the space; no trial takes them.")
    elif not study.get_trials(deepcopy=False):
        study.enqueue_trial(usual, {USUAL: True}, skip_if_exists=True)
    return params.trials


def _queue_grid(study: "Study", grid: list[Values], usual: Values | None, most_trials: int) -> int:
    if len(grid) > most_trials:
        logger.warning("The grid has %d points, tune.trials says %d", len(grid), most_trials)
    points = grid[:most_trials]
    known = [(trial, _asked_for(trial)) for trial in study.get_trials(deepcopy=False)]
    there = [values for _, values in known]
    for point in points:
        if point not in there:
            study.enqueue_trial(point, {USUAL: True} if point == usual else None)
    others = sum(
        trial.state.name != "WAITING" and values not in points and not is_retry(trial)
        for trial, values in known
    )
    return min(most_trials, len(points) + others)


def _asked_for(trial: "FrozenTrial") -> Values:
    values: Values = trial.system_attrs.get("fixed_params", trial.params)
    return values


def is_retry(trial: "FrozenTrial") -> bool:
    """Tell whether a trial has the values of one that failed."""
    return "failed_trial" in trial.system_attrs


def _require_same_kinds(study: "Study", space: Space) -> None:
    """Refuse what Optuna would refuse in the middle of a trial: of a space, ends alone can move."""
    for trial in study.get_trials(deepcopy=False):
        for name, drawn in trial.distributions.items():
            dimension = space.dimensions.get(name)
            if dimension is not None and _kind_drawn(drawn) != _kind_of(dimension):
                raise ValueError(
                    f"The study {study.study_name!r} drew {name} from {drawn}, and a study can "
                    "change the ends of a range alone. Give this search a name of its own "
                    f"(tune.study), or write tune.space.{name} as it was."
                )


def _kind_drawn(distribution: "BaseDistribution") -> tuple[Any, ...]:
    name, choices = type(distribution).__name__, getattr(distribution, "choices", None)
    return choices, getattr(distribution, "log", False), name == "IntDistribution"


def _kind_of(dimension: Dimension) -> tuple[Any, ...]:
    choices = None if dimension.choices is None else tuple(dimension.choices)
    return choices, dimension.log, choices is None and dimension.is_whole


def as_records(study: "Study") -> list[dict[str, Any]]:
    """Return what is known of each trial, in their order, for a table."""
    return [
        {
            "trial": trial.number,
            "state": trial.state.name.lower(),
            "value": trial.value if trial.state.name == "COMPLETE" else None,
            "evaluations": len(trial.intermediate_values),
            "seconds": trial.duration.total_seconds() if trial.duration else None,
            **plain_values(trial.params),
            "settings": json.dumps(plain_values(trial.params), ensure_ascii=False),
            "reason": trial.user_attrs.get("reason", ""),
        }
        for trial in study.get_trials(deepcopy=False)
    ]
