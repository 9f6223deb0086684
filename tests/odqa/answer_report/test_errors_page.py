"""The page of every question: what its columns hold, and what a browser makes of them."""

import json

import pytest
from answer_world import ANSWERS, EXAMPLES, GOLD, N_BEST, TOP_K, make_answered, make_failures
from browser_pages import take_steps
from retrieval_world import ATTACK

from klue_pipeline.odqa.answer_report.errors_page import (
    render_answer_errors,
    render_no_errors,
    write_columns,
)
from klue_pipeline.odqa.answer_report.excerpts import BOTH, GIVEN
from klue_pipeline.odqa.answer_report.excerpts import GOLD as WANTED


def columns(**changed):
    answered = make_answered(**changed)
    return write_columns(answered, make_failures(answered))


def row_of(data, question_id):
    place = data["rows"]["question_id"].index(question_id)
    return {name: values[place] for name, values in data["rows"].items()}


def marked(excerpt, *marks):
    return "".join(piece.text for piece in excerpt[1] if piece.mark in marks)


def test_every_question_is_there_once_the_surest_first():
    data = columns()
    json.dumps(data, allow_nan=False)
    rows = data["rows"]
    assert {len(values) for values in rows.values()} == {7}
    assert rows["confidence"] == sorted(rows["confidence"], reverse=True)
    named = [data["kinds"][kind] for kind in rows["kind"]]
    assert named == rows["question_id"]
    assert sorted(rows["place"]) == list(range(7))
    assert data["top_k"] == TOP_K


def test_gold_and_answer_are_marked_where_they_stand():
    data = columns()
    passages = data["passages"]["id"]
    boundary = row_of(data, "boundary")
    assert passages[boundary["given"][0]] == "p2"
    assert marked(boundary["given"], BOTH) == "494km"
    assert marked(boundary["given"], GIVEN) == "길이는 "
    assert boundary["gold"] is None
    span = row_of(data, "wrong_span")
    assert (marked(span["given"], GIVEN), marked(span["given"], WANTED)) == ("서울", "서해")
    other = row_of(data, "another_passage")
    assert marked(other["given"], GIVEN) == "낙동강"
    assert passages[other["gold"][0]] == "p3"
    assert marked(other["gold"], WANTED) == "백두산"
    nothing = row_of(data, "no_answer")
    assert (nothing["given"], passages[nothing["gold"][0]]) == (None, "p5")
    unlinked = columns(gold=GOLD[GOLD["question_id"] != "no_answer"])
    assert row_of(unlinked, "no_answer")["gold"] is None
    assert not row_of(unlinked, "no_answer")["has_gold"]


def test_the_known_place_of_an_answer_is_shown_and_not_its_first():
    text = "서해 " + "가 " * 300 + "서해로 흐른다"
    place = text.rindex("서해")
    passages = make_answered().questions.truth.passages
    passages = passages.assign(text=passages["text"].where(passages["passage_id"] != "p1", text))
    starts = [[place + 3] if name == "wrong_span" else own for name, own in
              zip(EXAMPLES["question_id"], EXAMPLES["answer_starts"], strict=True)]  # fmt: skip
    gold = GOLD.assign(shift=[3 * (name == "wrong_span") for name in GOLD["question_id"]])
    answers = ANSWERS.assign(passage_id=ANSWERS["passage_id"].where(
        ANSWERS["question_id"] != "wrong_span", "p5"))  # fmt: skip
    data = columns(passages=passages, gold=gold, answers=answers,
                   examples=EXAMPLES.assign(answer_starts=starts))  # fmt: skip
    shown = "".join(piece.text for piece in row_of(data, "wrong_span")["gold"][1])
    assert shown.endswith("서해로 흐른다")
    assert len(shown) < 200


def test_the_likeliest_answers_and_what_was_cut_are_told():
    data = columns()
    right = row_of(data, "right")
    assert right["best"] == [["박경리", 800, True]]
    assert right["untrimmed"] == "박경리의"
    other = row_of(data, "another_passage")["best"]
    assert [(text, is_gold) for text, _, is_gold in other] == [("낙동강", False), ("백두산", True)]
    assert row_of(data, "boundary")["untrimmed"] is None
    assert row_of(data, "no_answer")["best"] == []
    unsure = columns(answers=ANSWERS.assign(confidence=float("nan")))
    assert set(unsure["rows"]["confidence"]) == {-1}
    assert unsure["rows"]["probability"][0] == 800


def test_an_answer_from_joined_passages_may_end_beyond_its_own():
    ends = ANSWERS["end_char"].where(ANSWERS["question_id"] != "another_passage", 10_000)
    excerpt = row_of(columns(answers=ANSWERS.assign(end_char=ends)), "another_passage")["given"]
    assert marked(excerpt, GIVEN) == "낙동강은 남해로 흐른다."


