"""A trained model as MLflow asks it: a table of requests in, a table of answers out."""

import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

import pandas as pd

from klue_pipeline.training.exporting.request_limits import RequestLimits
from klue_pipeline.training.exporting.served_interface import ServedInterface

logger = logging.getLogger(__name__)

SERVER_MODULE = "mlflow.pyfunc.scoring_server.app"
"""Loads the model while it is imported, in the server's process and nowhere else."""


class Answers(Protocol):
    """What can be asked; several threads may do so at once."""

    def answer(self, requests: Iterable[Mapping[str, Any]]) -> Sequence[Any]:
        """Return for each request a dataclass with the columns of an answer."""
        ...


class ServedModel:
    """Answers tables of requests; several threads may ask at once.

    Args:
        model: What answers.
        interface: What is asked and answered.
        limits: The largest table that is answered; None answers any, as outside of a server.
    """

    def __init__(
        self, model: Answers, interface: ServedInterface, limits: RequestLimits | None = None
    ) -> None:
        self._model, self._interface, self._limits = model, interface, limits

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Answer every row.

        Args:
            model_input: The columns that the interface names.

        Returns:
            For each row the answers that the interface names.

        Raises:
            MlflowException: A row cannot be answered; the message says which and why. It is the
                exception that the scoring server turns into an answer with status 400, or 500 where
                the fault is ours.
        """
        try:
            answered = self._model.answer(self._read_records(model_input))
        except ValueError as error:
            raise _refusal(str(error)) from error
        except Exception as error:
            if self._limits is None:
                raise
            logger.exception("A request could not be answered.")
            raise _failure() from error
        rows = [asdict(each) for each in answered]
        table = pd.DataFrame(rows, columns=list(self._interface.answers))
        for name in self._interface.may_be_missing:  # NaN is no JSON
            table[name] = pd.Series([row[name] for row in rows], dtype=object)
        return table

    def _read_records(self, model_input: pd.DataFrame) -> list[dict[str, Any]]:
        wanted = self._interface.wanted
        if wanted not in model_input.columns:
            found = ", ".join(map(str, model_input.columns)) or "none that is known"
            raise ValueError(
                f"The column {wanted} is missing; found columns: {found}. Known are "
                f"{self._interface.columns}."
            )
        if self._limits is not None:
            self._require_small(model_input, self._limits)
        records: list[dict[Any, Any]] = model_input.to_dict("records")
        return records

    def _require_small(self, model_input: pd.DataFrame, limits: RequestLimits) -> None:
        if len(model_input) > limits.max_rows:
            raise ValueError(limits.describe_rows(len(model_input), self._interface.for_files))
        for name in model_input.columns:
            for number, value in enumerate(model_input[name]):
                if isinstance(value, str) and len(value) > limits.max_text_characters:
                    raise ValueError(
                        f"{self._interface.row} {number}, counted from 0, "
                        f"{self._interface.refusal}: {name} has {len(value):,} characters; this "
                        f"server takes {limits.max_text_characters:,} (max_text_characters)."
                    )


def load_served(
    load: Callable[..., Answers], interface: ServedInterface, model_config: Mapping[str, Any] | None
) -> ServedModel:
    """Load what answers, and let a server look at requests first.

    Args:
        load: Takes ``device``, ``precision``, ``batch_size`` and ``rows_together``.
        interface: What is asked and answered.
        model_config: These, and the fields of :class:`RequestLimits`, which only a server looks at.
    """
    settings = dict(model_config or {})
    named = RequestLimits.model_fields.keys() & settings.keys()
    limits = RequestLimits(**{name: settings.pop(name) for name in named})
    model = load(**settings)
    if SERVER_MODULE not in sys.modules:
        return ServedModel(model, interface)
    from klue_pipeline.serving.door import put_door

    put_door(limits, interface)
    return ServedModel(model, interface, limits)


# Only below is MLflow needed, which whoever loaded the model has.
def _refusal(message: str) -> Exception:
    """Return what the scoring server answers with status 400 and its message."""
    from mlflow.exceptions import MlflowException

    refusal: Exception = MlflowException.invalid_parameter_value(message)
    return refusal


def _failure() -> Exception:
    """Return what the scoring server answers with status 500."""
    from mlflow.exceptions import MlflowException

    failure: Exception = MlflowException("The model failed; the server's log says why.")
    return failure
