import json

import pytest

from klue_pipeline.relation.ingest.parsing import RawEntity, RawFile, RawRow, klue

ROW = {
    "guid": "klue-re-v1_train_00000",
    "sentence": "비틀즈는 런던에",
    "subject_entity": {"word": "비틀즈", "start_idx": 0, "end_idx": 2, "type": "ORG"},
    "object_entity": {"word": "런던", "start_idx": 5, "end_idx": 6, "type": "LOC"},
    "label": "no_relation",
    "source": "wikipedia",
}
WANTED = RawRow(
    row_number=1,
    row_id="klue-re-v1_train_00000",
    sentence="비틀즈는 런던에",
    subject=RawEntity("비틀즈", 0, 3, "ORG"),
    object=RawEntity("런던", 5, 7, "LOC"),
    label="no_relation",
    source="wikipedia",
)


def parse(text: str) -> list[RawRow]:
    return list(klue.parse(RawFile("train.json", text)))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ROW]),
        json.dumps([ROW], ensure_ascii=False, indent=2).replace("\n", "\r\n"),
        json.dumps(ROW) + "\r\n",
        "\n" + json.dumps(ROW, indent=2),
    ],
)
def test_list_lines_and_records_read_alike(text):
    assert parse(text) == [WANTED]
    assert list(klue.parse(RawFile("hub:klue:re:train", records=[ROW]))) == [WANTED]


def test_whole_number_label_and_absent_label():
    rows = [ROW | {"label": 24}, {key: ROW[key] for key in ROW if key != "label"}]
    assert [row.label for row in parse(json.dumps(rows))] == [24, None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps([ROW])[:-20], r"not whole JSON: .* at line 1, column \d+ \(character \d+ of"),
        (json.dumps(ROW) + "\n" + json.dumps(ROW)[:50], r"not whole JSON: .* at line 2, column"),
        ('{"data": [1]}', "lacks guid, sentence, subject_entity, object_entity: found data"),
        ("[1, 2]", "no row that can be read, row 1: no JSON object: 1"),
        ("id,sentence", "is no JSON: it begins with 'id,sentence'"),
        ("[" * 100_000, "not whole JSON: Expecting a closing bracket"),
        ("[" * 100_000 + "]" * 100_000, "row 1: nested too deeply"),
    ],
)
def test_a_broken_file_stops_with_its_name_and_place(text, message):
    with pytest.raises(ValueError, match=message) as error:
        parse(text)
    assert "train.json" in str(error.value)


class Lazy:
    """Records that are read as they are asked for, as those of a Parquet file."""

    def __init__(self, *rows):
        self.rows, self.n_read = rows, 0

    def __iter__(self):
        for row in self.rows:
            self.n_read += 1
            yield row


def test_lazy_records_are_read_one_by_one():
    lazy = Lazy(ROW, ROW)
    rows = klue.parse(RawFile("a.parquet", records=lazy))
    assert next(rows) == WANTED
    assert lazy.n_read == 2  # a glance at the columns, and the row itself
    assert len(list(rows)) == 1


def test_lazy_records_without_a_column_name_it():
    with pytest.raises(ValueError, match=r"a\.parquet lacks guid"):
        list(klue.parse(RawFile("a.parquet", records=Lazy({"sentence": "가"}))))
