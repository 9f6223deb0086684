"""A file of questions answered in chunks: nothing is lost, and what is wrong is told."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from klue_pipeline.datasets.tables.predictions import NewAnswersDataset
from klue_pipeline.odqa.inference.batch_answers import BatchAnswers
from klue_pipeline.odqa.settings.export_params import AnswerNewParams
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams
from klue_pipeline.text.records.raw_file import RawFile

ASKED = "이순신이 이끈 것은 무엇입니까?"
CONTEXT = "조선의 수군은 이순신이 이끌었다."
ROWS = [
    {"id": "a", "question": ASKED},
    {"id": "b", "question": " "},
    {"question": ASKED, "context": CONTEXT},
    {"id": "a", "question": "서울이 이끈 것은?"},
]
COLUMNS = ["row_number", "question_id", "question", "answer", "best_guess", "probability",
           "confidence", "title", "passage_id", "start_char", "end_char"]  # fmt: skip


def job(answerer, content, name="new.jsonl", **params):
    usual = {"contexts": "read", "output_format": "csv", "with_text": True, "chunk_rows": 2}
    ingest = OdqaIngestParams(format="auto", max_rejected_share=0, seed=1)
    return BatchAnswers(RawFile(name, content), ingest, answerer,
                        AnswerNewParams(**{**usual, **params}))  # fmt: skip


def lines(*rows):
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def told_of(chunks):
    return pd.concat([chunk.predictions for chunk in chunks], ignore_index=True)


def test_questions_are_answered_in_chunks_and_bad_ones_told(answerer, caplog):
    caplog.set_level("INFO")
    made = job(answerer, lines(*ROWS))
    chunks = list(made)
    told = told_of(chunks)
    assert list(told) == COLUMNS
    assert [len(chunk.predictions) for chunk in chunks] == [1, 2]
    assert told["row_number"].tolist() == [1, 3, 4]
    assert told["question_id"].tolist() == ["a", "question_3", "a"]
    wanted = answerer([ASKED, ASKED, ROWS[3]["question"]], context=[None, CONTEXT, None])
    for name in ("answer", "best_guess", "title", "passage_id", "start_char", "end_char"):
        assert told[name].tolist() == [getattr(each, name) for each in wanted]
    assert told["probability"].tolist() == pytest.approx([each.probability for each in wanted])
    assert told["confidence"].isna().tolist() == [False, True, False]
    (rejected,) = [chunk.rejected for chunk in chunks if len(chunk.rejected)]
    [row] = rejected.to_dict("records")
    assert (row["row_number"], row["row_id"], row["reason"]) == (2, "b", "empty question")
    assert "3 questions read: 3 answered" in caplog.text
    assert "1 question could not be answered (empty question 1, such as row 2" in caplog.text


def test_questions_that_are_left_without_an_answer_are_counted(answerer, monkeypatch, caplog):
    caplog.set_level("INFO")
    answer_table = type(answerer).answer_table

    def abstain(self, questions, **more):
        first, *others = answer_table(self, questions, **more)
        return [replace(first, answer=None), *others]

    monkeypatch.setattr(type(answerer), "answer_table", abstain)
    list(job(answerer, lines(*ROWS), chunk_rows=10))
    assert "3 questions read: 2 answered, 1 left without an answer" in caplog.text


def test_contexts_are_left_out_on_demand(answerer):
    told = told_of(job(answerer, lines(ROWS[2]), contexts="ignore", with_text=False))
    assert "question" not in told
    assert told["passage_id"].tolist() == [answerer(ASKED).passage_id]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("new.txt", f"{ASKED}\n\n왜?\n"),
        ("new.csv", f"id,question\n1,{ASKED}\n2,왜?\n"),
        ("new.tsv", f"question\tnote\n{ASKED}\tx\n왜?\ty\n"),
    ],
)
def test_files_of_every_kind(answerer, name, content):
    told = told_of(job(answerer, content, name))
    assert told["question"].tolist() == [ASKED, "왜?"]
    assert told["answer"].tolist()[0] == answerer(ASKED).answer


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lines(ROWS[1]), "None of 1 question of new.jsonl, read as json_lines, can be answered: "),
        ("id,text\n1,왜?\n", "in no known format"),
        (lines({"q": "왜?"}), r"no column question; it has q\."),
    ],
)
def test_a_file_without_a_usable_question_is_an_error(answerer, content, message):
    with pytest.raises(ValueError, match=message):
        list(job(answerer, content))


def test_a_question_that_the_model_fails_on_costs_only_itself(answerer, monkeypatch):
    answer_table = type(answerer).answer_table

    def fail(self, questions, **more):
        if questions["question"].eq("왜?").any():
            raise RuntimeError("no memory left")
        return answer_table(self, questions, **more)

    monkeypatch.setattr(type(answerer), "answer_table", fail)
    rows = [ROWS[0], {"question": "왜?"}, ROWS[3]]
    made = job(answerer, lines(*rows), chunk_rows=10)
    (chunk,) = made
    assert chunk.predictions["row_number"].tolist() == [1, 3]
    [row] = chunk.rejected.to_dict("records")
    assert (row["reason"], row["detail"]) == ("not answered", "RuntimeError: no memory left")
    assert not made.broken_off


@pytest.mark.parametrize("output_format", ["csv", "jsonl", "parquet"])
def test_what_is_written_comes_back(answerer, tmp_path, output_format):
    dataset = NewAnswersDataset(filepath=str(tmp_path), source="my/new.jsonl")
    dataset.save(job(answerer, lines(*ROWS), output_format=output_format))
    assert dataset.result_path == tmp_path / "new" / f"answers.{output_format}"
    loaded = dataset.load()
    assert list(loaded) == COLUMNS
    assert loaded["confidence"].isna().tolist() == [False, True, False]
    assert loaded["answer"].tolist() == told_of(job(answerer, lines(*ROWS)))["answer"].tolist()
    assert "empty question" in (tmp_path / "new/rejected_rows.csv").read_text("utf-8-sig")


def test_json_lines_have_null_for_what_is_missing(answerer, tmp_path):
    dataset = NewAnswersDataset(filepath=str(tmp_path), source="new.jsonl")
    dataset.save(job(answerer, lines(ROWS[2]), output_format="jsonl"))
    [line] = (tmp_path / "new/answers.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["confidence"] is None
    assert "probabilities" not in json.loads(line)


def test_no_answers_say_how_to_make_them(tmp_path):
    dataset = NewAnswersDataset(filepath=str(tmp_path), source="new.jsonl")
    with pytest.raises(Exception, match=r"--pipelines odqa_answer_new --params odqa\.questions="):
        dataset.load()
