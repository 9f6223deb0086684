"""What methods make of questions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.odqa.augmentation.augmenting import AUGMENTERS, augment_questions
from klue_pipeline.odqa.augmentation.random_flip import flip
from klue_pipeline.odqa.settings.reader_params import QuestionAugmentParams
from klue_pipeline.text.written_texts import MASK_TEXT

CONTEXT = (
    "원주는 강원도에 있다.\\n원주에서 박경리가 살았다. 북원주시와 원주천은 다르다. (원주) "
    "1,969년, 1969년의 일이다. 11969년과 1969년생은 아니다."
)
QUESTIONS = [
    "이순신 장군이 거북선을 만든 해는 언제인가?",
    "박경리가 살았던 도시의 이름은 무엇인가?",
    "누가 무엇을?",
    f"{MASK_TEXT} 자리에 들어갈 도시는 어디인가?",
]


def table(questions, answers=("원주",), context=CONTEXT):
    return pd.DataFrame(
        {
            "question_id": [f"q{number}" for number in range(len(questions))],
            "question": questions,
            "context": context,
            "answers": [list(answers)] * len(questions),
            "answer_starts": [[context.index(answer) for answer in answers]] * len(questions),
            "part": "train",
        }
    )


def augment(originals, *methods, share=1.0, max_words=2, seed=5):
    params = QuestionAugmentParams(
        methods=list(methods),
        random_flip={"share": share},
        question_mask={"share": share, "max_words": max_words},
        seed=seed,
    )
    return augment_questions(originals, params)


@given(st.lists(st.text("가나?", min_size=1, max_size=3), max_size=12), st.integers(0, 99))
def test_a_flip_swaps_two_parts_of_a_question(words, seed):
    flipped = flip("  ".join(words), np.random.default_rng(seed))
    if len(words) < 3:
        assert flipped is None
        return
    places = range(1, len(words))
    allowed = [place for place in places if 0.2 <= place / len(words) <= 0.8]
    assert flipped in {" ".join(words[place:] + words[:place]) for place in allowed}


def test_flips_are_drawn_and_counted():
    rows, report = augment(table(QUESTIONS), "random_flip")
    assert report == {"random_flip": {"rows": 3, "left_out": {"fewer than 3 words": 1}}}
    for row in rows.itertuples():
        origin = QUESTIONS[int(row.question_id[1:])]
        assert row.question != origin
        assert sorted(row.question.split()) == sorted(origin.split())


def test_masks_stand_for_content_words():
    rows, report = augment(table(QUESTIONS), "question_mask")
    assert report["question_mask"] == {
        "rows": 2,
        "left_out": {"fewer than 2 content words": 1, f"the question spells {MASK_TEXT}": 1},
    }
    for row in rows.itertuples():
        origin = QUESTIONS[int(row.question_id[1:])]
        first, middle, last = row.question.split(MASK_TEXT)
        assert origin.startswith(first)
        assert origin.endswith(last)
        assert middle in origin
        assert last  # the question word stays
    single, _ = augment(table(QUESTIONS), "question_mask", max_words=1)
    assert single["question"].str.count(r"\[MASK\]").tolist() == [1, 1]


def test_further_occurrences_are_whole_words():
    rows, report = augment(table(QUESTIONS[:1]), "multiple_answers")
    starts = [CONTEXT.index("원주에서"), CONTEXT.index("(원주)") + 1]
    assert [row["answer_starts"][0] for _, row in rows.iterrows()] == starts
    for _, row in rows.iterrows():
        assert set(row["answer_starts"]) == {0, *starts}
        assert row["answers"] == ["원주"] * 3
    # 북원주시 and 원주천
    assert report["multiple_answers"]["left_out"] == {"a part of a longer word or number": 2}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("1969", ["1969년의", "1969년생"]),
        ("1969년", ["1969년의"]),
        ("969년", []),
        ("969", []),
        ("1", []),
    ],
)
def test_no_part_of_a_number_is_an_answer(answer, found):
    context = f"{CONTEXT} 답은 {answer}."
    originals = table(QUESTIONS[:1], [answer], context)
    originals["answer_starts"] = [[context.rindex(answer)]]
    rows, _ = augment(originals, "multiple_answers")
    starts = [row[0] for row in rows["answer_starts"]]
    assert starts == [context.index(text) for text in found]


def test_every_answer_of_a_row_is_looked_for_once():
    context = "서울시는 수도다. 서울시와 서울, 서울시."
    originals = table(QUESTIONS[:1], ["서울시", "서울"], context)
    rows, _ = augment(originals.assign(answer_starts=[[0, 0]]), "multiple_answers")
    assert [row["answers"][0] for _, row in rows.iterrows()] == ["서울시", "서울시", "서울"]


@pytest.mark.parametrize("method", AUGMENTERS)
def test_what_is_made_of_a_question_depends_on_it_and_the_seed_alone(method):
    originals = table([*QUESTIONS[:2]] * 20)
    rows, _ = augment(originals, method, share=0.5)
    assert 0 < rows["question_id"].nunique() <= len(originals)
    shuffled = originals.sample(frac=0.5, random_state=1)
    again, _ = augment(shuffled, *reversed(AUGMENTERS), share=0.5)
    again = again[again["method"] == method]
    wanted = rows[rows["question_id"].isin(shuffled["question_id"])]
    columns = ["question_id", "question", "answers", "answer_starts"]
    assert sorted(again[columns].to_numpy().tolist()) == sorted(wanted[columns].to_numpy().tolist())
    if method != "multiple_answers":
        assert rows["question_id"].nunique() < len(originals)
        other, _ = augment(originals, method, share=0.5, seed=6)
        assert other["question_id"].tolist() != rows["question_id"].tolist()


def test_without_methods_nothing_is_added():
    rows, report = augment(table(QUESTIONS))
    assert rows.empty
    assert report == {}
    assert {"question_id", "method", "part"} <= set(rows.columns)
