"""The bundle stage: what an experiment left on disk becomes a folder that another server reads."""

import inspect
import shutil
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import BaseModel

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.pipelines.bundle import create_pipeline
from klue_pipeline.relation.settings.params import CompositeParams, TargetParams
from klue_pipeline.runs import topology
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.settings import CONFIG_LOADER_ARGS
from klue_pipeline.training.params import FoldsParams
from klue_pipeline.version import __version__

CONF = Path(__file__).parents[3] / "conf"
SCORES = "klue_pipeline.datasets.tables.score_table.ScoreTableDataset"
BUNDLES = "klue_pipeline.datasets.shared.score_bundle"
FOLDS = FoldsParams(strategy="kfold", n_splits=3, seed=1, validation_share=0.2, run=[0, 2])
LABELS = LabelSet(names=["no_relation", "per:title", "org:members"], negative="no_relation")
METRICS = {"out_of_fold": {"micro_f1": 61.5, "rows": 4}, "test": None}
OF_KIND = {
    "single": ("all", LABELS.names, "no_relation"),
    "member": ("positive", LABELS.names[1:], None),
    "composite": ("all", LABELS.names, "no_relation"),
}
"""By kind of experiment: its target, what its scores tell apart, and their negative label."""


@pytest.fixture(autouse=True)
def forget_shape():
    yield
    topology.forget_shape()


@cache
def resolved_settings():
    """The settings of the default experiment, as conf has them."""
    loader = OmegaConfigLoader(conf_source=str(CONF), env="test", **CONFIG_LOADER_ARGS)
    return resolve_run(loader["parameters"], {})


def score(row_ids, names, folds=None):
    logits = np.random.default_rng(len(row_ids)).normal(size=(len(row_ids), len(names))) * 9
    fingerprint = {"rows": "aa", "folds": "bb"} | ({} if folds else {"test_rows": "cc"})
    return ScoreTable(
        np.array(row_ids, dtype=object),
        logits.astype(np.float32),
        tuple(names),
        np.array(folds) if folds else None,
        fingerprint,
    )


class Stage:
    """What an experiment of one kind left on disk, and its graph."""

    def __init__(self, folder, kind, run_record=None):
        self.kind, (target, names, _) = kind, OF_KIND[kind]
        topology.set_shape(topology.Shape(FOLDS, kind))
        self.out_of_fold = score(["a", "b", "c", "d"], names, [0, 0, 2, 2])
        self.test_scores = score(["0", "007"], names)
        self.catalog = DataCatalog.from_config(
            {
                "out_of_fold@one": {"type": SCORES, "filepath": f"{folder}/oof.parquet"},
                "test_scores@one": {"type": SCORES, "filepath": f"{folder}/test.parquet"},
                "score_bundle": {
                    "type": f"{BUNDLES}.ScoreBundleDataset",
                    "filepath": f"{folder}/bundles/rbert--lr3e5",
                },
            }
        )
        self.catalog.save("out_of_fold@one", self.out_of_fold)
        self.catalog.save("test_scores@one", self.test_scores)
        about = AboutParams(
            experiment="rbert",
            folder="rbert--lr3e5",
            why="개체 평균이 낫다",
            members=["binary", "positive"] if kind == "composite" else [],
        )
        given = {
            "experiment_metrics": METRICS,
            "labels": LABELS,
            "params:about": about,
            "params:folds": FOLDS,
            "params:target": TargetParams(name=target),
            "params:composite": CompositeParams(name="cascade"),
        }
        for name, value in given.items():
            self.catalog[name] = value
        self.catalog["run_record"] = MemoryDataset(run_record)
        self._add_settings()

    def _add_settings(self):
        """Hand over the other groups as conf has them, as the models that the node asks for."""
        settings = resolved_settings()
        (node,) = create_pipeline().nodes
        hints = get_type_hints(node.func)
        for argument, name in inspect.signature(node.func).bind(*node.inputs).arguments.items():
            if name.startswith("params:") and name not in self.catalog:
                group = settings[name.removeprefix("params:")]
                self.catalog[name] = hints[argument].model_validate(group)

    def export(self):
        SequentialRunner().run(create_pipeline(), self.catalog)
        return self.catalog.load("score_bundle")


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path, "single")


