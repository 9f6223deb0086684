"""Every format at every door: files on disk -> the ingest pipeline -> tables, rows counted."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.io.core import DatasetError
from kedro.runner import SequentialRunner

from klue_pipeline.datasets.inputs.raw_relation import RawGoldDataset, RawRelationDataset
from klue_pipeline.pipelines.ingest import create_pipeline
from klue_pipeline.relation.ingest import schema
from klue_pipeline.relation.ingest.labels import EntityTypes, LabelSets
from klue_pipeline.relation.settings.params import IngestParams, LabelsParams
from klue_pipeline.text.records.schema import RejectedRows

BASE = Path(__file__).parents[3] / "conf" / "base"
LABELS = yaml.safe_load((BASE / "parameters_labels.yml").read_text("utf-8"))
INGEST = yaml.safe_load((BASE / "parameters_ingest.yml").read_text("utf-8"))["ingest"]
SCHEMAS = {
    "sentences": schema.Sentences,
    "rejected_rows": RejectedRows,
    "test_sentences": schema.TestSentences,
    "test_gold": schema.TestGold,
}
N_GOOD = 6
LEGACY_NAMES = {"no_relation": "관계_없음", "per:spouse": "인물:배우자"}


# ---- rows, and how each format writes them -----------------------------------------------------


def good_row(number: int, label: object = None) -> dict:
    """Return a row with quotes, commas, a line break, an emoji and Hanja in its sentence."""
    subject, object_ = f'"나래", {number}호', "李가람"
    sentence = f"{subject}의 배우자는\n{object_}이다 😀."
    return {
        "id": f"wikitree-{number}",
        "sentence": sentence,
        "subject": {"word": subject, "start_idx": 0, "end_idx": len(subject) - 1, "type": "PER"},
        "object": {
            "word": object_,
            "start_idx": sentence.index(object_),
            "end_idx": sentence.index(object_) + len(object_) - 1,
            "type": "PER",
        },
        "label": label or ("per:spouse" if number % 2 else "no_relation"),
    }


def write_delimited(lines: list[list[object]], delimiter: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(lines)
    return text.getvalue()


def write_contest_csv(rows: list[dict]) -> str:
    lines = [["id", "sentence", "subject_entity", "object_entity", "label", "source"]]
    lines += [[row["id"], row["sentence"], row["subject"], row["object"], row["label"], "wikitree"]
              for row in rows]  # fmt: skip
    return write_delimited(lines, ",")


def write_klue(rows: list[dict]) -> str:
    names = {"id": "guid", "subject": "subject_entity", "object": "object_entity"}
    return json.dumps([{names.get(key, key): row[key] for key in row} for row in rows])


def write_legacy_tsv(rows: list[dict]) -> str:
    return write_delimited(
        [
            [
                row["id"],
                row["sentence"],
                *_legacy_entity(row["subject"]),
                *_legacy_entity(row["object"]),
                LEGACY_NAMES.get(row["label"], row["label"]),
            ]
            for row in rows
        ],
        "\t",
    )


def _legacy_entity(entity: object) -> list[object]:
    if isinstance(entity, dict):
        return [entity["word"], entity["start_idx"], entity["end_idx"]]
    return ["", "", ""] if entity is None else [entity, "하나", "둘"]


WRITERS = {
    "contest_csv": write_contest_csv,
    "klue": write_klue,
    "legacy_tsv": write_legacy_tsv,
}

# reason -> what to change in a good row; True if a test row suffers from it, too
BAD_ROWS = {
    "word not at its offsets": ({"object": {"start_idx": 1, "end_idx": 3}}, True),
    "empty sentence": ({"sentence": " "}, True),
    "unknown label": ({"label": "per:spuse"}, False),
    "unknown type": ({"object": {"type": "DOG"}}, False),
    "missing value": ({"subject": None}, True),
    "missing value ": ({"label": None}, False),
    "missing value  ": ({"id": None}, False),
    "unusable entity": ({"subject": "{'word': '나래'"}, True),
    "overlapping spans": ({"object": {"word": '"나래"', "start_idx": 0, "end_idx": 3}}, True),
    "duplicate id": ({"id": "wikitree-0"}, False),
}
MATRIX = [
    pytest.param(format_name, reason.strip(), *bad, id=f"{format_name}-{reason}")
    for format_name in WRITERS
    for reason, bad in BAD_ROWS.items()
    if (format_name, reason) != ("legacy_tsv", "unknown type")  # the format has no types
]


def spoil(row: dict, change: dict) -> dict:
    """Change a row; a dictionary changes single fields of an entity."""
    nested = {key: row[key] | value for key, value in change.items() if isinstance(value, dict)}
    return row | change | nested


# ---- running the pipeline ----------------------------------------------------------------------


class KeptDataset(MemoryDataset):
    """Memory that the runner does not clear when the last node has read it."""

    def _release(self) -> None:
        pass


def run(
    folder: Path,
    train: bytes,
    test: bytes,
    gold: str | None = "auto",
    labels: dict | None = None,
    **ingest,
) -> dict:
    """Write both files, run ingest on them, check every table's schema and return what came out."""
    (folder / "train.raw").write_bytes(train)
    (folder / "test.raw").write_bytes(test)
    test_source = str(folder / "test.raw")
    catalog = DataCatalog(
        {
            "raw_train": RawRelationDataset(source=str(folder / "train.raw"), setting="raw.train"),
            "raw_test": RawRelationDataset(source=test_source, setting="raw.test"),
            "raw_test_gold": RawGoldDataset(source=gold, test_source=test_source),
            **{name: KeptDataset() for name in create_pipeline().all_outputs()},
            "params:ingest": MemoryDataset(IngestParams(**INGEST | ingest)),
            "params:labels": MemoryDataset(LabelsParams(**LABELS["labels"] | (labels or {}))),
            "params:label_sets": MemoryDataset(LabelSets.model_validate(LABELS["label_sets"])),
            "params:entity_types": MemoryDataset(EntityTypes(LABELS["entity_types"])),
        }
    )
    SequentialRunner().run(create_pipeline(), catalog)
    tables = {name: catalog.load(name) for name in create_pipeline().all_outputs()}
    for name, model in SCHEMAS.items():
        pd.testing.assert_frame_equal(model.validate(tables[name]), tables[name])
    return tables


