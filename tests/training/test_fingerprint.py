"""Content hashes: equal for equal values, different for anything a reader would call different."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.training.fingerprint import hash_folder, hash_table


def of(values, dtype=None, name="a"):
    return hash_table(pd.DataFrame({name: pd.Series(values, dtype=dtype)}), [name])


def test_layout_is_the_documented_one():
    frame = pd.DataFrame({"글": ["가", None, "bc"], "n": [1, -2, 3]})
    # Header, then per column: name, kind, rows, payload bytes; missing bits; lengths; characters.
    text = np.array([1, 2], dtype="<i8").tobytes() + "가bc".encode()
    numbers = np.array([1, -2, 3], dtype="<i8").tobytes()
    wanted = hashlib.sha256(
        b"klue_pipeline table, layout 1\n"
        + f'["\\uae00", "string", 3, {len(text)}]\n'.encode()
        + bytes([0b01000000])
        + text
        + b'["n", "integer", 3, 24]\n'
        + bytes([0])
        + numbers
    )
    assert hash_table(frame, ["글", "n"]) == wanted.hexdigest()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (["ab", "c"], ["a", "bc"]),
        (["a", "b"], ["b", "a"]),
        (["", "ab"], ["ab", ""]),
        (["a", None], [None, "a"]),
        (["a", None], ["a", ""]),
        (["a", None], ["a", "nan"]),
        (["a", None], ["a", "None"]),
        (["a"], ["a", None]),
        ([1], ["1"]),
        ([1], [1.0]),
        ([1], [True]),
        ([], [None]),
    ],
)
def test_different_values_differ(left, right):
    assert of(left, dtype=object) != of(right, dtype=object)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (of(["a", "나"], "str"), of(["a", "나"], object)),
        (of(["a", None], "str"), of(["a", np.nan], object)),
        (of([1, 2], "int64"), of([1, 2], "Int64")),
        (of([1, 2], "int64"), of([1, 2], object)),
        (of([1, None], "Int64"), of([1, None], object)),
        (of([None, None], "Int64"), of([None, None], object)),
        (of([None, None], "str"), of([np.nan, np.nan], "float64")),
        (of([0.0], "float64"), of([-0.0], "float64")),
        (of([], "str"), of([], "int64")),
    ],
)
def test_storage_does_not_count(left, right):
    assert left == right


def test_columns_are_told_apart():
    frame = pd.DataFrame({"a": ["x", "y"], "b": ["z", "w"]}, index=[7, 7])
    whole = hash_table(frame, ["a", "b"])
    assert whole == hash_table(frame.assign(c=1).reset_index(drop=True), ["a", "b"])
    assert whole != hash_table(frame, ["b", "a"])
    assert whole != hash_table(frame.rename(columns={"a": "b", "b": "a"}), ["b", "a"])
    assert hash_table(frame, ["a"]) != hash_table(frame.rename(columns={"a": "c"}), ["c"])


def test_survives_parquet(tmp_path):
    frame = pd.DataFrame(
        {"a": ["가", None], "b": pd.array([None, 3], dtype="Int64"), "c": [0.5, 1.0]}
    ).assign(d=None)
    frame.to_parquet(tmp_path / "t.parquet")
    columns = list(frame.columns)
    assert hash_table(pd.read_parquet(tmp_path / "t.parquet"), columns) == hash_table(
        frame, columns
    )


texts = st.lists(st.one_of(st.none(), st.text(alphabet="ab\t\n\0가\ud800", max_size=3)), max_size=4)


@given(texts, texts)
@settings(deadline=None)
def test_equal_only_for_equal_lists(left, right):
    assert (of(left, object) == of(right, object)) == (left == right)


def test_unknown_column_and_mixed_kinds_are_refused():
    frame = pd.DataFrame({"a": [1, "1"]})
    with pytest.raises(ValueError, match=r"\['b'\].*not in the table, which has \['a'\]"):
        hash_table(frame, ["a", "b"])
    with pytest.raises(TypeError, match=r"column 'a' of mixed-integer values; wanted one of"):
        hash_table(frame, ["a"])


def test_a_folder_is_known_by_all_files_below_it_wherever_it_lies(tmp_path):
    folder = tmp_path / "a"
    (folder / "train").mkdir(parents=True)
    (folder / "state.json").write_text("{}")
    (folder / "train" / "data.arrow").write_bytes(b"1")
    before = hash_folder(folder)
    assert hash_folder(folder.rename(tmp_path / "b")) == before
    (tmp_path / "b" / "train" / "data.arrow").write_bytes(b"2")
    changed = hash_folder(tmp_path / "b")
    (tmp_path / "b" / "train").rename(tmp_path / "b" / "validation")
    assert len({before, changed, hash_folder(tmp_path / "b")}) == 3
