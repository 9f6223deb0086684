"""Commands that messages quote: with the environment and the settings that the run was given."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from klue_pipeline.runs.parameters import ODQA, RELATION

_OF_ONE_EXPERIMENT = (
    *RELATION.groups, "run", "kind", "members", "clean.contradictory_duplicates",
    *map(ODQA.path, ODQA.groups),
)  # fmt: skip
"""Settings that say what an experiment is, or whose scores it reads; another one has its own."""


def kedro_run(
    run_params: Mapping[str, Any],
    settings: Mapping[str, Any] | None = None,
    pipelines: str = "",
    *,
    nodes: str = "",
    same_experiment: bool = True,
) -> str:
    """Return a command that does the same with other settings, or makes something for it.

    Args:
        run_params: What Kedro says about the run.
        settings: Dotted names and values that win over those of the run.
        pipelines: What ``--pipelines`` names; empty for the whole job.
        nodes: What ``--nodes`` names, instead.
        same_experiment: Whether it is for the same experiment; for another one, what the run says
            of its own is left out.

    >>> kedro_run({"env": "klue", "runtime_params": {"folds": {"run": [0]}}}, pipelines="eda")
    "kedro run --env klue --pipelines eda --params 'folds.run=[0]'"
    >>> kedro_run({"env": None})
    'kedro run'
    """
    given = dict(_flatten(run_params.get("runtime_params") or {}))
    if not same_experiment:
        given = {name: value for name, value in given.items() if not _is_own(name)}
    chosen = {**given, **(settings or {})}
    text = ",".join(f"{name}={_write(value)}" for name, value in chosen.items())
    return "".join(
        [
            f"kedro run {environment_option(run_params)}".rstrip(),
            f" --pipelines {pipelines}" if pipelines else "",
            f" --nodes {nodes}" if nodes else "",
            f" --params {shlex.quote(text)}" if text else "",
        ]
    )


def environment_option(run_params: Mapping[str, Any]) -> str:
    """Return how a command names the environment of this run, with a blank behind it.

    >>> environment_option({"env": "klue"}), environment_option({"env": None})
    ('--env klue ', '')
    """
    return f"--env {run_params['env']} " if run_params.get("env") else ""


def _is_own(name: str) -> bool:
    return any(name == group or name.startswith(f"{group}.") for group in _OF_ONE_EXPERIMENT)


def _flatten(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _write(value: Any) -> str:
    """Write a value as ``--params`` reads it."""
    if isinstance(value, str) and not set(value) & set(",[]{}'\""):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return f"[{','.join(map(_write, value))}]"
    return json.dumps(value, ensure_ascii=False)
