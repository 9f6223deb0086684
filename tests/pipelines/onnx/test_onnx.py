"""The onnx pipeline over a hand-made catalog: two trained folds, exported, as graphs."""

import json
import logging
import shutil

import pytest
from kedro.io import DatasetError
from kedro.runner import SequentialRunner

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.datasets.models.checkpoint import ExportedGraphsDataset, ExportedModelDataset
from klue_pipeline.datasets.models.workspace import CacheFolderDataset
from klue_pipeline.datasets.whole.texts import JSONDataset
from klue_pipeline.pipelines.onnx import create_pipeline
from klue_pipeline.relation.inference import onnx_export
from klue_pipeline.relation.inference.classifier import RelationClassifier
from klue_pipeline.relation.inference.model_export import ExportedModel
from klue_pipeline.relation.inference.model_package import interface_of
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.model.fold_prediction import score_rows
from klue_pipeline.relation.model.relation_graph import RelationGraph
from klue_pipeline.relation.model.relation_model import read_relation_config
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.runs import topology
from klue_pipeline.training.exporting import exported_graphs, onnx_graph
from klue_pipeline.training.exporting.onnx_params import OnnxParams
from klue_pipeline.training.params import FoldsParams

REQUEST = {"sentence": "이순신은 조선의 무신이다.", "subject": (0, 3), "object": "조선"}


@pytest.fixture
def catalog(trained, small_sentences, tmp_path):
    """An export of both folds, the second under another name too, and where graphs go."""
    trained["exported_model"] = ExportedModelDataset(filepath=str(tmp_path / "exported"))
    models = {"fold_0": "fold_0", "fold_1": "fold_1", "refit": "fold_1"}
    folders = {name: tmp_path / folder for name, folder in models.items()}
    trained.save("exported_model", ExportedModel(folders, 0.5, "# Card\n"))
    for name in ("onnx_model", "onnx_int8_model"):
        trained[name] = ExportedGraphsDataset(
            filepath=str(tmp_path / name), made_of=str(tmp_path / "exported")
        )
    trained["onnx_report"] = JSONDataset(filepath=str(tmp_path / "onnx.json"))
    given = {
        "clean_sentences": small_sentences,
        "params:about": AboutParams(experiment="e", folder="e--v", why="왜"),
        "params:evaluation": EvaluationParams.model_construct(
            n_resamples=50, seed=1, confidence=0.9
        ),
        "params:training.evaluation_batch_size": 5,
        "params:onnx": OnnxParams(int8=True, max_f1_loss=0.5, check_rows=8),
    }
    for name, value in given.items():
        trained[name] = value
    trained["onnx_workspace"] = CacheFolderDataset(filepath=str(tmp_path / ".scratch_onnx"))
    return trained


def run(catalog):
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    return {name: outputs[name].load() for name in outputs}


