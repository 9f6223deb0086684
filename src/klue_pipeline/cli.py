"""The command line: ``kedro run`` as Kedro ships it, but for two things, and commands of our own.

An expected error is one message instead of a traceback, and a list in ``--params`` may have commas.
"""

import copy
import functools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
import yaml
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import CONTEXT_SETTINGS, env_option, split_node_names
from kedro.framework.project import pipelines
from kedro.io import DatasetError
from omegaconf import OmegaConf

from klue_pipeline import topology
from klue_pipeline.console import quieten

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


@click.group(name="klue_pipeline")
def cli() -> None:
    """Commands of this project beside those that replace Kedro's."""


def explain_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command end with the message of an expected error instead of its traceback.

    Our errors say what was found, what was wanted and what to do; fifty lines of frames above
    them hide that. Errors of other kinds are bugs and keep their traceback. The message of either
    also goes to the file that ``KLUE_ERROR_FILE`` names, for the command that started this one.
    """

    @functools.wraps(command)
    def explained(*args: Any, **kwargs: Any) -> Any:
        try:
            return _noting_errors(command, *args, **kwargs)
        except EXPECTED_ERRORS as error:
            if os.environ.get(SHOW_TRACEBACK):
                raise
            hint = f"({SHOW_TRACEBACK}=1 shows where this was raised.)"
            raise click.ClickException(f"{_message_of(error)}\n{hint}") from error

    return explained


def _message_of(error: Exception) -> str:
    """Return an error's message; where Kedro knows no such pipeline, name those that there are."""
    message = str(error)
    if not message.startswith(_NO_SUCH_PIPELINE):
        return message
    kind = topology.experiment_kind()
    return (
        f"{message.partition('. ')[0]}. The experiment is of kind {kind}, whose pipelines are "
        f"{', '.join(sorted(set(pipelines) - {'__default__'}))}."
    )


def _noting_errors(command: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return command(*args, **kwargs)
    except Exception as error:
        if file := os.environ.get(ERROR_FILE):
            expected = isinstance(error, EXPECTED_ERRORS)
            message = str(error) if expected else f"{type(error).__name__}: {error}"
            Path(file).write_text(message, encoding="utf-8")
        raise


def parse_params(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """Read ``--params`` as Kedro does, but leave lists whole: ``folds.run=[0,2],run.name=look``."""
    if isinstance(value, dict):  # from a file given with --config
        return value
    return read_settings(split_settings(context, option, value))


def split_settings(context: click.Context, option: click.Parameter, value: str) -> list[str]:
    """Split ``--params`` into its ``name=value`` parts, at commas outside of brackets."""
    settings = []
    for setting in split_node_names(context, option, value):
        name, equals, text = setting.partition("=")
        if not name.strip() or not equals:
            context.fail(f"--params: found {setting!r}; name=value was wanted, joined by commas.")
        settings.append(f"{name.strip()}={text}")
    return settings


def read_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Read ``name=value`` parts as nested settings.

    >>> read_settings(["training.epochs=3", "folds.run=[0, 2]"])
    {'training': {'epochs': 3}, 'folds': {'run': [0, 2]}}
    """
    parsed: Any = OmegaConf.to_container(OmegaConf.from_dotlist(list(settings)))
    return dict(parsed)


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


@cli.command(context_settings=CONTEXT_SETTINGS)
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every experiment of the environment.")
@env_option
@click.option(
    "--params",
    default="",
    callback=split_settings,
    help="Settings for each of the runs, as kedro run takes them; the names say which experiments.",
)
@explain_errors
def experiments(names: tuple[str, ...], every: bool, env: str | None, params: list[str]) -> None:
    """Run experiments one after the other, then compare them in a table.

    NAMES are entries of conf/*/parameters_experiments.yml; without any, they are listed. Each is
    one tracked `kedro run` in a process of its own, so that one that fails or is killed does not
    stop the rest. What is finished already is skipped, as far as nothing that it depends on has
    changed; an interrupted run goes on; a composite's members and an adapted encoder are made
    first. The table compares each with the one named first; experiments.csv beside the other
    reports holds it too.

    --params run.name=... names the folders of the experiments in NAMES; members that a composite
    brings along keep their own.
    """
    from klue_pipeline.commands.experiments import run_experiments

    raise SystemExit(run_experiments(names, every=every, env=env, settings=params))


@cli.command(context_settings=CONTEXT_SETTINGS)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@env_option
@click.option(
    "--params",
    default="",
    callback=split_settings,
    help="Settings that name the test rows and the labels, as kedro run takes them.",
)
@explain_errors
def check_submission(files: tuple[Path, ...], env: str | None, params: list[str]) -> None:
    """Check submission files before they are sent, and name each wrong line.

    FILES are CSV files with the columns id, pred_label and probs, from this project or elsewhere.
    Ids and labels have to be those of the environment, as far as it has test rows and labels on
    disk. The exit code is 1 if any file has a problem. A file without one is described: rows,
    commonest labels, and the SHA-256 by which submissions.csv knows it.
    """
    from klue_pipeline.commands.check_submission import check_submissions

    raise SystemExit(check_submissions(files, env=env, settings=params))
