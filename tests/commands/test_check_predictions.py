"""``kedro check-submission`` of files of answers."""

import hashlib
import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from retrieval_world import EXAMPLES

from klue_pipeline.cli import cli
from klue_pipeline.commands import check_predictions
from klue_pipeline.odqa.answer_ensemble.prediction_files import find_prediction_problems

GOOD = '{"q6": "남해", "q7": "서해"}'


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (GOOD.encode(), []),
        (GOOD.encode()[:-4], ["It is no JSON in UTF-8"]),
        ('{"q6": "남해"}'.encode("cp949"), ["It is no JSON in UTF-8"]),
        (b"[" * 100_000, ["It is no JSON in UTF-8"]),
        (b'["q6"]', ["An object with an answer for each question id was wanted"]),
        (b'{"q6": "a"}', ["question 'q7' is not answered"]),
        (b'{"q6": "a", "q7": " "}', []),
        (b'{"q6": "a", "q7": [{"text": "b"}]}', ["question 'q7' has another answer than a text"]),
        (b'{"q6": "a", "q7": "b", "q8": "c"}', ["question 'q8' is no test question"]),
        (b'{"q6": "a", "q7": "b", "q6": "c"}', ["question 'q6' is answered more than once"]),
    ],
)
def test_every_problem_is_named(content, problems):
    _, found = find_prediction_problems(content, ["q6", "q7"])
    assert len(found) == len(problems)
    assert all(one.startswith(own) for one, own in zip(found, problems, strict=True))


@pytest.mark.parametrize("is_known", [True, False])
def test_the_command_takes_them_beside_tables(tmp_path, monkeypatch, is_known):
    catalog = SimpleNamespace(
        exists=lambda _: is_known, load=lambda _: EXAMPLES, get=lambda _: None
    )
    context = SimpleNamespace(catalog=catalog)
    monkeypatch.setattr(check_predictions, "open_context", lambda *_: context)
    good, bad = tmp_path / "predictions.json", tmp_path / "bad.json"
    good.write_text(json.dumps({"q6": "남해"}), encoding="utf-8")
    bad.write_text(json.dumps({"q6": ["남해"]}), encoding="utf-8")
    result = CliRunner().invoke(cli, ["check-submission", str(good)])
    assert result.exit_code == 0
    assert hashlib.sha256(good.read_bytes()).hexdigest() in result.output
    assert ("Only the form was checked" in result.output) != is_known
    result = CliRunner().invoke(cli, ["check-submission", str(good), str(bad)])
    assert result.exit_code == 1
    assert "question 'q6' has another answer than a text" in result.output


@pytest.mark.parametrize(("answer", "is_told"), [("", True), (" ", True), ("남해", False)])
def test_empty_answers_are_counted_and_no_problem(tmp_path, monkeypatch, answer, is_told):
    catalog = SimpleNamespace(exists=lambda _: True, load=lambda _: EXAMPLES, get=lambda _: None)
    context = SimpleNamespace(catalog=catalog)
    monkeypatch.setattr(check_predictions, "open_context", lambda *_: context)
    file = tmp_path / "predictions.json"
    file.write_text(json.dumps({"q6": answer}), encoding="utf-8")
    result = CliRunner().invoke(cli, ["check-submission", str(file)])
    assert result.exit_code == 0
    assert "no problems" in result.output
    assert ("empty   1, where nothing was retrieved" in result.output) == is_told