def file_of(format_name: str, rows: list[dict], **labels) -> bytes:
    return WRITERS[format_name]([row | labels for row in rows]).encode()


GOOD = [good_row(number) for number in range(N_GOOD)]


@pytest.mark.parametrize("format_name", WRITERS)
@pytest.mark.parametrize("no_label", [100, None])
def test_good_files_come_through_whole(tmp_path, format_name, no_label):
    made = run(tmp_path, file_of(format_name, GOOD), file_of(format_name, GOOD, label=no_label))
    assert len(made["rejected_rows"]) == len(made["test_gold"]) == 0
    for name in ("sentences", "test_sentences"):
        assert made[name]["sentence"].tolist() == [row["sentence"] for row in GOOD]
        assert made[name]["object_text"].tolist() == ["李가람"] * N_GOOD
        assert made[name]["row_id"].tolist() == [row["id"] for row in GOOD]
    assert made["test_sentences"]["problem"].isna().all()
    assert set(made["sentences"]["label"]) <= set(made["labels"].names)
    legacy = format_name == "legacy_tsv"
    assert made["labels"].negative == ("관계_없음" if legacy else "no_relation")
    assert set(made["sentences"]["type_pair"]) == {"NONE:NONE" if legacy else "PER:PER"}


@pytest.mark.parametrize(("format_name", "reason", "change", "test_suffers"), MATRIX)
def test_a_bad_row_is_set_aside_in_training_and_kept_in_the_test(
    tmp_path, format_name, reason, change, test_suffers, caplog
):
    rows = [*GOOD, spoil(good_row(N_GOOD), change), good_row(N_GOOD + 1)]
    content = file_of(format_name, rows)
    made = run(tmp_path, content, content, max_rejected_share=0.2)
    (rejected,) = made["rejected_rows"].itertuples()
    assert (rejected.row_number, rejected.reason) == (N_GOOD + 1, reason)
    assert rejected.file == str(tmp_path / "train.raw")
    assert made["sentences"]["row_id"].tolist() == [row["id"] for row in [*GOOD, rows[-1]]]
    assert len(made["test_sentences"]) == len(rows)
    problems = made["test_sentences"]["problem"].dropna()
    assert problems.index.tolist() == ([N_GOOD] if test_suffers else [])
    assert all(problem.startswith(f"{reason}: ") for problem in problems)
    assert ("1 of them cannot be read by a model" in caplog.text) == test_suffers
    with pytest.raises(ValueError, match=rf"1 of 8 rows \(12\.5%\)(?s:.*)- {reason}: 1 row,"):
        run(tmp_path, content, content, max_rejected_share=0.1)


# ---- broken files ------------------------------------------------------------------------------


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3].rsplit("이".encode(), 1)[0]


