"""Runs of other engines: every format, texts that are mapped back, and what does not fit."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from klue_pipeline.odqa.engines.external import read_external_run
from klue_pipeline.odqa.engines.passage_texts import PassageTexts
from klue_pipeline.odqa.ingest.schema import Run

TEXTS = ["이순신은 조선의 무신이다.", "세종은\\n\\n왕이다.", "고려의 왕 고려", "고려의 왕"]
QUESTIONS = pd.DataFrame(
    {"question_id": ["q0", "q1", "q2"], "question": ["무신은 누구?", "왕은 누구?", "왕은  누구?"]}
)
PASSAGES = pd.DataFrame({"passage_id": ["p0", "p1", "p2", "p3"], "text": TEXTS})


def read(text=None, records=None, top_k=10, merged=None):
    raw = SimpleNamespace(name="run.csv", text=text, records=records)
    run, report = read_external_run(raw, QUESTIONS, PASSAGES, top_k, merged)
    return Run.validate(run).to_numpy().tolist(), report


IDS = [["q0", "p1", 1, 0.9], ["q0", "p0", 2, 0.5], ["q1", "p1", 1, 7.0]]
BY_RANK = [["q0", "p1", 1, 1.0], ["q0", "p0", 2, 0.5], ["q1", "p1", 1, 1.0]]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("question_id,passage_id,rank,score\nq0,p1,1,.9\nq0,p0,2,.5\nq1,p1,1,7\n", IDS),
        ("question_id\tpassage_id\tscore\nq0\tp0\t.5\nq0\tp1\t.9\nq1\tp1\t7\n", IDS),
        ("question_id,passage_id,rank\nq0,p0,2\nq0,p1,1\nq1,p1,1\n", BY_RANK),
        ("q0 Q0 p1 1 .9 es\nq0 Q0 p0 2 .5 es\n\nq1 Q0 p1 1 7 es\n", IDS),
    ],
    ids=["csv", "tsv without ranks, unsorted", "csv without scores", "trec"],
)
def test_runs_of_ids(text, wanted):
    run, report = read(text)
    assert sorted(run) == sorted(wanted)
    assert report["n_unknown_passages"] == report["n_unknown_questions"] == 0
    assert report["n_questions_without_passage"] == 1


JOINED = f"{TEXTS[1]} {TEXTS[0]}"


@pytest.mark.parametrize(
    "cell",
    [JOINED, JOINED.replace(". ", "."), [TEXTS[1], TEXTS[0]], json.dumps([TEXTS[1], TEXTS[0]]),
     repr([TEXTS[1].replace("\\n", "\n"), TEXTS[0]])],
    ids=["joined by blanks", "joined by nothing", "a list", "JSON", "a list that Python wrote"],
)  # fmt: skip
@pytest.mark.parametrize("column", ["context", "contexts"])
def test_runs_of_texts(cell, column):
    run, report = read(records=[{"id": "q0", "question": "무신은 누구?", column: cell}])
    assert run == [["q0", "p1", 1, 1.0], ["q0", "p0", 2, 0.5]]
    assert report["format"] == "texts"


def test_questions_without_id_are_known_by_their_text():
    run, _ = read('question,context\n"왕은 누구?","고려의 왕 세종은 왕이다."\n')
    assert [row[:2] for row in run] == [["q1", "p3"], ["q1", "p1"], ["q2", "p3"], ["q2", "p1"]]


def test_the_longest_passage_wins_where_one_begins_as_another():
    passages = PassageTexts(TEXTS)
    assert passages.find("고려의 왕 고려의 왕 고려") == ([2], True)  # 고려의왕고려 · 의왕고려
    assert passages.find("고려의 왕") == ([3], False)
    assert passages.find("") == ([], False)


def test_what_is_not_known_is_counted_and_shown(caplog):
    rows = ["q0,p0,1", "q0,p9,2", "q9,p8,1", "q0,p0,3"]
    run, report = read("question_id,passage_id,rank\n" + "\n".join(rows))
    assert run == [["q0", "p0", 1, 1.0]]
    assert report["n_rows"] == 4
    assert report["n_repeated"] == 1
    assert report["n_unknown_questions"] == report["n_unknown_passages"] == 1
    assert report["unknown"] == {"questions": ["q9"], "passages": ["p9"]}
    warnings = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert [text.partition(" ")[2] for text in warnings] == [
        "left out 1 rows of unknown questions (q9)",
        "left out 1 rows of unknown passages (p9)",
        "has no passage for 2 of 3 questions, which count as missed",
    ]


def test_passages_that_were_merged_are_those_they_equal():
    merged = pd.DataFrame({"passage_id": ["p9"], "kept_id": ["p2"]})
    run, _ = read("question_id,passage_id,rank\nq0,p9,1\n", merged=merged)
    assert run == [["q0", "p2", 1, 1.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,answer\nq0,p0\n", "is no run: found 'id, answer'. Wanted is a CSV with"),
        ("question_id,passage_id,rank\nq7,p0,1\n", "Nothing in run.csv fits .* are q7"),
        ("question_id,passage_id,score\nq0,p0,nan\n", "row 1: score is nan"),
        ("question_id,passage_id,score\nq0,p0,1\nq0,p1,high\n", "row 2: could not convert"),
        ("question_id,passage_id,tag\nq0,p0,x\n", "row 1: found neither a rank nor a score"),
        ("question_id,passage_id,rank\nq0,p0\n", "line 2: found 2 fields, wanted 3"),
        ("q0 Q0 p1 1 .9 es\nq0 Q0 p0\n", "line 2: found 3 fields, wanted 6"),
        ('question_id,passage_id,rank\nq0,"p0,1\n', "no CSV"),
    ],
)
def test_bad_files(text, message):
    with pytest.raises(ValueError, match=message):
        read(text)
