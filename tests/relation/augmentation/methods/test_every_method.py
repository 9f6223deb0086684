"""What holds of whatever a method makes of random rows, and what it may not depend on."""

import re
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.methods.aeda import REPEATED
from klue_pipeline.relation.augmentation.rows.context import Resources
from klue_pipeline.relation.augmentation.words import word_guesses
from klue_pipeline.relation.augmentation.words.free_words import (
    free_words,
    mark_places,
    maskable_words,
)
from klue_pipeline.text.josa import choose_josa, find_josa

SYNONYMS = pd.DataFrame(
    [
        ("이순신", "충무공"), ("수군", "해군"), ("서울", "한양"), ("서울", "경성"),
        ("봄날", "춘일"), ("그래", "응"),
    ],
    columns=["word", "synonym"],
)  # fmt: skip
RESOURCES = Resources(synonyms=SYNONYMS)
WITH_TABLE = {"synonyms": "table", "copies": 2, "alpha": 0.4}
CASES = {
    "entity_swap": {"noisy_weight": 0.5},
    "mask_words": {"mask_share": 0.4},
    "mask_entity": {},
    "entity_replace": {},
    "eda: synonym": {"operations": ["synonym"], **WITH_TABLE},
    "eda: insert": {"operations": ["insert"], **WITH_TABLE},
    "eda: swap": {"operations": ["swap"], "alpha": 0.4},
    "eda: delete": {"operations": ["delete"], "alpha": 0.4},
    "aeda": {"copies": 3},
    "fill_mask": {"mask_share": 0.5, "top_k": 3, "batch_size": 4, "device": "cpu"},
}
"""Methods with the settings that this file gives them."""


@pytest.fixture(scope="module")
def run(augment, language_model_folder):
    """Run a method as this file has it set; a model is loaded once."""
    loaded = {}

    def load_once(name, *arguments, **settings_):
        if name not in loaded:
            loaded[name] = load(name, *arguments, **settings_)
        return loaded[name]

    load = word_guesses.load_guesses
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_guesses, "load_guesses", load_once)
        CASES["fill_mask"]["model"] = str(language_model_folder)
        yield lambda case, rows, **rest: augment(
            case.split(":")[0], rows, resources=RESOURCES, **CASES[case], **rest
        )


@pytest.fixture(scope="session")
def any_rows(examples, example_lists):
    few = st.lists(examples, min_size=1, max_size=2, unique_by=lambda row: row.row_id)
    return st.one_of(few, example_lists)


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_random_rows_stay_sound(data, any_rows, run, case, klue_labels):
    rows = data.draw(any_rows)
    made, skipped = run(case, rows)
    by_id = {row.row_id: row for row in rows}
    assert len(made) + skipped.total() == _expected(case, rows)
    for new in made:
        row = by_id[new.row_id]
        new.require_words_at_spans()
        assert new != row
        assert new.fold_key == row.fold_key
        assert new.label in klue_labels.names
        assert new.weight > 0
        if case != "entity_swap":
            assert (new.label, new.type_pair, new.weight) == (row.label, row.type_pair, row.weight)
        if case not in {"entity_swap", "mask_entity", "entity_replace"}:
            assert (new.subject.text, new.object.text) == (row.subject.text, row.object.text)
        CHECKS[case](row, new, rows)


def _expected(case, rows):
    """How many rows are made or skipped: AEDA skips a row without a place as a whole."""
    copies = CASES[case].get("copies", 1)
    if case != "aeda":
        return copies * len(rows)
    return sum(copies if mark_places(row) else 1 for row in rows)


def check_swap(row, new, rows):
    assert new.sentence == row.sentence
    assert (new.subject, new.object) == (row.object, row.subject)
    assert new.subject.type in {"PER", "ORG"}


def check_masked_words(row, new, rows):
    """Each word is itself or the mask, and all between them is as it was."""
    words = maskable_words(row)
    pattern, cursor = "", 0
    for word in words:
        text = re.escape(row.sentence[word.start_char : word.end_char])
        between = re.escape(row.sentence[cursor : word.start_char])
        pattern += rf"{between}(?:{text}|\[MASK\])"
        cursor = word.end_char
    assert re.fullmatch(pattern + re.escape(row.sentence[cursor:]), new.sentence)
    assert new.sentence.count("[MASK]") == max(1, round(0.4 * len(words)))


def _changed_role(row, new):
    (role,) = (
        role for role in ("subject", "object") if row.entity(role).text != new.entity(role).text
    )
    return role


def check_masked_entity(row, new, rows):
    (role,) = (
        role for role in ("subject", "object") if row.entity(role).text != new.entity(role).text
    )
    was, now = row.entity(role), new.entity(role)
    assert now.text == "[MASK]"
    assert new.sentence[: now.start_char] == row.sentence[: was.start_char]
    assert new.sentence[now.end_char :] == row.sentence[was.end_char :]


