"""How many folds the graph has and for which kind of experiment, whoever asks."""

from pathlib import Path

import pytest
import yaml

from klue_pipeline.pipeline_registry import register_pipelines
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import parse_fold
from klue_pipeline.training.params import FoldsParams

ROOT = Path(__file__).parents[2]


def folds(n_splits, run=None, strategy="stratified"):
    return FoldsParams(strategy=strategy, n_splits=n_splits, seed=42, validation_share=0.2, run=run)


@pytest.fixture(autouse=True)
def _asked_for_the_first_time(fresh_graph, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("KEDRO_ENV", raising=False)


def n_splits_of(environment):
    text = (ROOT / "conf" / environment / "parameters_clean.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["folds"]["n_splits"]


@pytest.mark.parametrize(("environment", "folder"), [("base", ""), ("klue", ""), ("test", "src")])
def test_commands_without_parameters_read_the_configuration(monkeypatch, environment, folder):
    monkeypatch.setenv("KEDRO_ENV", environment)
    monkeypatch.chdir(ROOT / folder)
    assert topology.folds_to_run() == list(range(n_splits_of(environment)))
    assert (topology.experiment_kind(), topology.members()) == ("single", ())


def test_a_run_wins_over_the_configuration_until_it_is_forgotten(monkeypatch):
    monkeypatch.setenv("KEDRO_ENV", "klue")
    topology.set_shape(topology.Shape(folds(11)))
    assert topology.folds_to_run() == list(range(11))
    topology.forget_shape()
    assert topology.folds_to_run() == list(range(n_splits_of("klue")))


def test_setting_tells_whether_anything_changed():
    assert topology.set_shape(topology.Shape(folds(4)))
    assert not topology.set_shape(topology.Shape(folds(4)))
    assert topology.set_shape(topology.Shape(folds(4, run=[1])))
    assert topology.set_shape(topology.Shape(folds(4)))


@pytest.mark.parametrize(("run", "wanted"), [(None, [0, 1, 2, 3]), ([2], [2]), ([3, 0], [0, 3])])
def test_some_folds_of_the_same_split(run, wanted):
    topology.set_shape(topology.Shape(folds(4, run)))
    assert topology.folds_to_run() == wanted


@pytest.mark.parametrize(("n_splits", "run"), [(1, None), (4, None), (4, [1, 3]), (12, [11])])
def test_the_graph_has_the_nodes_of_each_fold(n_splits, run):
    topology.set_shape(topology.Shape(folds(n_splits, run, strategy="shuffle_split")))
    wanted = {f"fold_{fold}.{task}" for fold in topology.folds_to_run()
              for task in ("train", "predict")}  # fmt: skip
    names = {node.name for node in register_pipelines()["__default__"].nodes}
    assert {name for name in names if name.startswith("fold_")} == wanted


def test_what_follows_collects_exactly_the_folds_of_the_graph():
    topology.set_shape(topology.Shape(folds(4, [1, 3])))
    nodes = {node.name: node for node in register_pipelines()["__default__"].nodes}
    assert nodes["collect_out_of_fold"].inputs == [
        "fold_1.validation_scores",
        "fold_3.validation_scores",
    ]
    assert nodes["average_folds"].inputs == ["fold_1.test_scores", "fold_3.test_scores"]
    assert nodes["plot_learning_curves"].inputs[1:] == ["fold_1.history", "fold_3.history"]


def test_a_run_decides_the_kind():
    topology.set_shape(topology.Shape(folds(4), "composite", ("b", "a")))
    assert (topology.experiment_kind(), topology.members()) == ("composite", ("b", "a"))
    assert topology.set_shape(topology.Shape(folds(4), "composite", ("a", "b")))
    assert topology.set_shape(topology.Shape(folds(4), "member"))


def test_each_fold_of_a_composite_reads_all_folds_of_its_members_and_its_own_test_scores():
    topology.set_shape(topology.Shape(folds(4, [1, 3]), "composite", ("a.b", "c--x")))
    pipeline = register_pipelines()["__default__"]
    (compose,) = [node for node in pipeline.nodes if node.name == "fold_3.compose"]
    scores = {name for name in compose.inputs if name.startswith("member_")}
    assert scores == {
        f"member_{member}.{part}_scores"
        for member in ("a.b", "c--x")
        for part in ("fold_1.validation", "fold_3.validation", "fold_3.test")
    }
    parts = {parse_fold(node.name) for node in pipeline.nodes} - {None}
    assert {part.fold for part in parts} == {1, 3}
