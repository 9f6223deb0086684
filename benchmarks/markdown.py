"""What a benchmark measured, as a Markdown table for the README."""

from collections.abc import Iterable, Sequence


def write_table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Write a table; every line has as many cells as the header.

    >>> print(write_table(["stage", "seconds"], [["judge", "1.5"]]))
    | stage | seconds |
    |---|---|
    | judge | 1.5 |
    """
    rows = [header, *lines]
    texts = ["| " + " | ".join(cells) + " |" for cells in rows]
    return "\n".join([texts[0], "|" + "---|" * len(header), *texts[1:]])
