"""Answers stand in the passages that they are linked to, at their places."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.odqa.ingest.schema import GoldPassages
from klue_pipeline.odqa.passages import gold as module
from klue_pipeline.odqa.passages.gold import link_gold
from klue_pipeline.text.blanks import without_blanks

CONTEXT = (
    "한강은 서울을 지나 서해로 흘러가는 큰 강이다. 길이는 494킬로미터이고 유역은 매우 넓은 편이다."
)
WORDS = ["서울", "한강은", "漢字", "😀", "\"'", "\\n", " ", "\n", "494", "가나다라마바사"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=5, max_size=40).map("".join)


def ask(*answers, context=CONTEXT, question_id="q"):
    starts = [context.index(answer) for answer in answers]
    return {
        "question_id": question_id, "context": context, "answers": list(answers),
        "answer_starts": starts,
    }  # fmt: skip


def link(questions, *texts):
    passages = pd.DataFrame({"passage_id": [f"p{n}" for n in range(len(texts))], "text": texts})
    gold, report = link_gold(pd.DataFrame(questions), passages)
    GoldPassages.validate(gold)
    n_linked = report["linked_by_text"] + report["linked_by_containment"]
    assert report["with_answers"] == n_linked + report["unlinked"]
    return gold[["question_id", "passage_id", "shift", "how"]].to_numpy().tolist(), report


def test_a_context_is_found_by_its_text_whatever_its_blanks():
    found, _ = link([ask("494킬로미터")], "다른 글이다.", CONTEXT)
    assert found == [["q", "p1", 0, "text"]]
    other = CONTEXT.replace(" 길이는", "\\n\\n길이는")
    found, _ = link([ask("494킬로미터")], " " + other)
    assert found == [["q", "p0", -4, "text"]]


def test_parts_of_a_context_and_texts_that_hold_more_are_found_by_what_surrounds_the_answer():
    begin = CONTEXT.index("길이는")
    texts = [CONTEXT[:begin], CONTEXT[begin:], CONTEXT[begin - 20 :], "머리말이 있다. " + CONTEXT]
    found, report = link(
        [ask("494킬로미터", question_id="q1"), ask("서해", question_id="q2")], *texts
    )
    assert found == [
        ["q1", "p1", begin, "containment"],
        ["q1", "p2", begin - 20, "containment"],
        ["q1", "p3", -9, "containment"],
        ["q2", "p0", 0, "containment"],
        ["q2", "p2", begin - 20, "containment"],
        ["q2", "p3", -9, "containment"],
    ]
    assert (report["linked_by_containment"], report["gold_passages"]) == (2, 4)


def test_an_answer_that_stands_elsewhere_or_in_other_surroundings_is_no_link(caplog):
    changed = CONTEXT.replace("이고 유역은", "이며 넓이는")
    asked = [ask("494킬로미터"), ask(question_id="none")]
    found, report = link(asked, "길이는 494킬로미터", changed)
    assert found == []
    assert (report["with_answers"], report["unlinked_questions"]) == (1, ["q"])
    assert "odqa.passages.add_contexts=true" in caplog.text
    assert link([ask("한강", context="한강.")], "한강은 강이다.")[0] == []


def test_the_first_answer_that_can_be_placed_gives_the_shift():
    asked = [ask("지나 서해로", "494킬로미터")]
    found, _ = link(asked, CONTEXT.replace("지나 서해로", "지나\\n서해로"))
    assert found == [["q", "p0", -1, "text"]]


@settings(max_examples=50, deadline=None)
@given(
    before=TEXTS, answer=st.sampled_from(["서울", "漢字", "494", "😀"]), after=TEXTS, data=st.data()
)
def test_a_piece_with_the_answer_is_linked_at_its_place(before, answer, after, data):
    context = before + answer + after
    begin = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(len(before) + len(answer), len(context)))
    piece = context[begin:end]
    question = ask(answer, context=context) | {"answer_starts": [len(before)]}
    found, _ = link([question], "앞에 있는 다른 글", piece)
    for _, passage, shift, _ in found:
        assert passage == "p1"
        assert piece.startswith(answer, len(before) - shift)
    is_long = len(without_blanks(piece)) >= module.WIDTH
    # A break that the cut went through leaves a backslash or an n, which is a letter.
    is_cut_in_a_break = "\\n" in context[begin - 1 : begin + 1] + context[end - 1 : end + 1]
    assert found or not is_long or is_cut_in_a_break
