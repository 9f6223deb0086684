"""Tables as CSV: what was written is read, by pandas and by csv, and formulas are escaped."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.text.csv_tables import encode_csv, escape_cell, unescape_cell, unescape_table

CELL = st.text("ab가 \r\n\t\"',;=+-@\u2028", max_size=6)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=4), st.booleans())
def test_every_reader_finds_the_cells_that_were_written(rows, escape_formulas):
    table = pd.DataFrame(rows, columns=["=a", "b"], dtype="str")
    content = encode_csv(table, escape_formulas=escape_formulas)
    read = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    found = unescape_table(read) if escape_formulas else read
    pd.testing.assert_frame_equal(found, table)
    by_csv = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert by_csv[1:] == read.to_numpy().tolist()


@given(CELL)
def test_escaping_can_be_undone_and_leaves_no_formula(text):
    escaped = escape_cell(text)
    assert unescape_cell(escaped) == text
    assert not escaped.lstrip().startswith(tuple("=+-@"))
    assert not escaped.startswith(("\t", "\r"))


@pytest.mark.parametrize("escape_formulas", [True, False])
def test_numbers_stay_and_rows_end_in_a_line_feed(escape_formulas):
    table = pd.DataFrame({"label": ["=owns", None], "score": [-0.5, None], "n": [-1, 2]})
    content = encode_csv(table, escape_formulas=escape_formulas, float_format="%.2f")
    label = "'=owns" if escape_formulas else "=owns"
    assert content.decode() == f"label,score,n\n{label},-0.50,-1\n,,2\n"
