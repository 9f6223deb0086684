"""Weights go when everything that is made of them is saved, and not before."""

import json
import os

import numpy as np
import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from safetensors.numpy import save_file

from klue_pipeline.runs.kept_weights import (
    drop_weights,
    find_dropped,
    find_needed,
    inputs_of_export,
)

FOLDS = (0, 1, 2)
F1 = {0: 50.0, 1: 70.0, 2: 60.0}
LONG_AGO = 1_000_000_000


def export(**parts):
    return len(parts)


class World:
    """Three folds that were trained, scored and exported."""

    def __init__(self, folder):
        self.folder = folder
        files = {"metrics": "json.JSONDataset", "test_scores": "json.JSONDataset"}
        entries = {
            f"fold_{{number}}.{name}": {
                "type": kind,
                "filepath": str(folder / f"{name}_{{number}}.json"),
            }
            for name, kind in files.items()
        }
        entries["fold_{number}.model"] = {
            "type": "klue_pipeline.datasets.models.checkpoint.CheckpointDataset",
            "filepath": str(folder / "fold_{number}"),
        }
        entries["exported"] = {"type": "json.JSONDataset", "filepath": str(folder / "exported")}
        self.catalog = DataCatalog.from_config(entries)
        for fold in FOLDS:
            self.train(fold)
            self.catalog.save(f"fold_{fold}.test_scores", [])
        self.catalog.save("exported", [])

    def train(self, fold):
        path = self.folder / f"fold_{fold}"
        path.mkdir(exist_ok=True)
        save_file({"weight": np.zeros(3)}, path / "model.safetensors")
        self.catalog.save(f"fold_{fold}.metrics", {"micro_f1": F1[fold]})

    def graph(self, keep_weights):
        made = ["metrics", "model"]
        trained = [node(len, "rows", [f"fold_{k}.{n}" for n in made], name=f"t{k}") for k in FOLDS]
        scored = [
            node(len, f"fold_{k}.model", f"fold_{k}.test_scores", name=f"p{k}") for k in FOLDS
        ]
        read = inputs_of_export(FOLDS, keep_weights)
        exported = [node(export, read, "exported", name="export")] if keep_weights != "none" else []
        return Pipeline([*trained, *scored, *exported])

    def drop(self, keep_weights):
        """Return the folds that still have weights."""
        graph = self.graph(keep_weights)
        drop_weights(graph, self.catalog, keep_weights, "micro_f1", "training.keep_weights")
        return [fold for fold in FOLDS if (self.folder / f"fold_{fold}/model.safetensors").exists()]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.mark.parametrize(
    ("keep_weights", "left"), [("all", [0, 1, 2]), ("best_fold", [1]), ("none", [])]
)
def test_the_weights_that_are_not_kept_go_and_say_so(world, keep_weights, left):
    assert world.drop(keep_weights) == left
    models = [f"fold_{fold}.model" for fold in FOLDS]
    gone = sorted(name for name in models if int(name[5]) not in left)
    assert sorted(find_dropped(models, world.catalog)) == gone
    for name in gone:
        note = json.loads((world.folder / name[:6] / "weights_dropped.json").read_text())
        assert note["because"] == f"training.keep_weights was {keep_weights}"
    assert all(world.catalog.exists(name) for name in models)
    assert world.drop(keep_weights) == left


UNUSED = {
    "never scored": lambda world: (world.folder / "test_scores_0.json").unlink(),
    "trained again since": lambda world: os.utime(
        world.folder / "test_scores_0.json", (LONG_AGO, LONG_AGO)
    ),
}


@pytest.mark.parametrize("why", UNUSED)
@pytest.mark.parametrize(("keep_weights", "left"), [("none", [0]), ("best_fold", [0, 1])])
def test_weights_that_are_still_to_be_read_stay(world, why, keep_weights, left):
    UNUSED[why](world)
    assert world.drop(keep_weights) == left


def test_nothing_goes_before_the_best_fold_is_known_and_exported(world):
    (world.folder / "metrics_2.json").unlink()
    assert world.drop("best_fold") == [0, 1, 2]
    world.train(2)
    assert world.drop("best_fold") == [1, 2]  # of fold 2, nothing is made yet
    os.utime(world.folder / "exported", (LONG_AGO, LONG_AGO))
    world.train(0)
    assert world.drop("best_fold") == [0, 1, 2]


def test_a_kill_between_note_and_removal_leaves_a_model_with_weights(world):
    (world.folder / "fold_0/weights_dropped.json").write_text("{}")
    assert find_dropped(["fold_0.model"], world.catalog) == set()
    assert world.catalog.exists("fold_0.model")
    assert world.drop("none") == []


def test_an_earlier_export_that_holds_the_weights_too_is_told(world, caplog):
    os.link(world.folder / "fold_1/model.safetensors", world.folder / "linked")
    world.drop("none")
    assert "The weights of fold_1.model still take up the disk" in caplog.text


def test_an_export_of_the_best_fold_needs_no_other_weights(world):
    needed = {
        keep: find_needed(exporting, world.catalog, "micro_f1")
        for keep in ("all", "best_fold")
        for exporting in world.graph(keep).only_nodes("export").nodes
    }
    assert needed == {"all": [f"fold_{k}.model" for k in FOLDS], "best_fold": ["fold_1.model"]}
