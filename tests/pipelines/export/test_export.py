"""The export pipeline over a hand-made catalog."""

import json
import shutil

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.datasets.models.checkpoint import CheckpointDataset
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.pipelines.export import create_pipeline
from klue_pipeline.relation.inference.checkpoints import find_checkpoints
from klue_pipeline.relation.model.relation_model import read_relation_config
from klue_pipeline.relation.settings.augment_params import AugmentParams
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.export_params import ExportParams
from klue_pipeline.relation.settings.params import HeadParams, InputParams, RawParams, TargetParams
from klue_pipeline.runs import topology
from klue_pipeline.training.params import EncoderParams, FoldsParams, LossParams

BESIDE = ("README.md", "export.json")
SCORES = {"micro_f1": 50.0, "auprc": 40.0, "accuracy": 60.0}
FOLDS = {"strategy": "kfold", "n_splits": 2, "seed": 1, "validation_share": 0.2}


def choose_folds(*folds, keep_weights="all", refits=False):
    split = FoldsParams(**FOLDS, run=list(folds) or None)
    topology.set_shape(topology.Shape(split, keep_weights=keep_weights, refits=refits))


@pytest.fixture
def catalog(small_sentences, relation_checkpoints, tmp_path):
    labels = ["no_relation", *sorted(set(small_sentences["label"]) - {"no_relation"})]
    intervals = {f"{name}{end}": 1.0 for name in SCORES for end in ("", "_low", "_high")}
    catalog = DataCatalog.from_config(
        {
            "fold_{number}.model": {
                "type": "klue_pipeline.datasets.models.checkpoint.CheckpointDataset",
                "filepath": str(relation_checkpoints / "fold_{number}"),
            },
            "exported_model": {
                "type": "klue_pipeline.datasets.models.checkpoint.ExportedModelDataset",
                "filepath": str(tmp_path / "exported"),
            },
        }
    )
    given = {
        "clean_sentences": small_sentences,
        "fold_report": {"n_splits": 2, "strategy": "kfold", "leak_rate": 0.0},
        "labels": LabelSet(names=labels, negative="no_relation"),
        "calibration": {"temperature": 0.5},
        "experiment_metrics": {
            "out_of_fold": {**SCORES, "rows": 24},
            "intervals": intervals,
            "shift_aware": None,
            "prior": {"source": "none", "negative_share": None},
            "test": None,
            "folds": {"fold_0": {}, "fold_1": {}},
        },
        "per_label": pd.DataFrame({"label": labels, "precision": 1.0, "recall": 2.0, "f1": 3.0}),
        "params:about": AboutParams(experiment="e", folder="e--v", why="왜"),
        "params:raw": RawParams(
            train=str(tmp_path / "train.csv"), test="t.csv", bundles="b", submissions="s"
        ),
        "params:input": InputParams(
            name="entity_mask", query="none", query_position="after", type_words={}
        ),
        "params:encoder": EncoderParams(name="scratch"),
        "params:head": HeadParams(name="cls"),
        "params:loss": LossParams(name="cross_entropy"),
        "params:augment": AugmentParams.model_construct(methods=["aeda"]),
        "params:target": TargetParams(name="all"),
        "params:training.max_tokens": 60,
        "params:evaluation": EvaluationParams.model_construct(confidence=0.9),
        "params:export": ExportParams(
            licences={"model": None, "data": None, "encoder": None}, known_licences=[]
        ),
    }
    for name, value in given.items():
        catalog[name] = value
    choose_folds()
    yield catalog
    topology.forget_shape()


def run(catalog):
    SequentialRunner().run(create_pipeline(), catalog)
    return catalog.load("exported_model")


def test_every_fold_of_the_graph_is_exported_with_the_temperature(catalog, tmp_path):
    folder = run(catalog)
    assert {path.name for path in folder.iterdir()} == {"fold_0", "fold_1", *BESIDE}
    assert read_relation_config(folder / "fold_1").temperature == 0.5
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "Training file: train.csv" in text
    assert "temperature 0.500" in text
    assert "the 90 % interval" in text
    assert "Augmentation: aeda" in text
    assert "experiment=e,run.name=v" in text
    assert str(tmp_path) not in text


def test_a_fold_that_is_no_longer_in_the_graph_leaves_the_folder(catalog):
    run(catalog)
    choose_folds(1)
    folder = run(catalog)
    assert {path.name for path in folder.iterdir()} == {"fold_1", *BESIDE}


def test_the_best_fold_is_exported_alone_though_the_others_have_no_weights(
    catalog, relation_checkpoints, tmp_path
):
    copied = shutil.copytree(relation_checkpoints, tmp_path / "checkpoints")
    (copied / "fold_0/model.safetensors").unlink()
    (copied / "fold_0/weights_dropped.json").write_text("{}")
    for fold, f1 in ((0, 50.0), (1, 60.0)):
        catalog[f"fold_{fold}.metrics"] = {"micro_f1": f1}
        catalog[f"fold_{fold}.model"] = CheckpointDataset(filepath=str(copied / f"fold_{fold}"))
    catalog["params:training.select_by"] = "micro_f1"
    choose_folds(keep_weights="best_fold")
    folder = run(catalog)
    assert {path.name for path in folder.iterdir()} == {"fold_1", *BESIDE}
    assert "The best of 2 folds" in (folder / "README.md").read_text(encoding="utf-8")
    catalog["fold_0.metrics"] = {"micro_f1": 70.0}
    with pytest.raises(FileNotFoundError, match=r"fold_0 has no weights any more"):
        run(catalog)


@pytest.mark.parametrize(
    ("keep_weights", "asked"), [("all", ["fold_0", "fold_1"]), ("none", ["refit"])]
)
def test_what_learnt_from_all_rows_stands_beside_the_folds_or_in_for_them(
    catalog, relation_checkpoints, keep_weights, asked
):
    catalog["refit.model"] = relation_checkpoints / "fold_0"
    catalog["refit.metrics"] = {"training_rows": 24.0, "epochs": 1.5}
    choose_folds(keep_weights=keep_weights, refits=True)
    folder = run(catalog)
    assert {path.name for path in folder.iterdir()} == {*asked, "refit", *BESIDE}
    assert [path.name for path in find_checkpoints(folder)] == asked
    assert read_relation_config(folder / "refit").temperature == 0.5
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "all 24 rows that train, augmented ones included, for 1.5 epochs" in text
    assert "**Nobody has measured it**" in text
    assert ("those of the 2 folds were not kept" in text) == (keep_weights == "none")
    assert "were trained" not in text
    shutil.rmtree(folder / "refit")
    with pytest.raises((ValueError, FileNotFoundError), match=r"refit is missing|holds none"):
        find_checkpoints(folder)


@pytest.mark.parametrize("calibration", [{"temperature": None}, {}])
def test_a_temperature_that_was_not_fitted_changes_nothing(catalog, calibration):
    catalog["calibration"] = calibration
    assert read_relation_config(run(catalog) / "fold_0").temperature == 1.0


def test_what_is_exported_is_loaded_and_asked(catalog):
    from klue_pipeline import RelationClassifier

    classifier = RelationClassifier.from_pretrained(run(catalog), device="cpu", precision="fp32")
    prediction = classifier("이순신은 조선의 무신이다.", subject=(0, 3), object="조선")
    assert sum(prediction.probabilities.values()) == pytest.approx(1)
    assert len(classifier.folders) == 2


def test_the_originals_stay(catalog, relation_checkpoints):
    run(catalog)
    text = (relation_checkpoints / "fold_0/relation.json").read_text(encoding="utf-8")
    assert json.loads(text)["temperature"] == 1.0
