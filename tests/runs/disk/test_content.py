"""A result is recognised by its content; what cannot be known is not called wrong."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from klue_pipeline.runs.disk.origin_store import OriginStore
from klue_pipeline.training.fingerprint import hash_samples

ORIGIN = {"training.epochs": "3"}


def save_model(folder, seed=0):
    folder.mkdir(parents=True, exist_ok=True)
    weights = np.random.default_rng(seed).normal(size=(64, 8)).astype(np.float32)
    save_file({"weight": weights}, folder / "model.safetensors")
    (folder / "config.json").write_text('{"hidden_size": 8}')
    (folder / "README.md").write_text("카드")


@pytest.fixture
def store(tmp_path):
    """Two folds, each a model and a table of scores, stored as runs store them."""
    store = OriginStore()
    for fold in (0, 1):
        model, scores = tmp_path / f"fold_{fold}", tmp_path / f"out/fold_{fold}/test.parquet"
        save_model(model, fold)
        scores.parent.mkdir(parents=True)
        pd.DataFrame({"row_id": ["a", "b"], "x": [0.5, fold]}).to_parquet(scores)
        store.write(model, ORIGIN, f"fold_{fold}.model")
        store.write(scores, ORIGIN, f"fold_{fold}.test_scores")
    return store


def keep_times(path, change):
    """Change a file and set its size and date back, as far as a program can."""
    before = path.stat()
    change(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def drop(folder, name):
    (folder / "weights_dropped.json").write_text("{}")
    (folder / name).unlink()


def swap_bytes(path):
    content = path.read_bytes()
    path.write_bytes(content[:-8] + content[-4:] + content[-8:-4])


CHANGES = {
    "weights cut": ("fold_1", lambda p: os.truncate(p / "model.safetensors", 100), "has 100 bytes"),
    "weights of another fold": (
        "fold_1",
        lambda p: shutil.copy2(p.with_name("fold_0") / "model.safetensors", p),
        "model.safetensors has another content",
    ),
    "weights changed, date kept": (
        "fold_1",
        lambda p: keep_times(p / "model.safetensors", swap_bytes),
        "model.safetensors has another content",
    ),
    "a file missing": ("fold_1", lambda p: (p / "config.json").unlink(), "config.json is missing"),
    "scores of another fold with all that is beside them": (
        "out/fold_1/test.parquet",
        lambda p: shutil.copytree(p.parents[1] / "fold_0", p.parent, dirs_exist_ok=True),
        "that of fold 0",
    ),
    "the card edited": ("fold_1", lambda p: (p / "README.md").write_text("내 카드"), ""),
    "a file added": ("fold_1", lambda p: (p / "notes.txt").write_text("x"), ""),
    "weights dropped on purpose": ("fold_1", lambda p: drop(p, "model.safetensors"), ""),
    "another file dropped": ("fold_1", lambda p: drop(p, "config.json"), "config.json is missing"),
    "a later date": ("fold_1", lambda p: os.utime(p / "model.safetensors"), ""),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_noticed_by_content(tmp_path, store, kind):
    place, change, said = CHANGES[kind]
    path = tmp_path / place
    assert store.find_change(path) == ""
    change(path)
    found = store.find_change(path)
    assert said in found
    assert bool(found) == bool(said)
    assert store.read(path) == ORIGIN


def test_a_copy_of_everything_is_what_was_saved(tmp_path, store):
    shutil.copytree(tmp_path / "out", tmp_path / "copy")
    assert store.find_change(tmp_path / "copy/fold_1/test.parquet") == ""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("fold_0", None, ""),
        ("fold_0/model.safetensors", b"cut", "model.safetensors is cut or damaged"),
        ("out/fold_0/test.parquet", b"PAR1 half", "test.parquet is cut or damaged"),
        ("report.json", b'{"half": ', "report.json is cut or damaged"),
        ("features.arrow", b"ARROW1 half", "features.arrow is cut or damaged"),
        ("table.csv", b"half a", ""),
    ],
)
def test_what_an_earlier_version_stored_is_unknown_but_can_be_opened(
    tmp_path, store, name, content, said
):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    result = path.parent if name.startswith("fold_0/") else path
    former = result.parent / ".fingerprints" / f"{result.name}.json"
    former.parent.mkdir(exist_ok=True)
    former.write_text(json.dumps(ORIGIN))
    assert store.read(result) == ORIGIN
    assert store.find_change(result).startswith(said)
    assert bool(store.find_change(result)) == bool(said)


@pytest.mark.parametrize("text", ["", '{"origin": {"a"', "[]", '{"origin": {}, "content": 3}'])
def test_a_torn_record_counts_as_none(tmp_path, store, text):
    (tmp_path / ".fingerprints/fold_0.json").write_text(text)
    assert store.read(tmp_path / "fold_0") is None
    assert store.find_change(tmp_path / "fold_0") == ""


def test_samples_of_a_large_file_tell_trainings_apart_and_cost_little(tmp_path):
    weights = np.random.default_rng(0).normal(size=(5 * 2**20)).astype(np.float32)  # 20 MiB
    for name, values in [("a", weights), ("same", weights), ("other", weights + 1e-6)]:
        save_file({"weight": values}, tmp_path / name)
    digests = {name: hash_samples(tmp_path / name) for name in ("a", "same", "other")}
    assert digests["a"] == digests["same"] != digests["other"]
    with (tmp_path / "a").open("ab") as file:
        file.write(b"\0")
    assert hash_samples(tmp_path / "a") != digests["same"]
