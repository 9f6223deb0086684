"""The READMEs tell the truth: their commands and settings parse."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.project import pipelines
from kedro.framework.project import settings as project_settings
from kedro.framework.startup import bootstrap_project

from klue_pipeline.cli import run as kedro_run
from klue_pipeline.runs.experiments import resolve_experiment
from klue_pipeline.runs.parameters import check_parameters

ROOT = Path(__file__).resolve().parents[1]
READMES = ["README.md", "README.ko.md"]
DOCUMENTS = [*READMES, "CONTRIBUTING.md"]

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return [body for name, body in BLOCK.findall(text) if name == language]


def commands(document: str) -> list[list[str]]:
    joined = "\n".join(blocks(document, "bash")).replace("\\\n", " ")
    words = [shlex.split(line, comments=True) for line in joined.splitlines()]
    return [line for line in words if line]


def commands_of(program: str, *start: str) -> Iterator[Any]:
    for document in DOCUMENTS:
        for words in commands(document):
            if words[: 1 + len(start)] == [program, *start]:
                yield pytest.param(words, id=f"{document}: {' '.join(words)}")


def test_both_languages_show_the_same_commands_and_settings() -> None:
    english, korean = READMES
    assert commands(english) == commands(korean)
    assert settings(english) == settings(korean)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("words", commands_of("make"))
def test_make_command_has_its_targets(words: list[str]) -> None:
    # Without the variables of a make that runs these tests. -o: .venv counts as up to date.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    dry_run = [words[0], "--dry-run", "-o", ".venv/.installed", *words[1:]]
    done = subprocess.run(
        dry_run, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def registry() -> Any:
    bootstrap_project(ROOT)
    return pipelines


@pytest.mark.parametrize("words", commands_of("kedro", "run"))
def test_kedro_run_command_would_start(words: list[str], registry: Any) -> None:
    options = parse_kedro_run(words)
    chosen = options["pipelines"] or ["__default__"]
    nodes = {node.name for name in chosen for node in registry[name].nodes}
    assert {*options["node_names"], *options["from_nodes"]} <= nodes
    assert options["env"] is None or (ROOT / "conf" / options["env"]).is_dir()
    assert settings_error(options["params"], options["env"]) == ""


@pytest.mark.parametrize("document", READMES)
def test_settings_table_names_existing_settings(document: str, registry: Any) -> None:
    names = settings(document)
    # No value fits, so every setting is refused; one by one, as a wrong experiment hides the rest.
    refusals = {name: settings_error(nested(name, object())) for name in names}
    assert len(names) == len(set(names)) > 10
    assert [name for name, why in refusals.items() if "no such setting" in why or not why] == []


@pytest.mark.parametrize("document", READMES)
def test_example_experiment_is_a_legal_entry(document: str, registry: Any) -> None:
    [block] = blocks(document, "yaml")
    entries = yaml.safe_load(block)
    for name in entries["experiments"]:
        assert settings_error({**entries, "experiment": name}) == ""


def test_wrong_commands_and_settings_are_caught(registry: Any) -> None:
    with pytest.raises(click.ClickException):
        parse_kedro_run(["kedro", "run", "--pipelinez", "train"])
    assert "no such setting" in settings_error(nested("training.epoch", 2))
    assert "there is no experiment" in settings_error({"experiment": "nobody"}).lower()


def parse_kedro_run(words: list[str]) -> dict[str, Any]:
    with kedro_run.make_context("kedro run", words[2:]) as context:
        return context.params


def settings(document: str) -> list[str]:
    """The names in the first column of the table headed ``--params``."""
    text = (ROOT / document).read_text(encoding="utf-8")
    [table] = re.findall(r"^\| `--params` \|.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    first_cells = [line.split("|")[1] for line in table.splitlines()]
    return [name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)]


def nested(name: str, value: Any) -> dict[str, Any]:
    """Turn a dotted name and its value into nested mappings, as ``--params`` does."""
    *groups, last = name.split(".")
    result = {last: value}
    for group in reversed(groups):
        result = {group: result}
    return result


def settings_error(params: dict[str, Any], env: str | None = None) -> str:
    """What a run with these ``--params`` would refuse its settings for; empty if nothing."""
    arguments = {**project_settings.CONFIG_LOADER_ARGS, "default_run_env": "base"}
    loader = OmegaConfigLoader(str(ROOT / "conf"), env=env, **arguments)
    try:
        check_parameters(resolve_experiment(loader["parameters"], params))
    except ValueError as error:
        return str(error)
    return ""