def test_a_page_without_judged_answers_says_why():
    page = render_no_errors(f"They were learnt from. {ATTACK}", ATTACK)
    assert "They were learnt from." in page
    assert ATTACK not in page
    assert 'id="data"' not in page


READ_ROW = """(row) => ({
  id: one(".facts a", row).textContent,
  tags: all(".facts .tag", row).map((tag) => tag.textContent),
  question: one(".question", row).textContent,
  verdict: one(".verdict", row).textContent,
  bars: all(".bars li", row).map((bar) => bar.textContent),
  passages: all(".excerpt .head", row).map((head) => head.textContent),
  marks: all(".excerpt mark", row).map((mark) => [mark.className, mark.firstChild.textContent]),
})"""

STEPS = """
  const ids = (seen) => seen.rows.map((row) => row.id.slice(1));
  const first = read();
  const elements = all("body script, body img, body svg").length;
  const shown = {};
  for (const hash of given) shown[hash] = ids(await visit(hash));
  const everything = await visit("kind=");
  const right = await press('.overview a[data-kind="right"]');
  const current = all(".overview [aria-current]").map((link) => link.dataset.kind);
  const empty = await visit("kind=right&rank=nowhere");
  const followed = await press("#rows .empty a");
  const unknown = await visit("kind=odd&rank=first");
  const linked = await press('#rows .facts a');
  const chosen = await choose("best", "listed");
  const loaded = performance.getEntriesByType("resource").length;
  const nameless = all("select, input, button").filter((control) =>
    !control.labels?.length && !control.getAttribute("aria-label") && !control.textContent).length;
  return { first, elements, shown, everything, right, current, empty, followed, unknown, linked,
           chosen, loaded, nameless };
"""

SHOWN = {
    "kind=&sort=data": list(EXAMPLES["question_id"][:7]),
    "kind=boundary": ["boundary"],
    "kind=&rank=first&sort=data": ["right", "boundary", "wrong_span", "another_passage"],
    "kind=&rank=read": ["only_normalisation"],
    "rank=further": ["not_retrieved"],
    "rank=nowhere": ["no_answer"],
    "rank=unknown": [],
    "best=listed": ["wrong_span", "boundary", "another_passage"],
    "kind=&particle=cut&sort=data": ["right", "only_normalisation", "wrong_span",
                                     "another_passage", "not_retrieved"],
    "from=38": ["not_retrieved"],
    "to=10": ["no_answer"],
    "text=길이는": ["boundary"],
    "text=%23wrong_span": ["wrong_span"],
    "sort=unsure": ["no_answer", "another_passage", "boundary", "wrong_span", "not_retrieved"],
    "sort=near": ["boundary", "wrong_span", "not_retrieved", "another_passage", "no_answer"],
}  # fmt: skip


@pytest.mark.slow
def test_a_reader_filters_follows_and_links(tmp_path):
    attacked = N_BEST["text"].where(N_BEST["rank"] > 1, N_BEST["text"] + ATTACK)
    answered = make_answered(n_best=N_BEST.assign(text=attacked))
    page = render_answer_errors(answered, make_failures(answered), ATTACK)
    assert page.count(ATTACK) == 0
    seen = take_steps(page, READ_ROW, STEPS, tmp_path, given=list(SHOWN))
    assert seen["first"]["title"] == f"Answers of {ATTACK}, one by one"
    # The data, the page's own script and the driver of this test; nothing that the data asked for.
    assert (seen["elements"], seen["loaded"], seen["nameless"]) == (3, 0, 0)
    assert seen["first"]["count"] == "Showing 1–5 of 5"
    for address, wanted in SHOWN.items():
        assert seen["shown"][address] == wanted, address
    rows = {row["id"][1:]: row for row in seen["everything"]["rows"]}
    assert len(rows) == 7
    span = rows["wrong_span"]
    assert span["question"] == f"wrong_span이 무엇인가? {ATTACK}"
    assert span["tags"] == ["wrong span", "gold passage at rank 1", "answer from rank 1"]
    assert span["passages"] == ["answer in: 한강 p2"]
    assert span["marks"] == [["given", "서울"], ["gold", "서해"]]
    assert span["bars"][0].startswith(f"서울{ATTACK}")
    assert rows["no_answer"]["tags"] == ["no answer", "gold passage not in the run"]
    assert "answer none" in rows["no_answer"]["verdict"]
    other = rows["another_passage"]
    assert len(other["passages"]) == 2
    assert other["passages"][0] == f"answer in: {ATTACK} p5"
    assert other["passages"][1] == "gold passage: 백두산 p3"
    assert (seen["right"]["hash"], seen["current"]) == ("#kind=right", ["right"])
    assert seen["empty"]["list"] == "No question of these is “right”; show all 1."
    assert [row["id"] for row in seen["followed"]["rows"]] == ["#no_answer"]
    assert "knows nothing of kind=odd" in seen["unknown"]["notice"]
    assert len(seen["linked"]["rows"]) == 1
    assert seen["chosen"]["form"]["best"] == "listed"
