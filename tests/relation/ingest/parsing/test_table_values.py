"""Tables of one's own: lists, objects, paths, and words that stand in a sentence twice."""

import json

import pandas as pd
import pytest

from klue_pipeline.datasets.inputs.files import ParquetRecords
from klue_pipeline.relation.ingest.parsing import RawEntity, RawFile, TableLayout
from klue_pipeline.relation.ingest.parsing.table import parse, read_record
from klue_pipeline.relation.settings.params import TableColumns

WORDS = TableColumns(sentence="text", subject="from", object="to", label="kind")


def rows_of(text: str, columns: TableColumns = WORDS):
    return list(parse(RawFile("mine.csv", text), TableLayout(columns)))


TACRED = {
    "token": ["Tom", "Thabane", "left", "New", "York"],
    "relation": "per:city",
    "subj_start": 0, "subj_end": 1, "obj_start": 3, "obj_end": 4,
}  # fmt: skip
TOKENS = TableColumns(
    sentence="token", label="relation", subject_start="subj_start", subject_end="subj_end",
    object_start="obj_start", object_end="obj_end",
)  # fmt: skip


def test_token_lists_are_joined_and_token_places_carried_over(tmp_path):
    pd.DataFrame([TACRED]).to_parquet(tmp_path / "t.parquet")
    layout = TableLayout(TOKENS, ends_are_inclusive=True)
    for raw in (
        RawFile("t.json", json.dumps([TACRED])),
        RawFile("t.csv", pd.DataFrame([TACRED]).to_csv(index=False)),
        RawFile("t.parquet", records=ParquetRecords(tmp_path / "t.parquet")),
    ):
        (row,) = parse(raw, layout)
        assert row.sentence == "Tom Thabane left New York"
        assert row.subject == RawEntity("Tom Thabane", 0, 11, None)
        assert row.object == RawEntity("New York", 17, 25, None)
    (row,) = rows_of(json.dumps(TACRED | {"subj_end": 0}), TOKENS)
    assert row.subject.endswith("of a sentence of 5 tokens; are the ends inclusive?")


@pytest.mark.parametrize("misfit", [["한빛은 누리를"], ["a", 1], [], {"text": "가"}, True, 7])
def test_a_sentence_that_is_no_text_makes_an_unusable_row(misfit):
    record = {"sentence": misfit, "subject": "한빛", "object": "누리"}
    columns = {name: name for name in record}
    assert read_record(1, record, columns).problem == f"sentence is {misfit}, wanted text"


@pytest.mark.parametrize("misfit", [["x"], {"x": 1}, True, float("inf")])
def test_fields_that_are_no_text_are_told_and_missing(misfit):
    record = {"sentence": "가 나", "subject": "가", "object": "나", "label": misfit, "id": misfit}
    row = read_record(1, record, {name: name for name in record})
    assert (row.label, row.row_id) == (None, None)
    assert row.misfits == f"id is {misfit}, wanted text; label is {misfit}, wanted text"


DOCCANO = {
    "text": "한빛은 누리를 샀다.",
    "entities": [{"start": 0, "end": 2}, {"start": 4, "end": 6}],
    "relations": [{"type": "인수"}],
}


def test_paths_lead_into_lists_and_one_that_no_row_has_is_told():
    columns = TableColumns(
        sentence="text", subject_start="entities.0.start", subject_end="entities.0.end",
        object_start="entities.1.start", object_end="entities.1.end", label="relations.0.type",
    )  # fmt: skip
    (row,) = rows_of(json.dumps(DOCCANO), columns)
    assert (row.subject.word, row.object.word, row.label) == ("한빛", "누리", "인수")
    with pytest.raises(ValueError, match=r"lacks the columns label: relations\.0\.type; .* has "
                       r"relations\.0\.type: relations is \[\] in row 1"):  # fmt: skip
        rows_of(json.dumps(DOCCANO | {"relations": []}), columns)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"subject_occurrence": 2}, 4),
        ({"subject_occurrence": "1"}, 0),
        ({"subject_start": 4}, 4),
        ({"subject_occurrence": 3}, "'한빛' stands 2 times in the sentence, wanted was number 3"),
        ({"subject_occurrence": "둘"}, "occurrence is '둘', wanted a whole number from 1"),
        ({}, "'한빛' stands at characters 0 and 4 of the sentence; give its offsets or its "),
    ],
)
def test_words_that_stand_there_twice(changes, wanted):
    record = {"sentence": "한빛은 한빛의 누리를", "subject": "한빛", "object": "누리", **changes}
    columns = {name: name for name in record}
    found = read_record(1, record, columns).subject
    if isinstance(wanted, int):
        assert found == RawEntity("한빛", wanted, wanted + 2, None)
    else:
        assert found.startswith(wanted)
    first = read_record(1, record, columns, TableLayout(takes_first=True)).subject
    assert first == (RawEntity("한빛", 0, 2, None) if not changes else found)


def test_a_first_row_without_names_is_told():
    with pytest.raises(
        ValueError, match=r"lacks the columns .*The first line looks like a row; put"
    ):
        rows_of("7,한빛은 누리를 샀다.,한빛,누리\n" * 2)


def test_a_comma_too_many_at_the_end_of_lines_does_not_shift_columns():
    rows = rows_of("text,from,to,kind\n가 나,가,나,x,\n가 나,가,나,y,,z\n")
    assert (rows[0].label, rows[0].problem) == ("x", None)
    assert rows[1].problem == "line 3 has 6 fields, the header 4"
