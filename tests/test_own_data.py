"""Own data: what is refused, odd labels, old formats; test_docs.py has the usual ways.

There a table in English goes through the whole job, whose labels are all relations.
"""

import csv
import io
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml
from projects import Project

ROOT = Path(__file__).resolve().parents[1]
QUICK = (
    "mlflow.enabled=false,training.epochs=2,folds.n_splits=2,evaluation.n_resamples=100,"
    "experiment_defaults.encoder.scratch.num_hidden_layers=1"
)
COMPANY = "data/01_raw/sample/company"
KOREAN = f"""
data_root: data/mine
raw: {{train: {COMPANY}/korean.csv, test: {COMPANY}/korean_test.csv, test_gold: null}}
---
ingest: {{format: table, max_rejected_share: 0.05, columns: {{sentence: 본문, subject: 회사, object: 상대, label: 관계}}}}
labels: {{names: infer, negative: '0'}}
"""  # noqa: E501
ENGLISH = f"""
data_root: data/mine
raw: {{train: {COMPANY}/english.jsonl, test: {COMPANY}/english_test.jsonl, test_gold: {COMPANY}/english_test.jsonl}}
---
ingest:
  format: table
  columns: {{sentence: text, subject_start: from_start, subject_end: from_end, object_start: to_start, object_end: to_end, label: kind}}
labels: {{negative: null}}
text: {{language: en}}
"""  # noqa: E501
# What spreadsheets hold may look like numbers or gaps.
CODES = {"공급": "0", "인수": "NA", "투자": "null", "제휴": "01", "경쟁": "1"}
LABELS = sorted(CODES.values())


def write_environment(project, settings: str) -> None:
    """Write the two files, and hold them to their ten lines."""
    globals_text, parameters = settings.strip().split("\n---\n")
    assert len(globals_text.splitlines()) + len(parameters.splitlines()) <= 10
    folder = project.folder / "conf" / "mine"
    folder.mkdir()
    (folder / "globals.yml").write_text(globals_text, encoding="utf-8")
    (folder / "parameters.yml").write_text(parameters, encoding="utf-8")


def run(project, *arguments: str, params: str = ""):
    given = f"{QUICK},{params}" if params else QUICK
    return project.kedro("run", "--env", "mine", *arguments, "--params", given)


def encode_labels(table: Path) -> None:
    rows = pd.read_csv(table, encoding="utf-8-sig")
    rows.assign(관계=rows["관계"].map(CODES)).to_csv(table, index=False)


