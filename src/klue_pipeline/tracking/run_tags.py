"""Name and tags of the parent run: what was asked for, of which code, on which data, and where."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from klue_pipeline.runs.dataset_names import folder_name
from klue_pipeline.runs.process import (
    git_state,
    package_versions,
    this_process,
    user_name,
)
from klue_pipeline.tracking.mlflow_client import HOST_TAG, PID_TAG, START_TAG
from klue_pipeline.tracking.tracking_params import DEFAULT_ENVIRONMENT
from klue_pipeline.training.fingerprint import file_sha256

_SELECTIONS = ("pipeline_names", "node_names", "from_nodes", "to_nodes", "tags", "namespaces")
"""Fields of Kedro's run record that narrow a run down."""

_SHOWN = {"from_nodes": "from ", "to_nodes": "to ", "tags": "tag ", "namespaces": "namespace "}
"""How a run's name introduces a selection; pipelines and nodes stand there by themselves."""


def run_name(parameters: Mapping[str, Any], run_params: Mapping[str, Any]) -> str:
    """Name a run after its experiment with its variant, and after what the command chose of it.

    >>> run_name({"experiment": "rbert", "run": {"name": "lr3e5"}}, {})
    'rbert--lr3e5'
    >>> run_name({"experiment": "rbert"}, {"pipeline_names": ["leaderboard"]})
    'rbert: leaderboard'
    >>> run_name({"experiment": "rbert"}, {"from_nodes": ["fold_0.train"]})
    'rbert: from fold_0.train'
    """
    variant = (parameters.get("run") or {}).get("name")
    name = folder_name(str(parameters["experiment"]), variant)
    chosen = selection_of(run_params).items()
    parts = [_SHOWN.get(field, "") + ", ".join(values) for field, values in chosen]
    return ": ".join([name, *([", ".join(parts)] if parts else [])])


def run_tags(
    parameters: Mapping[str, Any], run_params: Mapping[str, Any], project_path: Path
) -> dict[str, str]:
    """Collect the tags of a parent run; a fact that is not known has no tag.

    Args:
        parameters: The run's resolved parameters.
        run_params: Kedro's record of the command.
        project_path: Folder of the project, for git and for relative data paths.
    """
    facts = {
        **_kedro_tags(run_params),
        **_experiment_tags(parameters),
        **_code_tags(project_path),
        "klue.data_sha256": _data_sha256(parameters, project_path),
        **_process_tags(),
        "mlflow.user": user_name(),
    }
    return {name: str(value) for name, value in facts.items() if value is not None}


def selection_of(run_params: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what a command chose of the graph, by the field of Kedro's run record; empty: all."""
    chosen = {name: sorted(map(str, run_params.get(name) or [])) for name in _SELECTIONS}
    return {name: values for name, values in chosen.items() if values}


def _kedro_tags(run_params: Mapping[str, Any]) -> dict[str, Any]:
    chosen = selection_of(run_params).items()
    return {
        "kedro.pipeline_names": "__default__",
        **{f"kedro.{name}": ",".join(values) for name, values in chosen},
        "kedro.run_id": run_params.get("run_id"),
        "kedro.env": run_params.get("env") or DEFAULT_ENVIRONMENT,
        "kedro.runner": _class_name(str(run_params.get("runner"))),
        "kedro.only_missing_outputs": run_params.get("only_missing_outputs"),
    }


def _class_name(shown: str) -> str:
    """Take the class out of Python's ``<module.Class object at 0x…>``, which Kedro records."""
    return shown.partition(" object at ")[0].rpartition(".")[2]


def _experiment_tags(parameters: Mapping[str, Any]) -> dict[str, Any]:
    experiment = parameters.get("experiment")
    entry = (parameters.get("experiments") or {}).get(experiment) or {}
    why = entry.get("why")
    return {"klue.experiment": experiment, "klue.why": why, "mlflow.note.content": why}


def _code_tags(project_path: Path) -> dict[str, Any]:
    versions = {f"version.{name}": number for name, number in package_versions().items()}
    state = git_state(project_path)
    if state is None:
        return versions
    return {
        **versions,
        "klue.git_commit": state.commit,
        "klue.git_dirty": str(state.dirty).lower(),
        "mlflow.source.git.commit": state.commit,
    }


def _data_sha256(parameters: Mapping[str, Any], project_path: Path) -> str | None:
    """Hash the raw training file; a data set on the hub is named by ``raw.train`` alone."""
    source = (parameters.get("raw") or {}).get("train")
    path = project_path / (source or "")
    return file_sha256(path) if path.is_file() else None


def _process_tags() -> dict[str, Any]:
    process = this_process()
    return {HOST_TAG: process.host, PID_TAG: process.pid, START_TAG: process.start}
