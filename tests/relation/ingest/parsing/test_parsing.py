import json
import typing

import pytest

from klue_pipeline.relation.ingest.parsing import (
    PARSERS,
    SIGNS,
    TABLE,
    RawFile,
    choose_format,
    detect_format,
    read_rows,
)
from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.relation.settings.params import IngestParams, InputFormat, TableColumns

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
    assert all(name in str(error.value) for name in (*PARSERS, "마이.csv"))


@pytest.mark.parametrize("text", [CONTEST, "[]", "[\n]\n"])
def test_a_file_without_rows_stops(text):
    with pytest.raises(ValueError, match=r"f has no rows"):
        read_rows(RawFile("f", text), "auto")


@pytest.mark.parametrize("setting", ["contest_csv", "legacy_tsv"])
def test_a_hub_split_has_no_text_formats(setting):
    with pytest.raises(ValueError, match=r"holds records .*, where this format wants text"):
        read_rows(RawFile("hub:klue:re:train", records=[{}]), setting)


def test_a_format_that_was_set_wins_over_the_content():
    with pytest.raises(ValueError, match="lacks id"):
        read_rows(RawFile("f", LEGACY), "contest_csv")


KLUE_ROW = {"guid": "a", "sentence": "가 나", "subject_entity": {}, "object_entity": {}}


def ingest(**given) -> IngestParams:
    return IngestParams(
        **{"format": "auto", "label_set": "auto", "max_rejected_share": 0, "seed": 1} | given
    )


def predict(**given) -> PredictParams:
    usual = {"input": "new", "format": "auto", "ends": None, "folds": None, "output_format": "csv"}
    return PredictParams(**usual | {"with_text": True, "chunk_rows": 2} | given)


@pytest.mark.parametrize(
    ("raw", "given", "wanted"),
    [
        (RawFile("n", "id,sentence,subject_entity,object_entity\n"), {}, "contest_csv"),
        (RawFile("n", json.dumps(KLUE_ROW)), {}, "klue"),
        (RawFile("n", records=[KLUE_ROW]), {}, "klue"),
        (RawFile("n", '{"sentence": "가 나"}'), {}, "table"),
        (RawFile("n", records=[{"sentence": "가 나"}]), {}, "table"),
        (RawFile("n", "sentence,subject,object\n"), {}, "table"),
        (RawFile("n", "id,sentence,subject_entity,object_entity\n"), {"format": "table"}, "table"),
    ],
)
def test_the_format_follows_training_then_the_content(raw, given, wanted):
    assert choose_format(raw, predict(), ingest(**given))[0] == wanted


def test_a_named_format_wins():
    raw = RawFile("n", "sentence,subject,object\n")
    assert choose_format(raw, predict(format="klue"), ingest(format="table"))[0] == "klue"


def test_columns_of_training_hold_until_others_are_named_and_labels_are_never_wanted():
    raw = RawFile("n", "text,from,to\n")
    trained = ingest(
        format="table", ends="inclusive", columns={"sentence": "text", "label": "kind"}
    )
    _, layout = choose_format(raw, predict(), trained)
    assert (layout.columns.sentence, layout.ends_are_inclusive) == ("text", True)
    assert layout.columns.label is layout.columns.fold is layout.columns.source is None
    others = predict(columns=TableColumns(sentence="본문"), ends="exclusive")
    _, layout = choose_format(raw, others, trained)
    assert (layout.columns.sentence, layout.ends_are_inclusive) == ("본문", False)


def test_named_columns_are_those_of_a_table_whatever_it_looks_like():
    nine = "\t".join(["sentence", "subject", "object", *"abcdef"]) + "\n"
    assert choose_format(RawFile("n", nine), predict(), ingest())[0] == "legacy_tsv"
    named = predict(columns=TableColumns(source="a"))
    assert choose_format(RawFile("n", nine), named, ingest())[0] == "table"
