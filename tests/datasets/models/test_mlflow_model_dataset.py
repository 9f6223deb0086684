"""MLflow models on disk: what travels in them, what they cost, and that they load alone."""

import subprocess
import sys
from importlib.metadata import version

import pytest
import yaml
from kedro.io import DatasetError

from klue_pipeline.datasets.models.mlflow_model import (
    MlflowModelDataset,
    pinned_requirements,
)
from klue_pipeline.relation.inference.model_export import ExportedModel
from klue_pipeline.relation.inference.model_package import EXAMPLES, INTERFACE, tabulate_request
from klue_pipeline.training.exporting.served_interface import ModelPackage

# Asks a saved model with nothing but what travels in it, and says what that needed.
ASK_ALONE = """
import ast, sys
from pathlib import Path
folder = Path(sys.argv[1])
sys.path.insert(0, str(folder / "code"))
from klue_pipeline import serving
import pandas as pd
served = serving._load_pyfunc(str(folder / "data/checkpoints"))
row = {"sentence": "이순신은 조선의 무신이다.", "subject": "이순신", "object": "조선"}
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
print(*sorted({"mlflow", "kedro", "kedro_datasets", "pandera", "sklearn"} & set(sys.modules)))
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


def test_none_says_what_makes_it(tmp_path):
    dataset = MlflowModelDataset(filepath=str(tmp_path / "mlflow_model"))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"No MLflow model at .*--pipelines mlflow_model"):
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


@pytest.mark.slow
def test_it_is_asked_with_its_own_code_and_requirements_alone(saved):
    ended = subprocess.run(
        [sys.executable, "-c", ASK_ALONE, str(saved)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    foreign, forbidden = ended.stdout.splitlines()
    # MLflow is imported to refuse a request, and adds itself to the requirements.
    assert set(foreign.split()) - {"mlflow"} <= set(INTERFACE.requirements)
    assert forbidden == ""


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
