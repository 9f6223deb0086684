import pytest

from klue_pipeline.relation.ingest.parsing.columns import require_columns
from klue_pipeline.relation.ingest.parsing.delimited import (
    Line,
    first_line,
    read_lines,
    require_same_width,
)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_newline_ends_a_line_and_blank_lines_are_left_out(newline):
    text = newline.join(["가,나", "", "1,2", ""])
    assert [line.fields for line in read_lines(text, ",", "f.csv")] == [["가", "나"], ["1", "2"]]


def test_newlines_in_quotes_stay_as_they_are_and_line_numbers_count_them():
    lines = list(read_lines('a,b\r\n"한\r\n줄",2\r\n3,4\r\n', ",", "f.csv"))
    assert lines == [Line(1, ["a", "b"]), Line(2, ["한\r\n줄", "2"]), Line(4, ["3", "4"])]


def test_a_field_may_be_longer_than_the_csv_module_allows_by_default():
    (line,) = read_lines("가" * 200_000 + ",1", ",", "f.csv")
    assert len(line.fields[0]) == 200_000


@pytest.mark.parametrize("text", ['a,b\n1,"열린 따옴표\n3,4\n', 'a,b\n1,"인용"뒤\n'])
def test_quotes_that_do_not_match_name_the_line(text):
    with pytest.raises(ValueError, match=r"f\.csv, in the row that begins on line 2: "):
        list(read_lines(text, ",", "f.csv"))


def test_ragged_line_says_found_and_wanted():
    with pytest.raises(ValueError, match=r"f\.csv, line 7: found 2 fields, wanted 3"):
        require_same_width(Line(7, ["1", "2"]), 3, "f.csv")


def test_first_line_of_unreadable_text_is_empty():
    assert first_line('"열림', ",") == []
    assert first_line("\n\n가\t나", "\t") == ["가", "나"]


def test_missing_and_doubled_columns_are_refused():
    require_columns(["id", "label", "more"], ["id", "label"], "f.csv")
    with pytest.raises(ValueError, match=r"f\.csv lacks label: found id; wanted id, label\."):
        require_columns(["id"], ["id", "label"], "f.csv")
    with pytest.raises(ValueError, match="more than one column id"):
        require_columns(["id", "label", "id"], ["id", "label"], "f.csv")