BROKEN = [
    pytest.param("contest_csv", lambda c: c.replace(b"sentence", b"text"), "lacks sentence: found",
                 id="contest_csv-missing-column"),
    pytest.param("klue", lambda c: c.replace(b"sentence", b"text"), "lacks sentence: found guid",
                 id="klue-missing-field"),
    pytest.param("klue", lambda c: c[:-30], r"not whole JSON: .* column \d+", id="klue-truncated"),
    pytest.param("contest_csv", cut, "line .: the row that begins", id="contest_csv-truncated"),
    pytest.param("legacy_tsv", cut, "line .: the row that begins", id="legacy_tsv-truncated"),
    pytest.param("contest_csv", lambda c: c + b"7,x\r\n", "found 2 fields, wanted 6",
                 id="contest_csv-ragged"),
    pytest.param("legacy_tsv", lambda c: c + b"7\tx\r\n", "found 2 fields, wanted 9",
                 id="legacy_tsv-ragged"),
    *(
        pytest.param(name, change, message, id=f"{name}-{what}")
        for name in WRITERS
        for what, change, message in [
            ("empty", lambda _: b"", r"is empty \(0 bytes\)"),
            ("cp949", lambda _: b"id,\xc7\xd1\xb1\xdb", r"byte 0x.. is not UTF-8.* CP949"),
            ("unknown", lambda _: b"a;b\n1;2\n", r"is in no known format.*set it to table"),
        ]
    ),
]  # fmt: skip


@pytest.mark.parametrize(("format_name", "change", "message"), BROKEN)
def test_a_broken_file_stops_with_one_message(tmp_path, format_name, change, message):
    for door in ("train", "test"):
        contents = {name: file_of(format_name, GOOD) for name in ("train", "test")}
        contents[door] = change(contents[door])
        with pytest.raises((ValueError, DatasetError), match=message) as error:
            run(tmp_path, **contents)
        assert f"{door}.raw" in str(error.value)


@pytest.mark.parametrize("format_name", WRITERS)
@pytest.mark.parametrize(("mark", "newline"), [(b"", b"\n"), (b"\xef\xbb\xbf", b"\r\n")])
def test_byte_order_mark_and_any_newline_are_fine(tmp_path, format_name, mark, newline):
    rows = [row | {"sentence": row["sentence"].replace("\n", " ")} for row in GOOD]
    content = file_of(format_name, rows).replace(b"\r\n", b"\n").replace(b"\n", newline)
    made = run(tmp_path, mark + content, mark + content)
    assert made["sentences"]["sentence"].tolist() == [row["sentence"] for row in rows]
    assert len(made["test_sentences"]) == N_GOOD


# ---- labels, gold, parts -----------------------------------------------------------------------


def test_gold_beside_the_test_file_is_found_and_must_cover_it(tmp_path):
    content = file_of("contest_csv", GOOD)
    lines = ["id,label", *(f"{row['id']},{row['label']}" for row in GOOD)]
    (tmp_path / "test_gold.raw").write_text("\n".join(lines), "utf-8")
    made = run(tmp_path, content, content, max_rows=4)
    wanted = pd.DataFrame(GOOD)[["id", "label"]].rename(columns={"id": "row_id"})
    pd.testing.assert_frame_equal(made["test_gold"], wanted.astype("str"))
    assert made["test_sentences"]["label"].isna().all()
    assert made["sentences"]["label"].value_counts().tolist() == [2, 2]
    (tmp_path / "test_gold.raw").write_text("\n".join(lines[:-1]), "utf-8")
    problem = r"test_gold\.raw and the test rows do not match: it lacks 1 test row"
    with pytest.raises(ValueError, match=problem):
        run(tmp_path, content, content)


# ---- a table of one's own -----------------------------------------------------------------------

COLUMNS = {"sentence": "본문", "subject": "회사", "object": "상대", "label": "관계"}
HEADER = "본문,회사,상대,관계\n"
TABLE_LINES = [
    "한빛은 누리와 손잡았다.,한빛,누리,제휴\n",
    "누리가 한빛을 샀다.,누리,한빛,인수\n",
    "보람은 누리와 다툰다.,보람,누리,경쟁\n",
]


def run_table(folder, lines=TABLE_LINES, test=TABLE_LINES, labels=None, **ingest):
    own = {"names": None, "negative": None} | (labels or {})
    train_bytes, test_bytes = (
        (HEADER + "".join(rows)).encode("utf-8-sig") for rows in (lines, test)
    )
    settings = {"format": "table", "columns": COLUMNS, "max_rejected_share": 0.5} | ingest
    return run(folder, train_bytes, test_bytes, labels=own, **settings)


