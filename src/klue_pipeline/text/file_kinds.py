"""What a file is, by its first bytes, where text was wanted: whatever its name says."""

_BINARY_SHARE = 0.02
"""Of bytes that are 0, from which on a file is no text in UTF-8 with a slip in it."""
_LOOKED_AT = 4096
_IS_TABLE = "save the sheet as CSV UTF-8"
_UNPACK = "unpack it, and give what is in it"
_UTF_16 = (
    'UTF-16, which Excel calls Unicode text; save it as "CSV UTF-8", or convert it: '
    "iconv -f UTF-16 -t UTF-8 <file> > <new file>"
)

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", f"a gzip archive; {_UNPACK} (gunzip)"),
    (b"BZh", f"a bzip2 archive; {_UNPACK}"),
    (b"\xfd7zXZ", f"an xz archive; {_UNPACK}"),
    (b"\x28\xb5\x2f\xfd", f"a zstd archive; {_UNPACK}"),
    (b"7z\xbc\xaf\x27\x1c", f"a 7z archive; {_UNPACK}"),
    (b"Rar!", f"a rar archive; {_UNPACK}"),
    (b"\xd0\xcf\x11\xe0", f"an old workbook (.xls) or a Hangul document; {_IS_TABLE}"),
    (b"PAR1", "a Parquet file; let its name end in .parquet"),
    (b"ARROW1", "an Arrow file; save it as Parquet or as CSV UTF-8"),
    (b"%PDF", "a PDF; save its rows as CSV UTF-8"),
    (b"{\\rtf", "a document in RTF; save it as plain text in UTF-8"),
    (b"SQLite format 3", "a database of SQLite; export the table as CSV UTF-8"),
    (b"\x80\x04\x95", "a pickle, which nothing here opens; save the table as CSV UTF-8 or Parquet"),
    (b"\x80\x05\x95", "a pickle, which nothing here opens; save the table as CSV UTF-8 or Parquet"),
    (b"\x93NUMPY", "an array of NumPy; save the table as CSV UTF-8 or Parquet"),
    (b"\x89HDF", "an HDF5 file; save the table as CSV UTF-8 or Parquet"),
    (
        b"version https://git-lfs",
        "a pointer of Git LFS; fetch the file with git lfs pull",
    ),
    (b"\xff\xfe", _UTF_16),
    (b"\xfe\xff", _UTF_16),
)
_ZIP = b"PK\x03\x04"
_WORKBOOK_SIGNS = (b"[Content_Types].xml", b"xl/", b"opendocument.spreadsheet")
_WEB_PAGES = (b"<!doctype html", b"<html")


def describe_kind(content: bytes) -> str | None:
    """Return what a file is and what to do with it, or None where it may be text in UTF-8.

    Args:
        content: The file, or its first bytes.

    >>> describe_kind(b"%PDF-1.7")
    'a PDF; save its rows as CSV UTF-8'
    >>> describe_kind("id,문장".encode()) is None
    True
    """
    head = content[:_LOOKED_AT]
    if head.startswith(_ZIP):
        is_workbook = any(sign in head for sign in _WORKBOOK_SIGNS)
        return f"a workbook; {_IS_TABLE}" if is_workbook else f"a zip archive; {_UNPACK}"
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.lstrip()[:20].lower().startswith(_WEB_PAGES):
        return "a web page; download the file itself"
    if head.count(0) > _BINARY_SHARE * len(head):
        return f"binary, or text in {_UTF_16}"
    return None
