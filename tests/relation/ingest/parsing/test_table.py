"""Tables of one's own: any columns, words or offsets, and rows that cannot be read."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.datasets.inputs.files import ParquetRecords
from klue_pipeline.relation.ingest.parsing import RawEntity, RawFile, TableLayout
from klue_pipeline.relation.ingest.parsing.table import parse, resolve_columns
from klue_pipeline.relation.settings.params import TableColumns
from klue_pipeline.text.csv_tables import encode_csv

WORDS = TableColumns(sentence="text", subject="from", object="to", label="kind")


def rows_of(text: str, columns: TableColumns = WORDS, *, inclusive: bool = False, name="mine.csv"):
    return list(parse(RawFile(name, text), TableLayout(columns, inclusive)))


def test_words_are_found_in_the_sentence():
    (row,) = rows_of("text,from,to,kind\n한빛은 누리를 샀다.,한빛,누리,인수\n")
    assert row.subject == RawEntity("한빛", 0, 2, None)
    assert row.object == RawEntity("누리", 4, 6, None)
    assert (row.row_id, row.label, row.problem) == ("row_1", "인수", None)


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_delimiter_is_seen_in_the_header(delimiter):
    fields = ["a, b; c\td", "a", "c", "x"]
    line = delimiter.join(f'"{field}"' for field in fields)
    (row,) = rows_of(delimiter.join(["text", "from", "to", "kind"]) + f"\n{line}\n")
    assert (row.sentence, row.subject.word, row.object.word) == ("a, b; c\td", "a", "c")


def test_json_lines_csv_and_parquet_say_the_same(tmp_path):
    table = pd.DataFrame(
        {"text": ["한빛은 누리를 샀다.", "가, 나"], "from": ["한빛", "가"], "to": ["누리", "나"],
         "kind": ["인수", None]}
    )  # fmt: skip
    table.to_parquet(tmp_path / "mine.parquet")
    json_lines = table.to_json(orient="records", lines=True, force_ascii=False)
    layout = TableLayout(WORDS)
    wanted = rows_of(table.to_csv(index=False))
    assert rows_of(json_lines) == wanted
    assert rows_of(table.to_json(orient="records", force_ascii=False)) == wanted
    records = ParquetRecords(tmp_path / "mine.parquet")
    assert list(parse(RawFile("mine.parquet", records=records), layout)) == wanted
    assert len(records) == 2
    assert wanted[1].label is None


OFFSETS = TableColumns(
    sentence="text",
    subject_start="s.start",
    subject_end="s.end",
    subject_type="s.type",
    object_start="o.start",
    object_end="o.end",
)


def nested(subject: tuple, object_: tuple, text: str = "한빛은 누리를 샀다.") -> str:
    return json.dumps(
        {
            "text": text,
            "s": {"start": subject[0], "end": subject[1], "type": "ORG"},
            "o": {"start": object_[0], "end": object_[1]},
        }
    )


def test_offsets_in_objects_inside_objects():
    (row,) = rows_of(nested((0, 2), (4, 6)), OFFSETS)
    assert row.subject == RawEntity("한빛", 0, 2, "ORG")
    assert row.object == RawEntity("누리", 4, 6, None)


def test_inclusive_ends():
    (row,) = rows_of(nested((0, 1), (4, 5)), OFFSETS, inclusive=True)
    assert (row.subject.word, row.object.word) == ("한빛", "누리")


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ((4, 50), "characters 4 to 50 (exclusive) are no part of a sentence of 11"),
        ((-1, 3), "characters -1 to 3"),
        ((5, 5), "characters 5 to 5"),
        ((6, 4), "characters 6 to 4"),
        (("a", 4), "start and end are 'a' and 4, wanted whole numbers"),
        ((4, None), "start and end are 4 and None, wanted whole numbers"),
        ((4.5, 6), "start and end are '4.5' and 6"),
    ],
)
def test_offsets_that_cannot_be_say_so(span, message):
    (row,) = rows_of(nested((0, 2), span), OFFSETS)
    assert message in row.object


@pytest.mark.parametrize("numbers", [("0", "2"), (0.0, 2.0)])
def test_numbers_may_be_text_or_have_a_fraction_of_nothing(numbers):
    (row,) = rows_of(nested(numbers, (4, 6)), OFFSETS)
    assert row.subject == RawEntity("한빛", 0, 2, "ORG")


def test_a_word_that_ends_elsewhere_hints_at_inclusive_ends():
    columns = TableColumns(sentence="text", subject="w", object_start="os", object_end="oe",
                           subject_start="ss", subject_end="se")  # fmt: skip
    line = '{"text": "한빛은 누리를 샀다.", "w": "한빛", "ss": 0, "se": 1, "os": 4, "oe": 6}'
    (row,) = rows_of(line, columns)
    assert row.subject == (
        "wanted '한빛', found '한': it begins there and ends elsewhere; are the ends the other "
        "kind (ends)?"
    )
    (row,) = rows_of(line, columns, inclusive=True)
    assert row.subject.word == "한빛"


def test_broken_lines_become_rows_with_a_problem():
    good = '{"text": "가 나", "from": "가", "to": "나"}'
    rows = rows_of(f'{good}\n{{"text": \n[1]\n\n{good}\n', TableColumns(sentence="text", subject="from", object="to"))  # fmt: skip  # noqa: E501
    assert [row.problem is None for row in rows] == [True, False, False, True]
    assert [row.row_number for row in rows] == [1, 2, 3, 4]
    assert "line 2 is no JSON" in rows[1].problem
    assert "line 3 is no JSON object: [1]" in rows[2].problem
    rows = rows_of(f"[{good}, 7]", TableColumns(sentence="text", subject="from", object="to"))
    assert [row.problem for row in rows] == [None, "no JSON object: 7"]
    ragged = rows_of("text,from,to,kind\n가 나,가,나,x\n가 나,가\n")
    assert ragged[1].problem == "line 3 has 2 fields, the header 4"


def test_labels_that_are_numbers_are_names():
    lines = "".join(f"가 나,가,나,{label}\n" for label in ("100", "-1", "1.0", "01", " "))
    rows = rows_of(f"text,from,to,kind\n{lines}")
    records = [{"text": "가 나", "from": "가", "to": "나", "kind": kind} for kind in (1, 1.0, "01")]
    coded = rows_of("\n".join(map(json.dumps, records)))
    assert [row.label for row in coded] == ["1", "1", "01"]
    assert [row.label for row in rows] == ["100", "-1", "1.0", "01", None]


@pytest.mark.parametrize(
    ("found", "columns", "message"),
    [
        (["a", "b"], TableColumns(), "lacks the columns sentence: sentence; it has a, b"),
        (["text", "from", "to"], WORDS, r"lacks the columns label: kind; it has text, from, to"),
        (
            ["text"],
            WORDS,
            r"subject: from, object: to, label: kind.*ingest.columns.subject=<column>",
        ),
        (
            ["text"],
            TableColumns(sentence="text"),
            r"does not say where the subject is.*subject_start",
        ),
        (["sentence", "subject", "object_start"], TableColumns(), "where the object is"),
    ],
)
def test_missing_columns_name_those_there_are(found, columns, message):
    with pytest.raises(ValueError, match=message):
        resolve_columns(found, TableLayout(columns), "mine.csv")


def test_what_is_set_to_null_is_not_read():
    columns = TableColumns(sentence="text", subject="from", object="to", id=None)
    (row,) = rows_of("text,from,to,id\n가 나,가,나,한빛\n", columns)
    assert row.row_id == "row_1"
    (row,) = rows_of("text,from,to,id\n가 나,가,나,한빛\n", TableColumns(sentence="text", subject="from", object="to"))  # fmt: skip  # noqa: E501
    assert row.row_id == "한빛"


def test_what_is_read_and_what_is_not_is_logged(caplog):
    caplog.set_level("INFO")
    rows_of("text,from,to,kind,작성자\n가 나,가,나,x,김\n")
    assert "sentence is text, subject is from, object is to, label is kind; not read: 작성자" in caplog.text  # fmt: skip  # noqa: E501


CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXT = st.text(alphabet=CHARACTERS, max_size=12)
WORD = st.sampled_from(["한빛", "😀x", "李가람", '"나"', "a,b", "e\u0301"])


@given(TEXT, WORD, TEXT, WORD, TEXT, st.booleans())
def test_offsets_survive_every_file_kind(before, subject, between, object_, after, inclusive):
    sentence = f"{before}{subject}{between}{object_}{after}"
    start, second = len(before), len(before) + len(subject) + len(between)
    record = {
        "sentence": sentence,
        "subject_start": start,
        "subject_end": start + len(subject) - inclusive,
        "object_start": second,
        "object_end": second + len(object_) - inclusive,
    }
    written = encode_csv(pd.DataFrame([record]), escape_formulas=False).decode()
    for text in (json.dumps(record), written):
        (row,) = rows_of(text, TableColumns(), inclusive=inclusive)
        assert row.sentence == sentence
        assert row.subject == RawEntity(subject, start, start + len(subject), None)
        assert row.object == RawEntity(object_, second, second + len(object_), None)


def many(text: str, start: int, end: int) -> str:
    line = {"sentence": text, "subject_start": start, "subject_end": end, "object": "한빛"}
    return "\n".join([json.dumps(line, ensure_ascii=False)] * 10)


@pytest.mark.parametrize(
    ("start", "end", "warned"),
    [(0, 4, False), (0, 3, True), (1, 5, True), (10, 12, False), (11, 13, True)],
)
def test_offsets_that_cut_words_are_warned_of(caplog, start, end, warned):
    rows_of(many("Acme sold 누리는 한빛", start, end), TableColumns())
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert bool(warnings) is warned
    assert all("entities begin or end in the middle of a word" in text for text in warnings)


def test_the_first_row_s_entities_are_shown(caplog):
    caplog.set_level("INFO")
    rows_of("text,from,to,kind\n가 나,가,다,x\n가 나,가,나,x\n")
    assert "mine.csv: row 2 is read as subject '가', object '나'" in caplog.text


def test_offsets_counted_from_1_are_guessed():
    columns = TableColumns(sentence="text", subject="w", subject_start="ss", subject_end="se",
                           object="o")  # fmt: skip
    (row,) = rows_of(
        '{"text": "나 한빛은 누리를 샀다.", "w": "한빛", "ss": 3, "se": 5, "o": "누리"}', columns
    )
    assert "begins one character before; are the offsets counted from 1?" in row.subject
