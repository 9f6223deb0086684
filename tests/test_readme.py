"""The README and the pages of docs/ tell the truth: their commands, settings, files and links."""

import os
import re
import shlex
import shutil
import subprocess
import unicodedata
from collections.abc import Iterable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.project import pipelines
from kedro.framework.project import settings as project_settings

from klue_pipeline.cli import run as kedro_run
from klue_pipeline.runs.experiments import merge_settings, resolve_run
from klue_pipeline.runs.parameters import Parameters, check_parameters, task_of

ROOT = Path(__file__).resolve().parents[1]
DOCS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
PAGES = ["README.md", "README.ko.md", "CONTRIBUTING.md", *DOCS]
TRANSLATED = [("README.md", "README.ko.md")] + [
    (f"docs/{Path(page).name}", page) for page in DOCS if page.startswith("docs/ko/")
]
RUN_AS_TYPED = {"acme", "mine"}
"""Environments that only docs/own_data.md and docs/open_domain_qa.md have; their tests run them."""

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
COMMAND = re.compile(r"(?:kedro|make|python|mlflow) [^<…]+")
SETTING = re.compile(rf"((?:{'|'.join(Parameters.model_fields)})(?:\.[a-z]\w*)+)(?:=.*)?")
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FILES = (".md", ".json", ".html", ".csv", ".png", ".db", ".yml")
"""What a name ends with that is a file and no setting."""


@cache
def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return [body for name, body in BLOCK.findall(text_of(page)) if name == language]


def spans(page: str) -> list[str]:
    return SPAN.findall(BLOCK.sub("", text_of(page)))


def commands(page: str) -> list[tuple[str, ...]]:
    """Return the commands of blocks, then those within the text, as words."""
    joined = "\n".join(blocks(page, "bash")).replace("\\\n", " ").splitlines()
    lines = [*joined, *(span for span in spans(page) if COMMAND.fullmatch(span))]
    words = [tuple(shlex.split(line, comments=True)) for line in lines]
    return [line for line in words if line]


def commands_of(program: str, *start: str) -> list[tuple[str, ...]]:
    """Return the commands of all pages that begin so, each once."""
    found = (words for page in PAGES for words in commands(page))
    return list(dict.fromkeys(w for w in found if w[: 1 + len(start)] == (program, *start)))


def settings(page: str) -> list[str]:
    """Return the settings that a page names, in text and tables."""
    named = (SETTING.fullmatch(span) for span in spans(page))
    return [name[1] for name in named if name and not name[1].endswith(FILES)]


