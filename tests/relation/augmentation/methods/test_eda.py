"""Easy data augmentation: each operation by eye."""

import re
from collections import Counter

import pandas as pd
import pytest

from klue_pipeline.relation.augmentation.methods.eda import NO_CHANGE
from klue_pipeline.relation.augmentation.rows.context import Resources
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.words.free_words import free_words
from klue_pipeline.relation.ingest.entities import Entity

SYNONYMS = pd.DataFrame(
    [
        ("회장", "우두머리"), ("대표", "수장"), ("한글", "우리글"), ("한글", "조선 글자"),
        ("이순신", "충무공"), ("수군", "해군"), ("서울", "한양"), ("봄날", "춘일"),
        ("그래", "응"), ("매우", "아주"),
    ],
    columns=["word", "synonym"],
)  # fmt: skip
SENTENCE = "[[이순신]]은 회장과 매우 큰 배를 <<조선>>에서 처음 만들었다."


@pytest.fixture(scope="module")
def change(augment):
    """Make new rows of some rows, by one operation or several."""

    def run(rows, *operations, synonyms=SYNONYMS, **changes):
        source = "table" if {"synonym", "insert"}.intersection(operations) else None
        resources = Resources(synonyms=synonyms)
        changes |= {"operations": list(operations), "synonyms": source}
        return augment("eda", rows, resources=resources, **changes)

    return run


def sentences(change, row, *operations, **changes):
    """The different sentences that many draws make of a row."""
    made, _ = change([row], *operations, copies=60, **changes)
    return {new.sentence for new in made}


def test_synonyms_take_the_place_of_stems_and_particles_follow(change, mark):
    row = mark(SENTENCE)
    assert sentences(change, row, "synonym") == {
        "이순신은 우두머리와 매우 큰 배를 조선에서 처음 만들었다.",
        "이순신은 회장과 아주 큰 배를 조선에서 처음 만들었다.",
    }
    assert sentences(change, row, "synonym", alpha=0.4) == {
        "이순신은 우두머리와 아주 큰 배를 조선에서 처음 만들었다."
    }


def test_a_table_of_english_words_works_on_english_text(change, mark):
    row = mark("[[Acme]] hired <<Jane Kim>>, the company's director, in the small town.")
    words = pd.DataFrame([("company", "firm"), ("small", "little")], columns=["word", "synonym"])
    (new,), _ = change([row], "synonym", synonyms=words, alpha=0.9)
    assert new.sentence == "Acme hired Jane Kim, the firm's director, in the little town."


def test_synonyms_come_in_before_any_word_but_not_inside_an_entity(change, mark):
    row = mark("[[정 해인]]은 <<조선>>의 회장을 보았다.")
    assert sentences(change, row, "insert") == {
        "우두머리 정 해인은 조선의 회장을 보았다.",
        "정 해인은 우두머리 조선의 회장을 보았다.",
        "정 해인은 조선의 우두머리 회장을 보았다.",
        "정 해인은 조선의 회장을 우두머리 보았다.",
    }


def test_words_before_the_last_change_places_and_leave_their_marks(change, mark):
    row = mark("[[이순신]]은, “큰 배를” <<조선>>에서 처음, 정말 만들었다.")
    assert sentences(change, row, "swap") == {
        "이순신은, “배를 큰” 조선에서 처음, 정말 만들었다.",
        "이순신은, “처음 배를” 조선에서 큰, 정말 만들었다.",
        "이순신은, “정말 배를” 조선에서 처음, 큰 만들었다.",
        "이순신은, “큰 처음” 조선에서 배를, 정말 만들었다.",
        "이순신은, “큰 정말” 조선에서 처음, 배를 만들었다.",
        "이순신은, “큰 배를” 조선에서 정말, 처음 만들었다.",
    }


def test_the_share_says_how_many_words_move(change, mark):
    words = [f"말{number}" for number in range(20)]
    row = mark(f"[[이순신]]은 {' '.join(words)} <<조선>>에서 왔다.")
    for alpha, moving in ((0.05, 2), (0.2, 4), (0.5, 10), (0.95, 20)):
        (new,), _ = change([row], "swap", alpha=alpha)
        found = new.sentence.split()[1:-2]
        assert sorted(found) == sorted(words)
        assert sum(a != b for a, b in zip(found, words, strict=True)) == moving


def test_words_go_with_their_blank_but_not_the_last_and_none_with_marks(change, mark):
    row = mark("[[이순신]]은 큰  배를 <<조선>>에서 처음, 정말 만들었다.")
    assert sentences(change, row, "delete") == {
        "이순신은 배를 조선에서 처음, 정말 만들었다.",
        "이순신은 큰  조선에서 처음, 정말 만들었다.",
        "이순신은 큰  배를 조선에서 처음, 만들었다.",
    }
    assert sentences(change, row, "delete", alpha=0.99) == {"이순신은 조선에서 처음, 만들었다."}


def test_one_free_word_at_least_stays(change, mark):
    row = mark("가장 큰 배를 만든 [[이순신]]과 <<조선>>")
    made, _ = change([row], "delete", alpha=0.99, copies=20)
    assert {len(free_words(new)) for new in made} == {1}


def test_blanks_that_belong_to_an_entity_stay(change):
    sentence = "큰 배 조선과 이순신이 왔다."
    row = Example("0", sentence, Entity(" 조선", 3, 6, "LOC"), Entity("이순신", 8, 11, "PER"), "x")
    for new in change([row], "delete", copies=20)[0]:
        new.require_words_at_spans()
        assert new.sentence in ("배 조선과 이순신이 왔다.", "큰  조선과 이순신이 왔다.")


def test_operations_are_drawn_alike_and_copies_do_not_depend_on_their_number(change, mark):
    rows = [mark(SENTENCE, row_id=str(number)) for number in range(300)]
    originals = rows[0].sentence.split()
    few, many = (change(rows, "swap", "delete", copies=copies)[0] for copies in (1, 3))
    assert many[::3] == few
    assert len(many) == 900
    lengths = Counter(len(new.sentence.split()) - len(originals) for new in many)
    assert set(lengths) == {0, -1}
    assert abs(lengths[0] - 450) < 75


def test_what_cannot_change_is_counted(change, mark):
    rows = [mark("[[이순신]]은 <<조선>>에서 왔다.")]
    for operation, reason in NO_CHANGE.items():
        assert change(rows, operation, copies=2) == ([], {reason: 2})


def test_equal_words_do_not_swap(change, mark):
    row = mark("[[이순신]]은 큰 큰 큰 <<조선>>에서 왔다.")
    assert sentences(change, row, "swap") == set()


def test_a_table_is_only_asked_for_when_needed(change, mark):
    assert change([mark(SENTENCE)], "swap", synonyms=None)[0]
    with pytest.raises(ValueError, match=r"set raw\.synonyms"):
        change([mark(SENTENCE)], "synonym", synonyms=None)


def test_a_model_guesses_common_nouns_only(augment, mark, language_model_folder):
    row = mark("[[이순신]]의 장군은 <<조선>> 서울에서 컸다.")
    made, _ = augment(
        "eda", [row], operations=["synonym", "insert"], synonyms="model", alpha=0.9, copies=20,
        model=str(language_model_folder),
    )  # fmt: skip
    found = {new.sentence for new in made}
    assert all("서울에서" in sentence for sentence in found)
    assert "이순신의 바다는 조선 서울에서 컸다." in found
    assert any(re.search(r"(바다|국회|친구) .*장군은", sentence) for sentence in found)