def test_graphs_say_what_the_models_say_and_their_card_what_int8_costs(catalog, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    found = run(catalog)["onnx_int8_report"]
    models = catalog.load("onnx_report")["models"]
    assert set(models) == {"fold_0", "fold_1", "refit"}
    assert all(0 < model["largest_difference"] < 1e-4 for model in models.values())
    assert found["rows"] == 24
    assert found["difference"] == pytest.approx(found["graph_micro_f1"] - found["pytorch_micro_f1"])
    assert found["low"] <= found["difference"] <= found["high"]
    assert f"the label is PyTorch's in {found['agreement']:.2f} %" in caplog.text
    card = (tmp_path / "onnx_int8_model/README.md").read_text(encoding="utf-8")
    assert card.startswith("# Card\n\n## ONNX\n")
    assert f"PyTorch's in {found['agreement']:.2f} %" in card
    assert "int8 on 24 rows of the training data, each asked of the graph of the fold" in card
    assert "kedro run --pipelines mlflow_model --params predict.runtime=onnx,experiment=" in card
    assert "What int8 costs `refit`, which learnt from all rows, cannot be measured" in card
    assert "predict.runtime=onnx,experiment=e,run.name=v" in card
    wanted = RelationClassifier.from_pretrained(tmp_path / "exported", precision="fp32")(**REQUEST)
    for name, tolerance in (("onnx_model", 1e-5), ("onnx_int8_model", 0.02)):
        folder = tmp_path / name
        assert read_relation_config(folder / "fold_0").temperature == 0.5
        assert not list(folder.rglob("model.safetensors"))
        assert interface_of(folder).requirements[-1] == "onnxruntime"
        classifier = RelationClassifier.from_pretrained(folder)
        assert len(classifier.folders) == 2
        asked = classifier(**REQUEST)
        assert asked.probability == pytest.approx(wanted.probability, abs=tolerance)
    assert not any((tmp_path / ".scratch_onnx").iterdir())


def test_int8_is_judged_on_rows_that_each_model_has_not_learnt_from(catalog, monkeypatch):
    """With the float32 graphs in the place of int8, both scores of a row are the same."""
    seen = {}

    def spy(models, *settings):
        seen.update(models)
        return judge(models, *settings)

    monkeypatch.setattr(onnx_export, "judge", spy)
    monkeypatch.setattr(exported_graphs, "quantise", shutil.copyfile)
    report = run(catalog)["onnx_int8_report"]
    assert (report["agreement"], report["difference"]) == (100, 0)
    graph, stored = seen["graph"].table, seen["pytorch"].table
    assert graph.row_ids.tolist() == stored.row_ids.tolist() == [str(i) for i in range(24)]
    assert abs(graph.logits - stored.logits).max() < 1e-5
    by_other = score_rows(
        RelationGraph(catalog.load("onnx_model") / "fold_1"),
        catalog.load("train_features").select(range(12)), 5, "fp32",
    )  # fmt: skip
    assert abs(by_other - stored.logits[:12]).max() > 1e-3


def test_graphs_that_lose_too_much_are_refused_and_those_in_float32_stay(
    catalog, tmp_path, monkeypatch
):
    losing = {"rows": 24, "agreement": 90.0, "graph_micro_f1": 40.0, "pytorch_micro_f1": 40.6}
    losing |= {"difference": -0.6, "low": -1.0, "high": 0.0, "confidence": 0.9}
    monkeypatch.setattr(onnx_export, "judge_graphs", lambda *_: losing)
    with pytest.raises(ValueError, match=r"int8 loses 0\.60 points .*max_f1_loss=0\.5.*int8=false"):
        run(catalog)
    assert not catalog.exists("onnx_int8_model")
    assert RelationClassifier.from_pretrained(catalog.load("onnx_model"), runtime="onnx").labels
    catalog["params:onnx"] = OnnxParams(int8=True, max_f1_loss=None, check_rows=8)
    assert run(catalog)["onnx_int8_report"]["difference"] == -0.6


def test_a_model_that_learnt_from_all_rows_alone_is_not_judged(catalog, tmp_path):
    checkpoint = {"refit": tmp_path / "fold_1"}
    catalog.save("exported_model", ExportedModel(checkpoint, 1.0, "# Card\n"))
    report = run(catalog)["onnx_int8_report"]
    assert set(report) == {"graph_bytes"}
    card = (tmp_path / "onnx_int8_model/README.md").read_text(encoding="utf-8")
    assert "**Nobody has measured what int8 costs here**" in card


def test_float32_alone_is_made_where_int8_is_not_wanted():
    split = FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2)
    for int8, names in ((True, ["export_graphs", "quantise_graphs"]), (False, ["export_graphs"])):
        topology.set_shape(topology.Shape(split, graphs=topology.Graphs(int8=int8)))
        assert [node.name for node in create_pipeline().nodes] == names
    topology.forget_shape()


def test_what_is_wrong_with_a_folder_of_graphs_is_told(catalog, tmp_path):
    run(catalog)
    folder, exported = tmp_path / "onnx_model", tmp_path / "exported"
    with pytest.raises(FileNotFoundError, match=r"exported/fold_0 holds no graph .*pipelines onnx"):
        RelationClassifier.from_pretrained(exported, runtime="onnx")
    with pytest.raises(FileNotFoundError, match=r"holds a graph and no weights .*runtime='onnx'"):
        RelationClassifier.from_pretrained(folder, runtime="pytorch")
    with pytest.raises(ValueError, match="device is 'cuda', but graphs run on a CPU"):
        RelationClassifier.from_pretrained(folder, device="cuda")
    manifest = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    assert manifest["pipeline"] == "onnx"
    (folder / "fold_1/model.onnx").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"model.onnx differs .*--pipelines onnx"):
        RelationClassifier.from_pretrained(folder)


def test_a_graph_that_computes_something_else_is_refused(catalog, monkeypatch):
    monkeypatch.setattr(onnx_graph, "_LARGEST_DIFFERENCE", -1.0)
    with pytest.raises(ValueError, match="logits differ from PyTorch's"):
        run(catalog)


def test_graphs_of_an_earlier_export_are_not_used(catalog, tmp_path):
    """A training anew, and int8 that is refused after it, must not leave the former int8 in use."""
    run(catalog)
    assert catalog.exists("onnx_int8_model")
    folders = {name: tmp_path / name for name in ("fold_1", "fold_0")}
    catalog.save("exported_model", ExportedModel(folders, 0.7, "# Card\n"))
    assert not catalog.exists("onnx_int8_model")
    with pytest.raises(
        DatasetError, match=r"another export .*--pipelines onnx.* experiment=\.\.\."
    ):
        catalog.load("onnx_int8_model")
    run(catalog)
    assert catalog.load("onnx_int8_model") == tmp_path / "onnx_int8_model"
    shutil.rmtree(tmp_path / "exported")
    assert catalog.exists("onnx_model"), "graphs alone, without what they were made of, will do"
