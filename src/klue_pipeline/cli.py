"""``kedro run`` as Kedro ships it, but for two things.

An expected error is one message instead of a traceback, and a list in ``--params`` may have commas.
"""

import copy
import functools
import os
from collections.abc import Callable
from typing import Any

import click
import yaml
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import split_node_names
from kedro.io import DatasetError
from omegaconf import OmegaConf

from klue_pipeline.console import quieten

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


def parse_params(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """Read ``--params`` as Kedro does, but leave lists whole: ``folds.run=[0,2],run.name=look``."""
    if isinstance(value, dict):  # from a file given with --config
        return value
    settings = []
    for setting in split_node_names(context, option, value):  # at commas outside of brackets
        name, equals, text = setting.partition("=")
        if not name.strip() or not equals:
            context.fail(f"--params: found {setting!r}; name=value was wanted, joined by commas.")
        settings.append(f"{name.strip()}={text}")
    return OmegaConf.to_container(OmegaConf.from_dotlist(settings))


def _replace_parser(option: click.Parameter) -> click.Parameter:
    if option.name != "params":
        return option
    replaced = copy.copy(option)
    replaced.callback = parse_params
    return replaced


quieten()  # before Kedro says that it deprecates --pipeline
run = copy.copy(kedro_run)
run.params = [_replace_parser(option) for option in kedro_run.params]
if kedro_run.callback is not None:
    run.callback = explain_errors(kedro_run.callback)
cli.add_command(run)
