"""The table of contents: every stage by name, and the whole job as their sum."""

import subprocess
import sys

import pytest

from klue_pipeline import topology
from klue_pipeline.pipeline_registry import register_pipelines
from klue_pipeline.training.params import FoldsParams

STAGES = ["ingest", "clean", "augment", "tokenize", "train", "predict", "ensemble", "report"]


@pytest.fixture(autouse=True)
def two_folds():
    topology.set_folds(
        FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2, run=None)
    )
    yield
    topology.forget_folds()


@pytest.fixture
def pipelines():
    return register_pipelines()


def test_every_stage_has_its_name_and_a_run_without_one_is_all_of_them(pipelines):
    assert list(pipelines) == [*STAGES, "__default__"]
    whole = set(pipelines["__default__"].nodes)
    assert whole == {node for stage in STAGES for node in pipelines[stage].nodes}
    assert len(whole) == sum(len(pipelines[stage].nodes) for stage in STAGES)


def test_every_node_has_a_name_that_a_person_can_type(pipelines):
    for node in pipelines["__default__"].nodes:
        assert node.name == f"{node.namespace}.{node.func.__name__}".removeprefix("None.")


def test_the_job_needs_nothing_but_raw_files_and_settings(pipelines):
    inputs = {name for name in pipelines["__default__"].inputs() if not name.startswith("params:")}
    workspaces = {"fold_0.workspace", "fold_1.workspace"}
    assert inputs == {"raw_train", "raw_test", "raw_test_gold"} | workspaces


def test_stages_read_what_earlier_stages_make(pipelines):
    """So that the order of the table is one in which they can be run one by one."""
    made = set(pipelines["__default__"].inputs())
    for stage in STAGES:
        needed = {name.partition("@")[0] for name in pipelines[stage].inputs()}
        assert needed <= made, stage
        made |= {name.partition("@")[0] for name in pipelines[stage].all_outputs()}


def test_folds_are_namespaces_with_two_nodes_each(pipelines):
    for fold in ("fold_0", "fold_1"):
        nodes = [node for node in pipelines["__default__"].nodes if node.namespace == fold]
        assert [node.name for node in nodes] == [f"{fold}.train", f"{fold}.predict"]
        assert all("gpu" in node.tags for node in nodes)


def test_the_table_is_made_without_torch_or_mlflow():
    code = (
        "import sys; from klue_pipeline.pipeline_registry import register_pipelines; "
        "from klue_pipeline import topology; from klue_pipeline.training.params import FoldsParams;"
        "topology.set_folds(FoldsParams(strategy='kfold', n_splits=2, seed=1, "
        "validation_share=0.2)); register_pipelines(); "
        "print(*sorted({'torch', 'transformers', 'mlflow', 'matplotlib'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == ""
