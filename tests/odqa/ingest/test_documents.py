"""Documents of every format are the same documents, read one by one."""

import io
import json

import pytest

from klue_pipeline.odqa.ingest.documents import RawDocument, read_documents
from klue_pipeline.text.records.raw_file import RawFile

ROWS = [
    {"document_id": "d1", "title": "한강", "text": "한강은 강이다.\\n\\n길다."},
    {"document_id": "d2", "title": None, "text": "서울"},
]
WANTED = [RawDocument(1, "d1", "한강", ROWS[0]["text"]), RawDocument(2, "d2", "", "서울")]


def read(content):
    raw = RawFile("f", content) if isinstance(content, str) else RawFile("f", records=content)
    return list(read_documents(raw))


@pytest.mark.parametrize(
    "content",
    [
        ROWS,
        json.dumps({str(place): row for place, row in enumerate(ROWS)}, indent=0),
        json.dumps({row["document_id"]: row | {"document_id": None} for row in ROWS}),
        json.dumps(ROWS),
        "\n".join(json.dumps({"meta": {"a": 1}, **row}) for row in ROWS),
        "\n".join(json.dumps({"id": row["document_id"], **row}) for row in ROWS),
        "document_id,title,text\n" + f'd1,한강,"{ROWS[0]["text"]}"\nd2,,서울\n',
    ],
)
def test_documents_are_the_same_in_every_format(content):
    assert read(content) == WANTED


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"document_id": 3}, "no text; there are document_id"),
        ({"text": " \\n"}, r"text is ' \\n'"),
        ({"text": ["서울"]}, "text is ['서울'], wanted text"),
        ({"text": "서울\0"}, "NUL at character 2"),
        ({"text": "\ud83d"}, "half a surrogate pair"),
        ({"text": "서울", "title": "\0"}, "NUL"),
        (7, "no JSON object: 7"),
    ],
)
def test_a_document_that_cannot_be_used_says_why_and_costs_itself(record, problem):
    found = read(json.dumps({"0": ROWS[0], "1": record, "2": ROWS[1]}))
    assert [each.text for each in found] == [ROWS[0]["text"], "", "서울"]
    assert problem in found[1].problem
    assert found[0].problem is found[2].problem is None


def test_documents_without_ids_are_called_after_their_place_and_letters_are_composed():
    (found,) = read('{"text": "\u1109\u1165", "title": "\u1100\u1161"}')
    assert found == RawDocument(1, "document_1", "가", "서")


@pytest.mark.parametrize("content", ['{"0": {"text": "서', '[{"text": "서울"}', '"id,text\n1,서울'])
def test_a_file_that_is_cut_off_is_refused(content):
    with pytest.raises(ValueError, match=r"f is not whole JSON|no CSV"):
        read(content)


@pytest.mark.parametrize("layout", ["object", "list", "lines", "csv"])
def test_a_file_is_read_as_far_as_documents_are_wanted(layout):
    read_characters = []

    class Counted(io.StringIO):
        def read(self, size=-1):
            read_characters.append(size)
            return super().read(size)

        def __next__(self):
            line = super().__next__()
            read_characters.append(len(line))
            return line

    rows = [{"document_id": str(n), "text": "서울은 수도다. " * 1000} for n in range(900)]
    content = {
        "object": json.dumps({row["document_id"]: row for row in rows}, ensure_ascii=False),
        "list": json.dumps(rows, ensure_ascii=False),
        "lines": "\n".join(json.dumps(row, ensure_ascii=False) for row in rows),
        "csv": "\n".join(["document_id,text", *(",".join(row.values()) for row in rows)]),
    }[layout]
    documents = read_documents(RawFile("f", open_text=lambda: Counted(content)))
    assert next(documents) == RawDocument(1, "0", text=rows[0]["text"])
    assert 0 < sum(read_characters) < len(content) / 4
    assert sum(1 for _ in documents) == 899


def test_a_paragraph_of_a_megabyte_is_a_document():
    text = "서울은 " * 300_000
    assert read(json.dumps({"0": {"text": text}}))[0].text == text
