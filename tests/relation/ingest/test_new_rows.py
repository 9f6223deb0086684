"""Rows to label: their format, and the parting of good from bad, chunk by chunk."""

import json

import pytest

from klue_pipeline.relation.ingest.new_rows import choose_format, cut_chunks
from klue_pipeline.relation.ingest.parsing import RawEntity, RawFile, RawRow
from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.relation.settings.params import IngestParams, TableColumns

KLUE_ROW = {"guid": "a", "sentence": "가 나", "subject_entity": {}, "object_entity": {}}


def ingest(**given) -> IngestParams:
    return IngestParams(
        **{"format": "auto", "label_set": "auto", "max_rejected_share": 0, "seed": 1} | given
    )


def predict(**given) -> PredictParams:
    usual = {"input": "new", "format": "auto", "ends": None, "folds": None, "output_format": "csv"}
    return PredictParams(**usual | {"with_text": True, "chunk_rows": 2} | given)


@pytest.mark.parametrize(
    ("raw", "given", "wanted"),
    [
        (RawFile("n", "id,sentence,subject_entity,object_entity\n"), {}, "contest_csv"),
        (RawFile("n", json.dumps(KLUE_ROW)), {}, "klue"),
        (RawFile("n", records=[KLUE_ROW]), {}, "klue"),
        (RawFile("n", '{"sentence": "가 나"}'), {}, "table"),
        (RawFile("n", records=[{"sentence": "가 나"}]), {}, "table"),
        (RawFile("n", "sentence,subject,object\n"), {}, "table"),
        (RawFile("n", "id,sentence,subject_entity,object_entity\n"), {"format": "table"}, "table"),
    ],
)
def test_the_format_follows_training_then_the_content(raw, given, wanted):
    assert choose_format(raw, predict(), ingest(**given))[0] == wanted


def test_a_named_format_wins():
    raw = RawFile("n", "sentence,subject,object\n")
    assert choose_format(raw, predict(format="klue"), ingest(format="table"))[0] == "klue"


def test_columns_of_training_hold_until_others_are_named_and_labels_are_never_wanted():
    raw = RawFile("n", "text,from,to\n")
    trained = ingest(
        format="table", ends="inclusive", columns={"sentence": "text", "label": "kind"}
    )
    _, layout = choose_format(raw, predict(), trained)
    assert (layout.columns.sentence, layout.ends_are_inclusive) == ("text", True)
    assert layout.columns.label is layout.columns.fold is layout.columns.source is None
    others = predict(columns=TableColumns(sentence="본문"), ends="exclusive")
    _, layout = choose_format(raw, others, trained)
    assert (layout.columns.sentence, layout.ends_are_inclusive) == ("본문", False)


def row(number: int, **changes) -> RawRow:
    given = {
        "row_number": number,
        "row_id": f"id{number}",
        "sentence": "가 나",
        "subject": RawEntity("가", 0, 1, "PER"),
        "object": RawEntity("나", 2, 3, None),
        "label": None,
    }
    return RawRow(**given | changes)


def test_every_row_is_in_exactly_one_chunk_as_good_or_bad():
    rows = [
        row(1),
        row(2, problem="broken"),
        row(3, row_id=None),
        row(4, subject="nowhere"),
        row(5),
    ]
    chunks = list(cut_chunks(iter(rows), 2))
    assert [len(chunk) for chunk in chunks] == [2, 2, 1]
    assert [number for chunk in chunks for number in chunk.row_numbers] == [1, 3, 5]
    assert [bad.row.row_number for chunk in chunks for bad in chunk.problems] == [2, 4]
    assert [bad.reason for c in chunks for bad in c.problems] == [
        "unreadable line",
        "unusable entity",
    ]
    ids = [row_id for chunk in chunks for row_id in chunk.sentences["row_id"]]
    assert ids == ["id1", "row_3", "id5"]


def test_a_chunk_of_bad_rows_alone_has_an_empty_table():
    (chunk,) = cut_chunks([row(1, problem="broken")], 4)
    assert chunk.sentences.empty
    assert "subject_start" in chunk.sentences.columns


def test_named_columns_are_those_of_a_table_whatever_it_looks_like():
    nine = "\t".join(["sentence", "subject", "object", *"abcdef"]) + "\n"
    assert choose_format(RawFile("n", nine), predict(), ingest())[0] == "legacy_tsv"
    named = predict(columns=TableColumns(source="a"))
    assert choose_format(RawFile("n", nine), named, ingest())[0] == "table"
