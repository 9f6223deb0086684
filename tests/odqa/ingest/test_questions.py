"""From raw questions to the table: what is kept, set aside and refused."""

import json
import logging

import pytest

from klue_pipeline.odqa.ingest.questions import parse_questions
from klue_pipeline.odqa.ingest.raw_questions import RawQuestions
from klue_pipeline.odqa.ingest.schema import Questions
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams
from klue_pipeline.text.records.raw_file import RawFile
from klue_pipeline.text.records.schema import RejectedRows

CONTEXT = "한강은 서울을 지난다."
FAR = {"text": ["서울"], "answer_start": [900]}
TEST = [{"id": "t1", "question": "산은?"}]


def row(row_id="q1", **changes):
    answers = {"text": ["서울"], "answer_start": [4]}
    usual = {"id": row_id, "question": "어디?", "context": CONTEXT, "answers": answers}
    return usual | changes


def source(name, *rows, **parts):
    files = {part: RawFile(f"{name}/{part}", records=found) for part, found in parts.items()}
    text = "\n".join(json.dumps(each) for each in rows)
    return RawQuestions(name, files or {"": RawFile(name, text)})


def parse(*train, validation=None, test=TEST, **given):
    params = {"format": "auto", "max_rejected_share": 1, "seed": 1} | given
    questions, rejected = parse_questions(
        source("train.jsonl", *train),
        None if validation is None else source("validation.jsonl", *validation),
        source("test.jsonl", *test),
        OdqaIngestParams(**params),
    )
    Questions.validate(questions)
    RejectedRows.validate(rejected)
    n_labelled = int((questions["part"] != "test").sum())
    assert n_labelled + len(rejected) == len(train) + len(validation or ())
    return questions, rejected


def test_parts_stand_one_after_the_other_with_their_answers():
    impossible = row("q2", is_impossible=True)
    questions, rejected = parse(row(), impossible, validation=[row("v1", title="한강")])
    assert questions["question_id"].tolist() == ["q1", "q2", "v1", "t1"]
    assert questions["part"].tolist() == ["train", "train", "validation", "test"]
    assert questions["answers"].tolist() == [["서울"], [], ["서울"], []]
    assert questions["answer_starts"].tolist() == [[4], [], [4], []]
    assert questions["kind"].dropna().to_dict() == {1: "unanswerable"}
    assert questions["title"].dropna().to_dict() == {2: "한강"}
    assert rejected.empty


@pytest.mark.parametrize(
    ("broken", "reason", "detail"),
    [
        ({"question": "  "}, "empty question", "only blanks"),
        ({"question": None}, "empty question", "no question"),
        ({"id": None}, "missing value", "no id"),
        ({"answers": None}, "missing value", "no answers"),
        ({"context": " "}, "missing value", "answers without a context"),
        ({"context": "한강\0 서울"}, "broken character", "NUL at character 2"),
        ({"question": "\ud83d"}, "broken character", "half a surrogate pair"),
        ({"answers": {"text": ["부산"], "answer_start": [4]}}, "answer not in", "stands nowhere"),
        ({"context": CONTEXT * 2, "answers": FAR}, "answer not in its context", "more than once"),
        ({"answers": {"text": ["서울"], "answer_start": [4, 5]}}, "missing value", "1 texts and 2"),
        ({"id": "good"}, "duplicate id", "row 1 has the same id"),
        ({"id": "v1"}, "duplicate id", "validation question 1 has the same id"),
        ({"id": "t1"}, "duplicate id", "test question 1 has the same id"),
    ],
)
def test_a_labelled_question_that_cannot_be_used_is_set_aside(broken, reason, detail):
    questions, rejected = parse(row("good"), row() | broken, validation=[row("v1")])
    assert questions["question_id"].tolist() == ["good", "v1", "t1"]
    assert rejected[["file", "row_number"]].to_numpy().tolist() == [["train.jsonl", 2]]
    assert reason in rejected["reason"].iloc[0]
    assert detail in rejected["detail"].iloc[0]


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ([*TEST, {"id": "t2", "question": ""}], r"1 of 2 test .*\nrow 2 \(id t2\): no question"),
        ([*TEST, *TEST], r"row 2 has the id of row 1, t1"),
        ([{"question": "산은?"}], r"row 1 \(id None\): no id"),
    ],
)
def test_a_test_question_that_cannot_be_asked_stops_the_run(test, message):
    with pytest.raises(ValueError, match=message):
        parse(row(), test=test)


def test_answers_of_test_questions_are_kept_where_they_stand_and_never_cost_the_question():
    wrong = row("t2", answers={"text": ["부산"], "answer_start": [0]})
    questions, _ = parse(row(), test=[row("t1"), wrong, row("t3", context=None)])
    assert questions["answers"].tolist() == [["서울"], ["서울"], [], []]


def test_one_answer_of_several_is_enough_and_the_others_are_told(caplog):
    answers = {"text": ["부산", "서울"], "answer_start": [0, 0]}
    with caplog.at_level(logging.WARNING):
        questions, _ = parse(row(answers=answers))
    assert questions["answers"].tolist() == [["서울"], []]
    assert "1 train questions have answers that are not in their context" in caplog.text


def test_a_folder_of_parts_brings_its_own_validation_questions():
    train = source("folder", train=[row()], validation=[row("v1"), row("v1")])
    test = source("test_dataset", validation=TEST)
    params = OdqaIngestParams(format="contest", max_rejected_share=0.5, seed=1)
    questions, rejected = parse_questions(train, None, test, params)
    assert questions["question_id"].tolist() == ["q1", "v1", "t1"]
    assert rejected["file"].tolist() == ["folder/validation"]
    given = source("more.jsonl", row("m1"))
    questions, _ = parse_questions(train, given, test, params)
    assert questions["question_id"].tolist() == ["q1", "m1", "t1"]


def test_too_many_bad_questions_or_none_good_stop_the_run():
    with pytest.raises(ValueError, match=r"1 of 2 rows \(50\.0%\).*odqa\.ingest\.max_rejected"):
        parse(row(), row(), max_rejected_share=0.4)
    with pytest.raises(ValueError, match=r"none of its 1 rows can be used.*\n- missing value"):
        parse({"id": "a", "question": "산은?"})


def test_a_part_is_drawn_from_the_labelled_questions_alone(caplog):
    rows = [row(f"q{number}") for number in range(20)]
    params = {"format": "auto", "max_rejected_share": 0, "max_questions": 5}
    drawn = [
        parse_questions(
            source("a", *rows), source("b", row("v")), source("c", *TEST),
            OdqaIngestParams(**params, seed=seed),
        )[0]["question_id"].tolist()
        for seed in (1, 1, 2)
    ]  # fmt: skip
    assert drawn[0] == drawn[1] != drawn[2]
    assert [len(each) for each in drawn] == [6, 6, 6]
    order = [each["id"] for each in rows] + ["v", "t1"]
    assert drawn[0] == sorted(drawn[0], key=order.index)
    assert drawn[0][-1] == "t1"
