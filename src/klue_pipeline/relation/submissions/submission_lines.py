"""The rows of a submission file by line, also behind rows that are no CSV."""

import io
from dataclasses import dataclass

from klue_pipeline.text.csv_lines import BrokenRowError, Line, decode, read_lines


@dataclass(frozen=True)
class SubmissionLines:
    """The cells of a file.

    Attributes:
        header: The cells of the first row.
        rows: Those of the others, without rows that are empty; of a broken one its first cell.
        broken: What is wrong with a row that is no CSV, by its place in ``rows``.
    """

    header: list[str]
    rows: list[Line]
    broken: dict[int, str]


def split_submission(content: bytes) -> SubmissionLines:
    """Read the bytes of a submission file; a quote that is not closed costs its own line only.

    Raises:
        ValueError: It is no UTF-8, nothing at all, or its header is no CSV.
    """
    texts = list(io.StringIO(decode(content), newline=""))
    found: list[Line] = []
    broken: dict[int, str] = {}
    n_read = 0
    while n_read < len(texts):
        try:
            for line in read_lines(texts[n_read:], first_number=n_read + 1):
                found.append(line)  # noqa: PERF402 - those before an error count
            break
        except BrokenRowError as error:
            if not found:
                raise
            first_cell = texts[error.number - 1].partition(",")[0]
            broken[len(found) - 1] = error.reason
            found.append(Line(error.number, [first_cell]))
            n_read = error.number
    if not found:
        raise ValueError("line 1: the file is empty, a header was wanted.")
    return SubmissionLines(found[0].fields, found[1:], broken)
