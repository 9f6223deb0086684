"""How a command ends that an expected error stops: with its message, without a traceback."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import yaml
from kedro.config import MissingConfigException
from kedro.framework.project import pipelines
from kedro.io import DatasetError

from klue_pipeline.commands.interrupts import terminated_like_interrupted
from klue_pipeline.passwords import hide_in_error, without_passwords
from klue_pipeline.runs import topology

SHOW_TRACEBACK = "KLUE_TRACEBACK"
"""Environment variable that brings tracebacks back: ``KLUE_TRACEBACK=1 kedro run``."""


ERROR_FILE = "KLUE_ERROR_FILE"
"""Environment variable that names a file for the message of whatever ends a command early."""


_NO_SUCH_PIPELINE = "Failed to find the pipeline named"


EXPECTED_ERRORS = (
    ValueError,
    OSError,
    DatasetError,
    RuntimeError,
    MissingConfigException,
    yaml.YAMLError,
)
"""What goes wrong because of settings, files or the machine: a message is all that is needed."""


def explain_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command end with the message of an expected error instead of its traceback.

    Our errors say what was found, what was wanted and what to do; fifty lines of frames above
    them hide that. Errors of other kinds are bugs and keep their traceback. The message of either
    also goes to the file that ``KLUE_ERROR_FILE`` names, for the command that started this one.
    """

    @functools.wraps(command)
    def explained(*args: Any, **kwargs: Any) -> Any:
        try:
            with terminated_like_interrupted():
                return _noting_errors(command, *args, **kwargs)
        except EXPECTED_ERRORS as error:
            if os.environ.get(SHOW_TRACEBACK):
                raise
            hint = f"({SHOW_TRACEBACK}=1 shows where this was raised.)"
            raise click.ClickException(f"{_message_of(error)}\n{hint}") from error

    return explained


def _message_of(error: Exception) -> str:
    """Return an error's message; where Kedro knows no such pipeline, name those that there are."""
    message = without_passwords(str(error))
    if not message.startswith(_NO_SUCH_PIPELINE):
        return message
    names = ", ".join(sorted(set(pipelines) - {"__default__"}))
    kind = topology.experiment_kind()
    return f"{message}\nThe experiment is of kind {kind}, whose pipelines are {names}."


def _noting_errors(command: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return command(*args, **kwargs)
    except Exception as error:
        hide_in_error(error)
        if file := os.environ.get(ERROR_FILE):
            expected = isinstance(error, EXPECTED_ERRORS)
            message = str(error) if expected else f"{type(error).__name__}: {error}"
            Path(file).write_text(without_passwords(message), encoding="utf-8")
        raise
