"""A CSV file that a person made or a spreadsheet saved, as a table of text."""

from pathlib import Path

import pandas as pd

from klue_pipeline.text.csv_lines import require_unlike, split_csv


def read_csv_table(path: Path) -> pd.DataFrame:
    """Read a table indexed by line, without the empty rows and columns of a spreadsheet.

    Args:
        path: A file in UTF-8; cells that a row lacks are empty.

    Raises:
        ValueError: It is no CSV, a row has more cells than the header, or two columns have the same
            name; naming the line.
        OSError: It cannot be read.
    """
    found = split_csv(path.read_bytes())
    header = [name.strip() for name in found.header]
    width = len(header)
    for line, cells in zip(found.lines, found.rows, strict=True):
        if any(cells[width:]):
            raise ValueError(
                f"line {line} has {len(cells)} cells, the header {width}; a text with commas "
                "stands in double quotes."
            )
    rows = [(cells + [""] * width)[:width] for cells in found.rows]
    table = pd.DataFrame(rows, found.lines, header, dtype=str)
    is_filled = table != ""
    table = table.loc[
        is_filled.any(axis=1), is_filled.any(axis=0).to_numpy() | (table.columns != "")
    ]
    require_unlike(table.columns.tolist(), "line 1")
    return table
