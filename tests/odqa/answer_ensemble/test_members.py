"""Who may vote, who may only vote on the test questions, and what is said of the others."""

from dataclasses import replace

import pandas as pd
import pytest
from retrieval_world import EXAMPLES, make_truth

from klue_pipeline.odqa.answer_ensemble.members import (
    A_FILE,
    NOT_ASKED,
    Answered,
    Asked,
    select_members,
)
from klue_pipeline.odqa.ingest.question_fingerprint import QuestionFingerprint

ASKED = Asked.of(EXAMPLES, make_truth())
FINGERPRINT = QuestionFingerprint.of(EXAMPLES)
PARTS = EXAMPLES.set_index("question_id")["part"]


def answer(*question_ids, unjudged=""):
    ids = list(question_ids)
    parts = [PARTS.get(name, "test") for name in ids]
    answers = pd.DataFrame({"question_id": ids, "part": parts}, dtype="str")
    return Answered(pd.DataFrame(), answers, FINGERPRINT, unjudged)


WHOLE = answer("q0", "q1", "q2", "q6")
TRAINED_ON_ALL = answer("q6")
FILE = answer("q6", unjudged=A_FILE)


def test_the_questions_are_those_of_the_test_and_the_validation_questions_with_answers():
    assert (ASKED.test, ASKED.judged) == (("q6",), ("q0", "q1", "q2"))


def test_everybody_votes_who_answered_the_same_questions_and_the_others_are_named():
    found = {
        "whole": WHOLE,
        "again": WHOLE,
        "all": TRAINED_ON_ALL,
        "file.json": FILE,
        "half": answer("q0", "q1", "q6"),
        "others": answer("q0", "q1", "q2", "q7", "q8"),
    }
    selection = select_members(found, {"broken": "it is damaged"}, None, ASKED)
    assert list(selection.voters) == list(selection.judged) == ["again", "whole"]
    assert selection.unjudged == {}
    assert sorted(selection.skipped) == ["all", "broken", "file.json", "half", "others"]
    assert selection.skipped["half"].startswith("it answered 2 of the 3 judged questions")
    assert "0 of the 1 test questions of this run and 2 others" in selection.skipped["others"]
    assert selection.skipped["all"].startswith(NOT_ASKED)
    assert "name it in odqa.ensemble.members" in selection.skipped["file.json"]


@pytest.mark.parametrize(
    ("place", "reason"),
    [(0, "it was asked other validation questions"), (6, "it was asked other test questions"),
     (3, "")],
)  # fmt: skip
def test_who_answered_other_words_under_the_same_ids_does_not_vote(place, reason):
    words = EXAMPLES["question"].where(EXAMPLES.index != place, "누가 썼나?")
    earlier = QuestionFingerprint.of(EXAMPLES.assign(question=words))
    found = {"whole": WHOLE, "earlier": replace(WHOLE, fingerprint=earlier),
             "unknown": replace(WHOLE, fingerprint=None)}  # fmt: skip
    selection = select_members(found, {}, None, ASKED)
    assert selection.skipped.get("earlier", "").startswith(reason)
    assert ("earlier" in selection.voters) == (not reason)
    assert {"whole", "unknown"} <= selection.voters.keys()


def test_who_is_named_votes_in_that_order_be_it_on_the_test_questions_alone():
    found = {"whole": WHOLE, "again": WHOLE, "all": TRAINED_ON_ALL, "file.json": FILE}
    selection = select_members(found, {}, ["all", "whole", "file.json"], ASKED)
    assert list(selection.voters) == ["all", "whole", "file.json"]
    assert selection.unjudged == {"all": NOT_ASKED, "file.json": A_FILE}
    assert list(selection.judged) == ["whole"]
    assert selection.skipped == {}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (["whole", "typo"], "typo: it has no answers on disk.*On disk: broken, half, whole"),
        (["half"], "half: it answered 2 of the 3 judged questions"),
        (["broken"], "broken: it is damaged"),
    ],
)
def test_a_named_one_that_does_not_fit_is_refused(members, words):
    found = {"whole": WHOLE, "half": answer("q0", "q1", "q6")}
    with pytest.raises(ValueError, match=words):
        select_members(found, {"broken": "it is damaged"}, members, ASKED)


def test_an_ensemble_of_nobody_is_refused():
    with pytest.raises(ValueError, match=r"Nothing on disk.*all: it has no answers to the judged"):
        select_members({"all": TRAINED_ON_ALL}, {}, None, ASKED)
    with pytest.raises(ValueError, match="No experiment has answers"):
        select_members({}, {}, None, ASKED)


def test_without_validation_questions_nobody_is_left_out_for_not_having_answered_them():
    asked = Asked.of(EXAMPLES[EXAMPLES["part"] == "test"], make_truth(examples=EXAMPLES[3:]))
    of_now = replace(TRAINED_ON_ALL, fingerprint=asked.fingerprint)
    selection = select_members({"all": of_now}, {}, None, asked)
    assert (asked.judged, selection.unjudged) == ((), {})
