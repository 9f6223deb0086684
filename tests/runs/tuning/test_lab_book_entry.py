"""Entries put into a lab book: behind the last one, with every other byte as it was."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.runs.tuning.lab_book_entry import (
    insert_entry,
    insert_tables,
    write_entry,
    write_tables,
)

ENTRY = {"why": "Searched.", "loss": {"name": "focal", "gamma": 1.5}}
TEXT = write_entry({"tuned": ENTRY})


def insert(tmp_path, book, within=("experiments",), text=TEXT):
    """Put the entry into a book, and return the book."""
    file = tmp_path / "parameters_experiments.yml"
    file.write_bytes(book.encode())
    insert_entry(file, text, within=within)
    return file.read_bytes().decode()


def added_to(book, before, found):
    """Return what was added; all of the book's own bytes stay."""
    after = book.removeprefix(before)
    assert found.startswith(before)
    assert found.endswith(after)
    return found.removeprefix(before).removesuffix(after)


def below(parsed, keys):
    for key in keys:
        parsed = parsed[key]
    return parsed


TWO = """\
# Our lab book.
experiments:
  # ---- losses ----
  one:   # first
    why: >-
      Because it
      is.
  "two": {why: x, loss: {name: focal, gamma: 2.0}}   # second
"""
FOLLOWED = """
# What follows is about text.
# It has two lines.
text:
  language: ko
"""


@pytest.mark.parametrize(
    ("book", "before"),
    [
        (TWO, TWO),
        (TWO + FOLLOWED, TWO),
        (TWO + "    # more about two\n    # and more\n" + FOLLOWED, TWO + "    # more about two\n"
         "    # and more\n"),
        (TWO + "\n\n\n" + FOLLOWED, TWO),
        (TWO + "  three:\n    why: >-\n      See issue\n      #18\n" + FOLLOWED,
         TWO + "  three:\n    why: >-\n      See issue\n      #18\n"),
        (TWO + "  three: {why: x}\ntext: {language: ko}\n", TWO + "  three: {why: x}\n"),
        (TWO + "  three:\n    why: x\n    augment:\n      methods:\n      - a\n      - b\n# end",
         TWO + "  three:\n    why: x\n    augment:\n      methods:\n      - a\n      - b\n"),
        (TWO + "  three:\n" + FOLLOWED, TWO + "  three:\n"),
        (TWO.replace("one:", "one: &one").replace('"two"', "three: *one\n  two")
         + "  four: *one\n" + FOLLOWED,
         TWO.replace("one:", "one: &one").replace('"two"', "three: *one\n  two")
         + "  four: *one\n"),
        ("experiments:\n    one:\n        why: x\n    two: {why: y}\ntext: 1\n",
         "experiments:\n    one:\n        why: x\n    two: {why: y}\n"),
        (TWO.replace("\n", "\r\n") + "text: 1\r\n", TWO.replace("\n", "\r\n")),
        ("\ufeff" + TWO, "\ufeff" + TWO),
        ("experiments:\n\ntext: 1\n", "experiments:\n"),
        ("experiments:   # none yet\n", "experiments:   # none yet\n"),
    ],
    ids=[
        "alone", "followed by comments", "own comments", "blank lines", "a hash in a text",
        "followed at once", "lists", "null", "aliases", "four blanks", "windows", "mark", "empty",
        "empty with a comment",
    ],
)  # fmt: skip
def test_an_entry_goes_behind_the_last_one_and_all_else_stays(tmp_path, book, before):
    new = added_to(book, before, insert(tmp_path, book))
    found = before + new + book.removeprefix(before)
    former = yaml.safe_load(book)
    expected = {**former, "experiments": {**(former["experiments"] or {}), "tuned": ENTRY}}
    assert yaml.safe_load(found) == expected
    assert list(yaml.safe_load(found)["experiments"])[-1] == "tuned"
    assert new.count("\r\n") == (new.count("\n") if "\r\n" in book else 0)


@pytest.mark.parametrize(
    ("book", "within"),
    [
        ("", ("experiments",)),
        ("# nothing yet\n", ("experiments",)),
        ("experiment_defaults:\n  training: {epochs: 3}\n", ("experiments",)),
        ("experiment_defaults:\n  training: {epochs: 3}", ("experiments",)),
        ("experiments:\n  one: {why: x}", ("experiments",)),
        ("", ("odqa", "experiments")),
        ("text: 1\n", ("odqa", "experiments")),
        ("odqa:\n  tuned: 3\n\n# Text.\ntext: 1\n", ("odqa", "experiments")),
        ("odqa:\n  experiments:\n    one:\n      why: x\n  tune:\n    trials: 3\n  top: 1\n",
         ("odqa", "experiments")),
        ("odqa:\n    experiments:\n        one: {why: x}\n    tune:\n        trials: 3\n",
         ("odqa", "experiments")),
        ("odqa:\n  experiments:\n  tune: {trials: 3}\ntext: 1\n", ("odqa", "experiments")),
        ("odqa:\ntext: 1\n", ("odqa", "experiments")),
    ],
)  # fmt: skip
def test_tables_that_are_missing_are_made_in_their_place(tmp_path, book, within):
    found = insert(tmp_path, book, within)
    parsed, former = yaml.safe_load(found), yaml.safe_load(book) or {}
    assert list(below(parsed, within))[-1] == "tuned"
    assert below(parsed, within).pop("tuned") == ENTRY
    assert without_nothing(parsed) == without_nothing(former)
    own = [line for line in book.splitlines() if line]
    assert [line for line in found.splitlines() if line in own] == own


