"""Back translation: from a file, and by pretended translators."""

import re
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.methods import back_translation
from klue_pipeline.relation.augmentation.methods.back_translation import reword_by_models
from klue_pipeline.relation.augmentation.rows.context import Resources
from klue_pipeline.training.generation.translation import CUT_OFF, TOO_LONG, Translation


def word_by_word(change):
    """A translator that changes each text on its own, the last one first."""

    def translate(texts):
        for place in reversed(range(len(texts))):
            yield {place: Translation(change(texts[place]))}

    return translate


unchanged = word_by_word(lambda text: text)
backwards = word_by_word(lambda text: " ".join(text.split()[::-1]))
without_codes = word_by_word(lambda text: re.sub(r"[EXQZ]\d+", "", text))
all_twice = word_by_word(lambda text: f"{text} {text}")


# ---- pretended translators --------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_entities_survive_translators_that_keep_codes(example_lists, data):
    rows, skipped = data.draw(example_lists), Counter()
    for steps in ([unchanged], [backwards], [backwards, backwards]):
        new_rows = list(reword_by_models(rows, steps, skipped))
        assert not skipped
        assert [row.row_id for row in new_rows] == [row.row_id for row in rows]
        for row, origin in zip(new_rows, rows, strict=True):
            row.require_words_at_spans()
            assert (row.label, row.weight, row.fold_key) == (
                origin.label, origin.weight, origin.fold_key,
            )  # fmt: skip
            assert (row.subject.text, row.subject.type) == (
                origin.subject.text, origin.subject.type,
            )  # fmt: skip
            assert (row.object.text, row.object.type) == (origin.object.text, origin.object.type)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_row_is_there_or_counted(example_lists, data):
    rows = data.draw(example_lists)
    for translator in (without_codes, all_twice):
        skipped = Counter()
        assert list(reword_by_models(rows, [translator], skipped)) == []
        assert skipped.total() == len(rows)


def test_reasons_are_told_apart(mark):
    rows = [
        mark(f"[[이순신]]은 <<수군>>을 이끌었다{number}.", row_id=str(number))
        for number in range(6)
    ]
    answers = [
        Translation("E1은 E2를 거느렸다."),
        Translation("E1은 거느렸다."),
        Translation("", TOO_LONG),
        Translation("E1은 E2를 E1은"),
        Translation("", CUT_OFF),
        Translation("거느렸다."),
    ]
    skipped = Counter()
    new = list(reword_by_models(rows, [lambda _: [dict(enumerate(answers))]], skipped))
    assert new == [mark("[[이순신]]은 <<수군>>을 거느렸다.", row_id="0")]
    assert skipped == {
        "object lost": 1, TOO_LONG: 1, "subject more than once": 1, CUT_OFF: 1, "subject lost": 1,
    }  # fmt: skip


def test_translators_see_codes_and_never_the_entities(mark):
    seen = []

    def look(texts):
        seen.extend(texts)
        yield dict(enumerate(map(Translation, texts)))

    list(reword_by_models([mark("[[이순신]]은 E1면의 <<수군>>을")], [look], Counter()))
    assert seen == ["X1은 E1면의 X2을"]


# ---- from a file ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def reword(augment):
    def run(rows, table, **rest):
        resources = Resources(translations=None if table is None else pd.DataFrame(table))
        return augment("back_translation", rows, resources=resources, **rest)

    return run


def test_a_file_rewords_rows(mark, reword):
    rows = [
        mark("[[이순신]]은 <<수군>>을 이끌었다.", "per:employee_of", row_id="0", fold_key=(1,)),
        mark("[[서울]]은 <<한국>>의 수도다.", types="LOC:LOC", row_id="1"),
        mark("[[부산]]은 <<한국>>의 도시다.", row_id="2"),
    ]
    table = {
        "origin_id": ["1", "0", "0", "9", "1", "1"],
        "text": [
            "[O]의 수도는 [S]다.", "수군의 장수 이순신", "[S]가 수군을", "누구?", "서울은 수도다.",
            "",
        ],
    }  # fmt: skip
    new_rows, skipped = reword(rows, table)
    assert new_rows == [
        mark("<<수군>>의 장수 [[이순신]]", "per:employee_of", row_id="0", fold_key=(1,)),
        mark("[[이순신]]이 <<수군>>을", "per:employee_of", row_id="0", fold_key=(1,)),
        mark("<<한국>>의 수도는 [[서울]]이다.", types="LOC:LOC", row_id="1"),
    ]
    assert skipped == {
        "translation of an unknown row": 1, "object lost": 1, "no text": 1,
        "no translation in the file": 1,
    }  # fmt: skip


