import typing

import pytest

from klue_pipeline.relation.params import InputFormat
from klue_pipeline.relation.parsing import PARSERS, SIGNS, RawFile, detect_format, read_rows

CONTEST = "id,sentence,subject_entity,object_entity,label\n"
LEGACY = "id\t문장\t가\t0\t0\t나\t1\t1\t라벨\n"


def test_every_format_that_may_be_set_has_a_parser_and_a_sign():
    formats = set(typing.get_args(InputFormat)) - {"auto"}
    assert formats == set(PARSERS) == set(SIGNS)


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
    with pytest.raises(ValueError, match="only the format klue describes"):
        read_rows(RawFile("hub:klue:re:train", records=[{}]), setting)


def test_a_format_that_was_set_wins_over_the_content():
    with pytest.raises(ValueError, match="lacks id"):
        read_rows(RawFile("f", LEGACY), "contest_csv")