@dataclass(frozen=True)
class Example:
    """A company's project, and where its run left its data."""

    project: Project

    @property
    def data(self) -> Path:
        return self.project.folder / "data" / "mine"

    def read_json(self, name: str):
        return json.loads((self.data / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def example(command_server, tmp_path_factory) -> Example:
    """The Korean example after the whole job."""
    project = Project.create(tmp_path_factory.mktemp("own") / "project")
    write_environment(project, KOREAN)
    encode_labels(project.folder / COMPANY / "korean.csv")
    finished = run(project)
    assert finished.code == 0, finished.console
    return Example(project)


@pytest.mark.slow
def test_from_ten_lines_to_scores(example):
    labels = example.read_json("02_intermediate/labels.json")
    assert labels == {"names": LABELS, "negative": "0"}
    submission = pd.read_csv(example.data / "08_reporting/submission.csv")
    assert len(submission) == 30
    assert submission["probs"].map(lambda probs: len(yaml.safe_load(probs))).eq(5).all()
    assert example.read_json("08_reporting/metrics.json")["test"] is None
    assert len(pd.read_csv(example.data / "02_intermediate/rejected_rows.csv")) == 2


@pytest.mark.slow
def test_the_model_card_names_every_label_as_it_is(example):
    card = (example.data / "06_models/typed_punct_query/exported/README.md").read_text("utf-8")
    lines = re.findall(r"^\| (.+?) \| \d+ \| [\d.]+ % \| (.*) \|$", card, re.MULTILINE)
    assert [name.replace("\\", "") for name, _ in lines] == LABELS
    # Recall is known of every label that occurs, whatever was predicted.
    assert all(scores.split(" | ")[1] != "–" for _, scores in lines)


@pytest.mark.slow
def test_new_rows_are_predicted_by_what_was_trained(example):
    before = {path: path.stat().st_mtime_ns for path in example.data.rglob("*.safetensors")}
    # The looks at data and labels read the same odd names of labels.
    predicted = run(
        example.project, "--pipelines", "predict_new,label_audit,eda",
        params=f"predict.input={COMPANY}/korean_new.jsonl",
    )  # fmt: skip
    assert predicted.code == 0, predicted.console
    assert before == {path: path.stat().st_mtime_ns for path in example.data.rglob("*.safetensors")}
    folder = example.data / "08_reporting/typed_punct_query/predictions/korean_new"
    table = (folder / "predictions.csv").read_text("utf-8-sig")
    predictions = pd.read_csv(io.StringIO(table), dtype={"label": str}, keep_default_na=False)
    assert len(predictions) == 11
    assert len(pd.read_csv(folder / "rejected_rows.csv")) == 1
    assert set(predictions["label"]) <= set(LABELS)
    probabilities = predictions[[f"probability_{label}" for label in LABELS]]
    assert probabilities.sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.slow
def test_what_every_label_being_a_relation_rules_out_is_said_at_once(project):
    write_environment(project, ENGLISH)
    refused = run(project, params="experiment=cascade")
    assert refused.code == 1
    assert "members answer binary and positive; choose an experiment" in refused.console
    refused = run(project, params="ensemble.negative_bias=auto")
    assert "ensemble.negative_bias is auto, but labels.negative is null" in refused.console


def write_legacy(path: Path, rows: list[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t").writerows(rows)


def legacy_rows(numbers: range, labels: list[str], *, blind: bool) -> list[list[object]]:
    """Make rows of the older contest's file: nine columns, inclusive ends, no types."""
    rows: list[list[object]] = []
    for number in numbers:
        label = labels[number % len(labels)]
        first, second = f"가람{number}", f"나래{number * 7}"
        sentence = f"{first}와 {second}의 사이는 {label.split(':')[-1]} 쪽이다."
        start = sentence.index(second)
        rows.append(
            [f"wikipedia-{number}", sentence, first, 0, len(first) - 1, second, start,
             start + len(second) - 1, "blind" if blind else label]
        )  # fmt: skip
    return rows


@pytest.mark.slow
def test_the_older_contest_s_42_labels_go_through_the_whole_job(project, tmp_path: Path):
    label_sets = yaml.safe_load((ROOT / "conf/base/parameters_labels.yml").read_text("utf-8"))
    names = label_sets["label_sets"]["legacy_42"]["names"]
    write_legacy(tmp_path / "train.tsv", legacy_rows(range(168), names, blind=False))
    write_legacy(tmp_path / "test.tsv", legacy_rows(range(1000, 1042), names, blind=True))
    files = f"raw.train={tmp_path / 'train.tsv'},raw.test={tmp_path / 'test.tsv'}"
    finished = project.run("--params", f"{files},ingest.max_rows=null")
    assert finished.code == 0, finished.console
    assert "168 of 168 rows have no type" in finished.console
    labels = project.read_json("02_intermediate/labels.json")
    assert (len(labels["names"]), labels["negative"]) == (42, "관계_없음")
    submission = pd.read_csv(project.data / "08_reporting" / "submission.csv")
    assert submission["id"].tolist() == [f"wikipedia-{n}" for n in range(1000, 1042)]
    assert submission["probs"].map(lambda probs: len(yaml.safe_load(probs))).eq(42).all()

    new = f"predict.input={tmp_path / 'test.tsv'},predict.output_format=jsonl"
    predicted = project.run("--pipelines", "predict_new", "--params", f"{files},{new}")
    assert predicted.code == 0, predicted.console
    folder = project.data / "08_reporting/typed_punct_query/predictions/test"
    lines = (folder / "predictions.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 42
    assert list(json.loads(lines[0])["probabilities"]) == names


@pytest.mark.slow
def test_the_shipped_environment_is_only_settings(project):
    """conf/own runs on the example as it stands: whoever copies it has a working start."""
    shutil.copytree(project.folder / "conf" / "own", project.folder / "conf" / "mine2")
    command = ("run", "--env", "mine2", "--pipelines", "ingest,clean")
    finished = project.kedro(*command, "--params", "mlflow.enabled=false")
    assert finished.code == 0, finished.console
    assert "5 labels found: 공급 45" in finished.console
