"""Easy data augmentation: each operation by eye, and on random rows what has to hold of all."""

import re
from collections import Counter
from itertools import chain

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.methods.eda import NO_CHANGE, build_eda
from klue_pipeline.relation.augmentation.words.words import free_words
from klue_pipeline.relation.settings.augment_params import EdaParams

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
def params(settings_of):
    """Settings of one operation or of several."""

    def make(*operations, alpha=0.1, copies=1):
        needs_words = {"synonym", "insert"}.intersection(operations)
        own = {"alpha": alpha, "operations": list(operations), "copies": copies, "model": None}
        return EdaParams(**settings_of(synonyms="table" if needs_words else None, **own))

    return make


@pytest.fixture(scope="module")
def change(params, make_context):
    """Make new rows of some rows, by one operation or several."""

    def run(rows, *operations, context=None, seed=0, **changes):
        context = context or make_context("eda", originals=rows, seed=seed, synonyms=SYNONYMS)
        return list(build_eda(params(*operations, **changes), context)(rows))

    return run


def seeds(change, row, *operations, **changes):
    """The different sentences that many seeds make of a row."""
    made = (change([row], *operations, seed=seed, **changes) for seed in range(40))
    return {new.sentence for new in chain.from_iterable(made)}


def test_synonyms_take_the_place_of_stems_and_particles_follow(change, mark):
    row = mark(SENTENCE)
    assert seeds(change, row, "synonym") == {
        "이순신은 우두머리와 매우 큰 배를 조선에서 처음 만들었다.",
        "이순신은 회장과 아주 큰 배를 조선에서 처음 만들었다.",
    }
    assert seeds(change, row, "synonym", alpha=0.4) == {
        "이순신은 우두머리와 아주 큰 배를 조선에서 처음 만들었다."
    }


def test_a_table_of_english_words_works_on_english_text(change, mark, make_context):
    row = mark("[[Acme]] hired <<Jane Kim>>, the company's director, in the small town.")
    words = pd.DataFrame([("company", "firm"), ("small", "little")], columns=["word", "synonym"])
    context = make_context("eda", originals=[row], synonyms=words)
    (new,) = change([row], "synonym", context=context, alpha=0.9)
    assert new.sentence == "Acme hired Jane Kim, the firm's director, in the little town."


def test_synonyms_come_in_before_any_word_but_not_inside_an_entity(change, mark):
    row = mark("[[정 해인]]은 <<조선>>의 회장을 보았다.")
    assert seeds(change, row, "insert") == {
        "우두머리 정 해인은 조선의 회장을 보았다.",
        "정 해인은 우두머리 조선의 회장을 보았다.",
        "정 해인은 조선의 우두머리 회장을 보았다.",
        "정 해인은 조선의 회장을 우두머리 보았다.",
    }


