"""What every dataset of ours keeps: whole or not there, whatever happens while it is written."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError
from safetensors.numpy import save

from klue_pipeline.datasets.inputs.new_rows import NewRowsDataset
from klue_pipeline.datasets.inputs.optional import OptionalDataset
from klue_pipeline.datasets.inputs.raw_relation import RawGoldDataset, RawRelationDataset
from klue_pipeline.datasets.models.checkpoint import CheckpointDataset
from klue_pipeline.datasets.models.tokenizer import TokenizerDataset
from klue_pipeline.datasets.shared.drop_folders import PlainSubmissionsDataset, ScoreBundlesDataset
from klue_pipeline.datasets.tables.features import FeaturesDataset
from klue_pipeline.datasets.tables.score_table import ScoreTableDataset
from klue_pipeline.datasets.tables.submission import SubmissionDataset
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.encoding.features import SCHEMA, Features


class Folder:
    """Writes the files that make a checkpoint and a tokenizer whole."""

    def __init__(self, content):
        self.content = content

    def save_pretrained(self, folder):
        for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json"):
            weights = save({"weight": np.frombuffer(self.content, dtype=np.uint8)})
            (Path(folder) / name).write_bytes(weights)


def score(value):
    return ScoreTable(np.array(["가"], dtype=object), np.array([[value]], np.float32), ("a",))


def submit(*probabilities):
    return pd.DataFrame({"id": ["0"], "pred_label": ["b"], "probs": [str([*probabilities])]})


def encode(fingerprint):
    return Features(SCHEMA.empty_table(), ("a",), {"rows": fingerprint})


SAVED = {
    "checkpoint": (CheckpointDataset, Folder(b"1"), Folder(b"2")),
    "tokenizer": (TokenizerDataset, Folder(b"1"), Folder(b"2")),
    "features": (FeaturesDataset, encode("1"), encode("2")),
    "scores": (ScoreTableDataset, score(1), score(2)),
    "submission": (SubmissionDataset, submit(0.25, 0.75), submit(0.5, 0.5)),
}


def contents(path):
    files = [path] if path.is_file() else sorted(path.iterdir())
    return {file.name: file.read_bytes() for file in files}


@pytest.mark.parametrize("kind", SAVED)
def test_it_is_whole_or_as_it_was_whenever_a_write_dies(tmp_path, monkeypatch, kind):
    make, first, second = SAVED[kind]
    path = tmp_path / "new" / "folder" / "it"
    dataset = make(filepath=str(path))
    assert not dataset.exists()
    with pytest.raises(DatasetError):
        dataset.load() if kind != "checkpoint" else dataset.save(None)
    dataset.save(first)
    former = contents(path)
    assert dataset.exists()
    with monkeypatch.context() as patch:  # the last step of every write, of a file or a folder
        patch.setattr(Path, "replace" if path.is_file() else "rename", die)
        with pytest.raises(KeyboardInterrupt):
            dataset.save(second)
    assert contents(path) == former
    assert [found.name for found in path.parent.iterdir()] == ["it"]
    dataset.save(second)
    assert contents(path) != former
    assert contents(path).keys() == former.keys()


def die(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "dataset",
    [
        RawRelationDataset(source="a.csv"),
        RawGoldDataset(source="a.csv", test_source="b.csv"),
        NewRowsDataset(source="a.csv"),
        OptionalDataset(dataset={"type": "json.JSONDataset"}, filepath="a.csv", setting="raw.a"),
        PlainSubmissionsDataset(filepath="a.csv"),
        ScoreBundlesDataset(filepath="a.csv"),
    ],
    ids=lambda dataset: type(dataset).__name__,
)
def test_what_users_give_is_never_written(dataset):
    with pytest.raises(DatasetError, match=r"a\.csv.*never written"):
        dataset.save("anything")


@pytest.mark.parametrize("make", [ScoreBundlesDataset, PlainSubmissionsDataset])
def test_a_drop_folder_may_be_missing_and_is_no_file(tmp_path, make):
    dataset = make(filepath=str(tmp_path / "drop"))
    assert not dataset.exists()
    assert not dataset.load().refused
    (tmp_path / "drop").touch()
    with pytest.raises(DatasetError, match="drop is a file; a folder was wanted"):
        dataset.load()
