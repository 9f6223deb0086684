"""Live values out of a pure training loop.

The trainer calls :func:`report_progress`; whoever wants to see the values sets a listener for the
time of one call with :func:`listening`. Without a listener nothing happens, so the trainer needs
to know neither MLflow nor the console.

What trains several times, as a search for settings does, opens a :class:`Part` for each of them;
who tracks runs gives each part one of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any

ProgressListener = Callable[[int, Mapping[str, float]], None]
"""Called with the optimizer step (counted from 1) and the values measured there by name."""

_listener: ContextVar[ProgressListener | None] = ContextVar("progress_listener", default=None)


@contextmanager
def listening(listener: ProgressListener) -> Iterator[None]:
    """Send what the code inside reports to ``listener``; the former listener returns afterwards.

    >>> seen = []
    >>> with listening(lambda step, values: seen.append((step, dict(values)))):
    ...     report_progress(1, {"loss": 0.5})
    >>> report_progress(2, {"loss": 0.4})
    >>> seen
    [(1, {'loss': 0.5})]
    """
    token = set_listener(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def also_listening(listener: ProgressListener) -> Iterator[None]:
    """Send what the code inside reports to the listener that is set already, then to another one.

    >>> seen = []
    >>> with listening(lambda step, values: seen.append(f"first {step}")):
    ...     with also_listening(lambda step, values: seen.append(f"second {step}")):
    ...         report_progress(1, {})
    >>> seen
    ['first 1', 'second 1']
    """
    former = _listener.get()

    def both(step: int, values: Mapping[str, float]) -> None:
        if former is not None:
            former(step, values)
        listener(step, values)

    with listening(both):
        yield


@contextmanager
def under_prefix(prefix: str) -> Iterator[None]:
    """Put something before the names of what the code inside reports, where several train in turn.

    >>> seen = []
    >>> with listening(lambda step, values: seen.append(dict(values))), under_prefix("fold_1/"):
    ...     report_progress(1, {"loss": 0.5})
    >>> seen
    [{'fold_1/loss': 0.5}]
    """
    former = _listener.get()
    if former is None or not prefix:
        yield
        return

    def renamed(step: int, values: Mapping[str, float]) -> None:
        former(step, {f"{prefix}{name}": value for name, value in values.items()})

    with listening(renamed):
        yield


def set_listener(listener: ProgressListener | None) -> Token[ProgressListener | None]:
    """Set or clear the listener where no ``with`` block can span the call, as in Kedro hooks."""
    return _listener.set(listener)


def report_progress(step: int, values: Mapping[str, float]) -> None:
    """Hand the values measured at an optimizer step to the listener, if there is one.

    Args:
        step: Optimizer step, counted from 1.
        values: Measured numbers by name, such as ``{"train_loss": 0.7}``.
    """
    listener = _listener.get()
    if listener is not None:
        listener(step, values)


@dataclass(frozen=True)
class Part:
    """One of several trainings within a node.

    Attributes:
        name: What it is called.
        settings: What it sets otherwise than the run that it is a part of.
        tags: Facts about it; more may be added until it ends.
        metrics: What came out of it, added before it ends.
    """

    name: str
    settings: Mapping[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)


PartOpener = Callable[[Part], AbstractContextManager[None]]
"""Follows a part from its beginning to its end, whichever way it ends."""

_opener: ContextVar[PartOpener | None] = ContextVar("part_opener", default=None)


def set_part_opener(opener: PartOpener | None) -> None:
    """Set or clear who follows parts."""
    _opener.set(opener)


@contextmanager
def open_part(part: Part) -> Iterator[Part]:
    """Open a part for the time of a block; whoever follows parts hears of it.

    >>> with open_part(Part("trial 3", {"training.epochs": 2})) as part:
    ...     part.metrics["value"] = 61.5
    """
    opener = _opener.get()
    if opener is None:
        yield part
        return
    with opener(part):
        yield part
