"""Live values out of a pure training loop.

The trainer calls :func:`report_progress`; whoever wants to see the values sets a listener for the
time of one call with :func:`listening`. Without a listener nothing happens, so the trainer needs
to know neither MLflow nor the console.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token

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
