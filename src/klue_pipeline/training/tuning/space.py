"""A space of settings: what a trial draws of it, its grid, and where the experiment itself lies."""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from klue_pipeline.training.tuning.tune_params import Dimension

if TYPE_CHECKING:
    from optuna import Trial

Values = dict[str, Any]
"""Values by the whole names of their settings."""


class Space:
    """The dimensions of a search, and the values of the experiment that it starts from.

    Args:
        dimensions: What is searched, by the whole name of the setting.
        usual: The experiment's own value of each setting that is searched, or that decides whether
            one is.

    Attributes:
        dimensions: What is searched, each after the settings that decide whether it is.

    Raises:
        ValueError: Conditions go round in a circle.
    """

    def __init__(self, dimensions: Mapping[str, Dimension], usual: Mapping[str, Any]) -> None:
        self.dimensions = dict(_conditions_first(dimensions))
        self._usual = dict(usual)

    def draw(self, trial: "Trial") -> Values:
        """Let the sampler choose a value for each setting whose condition holds."""
        values: Values = {}
        for name, dimension in self.dimensions.items():
            if self._applies(dimension, values):
                values[name] = _suggest(trial, name, dimension)
        return plain_values(values)

    def usual_values(self) -> Values | None:
        """Return the experiment's own values, as a trial would draw them; None if none could."""
        values: Values = {}
        for name, dimension in self.dimensions.items():
            if self._applies(dimension, values):
                values[name] = self._usual[name]
                if not dimension.holds(self._usual[name]):
                    return None
        return values

    def grid(self) -> list[Values]:
        """Return every combination, without those that differ in settings nobody reads.

        Raises:
            ValueError: A range has no steps.
        """
        axes = {name: dimension.grid() for name, dimension in self.dimensions.items()}
        endless = [name for name, values in axes.items() if values is None]
        if endless:
            raise ValueError(
                f"sampler grid wants steps or choices for every setting; {', '.join(endless)} "
                "has a range without step. Give it choices, or a step (a range of log has none), "
                "or take another sampler."
            )
        whole = itertools.product(*(values or [] for values in axes.values()))
        points = (self._reached(dict(zip(axes, point, strict=True))) for point in whole)
        return list({repr(point): point for point in points}.values())

    def _reached(self, point: Values) -> Values:
        values: Values = {}
        for name, dimension in self.dimensions.items():
            if self._applies(dimension, values):
                values[name] = point[name]
        return values

    def _applies(self, dimension: Dimension, values: Values) -> bool:
        known = {**self._usual, **values}
        return all(
            known[name] in (wanted if isinstance(wanted, list) else [wanted])
            for name, wanted in dimension.when.items()
        )


def plain_values(values: Mapping[str, Any]) -> Values:
    """Return values without what is left of rounding steps, as people write them.

    >>> plain_values({"odqa.retrievers.bm25.k1": 0.1 + 13 * 0.1, "odqa.head.name": "cnn"})
    {'odqa.retrievers.bm25.k1': 1.4, 'odqa.head.name': 'cnn'}
    """
    return {
        name: float(f"{value:.12g}") if isinstance(value, float) else value
        for name, value in values.items()
    }


def _conditions_first(dimensions: Mapping[str, Dimension]) -> Iterator[tuple[str, Dimension]]:
    """Yield each dimension after those that its condition names."""
    waiting = dict(dimensions)
    while waiting:
        ready = [name for name, each in waiting.items() if not each.when.keys() & waiting.keys()]
        if not ready:
            raise ValueError(f"The conditions of {', '.join(waiting)} go round in a circle.")
        for name in ready:
            yield name, waiting.pop(name)


def _suggest(trial: "Trial", name: str, dimension: Dimension) -> Any:
    if dimension.choices is not None:
        return trial.suggest_categorical(name, dimension.choices)
    low, high, step = dimension.low, dimension.high, dimension.step
    if dimension.is_whole:
        return trial.suggest_int(name, int(low or 0), int(high or 0), step=int(step or 1),
                                 log=dimension.log)  # fmt: skip
    return trial.suggest_float(
        name, float(low or 0), float(high or 0), step=step, log=dimension.log
    )


def written(values: Mapping[str, Any]) -> str:
    """Write values as --params takes them.

    >>> written({"training.learning_rate": 0.00012345678, "training.batch_size": 16})
    'training.learning_rate=0.000123457,training.batch_size=16'
    """
    texts = {
        name: f"{value:.6g}"
        if isinstance(value, float)
        else json.dumps(value, ensure_ascii=False).strip('"')
        for name, value in values.items()
    }
    return ",".join(f"{name}={text}" for name, text in texts.items())
