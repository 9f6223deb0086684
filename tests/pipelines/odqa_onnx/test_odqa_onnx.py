"""The odqa_onnx pipeline over a hand-made catalog: two trained readers, exported, as graphs."""

import shutil

import pytest
from kedro.runner import SequentialRunner
from reader_catalog import PASSAGES, RIVERS, TEXTS, make_reader_catalog
from tiny_answerers import ANSWER, FIT

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.datasets.models.checkpoint import AnswererGraphsDataset, ExportedAnswererDataset
from klue_pipeline.datasets.models.workspace import CacheFolderDataset
from klue_pipeline.datasets.whole.texts import JSONDataset
from klue_pipeline.odqa.inference import onnx_export
from klue_pipeline.odqa.inference.answerer import QuestionAnswerer
from klue_pipeline.odqa.inference.answerer_export import ExportedAnswerer
from klue_pipeline.odqa.inference.answerer_folder import AnswererSettings
from klue_pipeline.odqa.inference.model_package import interface_of
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.odqa.settings.reader_params import AnswerParams
from klue_pipeline.pipelines import odqa_onnx, odqa_tokenize, odqa_train
from klue_pipeline.runs import topology
from klue_pipeline.training.exporting import exported_graphs
from klue_pipeline.training.exporting.onnx_params import OnnxParams
from klue_pipeline.training.params import FoldsParams

SPLIT = FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2)


@pytest.fixture(scope="module")
def exported_once(tmp_path_factory):
    """A folder in which two readers were trained and exported, which answer from contexts."""
    folder = tmp_path_factory.mktemp("readers")
    catalog = make_reader_catalog(folder, strategy="group", n_splits=2)
    topology.set_shape(topology.Shape(SPLIT, reading=topology.Reading((0, 1), 2)))
    SequentialRunner().run(odqa_tokenize.create_pipeline(), catalog)
    SequentialRunner().run(odqa_train.create_pipeline(), catalog)
    topology.forget_shape()
    settings = AnswererSettings(
        experiment="e", answer=AnswerParams(**ANSWER | {"retrieval_weight": 0.0}), fit=FIT,
        search=None, no_search="Nothing has an index.",
    )  # fmt: skip
    checkpoints = {name: folder / name for name in ("fold_0", "fold_1")}
    answerer = ExportedAnswerer(checkpoints, settings, PASSAGES, "# 카드\n")
    ExportedAnswererDataset(filepath=str(folder / "exported")).save(answerer)
    return folder


@pytest.fixture
def catalog(exported_once, tmp_path):
    folder = shutil.copytree(exported_once, tmp_path, dirs_exist_ok=True)
    catalog = make_reader_catalog(folder, strategy="group", n_splits=2)
    catalog["odqa.exported_answerer"] = ExportedAnswererDataset(filepath=str(folder / "exported"))
    for name in ("onnx_answerer", "onnx_int8_answerer"):
        catalog[f"odqa.{name}"] = AnswererGraphsDataset(
            filepath=str(folder / name), made_of=str(folder / "exported")
        )
    for name in ("onnx_report", "onnx_int8_report"):
        catalog[f"odqa.{name}"] = JSONDataset(filepath=str(folder / f"{name}.json"))
    catalog["odqa.onnx_workspace"] = CacheFolderDataset(filepath=str(folder / ".scratch_onnx"))
    given = {
        "about": AboutParams(experiment="e", folder="e", why="왜"),
        "evaluation": OdqaEvaluationParams.model_construct(n_resamples=100, seed=1, confidence=0.9),
        "onnx": OnnxParams(int8=True, max_f1_loss=None, check_rows=8),
        "training.evaluation_batch_size": 8,
    }
    for name, value in given.items():
        catalog[f"params:odqa.{name}"] = value
    topology.set_shape(topology.Shape(SPLIT))
    yield catalog
    topology.forget_shape()


def run(catalog):
    SequentialRunner().run(odqa_onnx.create_pipeline(), catalog)
    return catalog.load("odqa.onnx_int8_report")


def test_graphs_answer_as_the_readers_do_and_their_card_says_what_int8_costs(catalog, tmp_path):
    found = run(catalog)
    readers = catalog.load("odqa.onnx_report")["models"]
    assert all(0 < reader["largest_difference"] < 1e-4 for reader in readers.values())
    assert found["rows"] == len(catalog.load("odqa.fold_members"))
    assert found["low"] <= found["difference"] <= found["high"]
    card = (tmp_path / "onnx_int8_answerer/README.md").read_text(encoding="utf-8")
    assert f"int8 on {found['rows']} questions of the training data, each asked of" in card
    assert "on 8 windows of the training data" in card
    assert "odqa.answer_new.runtime=onnx,odqa.experiment=e" in card
    question, context = f"{RIVERS[0]}은 어디로 흐르나?", TEXTS[0]
    wanted = QuestionAnswerer.from_pretrained(tmp_path / "exported", precision="fp32")
    asked = wanted(question, context=context)
    for name, tolerance in (("onnx_answerer", 1e-5), ("onnx_int8_answerer", 0.05)):
        answerer = QuestionAnswerer.from_pretrained(tmp_path / name, runtime="onnx")
        said = answerer(question, context=context)
        assert said.probability == pytest.approx(asked.probability, abs=tolerance)
        assert interface_of(tmp_path / name).requirements[-1] == "onnxruntime"
    with pytest.raises(FileNotFoundError, match=r"holds no graph .*--pipelines odqa_onnx"):
        QuestionAnswerer.from_pretrained(tmp_path / "exported", runtime="onnx")
    with pytest.raises(ValueError, match="graphs run on a CPU"):
        QuestionAnswerer.from_pretrained(tmp_path / "onnx_answerer", device="cuda")


def test_int8_that_loses_too_much_is_refused_and_float32_stays(catalog, monkeypatch):
    """With the float32 graphs in the place of int8, every answer is PyTorch's."""
    monkeypatch.setattr(exported_graphs, "quantise", shutil.copyfile)
    report = run(catalog)
    assert (report["agreement"], report["difference"]) == (100, 0)
    losing = report | {"difference": -0.6}
    monkeypatch.setattr(onnx_export, "judge_graphs", lambda *_: losing)
    catalog["params:odqa.onnx"] = OnnxParams(int8=True, max_f1_loss=0.5, check_rows=8)
    with pytest.raises(ValueError, match=r"int8 loses 0\.60 points .*odqa\.onnx\.int8=false"):
        run(catalog)
    assert catalog.exists("odqa.onnx_answerer")
    monkeypatch.setattr(onnx_export, "judge_graphs", lambda *_: None)
    assert set(run(catalog)) == {"graph_bytes"}
