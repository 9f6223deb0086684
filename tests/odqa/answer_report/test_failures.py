"""Every question has one kind of failure, and ranks say where its gold passage was."""

import pytest
from answer_world import ANSWERS, GOLD, RUN, TOP_K, make_questions

from klue_pipeline.odqa.answer_report.failures import FAILURE_KINDS, count_kinds, name_failures


def failures(answers=ANSWERS, run=RUN, top_k=TOP_K, **changed):
    questions = make_questions(**changed)
    own = answers.set_index("question_id").loc[questions.table["question_id"]].reset_index()
    given = own.assign(text=own["text"].where(own["is_given"], ""))
    scores = questions.score(questions.find_texts(given))
    return name_failures(questions, scores, own, run, top_k).set_index(
        questions.table["question_id"]
    )


def test_every_kind_is_told_and_counted():
    found = failures()
    # Each question is called like what becomes of it.
    assert found["kind"].tolist() == found.index.tolist()
    assert found["gold_rank"].to_dict() == {
        "right": 1, "only_normalisation": 2, "boundary": 1, "wrong_span": 1, "another_passage": 1,
        "not_retrieved": 3, "no_answer": 0,
    }  # fmt: skip
    assert found.loc["wrong_span", ["answer_rank", "is_gold_passage"]].tolist() == [1, True]
    assert count_kinds(found) == dict.fromkeys(FAILURE_KINDS, 1)
    assert list(count_kinds(found[:0])) == list(FAILURE_KINDS)


@pytest.mark.parametrize(
    ("changed", "question", "kind"),
    [
        # An answer that the pipeline keeps back is none, right or wrong.
        ({"answers": ANSWERS.assign(is_given=False)}, "right", "no_answer"),
        # Its gold passage among those read.
        ({"top_k": 3}, "not_retrieved", "another_passage"),
        # No gold passage known, and the answer's string is in what was read: it stands for it.
        ({"gold": GOLD[GOLD["question_id"] != "wrong_span"]}, "wrong_span", "wrong_span"),
        ({"gold": GOLD[GOLD["question_id"] != "another_passage"]}, "another_passage",
         "another_passage"),
        # The gold passage alone was missed, but another one holds the answer.
        ({"gold": GOLD.replace({"passage_id": {"p3": "p4"}})}, "another_passage",
         "another_passage"),
    ],
)  # fmt: skip
def test_kinds_at_the_borders(changed, question, kind):
    assert failures(**changed).loc[question, "kind"] == kind
