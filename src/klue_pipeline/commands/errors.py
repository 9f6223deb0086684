"""How a command ends that an expected error stops: with its message, without a traceback."""

import difflib
import functools
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import kedro.runner
import yaml
from kedro.config import MissingConfigException
from kedro.framework.project import pipelines
from kedro.io import DatasetError
from kedro.pipeline import Pipeline

from klue_pipeline.base_settings import suggest
from klue_pipeline.commands.interrupts import terminated_like_interrupted
from klue_pipeline.passwords import hide_in_error, without_passwords
from klue_pipeline.runs import topology

SHOW_TRACEBACK = "KLUE_TRACEBACK"
"""Environment variable that brings tracebacks back: ``KLUE_TRACEBACK=1 kedro run``."""


ERROR_FILE = "KLUE_ERROR_FILE"
"""Environment variable that names a file for the message of whatever ends a command early."""


_NO_SUCH_PIPELINE = re.compile(r"Failed to find the pipeline named '(?P<name>[^']*)'")
_NO_SUCH_PART = re.compile(
    r"Pipeline does not contain (?P<kind>nodes|datasets) named (?P<names>\[.*?\])"
)
_NAMES = re.compile(r"'([^']+)'")
_EXPORTS = {"export": "", "odqa_export": "odqa"}
"""The task that each exports of, by the prefix of its settings."""
_NOTHING_CHOSEN = "Pipeline contains no nodes after applying all provided filters"


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
        except click.Abort:  # Ctrl-C at a question, or nobody there to answer it
            raise
        except EXPECTED_ERRORS as error:
            if os.environ.get(SHOW_TRACEBACK):
                raise
            hint = f"({SHOW_TRACEBACK}=1 shows where this was raised.)"
            raise click.ClickException(f"{_message_of(error)}\n{hint}") from error
        except AttributeError as error:
            if error.obj is not kedro.runner:
                raise
            names = (name for name in kedro.runner.__all__ if name.endswith("Runner"))
            hint = suggest(str(error.name), names)
            raise click.ClickException(f"--runner: there is no {error.name}. {hint}") from error

    return explained


def _message_of(error: Exception) -> str:
    """Return an error's message; where Kedro does not find a name, say which there are."""
    message = without_passwords(str(error))
    if match := _NO_SUCH_PIPELINE.match(message):
        return _suggest_pipeline(match["name"])
    if match := _NO_SUCH_PART.match(message):
        # Kedro knows only the pipelines that were asked for; the name may belong to another.
        pipelines.set_requested(None)
        hints = (_suggest_part(name, match["kind"]) for name in _NAMES.findall(match["names"]))
        return "\n".join(hints)
    return _name_tags() if message.startswith(_NOTHING_CHOSEN) else message


def _name_tags() -> str:
    pipelines.set_requested(None)
    tags = {tag for pipeline in pipelines.values() for node in pipeline.nodes for tag in node.tags}
    return (
        "Nothing is left to run: no node has all that --tags, --nodes, --namespaces and the like "
        f"ask for. Tags are {', '.join(sorted(tags))}."
    )


def _suggest_pipeline(name: str) -> str:
    names = sorted(set(pipelines) - {"__default__"})
    near = difflib.get_close_matches(name, names)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    task = _EXPORTS.get(name)
    if task is not None and not topology.exports(task):
        setting = ".".join(filter(None, [task, "training.keep_weights"]))
        hint = f" {setting} is none, so there is nothing to export; set it to best_fold or all."
    return (
        f"There is no pipeline {name}.{hint}\n"
        f"The experiment is of kind {topology.experiment_kind()}, whose pipelines are "
        f"{', '.join(names)}."
    )


def _suggest_part(name: str, kind: str) -> str:
    names_in = {"nodes": _nodes_of, "datasets": Pipeline.datasets}[kind]
    owners = [owner for owner, pipeline in pipelines.items() if name in names_in(pipeline)]
    if owners := sorted(set(owners) - {"__default__"}):
        return f"{name} belongs to --pipelines {' or '.join(owners)}."
    known = {part for pipeline in pipelines.values() for part in names_in(pipeline)}
    near = difflib.get_close_matches(name, sorted(known)) or _near_in_last_part(name, known)
    hint = f"Did you mean {' or '.join(near)}?" if near else "kedro registry describe lists them."
    return f"There is no {name}. {hint}"


def _near_in_last_part(name: str, known: set[str]) -> list[str]:
    """Return the names that are near behind their namespace: trian for fold_0.train."""
    by_part = {part.rpartition(".")[2]: part for part in sorted(known, reverse=True)}
    return [by_part[part] for part in difflib.get_close_matches(name, list(by_part))]


def _nodes_of(pipeline: Pipeline) -> set[str]:
    return {node.name for node in pipeline.nodes}


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