def test_words_before_the_last_change_places_and_leave_their_marks(change, mark):
    row = mark("[[이순신]]은, “큰 배를” <<조선>>에서 처음, 정말 만들었다.")
    assert seeds(change, row, "swap") == {
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
        (new,) = change([row], "swap", alpha=alpha)
        found = new.sentence.split()[1:-2]
        assert sorted(found) == sorted(words)
        assert sum(a != b for a, b in zip(found, words, strict=True)) == moving


def test_words_go_with_their_blank_but_not_the_last_and_none_with_marks(change, mark):
    row = mark("[[이순신]]은 큰  배를 <<조선>>에서 처음, 정말 만들었다.")
    assert seeds(change, row, "delete") == {
        "이순신은 배를 조선에서 처음, 정말 만들었다.",
        "이순신은 큰  조선에서 처음, 정말 만들었다.",
        "이순신은 큰  배를 조선에서 처음, 만들었다.",
    }
    assert seeds(change, row, "delete", alpha=0.99) == {"이순신은 조선에서 처음, 만들었다."}


def test_one_free_word_at_least_stays(change, mark):
    row = mark("가장 큰 배를 만든 [[이순신]]과 <<조선>>")
    for new in (change([row], "delete", alpha=0.99, seed=seed)[0] for seed in range(20)):
        assert len(free_words(new)) == 1


def test_blanks_that_belong_to_an_entity_stay(change):
    from klue_pipeline.relation.augmentation.rows.example import Example
    from klue_pipeline.relation.ingest.entities import Entity

    sentence = "큰 배 조선과 이순신이 왔다."
    row = Example("0", sentence, Entity(" 조선", 3, 6, "LOC"), Entity("이순신", 8, 11, "PER"), "x")
    for new in (change([row], "delete", seed=seed)[0] for seed in range(10)):
        new.require_words_at_spans()
        assert new.sentence in ("배 조선과 이순신이 왔다.", "큰  조선과 이순신이 왔다.")


def test_operations_are_drawn_alike_and_copies_do_not_depend_on_their_number(change, mark):
    rows = [mark(SENTENCE, row_id=str(number)) for number in range(300)]
    originals = rows[0].sentence.split()
    few, many = (change(rows, "swap", "delete", copies=copies) for copies in (1, 3))
    assert many[::3] == few
    assert len(many) == 900
    lengths = Counter(len(new.sentence.split()) - len(originals) for new in many)
    assert set(lengths) == {0, -1}
    assert abs(lengths[0] - 450) < 75


def test_what_cannot_change_is_counted(change, mark, make_context):
    rows = [mark("[[이순신]]은 <<조선>>에서 왔다.")]
    for operation, reason in NO_CHANGE.items():
        context = make_context("eda", originals=rows, synonyms=SYNONYMS)
        assert change(rows, operation, copies=2, context=context) == []
        assert context.skipped == {reason: 2}


def test_equal_words_do_not_swap(change, mark):
    row = mark("[[이순신]]은 큰 큰 큰 <<조선>>에서 왔다.")
    assert seeds(change, row, "swap") == set()


def test_a_table_is_only_asked_for_when_needed(params, make_context, mark):
    context = make_context("eda")
    assert list(build_eda(params("swap"), context)([mark(SENTENCE)]))
    with pytest.raises(ValueError, match=r"set raw\.synonyms"):
        build_eda(params("synonym"), context)


ALL = ("synonym", "insert", "swap", "delete")


@settings(deadline=None)
@given(data=st.data(), alpha=st.sampled_from([0.1, 0.5, 0.9]), copies=st.integers(1, 3))
def test_random_rows_stay_sound(data, examples, change, assert_sound, alpha, copies):
    row = data.draw(examples)
    known = set(re.findall(r"\w+", " ".join(SYNONYMS["synonym"])))
    for operation in ALL:
        for new in change([row], operation, alpha=alpha, copies=copies):
            assert_sound(new, row)
            assert (new.subject.text, new.object.text) == (row.subject.text, row.object.text)
            assert (new.subject.type, new.object.type) == (row.subject.type, row.object.type)
            assert new.label == row.label
            assert _bound_words(new) == _bound_words(row)
            if operation == "swap":
                assert sorted(new.sentence) == sorted(row.sentence)
            if operation == "delete":
                assert not Counter(new.sentence.split()) - Counter(row.sentence.split())
            if operation == "insert":
                more = Counter(new.sentence.split()) - Counter(row.sentence.split())
                assert set(more) <= known


def _bound_words(row):
    """What stands in the words that an entity touches, from blank to blank."""
    free = {place for word in free_words(row) for place in range(word.start_char, word.end_char)}
    bound = "".join(" " if n in free else letter for n, letter in enumerate(row.sentence))
    return bound.split()


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_neither_chunks_nor_order_matter(data, example_lists, params, make_context, assert_stable):
    rows = data.draw(example_lists)

    def context(**rest):
        return make_context("eda", synonyms=SYNONYMS, **rest)

    assert_stable(build_eda, params(*ALL, copies=2, alpha=0.4), rows, context)


def test_another_seed_draws_anew(change, mark):
    rows = [mark(SENTENCE, row_id=str(number)) for number in range(20)]
    first, again, other = (change(rows, *ALL, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert len({new.sentence for new in first}) > 3
    assert np.all([new.weight == 1.0 for new in first])
