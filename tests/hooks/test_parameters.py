"""The hook that resolves the experiment, checks all settings and tells the graph its folds."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.project import pipelines

from klue_pipeline.hooks.parameters import ParameterHooks
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import parse_fold
from klue_pipeline.settings import CONFIG_LOADER_ARGS

ROOT_CONF = Path(__file__).parents[2] / "conf"


pytestmark = pytest.mark.usefixtures("fresh_graph")


def resolve(**runtime):
    loader = OmegaConfigLoader(
        str(ROOT_CONF), env="test", runtime_params=runtime or None, **CONFIG_LOADER_ARGS
    )
    ParameterHooks().after_context_created(SimpleNamespace(config_loader=loader))
    return loader


def test_the_experiment_becomes_plain_groups():
    parameters = resolve()["parameters"]
    defaults = parameters["experiment_defaults"]
    for group in ("encoder", "head", "loss", "training", "augment"):
        assert parameters[group] == defaults[group]
    words = parameters["text"]["type_words"]["ko"]
    assert parameters["input"] == defaults["input"] | {"language": "ko", "type_words": words}


def test_the_command_line_wins_and_leaves_the_rest():
    parameters = resolve(training={"epochs": 7}, folds={"seed": 5})["parameters"]
    assert parameters["training"]["epochs"] == 7
    assert parameters["training"]["max_tokens"] == 96
    assert parameters["folds"] == {**resolve()["parameters"]["folds"], "seed": 5}
    # What an experiment would have had without the command line can still be seen.
    assert parameters["experiment_defaults"]["training"]["epochs"] == 2


def test_the_catalog_still_sees_the_command_line():
    loader = resolve(raw={"train": "mine.csv"}, run={"name": "x"})
    assert loader.runtime_params == {"raw": {"train": "mine.csv"}, "run": {"name": "x"}}
    catalog = loader["catalog"]
    assert catalog["raw_train"]["source"] == "mine.csv"
    assert catalog["raw_test"]["source"] == "data/01_raw/sample/test.csv"
    assert (
        catalog["tokenizer"]["filepath"]
        == "data/test/05_model_input/typed_punct_query--x/tokenizer"
    )


def test_a_wrong_setting_stops_here():
    with pytest.raises(ValueError, match=r"training\.epoch: .*Did you mean epochs\?"):
        resolve(training={"epoch": 3})


def test_a_broken_file_leaves_the_loader_as_it_was():
    class Broken(dict):
        def __init__(self):
            self.runtime_params = {"training": {"epochs": 3}}

        def __getitem__(self, key):
            raise RuntimeError("cannot read")

    loader = Broken()
    with pytest.raises(RuntimeError):
        ParameterHooks().after_context_created(SimpleNamespace(config_loader=loader))
    assert loader.runtime_params == {"training": {"epochs": 3}}


def folds_in_graph():
    tags = {tag for node in pipelines["__default__"].nodes for tag in node.tags}
    return {tag for tag in tags if parse_fold(tag)}


def test_the_graph_has_the_folds_of_this_run_and_then_those_of_the_next():
    resolve(folds={"n_splits": 3})
    assert folds_in_graph() == {"fold_0", "fold_1", "fold_2"}
    resolve(folds={"run": [1]})
    assert folds_in_graph() == {"fold_1"}
    for wrong in ([5], [0, 0]):
        with pytest.raises(ValueError, match="run names folds"):
            resolve(folds={"run": wrong})
    assert folds_in_graph() == {"fold_1"}
    resolve()
    assert folds_in_graph() == {"fold_0", "fold_1"}


def test_the_graph_is_that_of_the_experiments_kind():
    kinds = {"cascade": "composite", "binary": "member", "typed_punct_query": "single"}
    stages = {}
    for experiment, kind in kinds.items():
        resolve(experiment=experiment)
        stages[kind] = set(pipelines)
        assert topology.experiment_kind() == kind
    assert {kind for kind, names in stages.items() if "train" in names} == {"member", "single"}
    assert {kind for kind, names in stages.items() if "ensemble" in names} == {
        "composite",
        "single",
    }
    assert {kind for kind, names in stages.items() if "compose" in names} == {"composite"}


def test_a_composite_reads_its_members():
    resolve(experiment="cascade")
    assert topology.members() == ("binary", "positive")
    inputs = pipelines["__default__"].inputs()
    assert "member_binary.fold_1.validation_scores" in inputs
    resolve(experiment="cascade", members=["positive", "binary"])
    assert topology.members() == ("positive", "binary")
