import typing

import pytest

from klue_pipeline.relation.ingest.parsing import (
    PARSERS,
    SIGNS,
    TABLE,
    RawFile,
    detect_format,
    read_rows,
)
from klue_pipeline.relation.settings.params import InputFormat

CONTEST = "id,sentence,subject_entity,object_entity,label\n"
LEGACY = "id\t문장\t가\t0\t0\t나\t1\t1\t라벨\n"


def test_every_known_format_has_a_parser_and_a_sign():
    formats = set(typing.get_args(InputFormat)) - {"auto", TABLE}
    assert formats == set(PARSERS) == set(SIGNS)


@pytest.mark.parametrize("text", [CONTEST, LEGACY, '{"guid": 1}\n{"guid": 2}'])
def test_a_streamed_file_is_seen_as_the_same_file_in_memory(tmp_path, text):
    path = tmp_path / "rows"
    path.write_text(text, encoding="utf-8", newline="")
    streamed = RawFile("a", open_text=lambda: path.open(encoding="utf-8-sig", newline=""))
    assert detect_format(streamed) == detect_format(RawFile("a", text))


@pytest.mark.parametrize("text", [CONTEST + "7,가 나,,,x\n", LEGACY])
def test_a_streamed_file_has_the_same_rows(tmp_path, text):
    path = tmp_path / "rows"
    path.write_text(text, encoding="utf-8-sig", newline="")
    streamed = RawFile("a", open_text=lambda: path.open(encoding="utf-8-sig", newline=""))
    assert read_rows(streamed, "auto") == read_rows(RawFile("a", text), "auto")


def test_streamed_json_lines_of_klue_go_on_after_a_broken_one(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"guid": "a", "sentence": "가"}\n{"guid": \n\n{"guid": "c"}', encoding="utf-8")
    streamed = RawFile("rows.jsonl", open_text=lambda: path.open(encoding="utf-8", newline=""))
    _, rows = read_rows(streamed, "klue")
    assert [(row.row_number, row.row_id) for row in rows] == [(1, "a"), (2, None), (3, "c")]
    assert rows[1].problem.startswith("line 2 is no JSON")


def test_a_streamed_file_that_is_not_utf_8_says_where(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(CONTEST.encode() + "한글\n".encode("cp949"))
    streamed = RawFile("rows.csv", open_text=lambda: path.open(encoding="utf-8", newline=""))
    with pytest.raises(ValueError, match=r"rows\.csv is not UTF-8: .*CSV UTF-8.*iconv"):
        read_rows(streamed, "contest_csv")


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (RawFile("a", CONTEST), "contest_csv"),
        (RawFile("a", "\n\n" + CONTEST.replace("\n", "\r\n")), "contest_csv"),
        (RawFile("a", '"id","subject_entity"'), "contest_csv"),
        (RawFile("a", ' [{"guid": 1}]'), "klue"),
        (RawFile("a", '{"guid": 1}'), "klue"),
        (RawFile("a", records=[]), "klue"),
        (RawFile("a", LEGACY), "legacy_tsv"),
        (RawFile("a", LEGACY.replace("문장", '"두\n줄"')), "legacy_tsv"),
    ],
)
def test_formats_are_known_by_content(raw, wanted):
    assert detect_format(raw) == wanted


def test_unknown_content_is_shown_and_the_formats_are_named():
    with pytest.raises(ValueError, match="first line is 'sentence;label'") as error:
        detect_format(RawFile("마이.csv", "sentence;label\n"))
    assert all(name in str(error.value) for name in (*PARSERS, "마이.csv", "ingest.format"))


@pytest.mark.parametrize("text", [CONTEST, "[]", "[\n]\n"])
def test_a_file_without_rows_stops(text):
    with pytest.raises(ValueError, match=r"f has no rows"):
        read_rows(RawFile("f", text), "auto")


@pytest.mark.parametrize("setting", ["contest_csv", "legacy_tsv"])
def test_a_hub_split_has_no_text_formats(setting):
    with pytest.raises(ValueError, match="only the formats klue and table describe"):
        read_rows(RawFile("hub:klue:re:train", records=[{}]), setting)


def test_a_format_that_was_set_wins_over_the_content():
    with pytest.raises(ValueError, match="lacks id"):
        read_rows(RawFile("f", LEGACY), "contest_csv")
