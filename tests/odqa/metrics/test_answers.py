"""Exact match and F1: cases a reader can count, a plain script beside them, and the edges."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.odqa.metrics.answers import (
    ANSWER_METRICS,
    character_f1,
    exact_match,
    normalise_answer,
    score_answers,
)

TEXTS = st.text(st.sampled_from("토지가나 a Tİß\u3000\n\t'\"《》<>〈〉()‘’“「.,-!1"), max_size=12)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("'\"《》<>〈〉()‘’", ""),
        ("서울(특별시)", "서울 특별시"),
        ("서울-특별시", "서울특별시"),
        ("1,000.5%", "10005"),
        ("  HTML \n 5\t", "html 5"),
        ("“토지”", "“토지”"),
        ("「토지」·『광장』", "「토지」·『광장』"),
        ("the 토지", "the 토지"),
    ],
)
def test_an_answer_is_written_as_korquad_writes_it(text, wanted):
    assert normalise_answer(text) == wanted


@pytest.mark.parametrize(
    ("prediction", "golds", "wanted"),
    [
        ("토지", ["토지"], (1, 1, 1, 1)),
        ("《토지》", ["토지"], (1, 1, 0, 0)),
        ("the 토지", ["토지"], (0, 4 / 7, 1, 1)),
        ("박경리의 토지", ["토지"], (0, 4 / 8, 0, 2 / 3)),
        ("박경리가", ["이문열", "박경리"], (0, 6 / 7, 0, 0)),
        ("서울 특별시", ["서울특별시"], (0, 1, 0, 0)),
        ("가가나", ["가나나"], (0, 4 / 6, 0, 0)),
        ("", ["토지"], (0, 0, 0, 0)),
        ("《》", ["()"], (1, 0, 0, 0)),
        ("토지", ["강", "토지는"], (0, 4 / 5, 0, 0)),
        ("Barack Obama", ["Obama, Barack"], (0, 1, 0, 1)),
    ],
)
def test_scores_are_those_counted_by_hand(prediction, golds, wanted):
    found = score_answers([prediction], [golds])
    assert list(found.columns) == list(ANSWER_METRICS)
    assert found.iloc[0].tolist() == pytest.approx(wanted)
    assert exact_match(prediction, golds) == found["exact_match"].iloc[0]
    assert character_f1(prediction, golds) == found["character_f1"].iloc[0]


def plain_normalise(text):
    for mark in "'\"《》<>〈〉()‘’":
        text = text.replace(mark, " ")
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    while "  " in (text := text.replace("\n", " ").replace("\t", " ").replace("\u3000", " ")):
        text = text.replace("  ", " ")
    return text.strip()


def plain_f1(prediction, gold):
    own = sorted(letter for letter in plain_normalise(prediction) if letter != " ")
    left = [letter for letter in plain_normalise(gold) if letter != " "]
    n_own, n_gold, shared = len(own), len(left), 0
    for letter in own:
        if letter in left:
            left.remove(letter)
            shared += 1
    if not shared:
        return 0.0
    precision, recall = shared / n_own, shared / n_gold
    return 2 * precision * recall / (precision + recall)


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_scores_are_those_of_a_plain_script(prediction, golds):
    matches = [plain_normalise(prediction) == plain_normalise(gold) for gold in golds]
    assert exact_match(prediction, golds) == max(matches)
    overlaps = [plain_f1(prediction, gold) for gold in golds]
    assert character_f1(prediction, golds) == pytest.approx(max(overlaps))


@given(TEXTS, TEXTS)
def test_f1_has_no_direction_and_a_match_with_letters_is_whole(one, other):
    assert character_f1(one, [other]) == character_f1(other, [one])
    if exact_match(one, [other]) and normalise_answer(one):
        assert character_f1(one, [other]) == 1


@pytest.mark.parametrize(
    ("predictions", "golds", "message"),
    [
        (["토지"], [[]], "without a gold answer"),
        (["토지"], [["토지"], ["강"]], "1 answers and gold answers of 2"),
    ],
)
def test_what_cannot_be_judged_is_refused(predictions, golds, message):
    with pytest.raises(ValueError, match=message):
        score_answers(predictions, golds)


def test_no_question_has_no_scores():
    assert score_answers([], []).shape == (0, len(ANSWER_METRICS))