def without_nothing(parsed):
    """Leave out tables without an entry."""
    if not isinstance(parsed, dict):
        return parsed
    kept = {name: without_nothing(value) for name, value in parsed.items()}
    return {name: value for name, value in kept.items() if value not in ({}, None)}


def test_a_file_that_is_not_there_is_made(tmp_path):
    file = tmp_path / "conf" / "local" / "parameters_experiments.yml"
    insert_entry(file, TEXT)
    insert_entry(file, write_entry({"again": ENTRY}))
    assert yaml.safe_load(file.read_text()) == {"experiments": {"tuned": ENTRY, "again": ENTRY}}
    assert file.read_text().startswith("experiments:\n  tuned:\n")


@pytest.mark.parametrize(
    ("book", "message"),
    [
        ("experiments: {one: {why: x}}\n", r"experiments is written in braces.*paste the entry"),
        ("experiments: {}\n", "written in braces"),
        ("experiments: null\n", "or is no table"),
        ("experiments: [one]\n", "or is no table"),
        ("experiments: one\n", "or is no table"),
        ("experiments:\n  tuned: {why: x}\n  b: {why: x}\n", "an experiment tuned already"),
        ("experiments:\n  'tuned': {why: x}\n", "an experiment tuned already"),
    ],
)
def test_what_cannot_be_added_to_is_refused_and_stays(tmp_path, book, message):
    with pytest.raises(ValueError, match=message) as raised:
        insert(tmp_path, book)
    assert "parameters_experiments.yml" in str(raised.value)
    (file,) = tmp_path.iterdir()
    assert file.read_text() == book


@pytest.mark.parametrize("name", ["lr4e5", "한글_v1.2", "yes", "12", "1e5", "null", "a-b+c"])
def test_a_name_is_text_whatever_it_looks_like(tmp_path, name):
    found = insert(tmp_path, TWO, text=write_entry({name: ENTRY}))
    assert yaml.safe_load(found)["experiments"][name] == ENTRY
    assert list(yaml.safe_load(write_entry({name: ENTRY}))) == [name]
    with pytest.raises(ValueError, match="already"):
        insert(tmp_path, found, text=write_entry({name: ENTRY}))


words = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), words,
              st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


@given(
    st.lists(words, max_size=30).map(" ".join),
    st.dictionaries(words.filter(lambda word: word != "why"),
                    st.dictionaries(words, values, max_size=4), max_size=4),
)  # fmt: skip
def test_what_is_written_is_read_again(why, groups):
    assert yaml.safe_load(write_entry({"tuned": {"why": why, **groups}})) == {
        "tuned": {"why": why, **groups}
    }


def test_a_reason_is_not_broken_at_hyphens():
    why = " ".join(["out-of-fold-score"] * 40)
    text = write_entry({"tuned": {"why": why}})
    assert yaml.safe_load(text)["tuned"]["why"] == why
    assert max(map(len, text.splitlines())) <= 100


RETRIEVER = {"name": "bm25", "title": True, "k1": 0.9}


def test_entries_of_several_tables_are_put_into_their_own(tmp_path):
    entry = {"why": "Searched.", "retrieval": {"retrievers": ["bm25_k1_0_9"]}}
    tables = {"odqa.retrievers": {"bm25_k1_0_9": RETRIEVER}, "odqa.experiments": {"tuned": entry}}
    text = write_tables(tables)
    assert yaml.safe_load(text) == {
        "odqa": {"retrievers": tables["odqa.retrievers"], "experiments": {"tuned": entry}}
    }
    book = tmp_path / "book.yml"
    book.write_text("# Ours.\nodqa:\n  experiments:\n    one: {why: x}\n", encoding="utf-8")
    insert_tables(book, text, "first")
    insert_tables(book, text, "second")  # a retriever of this name is the same one
    found = yaml.safe_load(book.read_text(encoding="utf-8"))
    assert found == {
        "odqa": {
            "retrievers": {"bm25_k1_0_9": RETRIEVER},
            "experiments": {"one": {"why": "x"}, "first": entry, "second": entry},
        }
    }
    assert book.read_text(encoding="utf-8").startswith("# Ours.\n")
    with pytest.raises(ValueError, match="has an experiment second already"):
        insert_tables(book, text, "second")


def test_the_entry_of_relation_extraction_is_a_file_of_its_own_too(tmp_path):
    book = tmp_path / "book.yml"
    insert_tables(book, write_tables({"experiments": {"tuned": ENTRY}}), "searched")
    assert yaml.safe_load(book.read_text(encoding="utf-8")) == {"experiments": {"searched": ENTRY}}
