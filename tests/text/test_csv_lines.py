"""CSV files of people: what is read, and at which line it stands."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.text.csv_lines import (
    Line,
    first_line,
    read_lines,
    read_table,
    require_columns,
    split_csv,
)

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=8)


def test_rows_and_lines_are_counted_apart():
    found = split_csv(b'id,note\n1,"two\nlines"\n\n2,"a ""quote"", and\r\n\r\nmore"\n3,x')
    assert found.header == ["id", "note"]
    assert found.rows == [["1", "two\nlines"], ["2", 'a "quote", and\r\n\r\nmore'], ["3", "x"]]
    assert found.lines == [2, 5, 8]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(end, mark):
    found = split_csv(mark + end.join([b"id,name", "1,인물".encode(), b"2,x"]) + end)
    assert (found.header, found.lines) == (["id", "name"], [2, 3])
    assert found.rows == [["1", "인물"], ["2", "x"]]


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
def test_what_was_written_is_read_and_lines_are_where_rows_begin(rows):
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["a", "b"])
    begins = []
    for row in rows:
        before = text.getvalue()
        begins.append(len(io.StringIO(before, newline="").readlines()) + 1)
        writer.writerow(row)
    found = split_csv(text.getvalue().encode())
    assert found.rows == [list(row) for row in rows]
    assert found.lines == begins


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: the file is empty"),
        (b"\n\n", "line 1: the file is empty"),
        (b'id,b\n1,"x"\n2,"never closed\n3,x\n', "line 3: the row that begins here is no CSV"),
        (b'id,b\n1,"x" y\n', "line 2: the row that begins here is no CSV"),
        (b'id,b\n1,"' + b"x" * 200_000, "line 2: the row that begins here is no CSV"),
        ("id,b\n1,x\n2,인물\n".encode("cp949"), "line 3: byte 0xc0 is not UTF-8"),
        ("id,b\n".encode("utf-16"), "line 1: this is UTF-16"),
        (b"PK\x03\x04...", "line 1: this is a zip archive; unpack it"),
    ],
)
def test_what_is_no_csv_is_refused_by_line(content, message):
    with pytest.raises(ValueError, match=message):
        split_csv(content)


def test_lines_are_split_by_any_character_and_long_fields_are_read():
    lines = list(read_lines('a\tb\r\n"한\r\n줄"\t2\r\n\r\n3\t' + "가" * 200_000, "\t"))
    assert lines == [
        Line(1, ["a", "b"]), Line(2, ["한\r\n줄", "2"]), Line(5, ["3", "가" * 200_000]),
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"f\.csv, line 2: the row that begins here"):
        list(read_lines('a,b\n1,"열린 따옴표\n3,4\n', name="f.csv"))
    assert first_line('"열림', ",") == []
    assert first_line("\n\n가 \t나", "\t") == ["가", "나"]


def test_a_table_has_the_wanted_columns_and_whole_rows():
    table = read_table(read_lines("id, label ,more\n7,x,y\n8,z\n"), ["id", "label"], "f.csv")
    assert next(table) == {"id": "7", "label": "x", "more": "y"}
    assert list(read_table(read_lines("id,label\n7,x,,\n"), [], "f.csv")) == [
        {"id": "7", "label": "x"}
    ]
    with pytest.raises(ValueError, match=r"f\.csv, line 3: found 2 fields, wanted 3"):
        next(table)
    with pytest.raises(ValueError, match=r"f\.csv lacks label: found id; wanted id, label\."):
        require_columns(["id"], ["id", "label"], "f.csv")
    with pytest.raises(ValueError, match=r"found 7, per:title; .* The first line looks like a row"):
        require_columns(["7", "per:title"], ["id", "label"], "f.csv")
    with pytest.raises(ValueError, match="'label' is 'Label' in other case"):
        require_columns(["id", "Label"], ["id", "label"], "f.csv")
    with pytest.raises(ValueError, match="more than one column id"):
        require_columns(["id", "label", "id"], ["id", "label"], "f.csv")