@pytest.mark.parametrize("pair", TRANSLATED, ids="-".join)
def test_both_languages_show_the_same_commands_and_settings(pair: tuple[str, str]) -> None:
    english, korean = pair
    assert blocks(english, "python") == blocks(korean, "python")
    assert sorted(commands(english)) == sorted(commands(korean))
    assert sorted(settings(english)) == sorted(settings(korean))


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_commands_have_their_targets() -> None:
    words = {word for command in commands_of("make") for word in command[1:]}
    variables = {word.partition("=")[0] for word in words if "=" in word}
    named = text_of("Makefile")
    assert [name for name in sorted(variables) if f"\n{name} ?=" not in named] == []
    targets = sorted(word for word in words if "=" not in word)
    # Without the variables of a make that runs these tests. -o: .venv counts as up to date.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    dry_run = ["make", "--dry-run", "-o", ".venv/.installed", "ENCODER=any", *targets]
    done = subprocess.run(
        dry_run, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def registry(configured: None) -> Any:
    return pipelines


@pytest.mark.parametrize("words", commands_of("kedro", "run"), ids=" ".join)
def test_kedro_run_command_would_start(words: tuple[str, ...], registry: Any) -> None:
    options = parse_kedro_run(words)
    if options["env"] in RUN_AS_TYPED:
        return
    named = [*options["node_names"], *options["from_nodes"]]
    chosen = options["pipelines"] or [task_of(named).job or "__default__"]
    nodes = {node.name for name in chosen for node in registry[name].nodes}
    if (options["params"].get("training") or {}).get("refit"):
        nodes.add("refit")  # the registry is that of the usual settings, which have no such node
    assert {*options["node_names"], *options["from_nodes"]} <= nodes
    assert options["env"] is None or (ROOT / "conf" / options["env"]).is_dir()
    given = merge_settings(options["params"], example_experiments())
    assert settings_error(given, options["env"]) == ""


def test_scripts_of_python_commands_are_there() -> None:
    scripts = [words[1] for words in commands_of("python") if words[1] != "-m"]
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


@pytest.mark.parametrize("page", PAGES)
def test_settings_that_a_page_names_exist(page: str, registry: Any) -> None:
    # No value fits, so every setting is refused; one by one, as a wrong one hides the rest.
    refusals = {name: settings_error(nested(name, object())) for name in set(settings(page))}
    assert [name for name, why in refusals.items() if "no such setting" in why or not why] == []


def test_readme_names_the_settings_that_people_change_most() -> None:
    [table] = re.findall(r"^\| `--params` \|.*\n((?:\|.*\n)+)", text_of("README.md"), re.MULTILINE)
    assert len(table.splitlines()) == 11  # the line of dashes, and ten


def test_example_experiment_is_a_legal_entry(registry: Any) -> None:
    examples = example_experiments()
    for name in examples["experiments"]:
        assert settings_error({**examples, "experiment": name}) == ""


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    broken = []
    for link in LINK.findall(BLOCK.sub("", text_of(page))):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_wrong_commands_and_settings_are_caught(registry: Any) -> None:
    with pytest.raises(click.ClickException):
        parse_kedro_run(["kedro", "run", "--pipelinez", "train"])
    assert "no such setting" in settings_error(nested("training.epoch", 2))
    assert "there is no experiment" in settings_error({"experiment": "nobody"}).lower()


def test_architecture_knows_every_folder_and_no_other_file() -> None:
    page, package = text_of("docs/architecture.md"), ROOT / "src" / "klue_pipeline"
    tree = next(body for _, body in BLOCK.findall(page) if "pipeline_registry.py  " in body)
    assert len(tree.splitlines()) <= 40
    named = set(re.findall(r"\w+(?=/)", tree))
    tasks = (
        path for task in ("relation", "odqa") for path in package.glob(f"{task}/*/__init__.py")
    )
    folders = [*package.glob("*/__init__.py"), *tasks]
    assert {path.parent.name for path in folders} - named == set()
    paths = {span for span in spans("docs/architecture.md") if re.fullmatch(r"\w+/[\w/.]+", span)}
    paths -= {"relation/model/heads/my_head.py"}
    missing = [p for p in paths if not (package / p).exists() and not (ROOT / p).exists()]
    assert missing == []


def example_experiments() -> dict[str, Any]:
    [block] = blocks("docs/experiments.md", "yaml")
    examples: dict[str, Any] = yaml.safe_load(block)
    return examples


def parse_kedro_run(words: Iterable[str]) -> dict[str, Any]:
    with kedro_run.make_context("kedro run", list(words)[2:]) as context:
        return context.params


def nested(name: str, value: Any) -> dict[str, Any]:
    """Turn a dotted name and its value into nested mappings, as ``--params`` does."""
    *groups, last = name.split(".")
    result = {last: value}
    for group in reversed(groups):
        result = {group: result}
    return result


@cache
def configured(env: str | None) -> dict[str, Any]:
    arguments = {**project_settings.CONFIG_LOADER_ARGS, "default_run_env": "base"}
    loader = OmegaConfigLoader(str(ROOT / "conf"), env=env, **arguments)
    parameters: dict[str, Any] = loader["parameters"]
    return parameters


def settings_error(params: dict[str, Any], env: str | None = None) -> str:
    """What a run with these ``--params`` would refuse its settings for; empty if nothing."""
    try:
        check_parameters(resolve_run(deepcopy(configured(env)), params))
    except ValueError as error:
        return str(error)
    return ""


@cache
def anchors(path: Path) -> set[str]:
    """The places in a page that a link may name, as GitHub makes them from its headings."""
    headings = HEADING.findall(BLOCK.sub("", path.read_text(encoding="utf-8")))
    return {slug(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)) for heading in headings}


def slug(heading: str) -> str:
    kept = [
        letter
        for letter in heading.lower().replace("`", "")
        if letter in " -_" or unicodedata.category(letter)[0] in "LNM"
    ]
    return "".join(kept).replace(" ", "-")
