"""``kedro run`` as Kedro ships it, but an expected error is one message instead of a traceback."""

import copy
import functools
import os
from collections.abc import Callable
from typing import Any

import click
import yaml
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.io import DatasetError

SHOW_TRACEBACK = "KLUE_TRACEBACK"
"""Environment variable that brings tracebacks back: ``KLUE_TRACEBACK=1 kedro run``."""

_EXPLAINED = (
    ValueError,
    FileNotFoundError,
    DatasetError,
    RuntimeError,
    MissingConfigException,
    yaml.YAMLError,
)


@click.group(name="klue_pipeline")
def cli() -> None:
    """Commands of this project that replace Kedro's."""


def explain_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command end with the message of an expected error instead of its traceback.

    Our errors say what was found, what was wanted and what to do; fifty lines of frames above
    them hide that. Errors of other kinds are bugs and keep their traceback.
    """

    @functools.wraps(command)
    def explained(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except _EXPLAINED as error:
            if os.environ.get(SHOW_TRACEBACK):
                raise
            hint = f"({SHOW_TRACEBACK}=1 shows where this was raised.)"
            raise click.ClickException(f"{error}\n{hint}") from error

    return explained


run = copy.copy(kedro_run)
if kedro_run.callback is not None:
    run.callback = explain_errors(kedro_run.callback)
cli.add_command(run)
