"""The ten minutes of docs/open_domain_qa.md are typed as they stand: texts, questions, answers."""

import json
import re
from ast import literal_eval
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import OmegaConf
from projects import Project
from typed_pages import find_blocks, type_page

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "open_domain_qa.md").read_text(encoding="utf-8")
(TEN_MINUTES,) = re.findall(r"^## [^\n]*ten minutes\n(.*?)^## ", PAGE, re.M | re.S)
RESULTS = "data/mine/08_reporting/odqa/reader"
QUESTIONS_TO_LEARN_FROM = 200


def quicken(folder: Path) -> None:
    """Make conf/base as small as conf/test: how good the answers are is not looked at."""
    for name in ("parameters_odqa.yml", "parameters_odqa_experiments.yml"):
        path = folder / "conf" / "base" / name
        small = OmegaConf.load(folder / "conf" / "test" / name)
        OmegaConf.save(OmegaConf.merge(OmegaConf.load(path), small), path)
    path = folder / "conf" / "base" / "parameters_odqa.yml"
    settings = OmegaConf.load(path)
    settings.odqa.ingest.max_questions = QUESTIONS_TO_LEARN_FROM
    OmegaConf.save(settings, path)


@pytest.fixture(scope="module")
def typed(command_server, tmp_path_factory):
    """The folder of a project after every command of the section, and what each printed."""
    project = Project.create(tmp_path_factory.mktemp("page") / "project")
    quicken(project.folder)
    return project.folder, type_page(project, TEN_MINUTES)


@pytest.fixture(scope="module")
def files():
    """The files that the section names, by name."""
    return {block["file"]: block["body"] for block in find_blocks(TEN_MINUTES) if block["file"]}


def test_each_question_of_the_list_has_an_answer_in_one_of_the_texts(typed, files):
    folder, printed = typed
    questions = files["my/questions.txt"].splitlines()
    predictions = json.loads((folder / RESULTS / "predictions.json").read_text("utf-8"))
    assert list(predictions) == [f"test_{place}" for place in range(1, len(questions) + 1)]
    answers = pd.read_csv(folder / RESULTS / "answers.csv").set_index("question_id")
    texts = {Path(name).name: body for name, body in files.items() if "documents" in name}
    in_texts = answers.loc[list(predictions)]
    in_texts = in_texts[in_texts["passage_id"].isin(texts)]
    assert len(in_texts)
    for row in in_texts.itertuples():
        assert texts[row.passage_id][row.start_char : row.end_char] == predictions[row.Index] != ""
    assert "exact match end to end" in printed["kedro run --env mine --pipelines odqa"]


def test_more_questions_are_answered_from_a_file(typed, files):
    folder, _ = typed
    (asked,) = (body for name, body in files.items() if name.startswith("my/more"))
    questions = [json.loads(line) for line in asked.splitlines()]
    table = folder / RESULTS / "answers_new/more/answers.csv"
    answers = pd.read_csv(table, encoding="utf-8-sig", keep_default_na=False)
    assert answers["question_id"].tolist() == [each["id"] for each in questions]
    for row, question in zip(answers.itertuples(), questions, strict=True):
        assert bool(row.title) == ("context" not in question)
        assert row.answer in question.get("context", row.answer)


def test_python_and_a_server_say_where_the_answer_stands(typed):
    _, printed = typed
    first, second, third = printed["python"].splitlines()
    assert first.startswith(f"{second} ")
    assert len(literal_eval(third)) == 2
    (answer,) = [text for line, text in printed.items() if line.startswith("curl")]
    (prediction,) = json.loads(answer)["predictions"]
    assert prediction["answer"] == second
    assert prediction["passage"][prediction["start_char"] : prediction["end_char"]] == second


def test_files_that_the_section_names_are_there(typed):
    named = re.findall(r"`((?:data/mine|conf/mine)/[\w./]+)`", TEN_MINUTES)
    assert f"{RESULTS}/predictions.json" in named
    assert [name for name in named if not (typed[0] / name).exists()] == []


def test_every_block_of_the_section_is_run_or_written(files):
    kinds = {(block["kind"], bool(block["file"])) for block in find_blocks(TEN_MINUTES)}
    assert kinds == {
        ("bash", False), ("python", False), ("yaml", True), ("text", True), ("json", True),
    }  # fmt: skip
