"""The example of a company's own data: made again byte by byte, learnable, wrong where planned."""

import csv
import doctest
import importlib.util
import io
import json
import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pandas as pd
import pytest
import yaml

from klue_pipeline.relation.splits.groups import connected_groups
from klue_pipeline.text.josa import JosaPair, choose_josa

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "data" / "01_raw" / "sample" / "company"
PLANNED = yaml.safe_load((ROOT / "scripts" / "company_example.yml").read_text(encoding="utf-8"))
KOREAN, ENGLISH = PLANNED["korean"], PLANNED["english"]
SPREADSHEETS = ("korean.csv", "korean_test.csv")
FILES = {
    *SPREADSHEETS,
    "korean_new.jsonl",
    "english.jsonl",
    "english_test.jsonl",
    "english_new.csv",
}
KOREAN_COLUMNS = ["본문", "회사", "상대", "관계", "작성자"]
OFFSETS = ["from_start", "from_end", "to_start", "to_end"]
UNSEEN_FILES = ("korean_test.csv", "korean_new.jsonl", "english_test.jsonl", "english_new.csv")


def read_rows(name: str) -> list[dict[str, Any]]:
    content = (EXAMPLE / name).read_bytes().decode("utf-8").removeprefix("\ufeff")
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in content.splitlines()]
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    return [
        {key: int(cell) if key in OFFSETS else cell for key, cell in row.items()} for row in rows
    ]


def words_of(row: dict[str, Any]) -> tuple[str, str]:
    """The words that a row names, or cuts out by its offsets."""
    if "회사" in row:
        return row["회사"], row["상대"]
    start, end, object_start, object_end = (row[name] for name in OFFSETS)
    return row["text"][start:end], row["text"][object_start:object_end]


def text_of(row: dict[str, Any]) -> str:
    return row["본문"] if "본문" in row else row["text"]


