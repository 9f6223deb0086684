"""What a study is about: a function of settings, what it is given, and who calls it."""

from collections.abc import Callable
from dataclasses import dataclass

from klue_pipeline.training.tuning.space import Values

VALUES, SEED = "values", "seed"
"""Attributes of a trial that repeats another: its values, and the seed of its training."""


class RefusedError(ValueError):
    """The settings of a trial do not go together."""


@dataclass(frozen=True)
class Attempt:
    """What one training of a trial is given.

    Attributes:
        settings: Values of settings by their whole names.
        seed: What is added to the experiment's seed.
        row_share: Share of the training rows that it learns from.
        number: Of the trial that is tried, the same when it is tried again.
        kind: ``trial``, or ``repeat`` of one, which are numbered apart.
    """

    settings: Values
    seed: int = 0
    row_share: float = 1.0
    number: int = 0
    kind: str = "trial"

    @property
    def name(self) -> str:
        """What its scratch folder is called."""
        return f"{self.kind}_{self.number}"


@dataclass(frozen=True)
class Objective:
    """What a study is about.

    Attributes:
        evaluate: Trains and judges; raises :class:`RefusedError` where settings do not go together.
        live_name: What an evaluation within a training calls the value to look at.
        rises: Whether a higher value of a trial is better.
        live_rises: Whether a higher live value is better.
    """

    evaluate: Callable[[Attempt], float]
    live_name: str
    rises: bool = True
    live_rises: bool = True


@dataclass(frozen=True)
class Workers:
    """Who works on a study: this process, and what is known of others.

    Attributes:
        own: This process, as text that others can read.
        is_dead: Tells of such a text whether that process is over, for sure.
    """

    own: str
    is_dead: Callable[[str], bool]
