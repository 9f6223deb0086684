"""Where tracking settings come from, and what their paths mean."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from kedro.config import OmegaConfigLoader

from klue_pipeline.databases import sqlite_file
from klue_pipeline.tracking.tracking_params import (
    read_tracking_params,
    resolve_tracking_params,
)

PROJECT = Path("/home/kim/klue 실험")
FILE = {"enabled": True, "tracking_uri": "sqlite:///mlflow.db", "experiment": "klue-relation"}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_committed_file_is_complete():
    file = Path(__file__).parents[2] / "conf/base/tracking.yml"
    params = resolve_tracking_params(yaml.safe_load(file.read_text("utf-8")), {}, PROJECT)
    assert params.enabled
    assert params.experiment == "klue-relation-local"
    assert params.tracking_uri == "sqlite:////home/kim/klue 실험/mlflow.db"
    assert params.artifact_location == (PROJECT / "mlartifacts").as_uri()
    assert not params.log_models


def test_command_wins_over_environment_and_environment_over_file(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert resolve_tracking_params(FILE, {}, PROJECT).tracking_uri == "http://127.0.0.1:5000"
    command = {"tracking_uri": "sqlite:///other.db", "enabled": "false"}
    params = resolve_tracking_params(FILE, command, PROJECT)
    assert params.tracking_uri.endswith("klue 실험/other.db")
    assert not params.enabled


@pytest.mark.parametrize(
    ("uri", "location", "expected"),
    [
        ("http://127.0.0.1:5000", None, None),
        ("http://127.0.0.1:5000", "s3://bucket/runs", "s3://bucket/runs"),
        ("postgresql://127.0.0.1/mlflow", None, (PROJECT / "mlartifacts").as_uri()),
        ("sqlite:///mlflow.db", "figures", (PROJECT / "figures").as_uri()),
        ("sqlite:////var/mlflow.db", "/var/figures", "file:///var/figures"),
    ],
)
def test_artifacts_of_a_database_lie_in_the_project(uri, location, expected):
    settings = {**FILE, "tracking_uri": uri, "artifact_location": location}
    assert resolve_tracking_params(settings, {}, PROJECT).artifact_location == expected


@pytest.mark.parametrize("uri", ["sqlite:////var/mlflow.db", "sqlite:///:memory:", "sqlite://"])
def test_absolute_and_memory_addresses_stay(uri):
    assert resolve_tracking_params({**FILE, "tracking_uri": uri}, {}, PROJECT).tracking_uri == uri


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9/?token=x", "postgresql://h/x?ssl=1", "a?b"])
def test_an_address_with_a_query_is_no_sqlite_file(uri):
    assert sqlite_file(uri) is None
    assert sqlite_file("sqlite:////var/mlflow.db?timeout=3") == Path("/var/mlflow.db")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"tracking_url": "x"}, "tracking_url"), ({"enabled": "perhaps"}, "enabled")],
)
def test_wrong_setting_is_named(wrong, field):
    with pytest.raises(ValueError, match=rf"tracking\.yml(.|\n)*{field}"):
        resolve_tracking_params(FILE, wrong, PROJECT)


def context_of(folder, **files):
    """A context with settings of its own in the environment ``own``."""
    for name, text in {"tracking": yaml.safe_dump(FILE), **files}.items():
        (folder / "conf/own").mkdir(parents=True, exist_ok=True)
        (folder / f"conf/own/{name}.yml").write_text(text, "utf-8")
    (folder / "conf/base").mkdir()
    loader = OmegaConfigLoader(str(folder / "conf"), env="own", base_env="base")
    return SimpleNamespace(config_loader=loader, project_path=folder)


@pytest.mark.parametrize("foreign", ["server: {mlflow_tracking_uri: mlruns}\n", "", "- 1\n"])
def test_each_environment_has_its_experiment_and_foreign_files_are_left_alone(tmp_path, foreign):
    template = yaml.safe_dump({**FILE, "experiment": "re-{env}"})
    params = read_tracking_params(context_of(tmp_path, mlflow=foreign, tracking=template))
    assert params.experiment == "re-own"


def test_settings_in_the_file_of_former_versions_are_not_ignored(tmp_path):
    context = context_of(tmp_path, mlflow="tracking_uri: http://127.0.0.1:5000\n")
    with pytest.raises(ValueError, match=r"mlflow\.yml says tracking_uri.* Rename .*tracking\.yml"):
        read_tracking_params(context)