def test_cells_of_other_kinds_than_text(mark, reword):
    """A table that was read without ``dtype: str``."""
    rows = [mark("[[이순신]]은 <<수군>>을", row_id="7")]
    table = {"origin_id": [7, 7, 8], "text": ["수군의 이순신", None, float("nan")]}
    new_rows, skipped = reword(rows, table)
    assert new_rows == [mark("<<수군>>의 [[이순신]]", row_id="7")]
    assert skipped == {"no text": 1, "translation of an unknown row": 1}


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_a_file_gives_does_not_depend_on_chunks(example_lists, reword, data):
    rows = data.draw(example_lists)
    words = st.sampled_from(
        ["[S]", "[O]", "은 ", "😀", *(e.text for r in rows for e in r.entities)]
    )
    texts = data.draw(st.lists(st.lists(words, max_size=6).map("".join), max_size=8))
    ids = [data.draw(st.sampled_from([*(row.row_id for row in rows), "x"])) for _ in texts]
    table = {"origin_id": ids, "text": texts}
    whole, skipped = reword(rows, table)
    assert reword(rows, table, chunks=[[row] for row in rows]) == (whole, skipped)
    missing = skipped.pop("no translation in the file", 0)
    assert missing == len({row.row_id for row in rows}.difference(ids))
    assert len(whole) + sum(skipped.values()) == len(texts)
    for row in whole:
        row.require_words_at_spans()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, r"raw\.translations"),
        (
            {"row_id": ["0"], "text": ["가"]},
            r"raw\.translations has the columns row_id, text and lacks origin_id\.",
        ),
    ],
)
def test_a_file_that_is_not_there_or_has_other_columns_is_refused(reword, table, message):
    with pytest.raises(ValueError, match=message):
        reword([], table)


# ---- by models --------------------------------------------------------------------------------

TO_ENGLISH = {
    "E1은 E2을 이끌었다.": "E1 led E2.",
    "E1의 수도는 E2다.": "E2 of E1.",
    "E1은 E2에서 났다.": "E1 was.",
}
TO_KOREAN = {
    "E1 led E2.": "E2를 이끈 것은 E1이다.",
    "E2 of E1.": "E2는 E1의 수도다.",
    "E1 was.": "E1은 났다.",
}


@pytest.fixture
def rows(mark):
    return [
        mark("[[이순신]]은 <<수군>>을 이끌었다.", "per:employee_of", row_id="0", fold_key=(0,)),
        mark("[[한국]]의 수도는 <<서울>>이다.", row_id="1"),
        mark("[[한국]]의 수도는 <<서울시>>다.", types="LOC:LOC", row_id="2"),
        mark("[[정약용]]은 <<강진>>에서 났다.", row_id="3"),
        mark("[[유관순]]은 <<만세꾼>>을 이끌었다.", row_id="4"),
    ]


@pytest.fixture
def by_models(augment, monkeypatch):
    """Reword rows by two models, each of which knows some sentences; texts that they were given."""
    seen = []

    def translator(known):
        def look_up(text):
            seen.append(text)
            return known.get(text, "?")

        return word_by_word(look_up)

    def build(directions, settings):
        return [translator(known) for known in (TO_ENGLISH, TO_KOREAN)]

    monkeypatch.setattr(back_translation, "build_translators", build)

    def run(rows, cache_folder=None, **changes):
        seen.clear()
        return augment(
            "back_translation", rows, resources=Resources(cache_folder=cache_folder),
            source="models", models=["ko>en", "en>ko"], **changes,
        )  # fmt: skip

    return run, seen


def test_models_reword_rows(by_models, rows, mark):
    run, _ = by_models
    new_rows, skipped = run(rows)
    assert new_rows == [
        mark("<<수군>>을 이끈 것은 [[이순신]]이다.", "per:employee_of", row_id="0", fold_key=(0,)),
        mark("<<서울시>>는 [[한국]]의 수도다.", types="LOC:LOC", row_id="2"),
        mark("<<만세꾼>>을 이끈 것은 [[유관순]]이다.", row_id="4"),
    ]
    assert skipped == {"object lost": 1, "subject lost": 1}
    assert run(rows, chunks=[rows[:2], rows[2:]]) == (new_rows, skipped)


def test_what_was_translated_before_is_not_asked_again(by_models, rows, tmp_path):
    run, seen = by_models
    whole = run(rows, cache_folder=tmp_path)
    assert run(rows, cache_folder=tmp_path) == whole
    assert seen == []
    run(rows, cache_folder=tmp_path, num_beams=2)
    assert seen


def test_without_a_folder_nothing_is_kept(by_models, rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    by_models[0](rows)
    assert list(tmp_path.iterdir()) == []
