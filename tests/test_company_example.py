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


def test_one_new_row_of_twelve_cannot_be_read():
    korean, english = read_rows("korean_new.jsonl"), read_rows("english_new.csv")
    assert len(korean) == len(english) == 12
    assert sum(words_of(row)[0] not in row["본문"] for row in korean) == 1
    assert sum(row["from_end"] > len(row["text"]) for row in english) == 1


@pytest.mark.parametrize("name", sorted(FILES))
def test_entities_are_two_invented_companies_of_the_file(name):
    pairs = [words_of(row) for row in read_rows(name)]
    if name == "english_new.csv":
        pairs.remove(("", next(object_ for subject, object_ in pairs if not subject)))
    assert all(subject != object_ for subject, object_ in pairs)
    assert {word for pair in pairs for word in pair} <= names_for(name)


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


@pytest.mark.parametrize("name", [*SPREADSHEETS, "korean_new.jsonl"])
def test_particles_fit_their_words(name):
    words = {word for kind in KOREAN["words"].values() for word in kind} | names_for(name)
    words = {word for word in words if not word.endswith("%")}
    assert not [wrong for row in read_rows(name) for wrong in wrong_particles(row["본문"], words)]