def test_a_table_brings_its_own_labels_and_needs_neither_ids_nor_types(tmp_path):
    made = run_table(tmp_path)
    assert made["labels"].model_dump() == {"names": ["경쟁", "인수", "제휴"], "negative": None}
    assert made["sentences"]["row_id"].tolist() == ["row_1", "row_2", "row_3"]
    assert made["sentences"]["type_pair"].tolist() == ["NONE:NONE"] * 3
    assert made["sentences"]["object_start"].tolist() == [4, 4, 4]
    assert made["test_sentences"]["label"].isna().all()


def test_labels_of_a_list_keep_its_order_and_reject_others(tmp_path):
    negative_first = run_table(tmp_path, labels={"negative": "제휴"})["labels"]
    assert (negative_first.names, negative_first.negative) == (["제휴", "경쟁", "인수"], "제휴")
    made = run_table(tmp_path, labels={"names": ["제휴", "인수"]})
    assert made["labels"].names == ["제휴", "인수"]
    assert made["rejected_rows"]["reason"].tolist() == ["unknown label"]


def test_types_of_a_table_are_free(tmp_path):
    rows = [
        ("Nimbrell bought Vald.", 0, 8, 16, 20, "MAKER", "a"),
        ("Vald bought Nimbrell.", 0, 4, 12, 20, None, "b"),
    ]
    names = ("text", "s", "e", "os", "oe", "st", "kind")
    content = "\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows).encode()
    columns = {"sentence": "text", "subject_start": "s", "subject_end": "e", "object_start": "os",
               "object_end": "oe", "subject_type": "st", "label": "kind"}  # fmt: skip
    made = run(
        tmp_path, content, content, labels={"negative": None}, format="table", columns=columns
    )
    assert made["sentences"]["subject_type"].tolist() == ["MAKER", "NONE"]
    assert made["sentences"]["subject_text"].tolist() == ["Nimbrell", "Vald"]


def test_a_test_table_needs_no_column_of_labels(tmp_path):
    train = (HEADER + "".join(TABLE_LINES)).encode()
    test = "본문,회사,상대\n한빛은 누리와 손잡았다.,한빛,누리\n".encode()
    own = {"names": None, "negative": None}
    made = run(tmp_path, train, test, labels=own, format="table", columns=COLUMNS | {"fold": None})
    assert made["test_sentences"]["object_text"].tolist() == ["누리"]
    assert made["test_gold"].empty
    with pytest.raises(ValueError, match="lacks the columns label: 관계"):
        run(tmp_path, test, train, labels=own, format="table", columns=COLUMNS)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("test.raw", ["제휴", "인수", "경쟁"]), ("gold.csv", ["인수", "제휴", "제휴"])],
)
def test_gold_of_a_table_is_in_it_or_a_plain_file(tmp_path, name, wanted):
    (tmp_path / "gold.csv").write_text("id,label\nrow_1,인수\nrow_2,제휴\nrow_3,제휴\n", "utf-8")
    assert run_table(tmp_path, gold=str(tmp_path / name))["test_gold"]["label"].tolist() == wanted


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"labels": {"negative": "no_relation"}},
            "labels.negative is 'no_relation', but the labels of",
        ),
        ({"labels": {"names": ["제휴", "제휴", "인수"]}}, "labels names 제휴 more than once"),
        (
            {"labels": {"names": ["제휴", "인수"], "negative": "없음"}},
            "labels: its negative label 없음 is not",
        ),
        (
            {"lines": [f"한빛{n}은 누리와 손잡았다.,한빛{n},누리,{n}\n" for n in range(40)]},
            r"40 different labels in 40 rows.*the column of labels.*list them in labels\.names",
        ),
        (
            {"lines": TABLE_LINES[:1]},
            "All 1 usable rows of .* have the label '제휴'",
        ),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        run_table(tmp_path, **settings)


def test_labels_of_one_s_own_in_a_known_format(tmp_path):
    content = file_of("contest_csv", GOOD, label="새_관계") + file_of("contest_csv", GOOD[:0])[:0]
    more = write_contest_csv([good_row(number, "옛_관계") for number in range(90, 93)])
    content += more.split("\n", 1)[1].encode()
    made = run(tmp_path, content, content, labels={"names": "infer", "negative": None})
    assert made["labels"].names == ["새_관계", "옛_관계"]
