"""The READMEs tell the truth: their trees name what exists, their commands and settings parse."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.project import pipelines
from kedro.framework.project import settings as project_settings
from kedro.framework.startup import bootstrap_project

from klue_pipeline.cli import run as kedro_run
from klue_pipeline.experiments import resolve_experiment
from klue_pipeline.parameters import check_parameters

ROOT = Path(__file__).resolve().parents[1]
READMES = ["README.md", "README.ko.md"]
DOCUMENTS = [*READMES, "CONTRIBUTING.md"]
UNLISTED = [".gitkeep", "__init__.py"]
"""Files that need no line of their own in the tree."""

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TREE_LINE = re.compile(r"^(?P<indent>(?:│   |    )*)[├└]── (?P<name>\S+)(?P<purpose>.*)$")


class Entry(NamedTuple):
    """One line of a tree: a path relative to the project, a folder ending in a slash."""

    path: str
    purpose: str


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return [body for name, body in BLOCK.findall(text) if name == language]


def tree(document: str) -> list[Entry]:
    [block] = [body for body in blocks(document, "text") if "├── " in body]
    entries: list[Entry] = []
    parents: list[str] = []
    for line in block.splitlines()[1:]:
        match = TREE_LINE.match(line)
        assert match, f"not a line of a tree: {line!r}"
        depth = len(match["indent"]) // 4
        path = "".join(parents[:depth]) + match["name"]
        parents[depth:] = [match["name"]]
        entries.append(Entry(path, match["purpose"].strip()))
    return entries


def commands(document: str) -> list[list[str]]:
    joined = "\n".join(blocks(document, "bash")).replace("\\\n", " ")
    words = [shlex.split(line, comments=True) for line in joined.splitlines()]
    return [line for line in words if line]


def commands_of(program: str, *start: str) -> Iterator[Any]:
    for document in DOCUMENTS:
        for words in commands(document):
            if words[: 1 + len(start)] == [program, *start]:
                yield pytest.param(words, id=f"{document}: {' '.join(words)}")


def shipped_files() -> list[str]:
    """Files that are in git, or would be after `git add .`; deleted ones are left out."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: no telling which files belong to the project")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True)
    names = found.stdout.rstrip("\0").split("\0")
    return [name for name in names if (ROOT / name).exists()]


def is_covered(path: str, listed: set[str]) -> bool:
    """Whether a file has its own line, or the nearest folder with one lists nothing inside it."""
    if path in listed:
        return True
    folders = [f"{parent}/" for parent in Path(path).parents if f"{parent}/" in listed]
    return bool(folders) and not any(
        other != folders[0] and other.startswith(folders[0]) for other in listed
    )


@pytest.mark.parametrize("document", READMES)
def test_tree_names_only_what_exists(document: str) -> None:
    entries = tree(document)
    missing = [e.path for e in entries if not (ROOT / e.path).exists()]
    wrong_kind = [e.path for e in entries if e.path.endswith("/") != (ROOT / e.path).is_dir()]
    assert entries
    assert (missing, wrong_kind) == ([], [])


@pytest.mark.parametrize("document", READMES)
def test_tree_names_all_that_exists(document: str) -> None:
    listed = {entry.path for entry in tree(document)}
    unlisted = [
        path
        for path in shipped_files()
        if Path(path).name not in UNLISTED and not is_covered(path, listed)
    ]
    assert unlisted == []


@pytest.mark.parametrize("document", READMES)
def test_every_line_of_the_tree_states_a_purpose(document: str) -> None:
    assert [entry.path for entry in tree(document) if len(entry.purpose) < 3] == []


def test_coverage_rule_finds_forgotten_files() -> None:
    listed = {"src/", "src/a.py", "tests/"}
    assert is_covered("src/a.py", listed)
    assert is_covered("tests/deep/test_a.py", listed)
    assert not is_covered("src/b.py", listed)
    assert not is_covered("Makefile", listed)


def test_both_languages_show_the_same_tree_commands_and_settings() -> None:
    english, korean = READMES
    assert [entry.path for entry in tree(english)] == [entry.path for entry in tree(korean)]
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