def names_for(name: str) -> set[str]:
    """The companies that may occur in a file."""
    names = (KOREAN if name.startswith("korean") else ENGLISH)["names"]
    return set(names["unseen" if name in UNSEEN_FILES else "train"])


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = ROOT / "scripts" / "make_company_example.py"
    spec = importlib.util.spec_from_file_location("make_company_example", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


# How the files are made


def test_script_writes_the_committed_files_again(script, tmp_path):
    script.main(["--output-dir", str(tmp_path)])
    assert {path.name for path in tmp_path.iterdir()} == FILES
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (EXAMPLE / name).read_bytes(), name


def test_examples_in_the_script_hold(script):
    result = doctest.testmod(script)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("name", SPREADSHEETS)
def test_spreadsheets_have_a_mark_and_windows_lines(name):
    content = (EXAMPLE / name).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n") == len(read_rows(name)) + 1
    assert list(read_rows(name)[0]) == KOREAN_COLUMNS


@pytest.mark.parametrize("name", sorted(FILES - set(SPREADSHEETS)))
def test_other_files_are_plain(name):
    content = (EXAMPLE / name).read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert b"\\u" not in content  # Korean stands as it is in the JSON


@pytest.mark.parametrize("name", sorted(FILES))
def test_files_are_small(name):
    assert (EXAMPLE / name).stat().st_size < 60_000


def test_keys():
    assert {tuple(row) for row in read_rows("korean_new.jsonl")} == {tuple(KOREAN_COLUMNS[:3])}
    assert {tuple(row) for row in read_rows("english_new.csv")} == {("text", *OFFSETS)}
    for name in ("english.jsonl", "english_test.jsonl"):
        assert {tuple(row) for row in read_rows(name)} == {("text", *OFFSETS, "kind")}


# What the rows say


@pytest.mark.parametrize(
    ("name", "column", "labels", "split"),
    [
        ("korean.csv", "관계", KOREAN["labels"], "train"),
        ("korean_test.csv", "관계", KOREAN["labels"], "test"),
        ("english.jsonl", "kind", ENGLISH["labels"], "train"),
        ("english_test.jsonl", "kind", ENGLISH["labels"], "test"),
    ],
)
def test_labels_and_their_counts(name, column, labels, split):
    counts = Counter(row[column] for row in read_rows(name))
    assert counts == {label: entry["rows"][split] for label, entry in labels.items()}
    wanted = [45, 35, 30, 25, 15] if split == "train" else [9, 7, 6, 5, 3]
    assert [counts[label] for label in labels] == wanted


def test_there_are_twelve_new_rows():
    assert len(read_rows("korean_new.jsonl")) == len(read_rows("english_new.csv")) == 12


def test_two_korean_rows_name_their_subject_twice():
    counts = [
        tuple(map(row["본문"].count, words_of(row)))
        for name in SPREADSHEETS
        for row in read_rows(name)
    ]
    assert Counter(counts) == {(1, 1): 178, (2, 1): 2}
    assert (2, 1) not in counts[150:]


def test_one_new_korean_row_names_an_absent_word():
    counts = [tuple(map(row["본문"].count, words_of(row))) for row in read_rows("korean_new.jsonl")]
    assert Counter(counts) == {(1, 1): 11, (0, 1): 1}


def test_one_new_english_row_points_outside_of_its_text():
    outside = [row for row in read_rows("english_new.csv") if row["from_end"] > len(row["text"])]
    assert len(outside) == 1
    assert outside[0]["from_start"] >= len(outside[0]["text"])


@pytest.mark.parametrize("name", sorted(FILES))
def test_entities_are_two_invented_companies_of_the_file(name):
    pairs = [words_of(row) for row in read_rows(name)]
    if name == "english_new.csv":
        pairs.remove(("", next(object_ for subject, object_ in pairs if not subject)))
    assert all(subject != object_ for subject, object_ in pairs)
    assert {word for pair in pairs for word in pair} <= names_for(name)


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_company_of_another_file_is_mentioned(name):
    language = KOREAN if name.startswith("korean") else ENGLISH
    others = {*language["names"]["train"], *language["names"]["unseen"]} - names_for(name)
    assert others
    assert not [row for row in read_rows(name) if any(other in text_of(row) for other in others)]


@pytest.mark.parametrize("language", [KOREAN, ENGLISH], ids=["korean", "english"])
def test_no_name_holds_another(language):
    names = [*language["names"]["train"], *language["names"]["unseen"]]
    assert len(set(names)) == len(names)
    assert not [(a, b) for a in names for b in names if a != b and a in b]


def test_every_slot_is_filled():
    for name in FILES:
        assert not [row for row in read_rows(name) if re.search(r"[{}\[\]|]", text_of(row))]


# Whether it can be learned


@pytest.mark.parametrize("name", ["korean.csv", "english.jsonl"])
def test_pairs_seldom_repeat_so_that_folds_can_be_grouped(name):
    pairs = pd.Series([" / ".join(sorted(words_of(row))) for row in read_rows(name)])
    assert pairs.value_counts().max() == 2
    assert pairs.nunique() > 120
    groups = connected_groups(pd.DataFrame({"pair": pairs}), ["pair"])
    assert pd.Series(groups).value_counts().max() == 2


@pytest.mark.parametrize("name", ["korean.csv", "english.jsonl"])
def test_every_label_has_many_sentences_and_both_orders(name):
    rows = pd.DataFrame(read_rows(name))
    label, text = ("관계", "본문") if "관계" in rows else ("kind", "text")
    for _, group in rows.groupby(label):
        records = group.to_dict("records")
        subject_first = [
            text_of(row).index(words_of(row)[0]) < text_of(row).index(words_of(row)[1])
            for row in records
        ]
        assert 0.1 < sum(subject_first) / len(subject_first) < 0.95
        assert group[text].nunique() == len(group)


@pytest.mark.parametrize(
    ("word", "labels"),
    [
        ("공급", {"공급", "투자", "제휴", "경쟁"}),
        ("지분", {"인수", "투자"}),
        ("사들", {"인수", "투자"}),
        ("공장에", {"공급", "투자"}),
        ("계약", {"공급", "인수", "제휴", "경쟁"}),
    ],
)
def test_words_are_shared_between_labels(word, labels):
    assert labels <= {row["관계"] for row in read_rows("korean.csv") if word in row["본문"]}


# Korean particles


def wrong_forms(word: str) -> list[str]:
    """The forms of particles that must not follow ``word``."""
    pairs = [pair for pair in get_args(JosaPair) if pair in {"은/는", "이/가", "을/를", "와/과"}]
    forms = {pair: set(pair.split("/")) - {choose_josa(word, pair)} for pair in pairs}
    wrong = [form for left in forms.values() for form in left]
    direction = {"로부터", "으로부터"} - {choose_josa(word, "으로/로") + "부터"}
    return [*wrong, *direction]


def wrong_particles(text: str, words: set[str]) -> list[str]:
    found = []
    for word in words:
        pattern = rf"{re.escape(word)}(?:{'|'.join(wrong_forms(word))})(?:의|도)?(?![가-힣])"
        found += re.findall(pattern, text)
    return found


def test_a_wrong_particle_is_found():
    assert wrong_particles("미르결는 타모르와 손잡았다.", {"미르결", "타모르"}) == ["미르결는"]
    assert wrong_particles("벼루안은 타모르과의 계약을 알렸다.", {"타모르"}) == ["타모르과의"]
    assert wrong_particles("미르결으로부터 투자를 받았다.", {"미르결"}) == ["미르결으로부터"]


@pytest.mark.parametrize("name", [*SPREADSHEETS, "korean_new.jsonl"])
def test_particles_fit_their_words(name):
    words = {word for kind in KOREAN["words"].values() for word in kind} | names_for(name)
    words = {word for word in words if not word.endswith("%")}
    assert not [wrong for row in read_rows(name) for wrong in wrong_particles(row["본문"], words)]
