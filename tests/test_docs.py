"""docs/own_data.md is typed as it stands, once; generated pages and pictures are fresh."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
import yaml
from projects import Project
from typed_pages import find_blocks, type_page

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "own_data.md").read_text(encoding="utf-8")
NEEDS_A_HUB = "klue/roberta-base"
LABELS = {
    "own": ["경쟁", "공급", "인수", "제휴", "투자"],
    "acme": ["acquires", "competes_with", "invests_in", "partners_with", "supplies"],
}


def quicken(folder: Path) -> None:
    """Cut the job of conf/base short: how good the models are is not looked at."""
    shorter = [
        ("parameters_experiments.yml", "epochs: 15", "epochs: 1"),
        ("parameters_experiments.yml", "hidden_size: 128", "hidden_size: 16"),
        ("parameters_experiments.yml", "num_hidden_layers: 2 ", "num_hidden_layers: 1 "),
        ("parameters_clean.yml", "n_splits: 3", "n_splits: 2"),
        ("parameters_evaluation.yml", "n_resamples: 1000", "n_resamples: 100"),
    ]
    for name, former, latter in shorter:
        path = folder / "conf" / "base" / name
        text = path.read_text(encoding="utf-8")
        assert former in text
        path.write_text(text.replace(former, latter, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def typed(command_server, tmp_path_factory):
    """The folder of a project after every command of the page, and what each printed."""
    project = Project.create(tmp_path_factory.mktemp("page") / "project")
    folder = project.folder
    quicken(folder)
    return folder, type_page(project, PAGE)


@pytest.mark.slow
@pytest.mark.parametrize(("environment", "rejected"), [("own", 2), ("acme", 0)])
def test_own_columns_and_labels_go_through_the_whole_job(typed, environment, rejected):
    data = typed[0] / "data" / environment
    names = LABELS[environment]
    labels = json.loads((data / "02_intermediate" / "labels.json").read_text("utf-8"))
    assert labels == {"names": names, "negative": None}
    assert len(pd.read_csv(data / "02_intermediate" / "rejected_rows.csv")) == rejected
    submission = pd.read_csv(data / "08_reporting" / "submission.csv")
    assert len(submission) == 30
    assert submission["probs"].map(lambda probs: len(yaml.safe_load(probs))).eq(5).all()
    card = (data / "06_models/typed_punct_query/exported/README.md").read_text("utf-8")
    assert [name for name in names if f"| {name} | " not in card.replace("\\", "")] == []
    metrics = json.loads((data / "08_reporting" / "metrics.json").read_text("utf-8"))
    # Without a negative label, micro F1 counts every row: it is the accuracy.
    assert metrics["out_of_fold"]["micro_f1"] == pytest.approx(metrics["out_of_fold"]["accuracy"])
    assert metrics["test"] is not None


@pytest.mark.slow
def test_new_text_is_labelled_from_a_file_from_python_and_by_a_server(typed):
    folder, printed = typed
    (file,) = folder.glob("data/acme/08_reporting/*/predictions/english_new/predictions.csv")
    predictions = pd.read_csv(file, encoding="utf-8-sig")
    assert len(predictions) == 11
    assert len(pd.read_csv(file.with_name("rejected_rows.csv"))) == 1
    assert set(predictions["label"]) <= set(LABELS["acme"])
    probabilities = predictions[[f"probability_{label}" for label in LABELS["acme"]]]
    assert probabilities.sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-4)

    assert any(label in printed["python"] for label in LABELS["acme"])
    (answer,) = [text for line, text in printed.items() if line.startswith("curl")]
    (prediction,) = yaml.safe_load(answer)["predictions"]
    assert set(prediction["probabilities"]) == set(LABELS["acme"])


@pytest.mark.slow
def test_files_that_the_page_names_are_there(typed):
    named = re.findall(r"`(data/(?:own|acme)/[\w./]+)`", PAGE)
    assert [name for name in named if not (typed[0] / name).exists()] == []


def test_two_files_of_eight_lines_are_enough():
    files = {block["file"]: block["body"] for block in find_blocks(PAGE) if block["file"]}
    assert set(files) == {"conf/acme/globals.yml", "conf/acme/parameters.yml"}
    assert sum(len(body.splitlines()) for body in files.values()) == 8


def test_every_block_is_run_or_needs_a_hub():
    kinds = {(block["kind"], bool(block["file"])) for block in find_blocks(PAGE)}
    assert kinds == {("bash", False), ("python", False), ("yaml", True), ("yaml", False)}
    (untried,) = [b["body"] for b in find_blocks(PAGE) if b["kind"] == "yaml" and not b["file"]]
    assert NEEDS_A_HUB in untried


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def settings_page() -> ModuleType:
    return load_script("make_settings_page")


def test_settings_page_is_fresh_and_explains_every_setting(settings_page):
    page = settings_page.make_page()
    assert page == settings_page.PAGE.read_text("utf-8"), "run python scripts/make_settings_page.py"
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 200
    assert [cells[0] for cells in rows if cells[-1].strip("| ") == ""] == []


def test_settings_page_reads_comments_above_and_behind_values(settings_page):
    above, behind = settings_page.read_comments(
        "# A header.\n\n# What a group\n# is for.\ngroup:\n  size: 3   # a | b; rows\n"
        "                    # of a batch\n"
        "  # One of two:\n  #   a  the first\n  #   b  the second\n  name: a\n"
    )
    assert above["group"] == ["What a group", "is for."]
    assert behind["group.size"] == "rows of a batch"
    listed = settings_page.as_cell(above["group.name"])
    assert listed == "One of two:<br>`a`: the first<br>`b`: the second"


def test_pictures_of_a_run_are_fresh():
    figure = load_script("make_flow_figure")
    for name, flow in figure.FLOWS.items():
        assert (figure.FOLDER / name).read_text("utf-8") == figure.draw(flow)
