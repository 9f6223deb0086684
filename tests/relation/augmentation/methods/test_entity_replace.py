"""Rows with another entity in the place of one: where it comes from, and its particle."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.methods.entity_replace import (
    NO_OTHER,
    UNTYPED,
    SurfacePool,
    replace_entity,
)
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.ingest.entities import Entity


@pytest.fixture(scope="session")
def swap_in(augment):
    def run(rows, role="subject", **rest):
        return augment("entity_replace", rows, role=role, **rest)

    return run


@pytest.mark.parametrize(
    ("marked", "surface", "sentence"),
    [
        ("[[이순신]]은 <<수군>>을 이끈다.", "최나래", "최나래는 수군을 이끈다."),
        ("[[이순신]]이라는 <<장군>>", "최나래", "최나래라는 장군"),
        ("[[최나래]]로부터 <<수군>>이", "이순신", "이순신으로부터 수군이"),
        ("<<수군>>의 [[이순신]]이었다.", "최나래", "수군의 최나래였다."),
        ("《[[토지]]》를 쓴 <<박경리>>", "봄날", "《봄날》을 쓴 박경리"),
        ("[[정해인]](<<鄭海仁>>)은", "최나래", "최나래(鄭海仁)는"),
        # the particle is the other entity's, or a part of it
        ("[[이순신]]<<은>> 말했다.", "최나래", "최나래은 말했다."),
        ("[[나비]]라<<는>> 노래", "봄날", "봄날라는 노래"),
        ("[[카카오]]<<다>>", "삼성", "삼성다"),
        ("<<서울>>[[시]]가 크다", "군", "서울군이 크다"),
        # right for any word, or no particle
        ("[[이순신]]의 <<수군>>", "최나래", "최나래의 수군"),
        ("[[이순신]] <<수군>>", "최나래", "최나래 수군"),
        ("[[길동]]이네 <<집>>", "최나래", "최나래이네 집"),
        # the same name elsewhere stays
        ("[[이순신]]은 이순신이라 <<수군>>을", "최나래", "최나래는 이순신이라 수군을"),
        ("[[이순신]]은 <<수군>>을", "최 나래", "최 나래는 수군을"),
        # English around an entity stays
        ("[[Acme]]'s chief is <<Kim>>.", "Orion", "Orion's chief is Kim."),
        ("<<Kim>>, who left [[Acme]]e", "Orion Ltd.", "Kim, who left Orion Ltd.e"),
        ("[[카카오]] hired <<Kim>>", "삼성", "삼성 hired Kim"),
    ],
)
def test_the_particle_fits_the_new_word(mark, marked, surface, sentence):
    row = mark(marked, "per:title", "PER:ORG")
    new = replace_entity(row, row.subject, surface)
    assert new.sentence == sentence
    assert (new.subject.text, new.object.text) == (surface, row.object.text)
    new.require_words_at_spans()


def test_the_object_gets_its_particle_too(mark):
    row = mark("<<수군>>을 이끈 [[이순신]]은")
    assert replace_entity(row, row.object, "함대").sentence == "함대를 이끈 이순신은"


not_korean = st.text(
    st.one_of(
        st.sampled_from("eniron's \"()[]»”’.,-0123"),
        st.characters(max_codepoint=0x2FF, exclude_categories=["Cs", "Cc"]),
    )
)


@given(not_korean, not_korean.filter(bool), not_korean, not_korean.filter(bool))
def test_nothing_but_the_entity_changes_in_text_without_hangul(before, word, after, surface):
    subject = Entity(word, len(before), len(before) + len(word), "ORG")
    sentence = f"{before}{word}{after} Kim"
    object_ = Entity("Kim", len(sentence) - 3, len(sentence), "PER")
    row = Example("0", sentence, subject, object_, "no_relation")
    assert replace_entity(row, row.subject, surface).sentence == f"{before}{surface}{after} Kim"


@pytest.fixture
def rows(mark):
    def row(number, subject, object_, label, types="PER:ORG", fold_key=(0,)):
        sentence = f"[[{subject}]]와 <<{object_}>>"
        return mark(sentence, label, types, row_id=str(number), fold_key=fold_key)

    return [
        row(0, "가람", "한강", "per:employee_of"),
        row(1, "나래", "새벽", "per:employee_of"),
        row(2, "다온", "불교", "per:religion"),
        row(3, "라온", "도교", "per:religion"),
        row(4, "마루", "백두", "no_relation"),
        row(5, "바다", "해랑", "no_relation"),
        row(6, "사랑", "동해", "per:employee_of", fold_key=(1,)),
        row(7, "아라", "서해", "per:employee_of", fold_key=(1,)),
        row(8, "자람", "남해", "per:employee_of", "ORG:ORG"),
        row(9, "차돌", "북해", "per:employee_of", "ORG:PER"),
        row(10, "ㄱ[MASK]ㄴ", "[MASK]", "per:employee_of"),
    ]


def drawn(swap_in, rows, row_id, role):
    """What takes the place of a row's entity under many seeds."""
    origin = [row for row in rows if row.row_id == row_id]
    made = [swap_in(origin, role, seed=seed, originals=rows)[0][0] for seed in range(40)]
    return {getattr(row, role).text for row in made}


def test_subjects_come_from_subjects_of_their_type_and_folds(swap_in, rows):
    assert drawn(swap_in, rows, "0", "subject") == {"나래", "다온", "라온", "마루", "바다"}
    assert drawn(swap_in, rows, "6", "subject") == {"아라"}
    assert drawn(swap_in, rows, "8", "subject") == {"차돌"}


def test_objects_come_from_objects_of_their_type_label_and_folds(swap_in, rows):
    assert drawn(swap_in, rows, "0", "object") == {"새벽", "남해"}
    assert drawn(swap_in, rows, "2", "object") == {"도교"}
    assert drawn(swap_in, rows, "6", "object") == {"서해"}


def test_objects_of_negative_rows_come_from_all_rows(swap_in, rows):
    assert drawn(swap_in, rows, "4", "object") == {"한강", "새벽", "불교", "도교", "해랑", "남해"}


def test_rows_without_another_entity_are_counted(swap_in, rows):
    lonely = next(row for row in rows if row.row_id == "9")
    made, skipped = swap_in([lonely], "object", originals=rows)
    assert made == []
    assert skipped == {NO_OTHER: 1}


def test_a_row_never_gets_its_own_entities(swap_in, mark):
    first = mark("[[가람]]과 <<나래>>", "per:spouse", "PER:PER", row_id="1")
    second = mark("[[나래]]와 <<가람>>", "per:spouse", "PER:PER", row_id="2")
    made, skipped = swap_in([first, second])
    assert made == []
    assert skipped == {NO_OTHER: 2}


def test_files_without_types_are_left_alone(swap_in, rows):
    untyped = [
        replace(
            row,
            subject=replace(row.subject, type="NONE"),
            object=replace(row.object, type="NONE"),
        )
        for row in rows
    ]
    made, skipped = swap_in(untyped, "either")
    assert made == []
    assert skipped == {UNTYPED: len(rows)}


@given(
    st.lists(st.text(max_size=2), min_size=1, max_size=6), st.lists(st.text(max_size=2), max_size=2)
)
def test_a_pool_gives_every_word_but_the_avoided_ones(surfaces, avoided):
    pool = SurfacePool.gather(surfaces)
    generator = np.random.default_rng(0)
    found = {pool.draw(avoided, generator) for _ in range(100)}
    assert found == (set(surfaces) - set(avoided) or {None})