@pytest.mark.parametrize("kind", OF_KIND)
def test_every_kind_of_experiment_says_what_it_is(tmp_path, kind):
    description = Stage(tmp_path, kind).export().description
    _, names, negative = OF_KIND[kind]
    assert description.kind == kind
    assert (description.labels.names, description.labels.negative) == (names, negative)
    assert (description.experiment, description.folder) == ("rbert", "rbert--lr3e5")
    assert description.why == "개체 평균이 낫다"
    assert description.members == (["binary", "positive"] if kind == "composite" else [])
    assert description.metrics == METRICS
    assert description.code_version == __version__
    assert (description.folds, description.n_out_of_fold_rows) == ([0, 2], 4)
    assert abs(datetime.now(UTC) - description.created_at) < timedelta(minutes=1)


def test_the_settings_of_a_model_are_told(stage):
    settings = stage.export().description.settings
    groups = ["clean", "folds", "target", "input", "encoder", "head", "loss", "training", "augment"]
    assert list(settings) == groups
    assert settings["folds"]["run"] == [0, 2]
    assert settings["encoder"] == stage.catalog.load("params:encoder").model_dump(mode="json")
    assert settings["augment"].keys() == {"seed", "methods", "undersample"}


def test_a_composite_tells_how_it_joins(tmp_path):
    settings = Stage(tmp_path, "composite").export().description.settings
    assert list(settings) == ["clean", "folds", "composite"]
    assert settings["composite"]["name"] == "cascade"


def test_it_joins_a_blend_elsewhere_to_the_last_bit(stage, tmp_path):
    exported = stage.export()
    drop = tmp_path / "elsewhere" / "bundles"
    shutil.copytree(tmp_path / "bundles", drop)
    entry = {
        "type": "klue_pipeline.datasets.shared.drop_folders.ScoreBundlesDataset",
        "filepath": str(drop),
    }
    shelf = DataCatalog.from_config({"score_bundles": entry}).load("score_bundles")
    assert (list(shelf.bundles), shelf.refused) == (["rbert--lr3e5"], {})
    found = shelf.bundles["rbert--lr3e5"]
    assert found.description == exported.description
    for part in ("out_of_fold", "test_scores"):
        table, wanted = getattr(found, part), getattr(stage, part)
        assert table.logits.tobytes() == wanted.logits.tobytes()
        assert table.row_ids.tolist() == wanted.row_ids.tolist()
        assert table.fingerprint == wanted.fingerprint
    assert found.out_of_fold.folds.tolist() == [0, 0, 2, 2]


def run_record(**changes):
    record = {
        "experiment": "rbert", "run_name": "lr3e5", "why": "", "kind": "single", "selection": {},
        "scores_every_fold": True, "started_at": "2026-11-23T09:00:00Z",
        "process": {"host": "here", "pid": 1, "start": None},
        "mlflow": {"tracking_uri": "sqlite:///mlflow.db", "experiment": "re", "run_id": "f00"},
        "git_commit": "c0ffee", "git_dirty": False, "status": "finished",
    }  # fmt: skip
    return {**record, **changes}


@pytest.mark.parametrize(
    ("record", "run_id", "commit"),
    [
        (None, None, None),
        (run_record(), "f00", "c0ffee"),
        (run_record(mlflow=None), None, "c0ffee"),
        (
            run_record(status="failed", git_commit="bad", mlflow=None, earlier=run_record()),
            "f00",
            "c0ffee",
        ),
        (run_record(scores_every_fold=False, git_commit="part"), "f00", "part"),
    ],
)
def test_the_run_that_made_the_scores_is_named(tmp_path, record, run_id, commit):
    description = Stage(tmp_path, "single", record).export().description
    assert (description.mlflow_run_id, description.git_commit) == (run_id, commit)


def test_scores_of_another_target_than_the_settings_say_are_refused(tmp_path, stage):
    stage.catalog["params:target"] = TargetParams(name="binary")
    with pytest.raises(ValueError, match=r"for 3 labels .*the description lists 2"):
        stage.export()
    with pytest.raises(DatasetError, match=r"bundle\.json is missing"):
        stage.catalog.load("score_bundle")


@pytest.mark.parametrize("kind", OF_KIND)
def test_the_graph_has_one_node_that_asks_for_models(kind):
    topology.set_shape(topology.Shape(FOLDS, kind))
    (node,) = create_pipeline().nodes
    assert node.name == node.func.__name__
    assert node.outputs == ["score_bundle"]
    hints = get_type_hints(node.func)
    for argument, name in inspect.signature(node.func).bind(*node.inputs).arguments.items():
        if name.startswith("params:"):
            assert issubclass(hints[argument], BaseModel)
            assert argument == name.removeprefix("params:").replace("input", "input_params")
