"""Files of another kind than their name says."""

import gzip
import io
import zipfile

import pandas as pd
import pytest

from klue_pipeline.text.file_kinds import describe_kind

TEXT = "id,문장\n1,가 나\n"


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, TEXT)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (gzip.compress(TEXT.encode(), mtime=0), "a gzip archive; unpack it"),
        (zipped("train.csv"), "a zip archive; unpack it"),
        (zipped("xl/workbook.xml"), "a workbook; save the sheet as CSV UTF-8"),
        (pd.DataFrame({"id": [1]}).to_parquet(), "a Parquet file; let its name end in .parquet"),
        (TEXT.encode("utf-16"), "UTF-16, which Excel calls Unicode text"),
        (TEXT.encode("utf-16-le"), "binary, or text in UTF-16"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"{\\rtf1 x}", "a document in RTF"),
        (b" <!DOCTYPE HTML>", "a web page"),
        *((content, None) for content in (TEXT.encode(), b"[1]", b"a\0" + b"b" * 99, b"")),
    ],
)
def test_a_file_is_known_by_its_first_bytes(content, wanted):
    found = describe_kind(content)
    assert (found or "").startswith(wanted or "")
    assert (found is None) is (wanted is None)
