"""Normalised rows: sentences, spans and words agree, in both files."""

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.ingest import schema
from klue_pipeline.text.normalise import normalise


@pytest.fixture
def normalised(as_rows, as_test, run, clean_params):
    """Normalise training rows and the same as test rows; the result has been checked."""

    def clean(marked, steps=("nfc", "quotes", "blanks"), problems=None):
        params = clean_params("normalise_text", normalise_text={"steps": list(steps)})
        train = as_rows(marked)
        result = run(train, params, as_test(train, problems))
        schema.Sentences.validate(result.tables.train, lazy=True)
        schema.TestSentences.validate(result.tables.test, lazy=True)
        return result

    return clean


def test_both_files_change_alike_and_spans_follow(normalised):
    result = normalised(
        [
            "“[[이순신]]”은 \u3000<<수  군>>을 이끌었다.",
            unicodedata.normalize("NFD", "[[세종]]은 <<집현전>>을 세웠다."),
        ]
    )
    for rows in (result.tables.train, result.tables.test):
        assert rows["sentence"].tolist()[0] == '"이순신"은 수 군을 이끌었다.'
        assert rows["object_text"].tolist() == ["수 군", "집현전"]
        assert rows["object_start"].tolist() == [7, 4]
        assert rows["object_end"].tolist() == [10, 7]
        assert rows["pair_key"].tolist()[0] == "수 군\t이순신"
    report = result.report["rules"][0]
    assert report["rows_changed"] == {"train": 2, "test": 2}
    assert set(result.changed_rows["row_id"]) == {"r0", "tr0", "r1", "tr1"}


def test_a_row_whose_span_would_break_stays_as_it_was_and_is_counted(normalised):
    cut = "[[세\u1112\u1161]]\u11ab은 “<<집현전>>”을 세웠다."  # inside of the syllable 한
    empty = "[[\u200b]]은 “<<집현전>>”을 세웠다."
    result = normalised([cut, empty, "[[세종]]은 <<집현전>>을 세웠다."])
    assert len(result.changed_rows) == 0
    wanted = {"entity ends inside a letter": 1, "entity would be empty": 1}
    assert result.report["rules"][0]["left"] == {"train": wanted, "test": wanted}


def test_test_rows_with_a_problem_are_left_alone(normalised):
    row = "“[[세종]]”은 <<집현전>>을 세웠다."
    result = normalised([row, row], problems=["empty sentence", None])
    assert result.changed_rows.query("file == 'test'")["row_id"].unique().tolist() == ["tr1"]


def test_only_the_named_steps_are_done(normalised):
    rows = normalised(["“[[세종]]”은  <<집현전>>을 세웠다."], steps=["blanks"]).tables.train
    assert rows["sentence"].tolist() == ["“세종”은 집현전을 세웠다."]


LETTERS = [
    "세종", "李舜臣", "\uf9e1", "😀", "👨\u200d👩\u200d👧", "각", "\u1100\u1161", "\u11a8",
    "e\u0301",
]  # fmt: skip
MARKS = ["\u0301", "“", "’", "〈", ".", " ", "  ", "\u3000", "\xa0", "\u200b", "\ufeff", "\t"]
TEXT = st.lists(st.sampled_from([*LETTERS, *MARKS]), max_size=5).map("".join)
ROWS = st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT, TEXT, st.booleans()), min_size=8, max_size=25)


@given(ROWS)
@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_row_keeps_its_entities(normalised, rows):
    drawn = [(before, first or "세종", between, second or "세종", *rest)
             for before, first, between, second, *rest in rows]  # fmt: skip
    result = normalised([_mark(*row) for row in drawn])
    changed = set(result.changed_rows["row_id"])
    for row, found in zip(drawn, result.tables.train.itertuples(), strict=True):
        assert _core(found.sentence) == _core(_mark(*row, marks=[""] * 4))
        entities = [found.subject_text, found.object_text]
        wanted = [row[1], row[3]] if row[-1] else [row[3], row[1]]
        assert list(map(_core, entities)) == list(map(_core, wanted))
        if found.row_id in changed:
            assert normalise(found.sentence, ["nfc", "quotes", "blanks"]).text == found.sentence


def _mark(*row, marks=("[[", "]]", "<<", ">>")):
    before, first, between, second, after, subject_first = row
    opening, closing, *others = marks if subject_first else [*marks[2:], *marks[:2]]
    return f"{before}{opening}{first}{closing}{between}{others[0]}{second}{others[1]}{after}"


def _core(text):
    """What no step touches, up to Unicode's canonical equality."""
    for blank in "\u200b\ufeff":
        text = text.replace(blank, "")
    unified = "".join(text.split()).translate(str.maketrans("“’", "\"'"))
    return unicodedata.normalize("NFD", unified)
