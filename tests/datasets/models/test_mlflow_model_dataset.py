"""MLflow models on disk: what travels in them, what they cost, and that they load alone."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest
import yaml
from kedro.io import DatasetError

from klue_pipeline.datasets.models.mlflow_model import (
    MlflowAnswererDataset,
    MlflowModelDataset,
    pinned_requirements,
)
from klue_pipeline.odqa.inference.model_package import INTERFACE as QUESTIONS
from klue_pipeline.odqa.inference.model_package import tabulate_request as tabulate_question
from klue_pipeline.relation.inference.model_export import ExportedModel
from klue_pipeline.relation.inference.model_package import EXAMPLES, INTERFACE, tabulate_request
from klue_pipeline.training.exporting.served_interface import ModelPackage

PACKAGES = {"sklearn": "scikit-learn"}
"""What installs a module that is called otherwise."""

# Asks a saved model with nothing but what travels in it, and says what that needed.
ASK_ALONE = """
import ast, importlib, json, sys
from pathlib import Path
folder, loader, row = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
sys.path.insert(0, str(folder / "code"))
served = importlib.import_module(loader)._load_pyfunc(str(folder / "data/checkpoints"))
import pandas as pd
assert len(served.predict(pd.DataFrame([row]))) == 1
own = {name: module for name, module in sys.modules.items() if name.startswith("klue_pipeline")}
files = [Path(module.__file__) for module in own.values() if module.__file__]
assert all(file.is_relative_to(folder) for file in files), files
imported = set()
for file in files:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
foreign = imported - set(sys.stdlib_module_names) - {"klue_pipeline"}
print(*sorted(foreign))
print(*sorted(set(sys.modules)))
"""


@pytest.fixture(scope="module")
def package(relation_checkpoints, tmp_path_factory):
    exported = tmp_path_factory.mktemp("한글 폴더") / "exported"
    exported.mkdir()
    folds = {name: relation_checkpoints / name for name in ("fold_0", "fold_1")}
    ExportedModel(folds, 0.5, "# 모델").save_pretrained(exported)
    metadata = {"experiment": "e", "folder": "e", "why": "왜"}
    example = tabulate_request(EXAMPLES["ko"], {"PER", "LOC"})
    return ModelPackage(exported, example, metadata, INTERFACE)


@pytest.fixture(scope="module")
def saved(package):
    dataset = MlflowModelDataset(filepath=str(package.exported.parent / "mlflow_model"))
    dataset.save(package)
    return dataset.load()


@pytest.fixture(scope="module")
def saved_answerer(exported_answerer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("answerer") / "mlflow_model"
    dataset = MlflowAnswererDataset(filepath=str(folder))
    dataset.save(ModelPackage(exported_answerer, tabulate_question(searches=True), {}, QUESTIONS))
    return dataset.load()


@pytest.mark.parametrize(
    ("kind", "pipeline"),
    [(MlflowModelDataset, "mlflow_model"), (MlflowAnswererDataset, "odqa_mlflow_model")],
)
def test_none_says_what_makes_it(tmp_path, kind, pipeline):
    dataset = kind(filepath=str(tmp_path / "mlflow_model"))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=f"No MLflow model at .*--pipelines {pipeline},"):
        dataset.load()


def test_it_is_there_whole_with_weights_that_cost_no_disk(saved, package):
    assert {path.name for path in saved.iterdir()} >= {
        "MLmodel",
        "code",
        "data",
        "input_example.json",
    }
    for fold in ("fold_0", "fold_1"):
        weights = saved / "data/checkpoints" / fold / "model.safetensors"
        assert weights.samefile(package.exported / fold / "model.safetensors")
    assert {path.name for path in saved.parent.iterdir()} == {"exported", "mlflow_model"}
    assert not list((saved / "code").rglob("__pycache__"))


def test_it_describes_itself_and_names_no_place_of_this_machine(saved):
    described = yaml.safe_load((saved / "MLmodel").read_text(encoding="utf-8"))
    assert described["metadata"] == {"experiment": "e", "folder": "e", "why": "왜"}
    # Models that were saved before name this module; another name would leave them behind.
    assert described["flavors"]["python_function"]["loader_module"] == "klue_pipeline.serving"
    sizes = [path.stat().st_size for path in (saved / "data").rglob("*") if path.is_file()]
    assert described["model_size_bytes"] > sum(sizes)
    inputs = {column["name"]: column for column in yaml.safe_load(described["signature"]["inputs"])}
    assert set(inputs) == {
        "sentence", "subject", "subject_start", "subject_end", "subject_type",
        "object", "object_start", "object_end", "object_type",
    }  # fmt: skip
    texts = [path for path in saved.iterdir() if path.is_file()]
    texts += list((saved / "data").rglob("*.json"))
    assert [path for path in texts if str(saved.parent) in path.read_text(encoding="utf-8")] == []


def test_requirements_are_the_exact_versions_that_are_installed(saved):
    lines = (saved / "requirements.txt").read_text(encoding="utf-8").split()
    pinned = pinned_requirements(INTERFACE)
    assert sorted(lines) == sorted([f"mlflow=={version('mlflow')}", *pinned])
    assert f"transformers=={version('transformers')}" in lines
    assert not any("+" in line for line in lines)


def ask_alone(saved, interface, row):
    """Return the top-level modules that a saved model imported for one request."""
    command = [sys.executable, "-c", ASK_ALONE, str(saved), interface.loader, json.dumps(row)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    foreign, loaded = (line.split() for line in ended.stdout.splitlines())
    # MLflow is imported to refuse a request, and adds itself to the requirements; faiss is for
    # those whose index it made.
    named = {PACKAGES.get(name, name) for name in foreign}
    assert named - {"mlflow", "faiss"} <= set(interface.requirements)
    return set(loaded)


@pytest.mark.slow
def test_it_is_asked_with_its_own_code_and_requirements_alone(saved):
    row = {"sentence": "이순신은 조선의 무신이다.", "subject": "이순신", "object": "조선"}
    loaded = ask_alone(saved, INTERFACE, row)
    assert not loaded & {"mlflow", "kedro", "kedro_datasets", "pandera", "sklearn"}


@pytest.mark.slow
def test_an_answerer_is_asked_with_its_own_code_and_requirements_alone(saved_answerer):
    loaded = ask_alone(saved_answerer, QUESTIONS, {"question": "이순신은?"})
    assert not loaded & {"mlflow", "kedro", "kedro_datasets", "matplotlib"}


def test_mlflow_asks_it_as_the_classifier_is_asked(saved, package):
    import mlflow.pyfunc

    from klue_pipeline.relation.inference.classifier import RelationClassifier

    answers = mlflow.pyfunc.load_model(str(saved)).predict(package.example)
    sentence = package.example["sentence"][0]
    wanted = RelationClassifier.from_pretrained(package.exported)(
        [sentence, sentence],
        subject=[(0, 3), "이순신"],
        object=[(5, 7), "조선"],
        subject_type=["PER", "PER"],
        object_type=["LOC", "LOC"],
    )
    assert answers["label"].tolist() == [own.label for own in wanted]
    for answer, own in zip(answers["probabilities"], wanted, strict=True):
        assert answer == pytest.approx(own.probabilities)


def test_mlflow_asks_an_answerer_as_python_does(saved_answerer, exported_answerer):
    import mlflow.pyfunc

    from klue_pipeline.odqa.inference.answerer import QuestionAnswerer

    example = tabulate_question(searches=True)
    answers = mlflow.pyfunc.load_model(str(saved_answerer)).predict(example)
    assert list(answers) == list(QUESTIONS.answers)
    asked = QuestionAnswerer.from_pretrained(exported_answerer)
    wanted = asked(example["question"].tolist(), context=example["context"].tolist())
    for name in ("answer", "title", "passage_id", "passage", "start_char", "end_char"):
        assert answers[name].tolist() == [getattr(each, name) for each in wanted]
    assert answers["confidence"].isna().tolist() == [True, False]
    shard = "index_dense/shard_00000.npy"
    assert (saved_answerer / "data/checkpoints" / shard).samefile(exported_answerer / shard)