def check_replaced_entity(row, new, rows):
    """The new word comes from the same role, type and folds; only a particle follows it."""
    (role,) = (
        role for role in ("subject", "object") if row.entity(role).text != new.entity(role).text
    )
    entity, surface = row.entity(role), new.entity(role).text
    assert surface not in (row.subject.text, row.object.text)
    assert any(
        (other.entity(role).text, other.entity(role).type) == (surface, entity.type)
        and other.fold_key == row.fold_key
        for other in rows
    )
    before, behind = row.sentence[: entity.start_char], row.sentence[entity.end_char :]
    allowed = {behind}
    if particle := find_josa(behind, entity.text):
        start, end = particle.start_char, particle.start_char + len(particle.form)
        allowed.add(behind[:start] + choose_josa(surface, particle.pair) + behind[end:])
    assert new.sentence.startswith(before + surface)
    assert new.sentence.removeprefix(before + surface) in allowed


def check_synonym(row, new, rows):
    assert _bound_words(new) == _bound_words(row)


def check_insert(row, new, rows):
    check_synonym(row, new, rows)
    more = Counter(new.sentence.split()) - Counter(row.sentence.split())
    assert set(more) <= set(SYNONYMS["synonym"])


def check_moved_words(row, new, rows):
    check_synonym(row, new, rows)
    assert sorted(new.sentence) == sorted(row.sentence)


def check_deleted_words(row, new, rows):
    check_synonym(row, new, rows)
    assert not Counter(new.sentence.split()) - Counter(row.sentence.split())


def check_marks(row, new, rows):
    """Each place has its mark or none, and all between them is as it was."""
    pattern, cursor = "", 0
    for place in mark_places(row):
        pattern += re.escape(row.sentence[cursor:place]) + "([.;?:!,] )?"
        cursor = place
    assert re.fullmatch(pattern + re.escape(row.sentence[cursor:]), new.sentence)
    n_marks = (len(new.sentence) - len(row.sentence)) // 2
    assert 1 <= n_marks <= max(1, round(0.33 * len(row.sentence.split())))


def check_filled_masks(row, new, rows):
    assert _bound_words(new) == _bound_words(row)
    assert len(free_words(new)) == len(free_words(row))
    assert "[MASK]" not in new.sentence
    assert re.findall(r"\s+", new.sentence) == re.findall(r"\s+", row.sentence)


def _bound_words(row):
    """What stands in the words that an entity touches, from blank to blank."""
    free = {place for word in free_words(row) for place in range(word.start_char, word.end_char)}
    bound = "".join(" " if n in free else letter for n, letter in enumerate(row.sentence))
    return bound.split()


CHECKS = {
    "entity_swap": check_swap,
    "mask_words": check_masked_words,
    "mask_entity": check_masked_entity,
    "entity_replace": check_replaced_entity,
    "eda: synonym": check_synonym,
    "eda: insert": check_insert,
    "eda: swap": check_moved_words,
    "eda: delete": check_deleted_words,
    "aeda": check_marks,
    "fill_mask": check_filled_masks,
}


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_neither_chunks_nor_order_nor_repetition_matter(data, any_rows, run, case):
    rows = data.draw(any_rows)
    chunkings = ([rows], [rows], [[row] for row in rows], [rows[::-1]])
    made = [sorted(run(case, rows, chunks=chunks)[0], key=repr) for chunks in chunkings]
    assert made[0] == made[1] == made[2] == made[3]


@pytest.mark.parametrize("case", [case for case in CASES if case != "entity_swap"])
def test_another_seed_draws_anew(run, mark, case):
    places = ("학교", "바다", "국회", "부산", "노래")
    marked = "[[이순신{n}]]은 “서울” {place}에서 매우 큰 배를 <<수군{n}>>의 장군에게 보였다."
    rows = [
        mark(marked.format(n=n, place=place), row_id=str(n)) for n, place in enumerate(places * 4)
    ]
    first, again, other = (run(case, rows, seed=seed)[0] for seed in (1, 1, 2))
    assert first == again != other


def test_copies_of_a_row_differ(run, mark):
    row = mark("배우 [[정 해인]]은 지난 봄 <<서울>>에서 새 집을 샀다 고 했다.")
    made, skipped = run("aeda", [row])
    assert len({new.sentence for new in made}) == len(made) == 3 - skipped[REPEATED]


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_swapped_rows_without_types_stay_sound(data, legacy_examples, augment, legacy_labels):
    row = data.draw(legacy_examples)
    made, _ = augment("entity_swap", [row], labels=legacy_labels, originals=(), noisy_weight=0.5)
    for new in made:
        new.require_words_at_spans()
        assert new.label in legacy_labels.names
        assert new.weight == 0.5
