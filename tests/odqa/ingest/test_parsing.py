"""One question in every format gives one row; a format is known by its content."""

import json
from dataclasses import replace

import pytest

from klue_pipeline.odqa.ingest.parsing import RawQuestion, detect_format, read_questions
from klue_pipeline.odqa.ingest.parsing.raw_question import RawAnswer, read_answers
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams
from klue_pipeline.text.records.raw_file import FormatError, RawFile

CONTEXT = "한강은 서울을 지난다."
PAIRS = [{"text": "서울", "answer_start": 4}]
FLAT = {
    "id": "q1",
    "title": "한강",
    "context": CONTEXT,
    "question": "어디를 지나나?",
    "answers": {"text": ["서울"], "answer_start": [4]},
}
WANTED = RawQuestion(1, "q1", "어디를 지나나?", "한강", CONTEXT, (RawAnswer("서울", 4),))
TABLE = "id,title,context,question,answer,answer_start\n"
LINE = f"q1,한강,{CONTEXT},어디를 지나나?,서울,4\n"


NOTHING_ELSE = dict.fromkeys(("title", "context", "answers"))


def nested(**question):
    asked = {"question": "어디를 지나나?", "answers": PAIRS, **question}
    paragraph = {"context": CONTEXT, "qas": [asked]}
    return {"version": "1", "data": [{"title": "한강", "paragraphs": [paragraph]}]}


def params(**given):
    return OdqaIngestParams(**{"format": "auto", "max_rejected_share": 0, "seed": 1} | given)


def read(text, part="train", **given):
    raw = RawFile("f", text) if isinstance(text, str) else RawFile("f", records=text)
    return read_questions(raw, params(**given), part)


@pytest.mark.parametrize(
    ("content", "name", "changes"),
    [
        ([FLAT], "contest", {}),
        ([FLAT | {"document_id": 7, "__index_level_0__": 3}], "contest", {"document_id": "7"}),
        (json.dumps(FLAT), "json_lines", {}),
        (json.dumps([FLAT], indent=1), "json_lines", {}),
        (json.dumps(nested(id="q1")), "squad", {}),
        (json.dumps(nested(id="q1"), indent=2), "squad", {}),
        (json.dumps(nested(guid="q1", question_type=2)), "klue_mrc", {"kind": "multi_sentence"}),
        (TABLE + LINE, "table", {}),
        ((TABLE + LINE).replace(",", "\t"), "table", {}),
        (
            json.dumps(nested(guid="q1", is_impossible=True, question_type=3)),
            "klue_mrc",
            {"answers": (), "kind": "unanswerable"},
        ),
        (
            [FLAT | {"answers": {"text": [], "answer_start": []}}],
            "contest",
            {"answers": (), "kind": "unanswerable"},
        ),
        ([{"id": "q1", "question": "어디를 지나나?"}], "contest", NOTHING_ELSE),
    ],
)
def test_one_question_in_every_format(content, name, changes):
    raw = RawFile("f", content) if isinstance(content, str) else RawFile("f", records=content)
    assert detect_format(raw) == name
    (found,) = read(content)
    assert found == replace(WANTED, **changes)
    assert read(content, format=name) == [found]


def test_a_table_of_ones_own_names_its_columns():
    text = "물음;글;답\n어디를 지나나?;한강은 서울을 지난다.;서울\n"
    columns = {"question": "물음", "context": "글", "answer": "답"}
    for setting in ("auto", "table"):
        (row,) = read(text, part="validation", format=setting, columns=columns)
        assert (row.row_id, row.question, row.context) == (
            "validation_1", WANTED.question, CONTEXT,
        )  # fmt: skip
        assert row.answers == (RawAnswer("서울", None),)
    nested_columns = {"question": "q", "answer": "a.words", "answer_start": "a.at"}
    row_text = json.dumps({"q": "뭐?", "a": {"words": ["서울", "한강"], "at": [4, 0]}})
    (row,) = read(row_text, columns=nested_columns)
    assert row.answers == (RawAnswer("서울", 4), RawAnswer("한강", 0))


def test_text_has_a_question_a_line():
    raw = RawFile("questions.TXT", "\n어디를 지나나?\r\n  \n id, question \n")
    assert detect_format(raw) == "lines"
    found = read_questions(raw, params(), "test")
    assert [(row.row_id, row.question) for row in found] == [
        ("test_1", "어디를 지나나?"),
        ("test_2", "id, question"),
    ]


@pytest.mark.parametrize(
    ("content", "given", "message"),
    [
        ("어디를 지나나?\n", {}, "in no known format: its first line is '어디를"),
        ("", {}, "in no known format"),
        ('{"data": [{"paragraphs": [', {}, "not whole JSON: .* at line 1, column .*cut off"),
        ('{"data": {}}', {"format": "squad"}, "no list data"),
        ('[{"question": "뭐?"', {}, "not whole JSON"),
        ('{"q": "뭐?"}', {}, r"no column question; it has q\..*odqa\.ingest\.columns\.question"),
        (TABLE, {"format": "table"}, "has no questions"),
        (TABLE + LINE, {"columns": {"answer": "답"}}, r"no column 답; .*columns\.answer="),
        ("[]", {}, "has no questions"),
        ("[7]", {}, "no row that can be read: no JSON object: 7"),
        ('"id,question\n', {"format": "table"}, "a quote that is not closed"),
        (json.dumps({"data": [[[]] * 3]}).replace("[]", "[" * 10**5 + "]" * 10**5), {}, "deep"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content, given, message):
    with pytest.raises(ValueError, match=message) as error:
        read(content, **given)
    assert "\n" not in str(error.value)
    assert isinstance(error.value, FormatError) or "f" in str(error.value)


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ({"question": 7}, "question is 7, wanted text"),
        ({"context": ["가"]}, "context is ['가'], wanted text"),
        ({"id": {"a": 1}}, "id is {'a': 1}, wanted text"),
    ],
)
def test_a_row_that_cannot_be_read_costs_itself(broken, problem):
    found = read([FLAT, FLAT | broken, FLAT | {"id": "q3"}])
    assert [row.problem for row in found] == [None, problem, None]
    lines = json.dumps(FLAT) + '\n{"question": \n' + json.dumps(FLAT)
    assert "line 2 is no JSON" in read(lines)[1].problem
    odd = {"data": [{"title": "x"}, {"paragraphs": [{"context": "가"}, {"qas": [3]}]}]}
    found = read(json.dumps(odd | {"more": nested(id="q1")["data"]}), format="squad")
    assert [row.question for row in found] == [None] * 3


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"text": "서울", "answer_start": "4"}, (RawAnswer("서울", 4),)),
        ({"text": ["서울"], "answer_start": [4.0]}, (RawAnswer("서울", 4),)),
        ({"text": ["서울", "한강"]}, (RawAnswer("서울", None), RawAnswer("한강", None))),
        ({"text": ["서울"], "answer_start": [None]}, (RawAnswer("서울", None),)),
        ({"text": [], "answer_start": []}, ()),
        ([], ()),
        (float("nan"), None),
        ({"text": ["서울"], "answer_start": [1, 2]}, "answers: 1 texts and 2 places"),
        ({"text": ["서울"], "answer_start": ["넷"]}, "answer_start is '넷', wanted a whole number"),
        ({"text": ["서울"], "answer_start": [True]}, "answer_start is True, wanted a whole number"),
        ({"text": [3], "answer_start": [0]}, "answer is 3, wanted text"),
        ("서울", "answers is '서울', wanted texts and places"),
    ],
)
def test_answers_are_read_or_say_why_not(value, wanted):
    assert read_answers(value) == wanted
