"""What a server looks at before MLflow reads a request: how large it is, and whether it is one.

MLflow gives a model no say before it has parsed a request and made a table of it, which costs many
times its size, and what fails there it answers with status 500 or with a traceback. Its server
looks up ``invocations`` for every request, so that this can stand before it.
"""

import ctypes
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from klue_pipeline.text.csv_lines import decode, read_lines, read_table
from klue_pipeline.training.exporting.request_limits import RequestLimits
from klue_pipeline.training.exporting.served_interface import ServedInterface

logger = logging.getLogger(__name__)

JSON, CSV = "application/json", "text/csv"
TABLES = ("dataframe_records", "dataframe_split", "inputs", "instances")
"""The fields of a request that hold its rows."""

_MOST_COLUMNS = 100
"""A table has a cell for every row and every column that any row has."""
_LONGEST_MESSAGE = 1_000
_MANY_BYTES = 50_000
_ECHO, _REASON = "Failed to predict data", "\nError: "

Invocations = Callable[[Any, str | None, Any, Any], Any]


def put_door(limits: RequestLimits, interface: ServedInterface) -> None:
    """Let every request to MLflow's server pass these checks first."""
    from mlflow.pyfunc import scoring_server

    scoring_server.invocations = Door(scoring_server.invocations, limits, interface)


class Door:
    """Takes requests as MLflow's ``invocations`` does, and hands on those that can be read.

    Args:
        invocations: What answers.
        limits: The largest request.
        interface: What may be asked.
    """

    def __init__(
        self, invocations: Invocations, limits: RequestLimits, interface: ServedInterface
    ) -> None:
        self._invocations, self._limits, self._interface = invocations, limits, interface

    def __call__(self, data: bytes, content_type: str | None, model: Any, input_schema: Any) -> Any:
        """Answer a request.

        Raises:
            MlflowException: It is refused; the server answers with its status and its message.
        """
        from mlflow.exceptions import MlflowException

        try:
            if len(data) > self._limits.max_request_bytes:
                return self._refuse_size(data)
            table = self._read(data, content_type)
            return self._invocations(table, _as_json(content_type), model, input_schema)
        except MlflowException as error:
            _reduce_to_reason(error)
            raise
        except (ValueError, RecursionError) as error:
            raise MlflowException.invalid_parameter_value(_explain(error)) from error
        finally:
            if len(data) > _MANY_BYTES:
                _return_memory()

    def _refuse_size(self, data: bytes) -> Any:
        from mlflow.pyfunc.scoring_server import InvocationsResponse

        limit = self._limits.max_request_bytes
        message = (
            f"The request has {len(data):,} bytes; this server takes {limit:,} (max_request_bytes)."
        )
        text = json.dumps({"error_code": "BAD_REQUEST", "message": message})
        return InvocationsResponse(text, 413, JSON)

    def _read(self, data: bytes, content_type: str | None) -> dict[str, Any]:
        kind = _kind_of(content_type)
        if kind not in READERS:
            found = f"is of type {content_type}" if content_type else "does not say of which type"
            raise ValueError(f"The request {found}; wanted Content-Type: {JSON} or {CSV}.")
        request = READERS[kind](data, self._limits.max_rows, self._interface.wanted)
        for name in TABLES:
            self._require_small(request.get(name))
        return request

    def _require_small(self, table: Any) -> None:
        n_rows, n_columns = measure(table)
        if n_rows > self._limits.max_rows:
            raise ValueError(self._limits.describe_rows(n_rows, self._interface.for_files))
        if n_columns > _MOST_COLUMNS:
            raise ValueError(
                f"The request has {n_columns:,} columns; at most {_MOST_COLUMNS} are read. Known "
                f"are {self._interface.columns}."
            )


def measure(table: Any) -> tuple[int, int]:
    """Return how many rows and columns MLflow will make of what stands in a request.

    >>> measure([{"a": 1}, {"b": 2}]), measure({"columns": ["a"], "data": [[1], [2], [3]]})
    ((2, 2), (3, 1))
    >>> measure({"a": [1, 2], "b": 3, "c": 4}), measure(None)
    ((2, 3), (0, 0))
    """
    if isinstance(table, Mapping) and isinstance(table.get("data"), list):
        return len(table["data"]), max(map(_width, [table.get("columns"), *table["data"]]))
    if isinstance(table, Mapping):
        return max(map(_width, table.values()), default=0) or 1, len(table)
    if isinstance(table, list):
        keys = {key for row in table if isinstance(row, Mapping) for key in row}
        return len(table), max([len(keys), *map(_width, table)], default=0)
    return 0, 0


def _width(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def _read_json(data: bytes, *_: object) -> dict[str, Any]:
    try:
        request = json.loads(data)
    except ValueError as error:  # no JSON, no UTF-8, or a number of thousands of digits
        raise ValueError(f"The request is no valid JSON: {error}.") from error
    if isinstance(request, dict):
        return request
    raise ValueError(
        "The request is a JSON "
        f"{type(request).__name__}; wanted an object with exactly one of the input fields "
        f"{', '.join(TABLES)}."
    )


def _read_csv(data: bytes, max_rows: int, wanted: str) -> dict[str, Any]:
    """Read CSV as texts, as everywhere in the project: pandas would make of NA a missing word."""
    rows = read_table(read_lines(decode(data)), (wanted,), "The request")
    return {TABLES[0]: list(islice(_filled(rows), max_rows + 1))}


def _filled(rows: Iterable[Mapping[str, str]]) -> Iterator[dict[str, str | None]]:
    for row in rows:
        yield {name: value or None for name, value in row.items()}


READERS: dict[str, Callable[[bytes, int, str], dict[str, Any]]] = {JSON: _read_json, CSV: _read_csv}
"""How a body is read, by its type; JSON is counted afterwards."""


def _kind_of(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _as_json(content_type: str | None) -> str:
    """Return the type of what was read, with the parameters that the request's type has."""
    _, semicolon, parameters = (content_type or "").partition(";")
    return JSON + semicolon + parameters


def _reduce_to_reason(error: Any) -> None:
    """Leave the reason alone in MLflow's error, which adds tracebacks and the whole request."""
    if trace := error.json_kwargs.pop("stack_trace", None):
        logger.error("%s", trace)
    message = str(error.message)
    reason = message.rpartition(_REASON)[2] if message.startswith(_ECHO) else message
    error.message = reason[:_LONGEST_MESSAGE]


def _explain(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "The request is nested too deeply; wanted rows of texts and numbers."
    return str(error)[:_LONGEST_MESSAGE]


def _return_memory() -> None:
    """Hand freed memory back to the system; Arrow and the C library keep it otherwise."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone, which Linux has
    if trim is not None:
        trim(0)
