"""Requests of Python callers, servers and files: the table they become, and what is refused."""

import numpy as np
import pytest

from klue_pipeline.odqa.inference.requests import as_records, read_requests, table_requests

QUESTION, CONTEXT = "토지를 쓴 사람은?", "《토지》는 박경리의 소설이다."
DECOMPOSED = "\u1109\u1165\u110b\u116e\u11af은?"


def ask(question=QUESTION, context=None):
    return table_requests(read_requests(as_records(question, context)))


def test_a_question_is_composed_and_a_context_stays_as_it_is():
    row = ask(DECOMPOSED, DECOMPOSED).iloc[0]
    assert (row["question_id"], row["question"], row["context"]) == ("0", "서울은?", DECOMPOSED)
    assert ask().iloc[0]["context"] is None


@pytest.mark.parametrize(
    ("context", "wanted"),
    [
        (None, [None, None]),
        (CONTEXT, [CONTEXT] * 2),
        ([CONTEXT, None], [CONTEXT, None]),
        (np.array([CONTEXT, "나"], object), [CONTEXT, "나"]),
    ],
)
def test_many_questions_have_no_context_one_for_all_or_one_each(context, wanted):
    for questions in ([QUESTION, "왜?"], (QUESTION, "왜?"), np.array([QUESTION, "왜?"])):
        table = ask(questions, context)
        assert table["question"].tolist() == [QUESTION, "왜?"]
        assert table["context"].tolist() == wanted
    assert ask([], None).empty


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"question": ""}, "no question, or only blanks"),
        ({"question": " \n"}, "no question, or only blanks"),
        ({"question": "\ud800?"}, "half a surrogate pair at character 0"),
        ({"question": "a\0b"}, "NUL at character 1"),
        ({"context": ""}, "the context is empty; leave it out"),
        ({"context": "가\0"}, "NUL at character 1"),
        ({"question": [3]}, "question is 3, wanted text"),
        ({"question": [None]}, "no question"),
        ({"question": [QUESTION], "context": [["가"]]}, r"context is \['가'\], wanted text"),
    ],
)
def test_a_bad_question_is_refused_with_what_was_found_and_wanted(given, problem):
    with pytest.raises(ValueError, match=problem) as refusal:
        ask(**given)
    assert str(refusal.value).startswith("The question cannot be answered: ")
    assert "Wanted: a question as text" in str(refusal.value)


def test_of_many_questions_the_bad_one_is_named():
    with pytest.raises(ValueError, match=r"^Question 1, counted from 0, cannot be answered: no "):
        ask([QUESTION, " ", QUESTION])


@pytest.mark.parametrize(
    ("given", "error", "problem"),
    [
        ({"question": 3}, TypeError, "question is 3; wanted text or a list of texts"),
        ({"question": None}, TypeError, "question is None"),
        ({"question": b"a"}, TypeError, "question is b'a'"),
        ({"question": {"question": QUESTION}}, TypeError, "wanted text or a list of texts"),
        ({"context": [CONTEXT]}, TypeError, "wanted text for one question"),
        ({"question": [QUESTION], "context": 3}, TypeError, "context is 3; wanted text, or a list"),
        (
            {"question": [QUESTION] * 2, "context": [CONTEXT]},
            ValueError,
            "2 questions and 1 contexts; give one for each",
        ),
    ],
)
def test_what_is_neither_text_nor_a_list_of_as_many(given, error, problem):
    with pytest.raises(error, match=problem):
        ask(**given)


def test_rows_of_a_table_have_gaps():
    [row] = read_requests([{"question": QUESTION, "context": float("nan")}])
    assert row.context is None
