"""``encoder.name: adapted`` becomes the folder that pipeline adapt fills, which has to be there."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro.config import OmegaConfigLoader
from kedro.pipeline import Pipeline, node

from klue_pipeline.hooks.parameters import ParameterHooks
from klue_pipeline.settings import CONFIG_LOADER_ARGS

ROOT_CONF = Path(__file__).parents[2] / "conf"
FOLDER = Path("data/test/06_models/adapted")


def reads(*names, makes):
    return Pipeline([node(lambda *_: None, inputs=list(names), outputs=makes, name=makes)])


TOKENIZE = reads("params:encoder", makes="tokenizer")
RUN = {"env": None}
ADAPT = reads("params:adapt", makes="adapted_encoder")
REPORT = reads("params:folds", makes="metrics")


@pytest.fixture(autouse=True)
def empty_folder(fresh_graph, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def resolve():
    hooks = ParameterHooks()

    def resolve(**encoder):
        loader = OmegaConfigLoader(
            str(ROOT_CONF), env="test", runtime_params={"encoder": encoder}, **CONFIG_LOADER_ARGS
        )
        hooks.after_context_created(SimpleNamespace(config_loader=loader))
        return hooks, loader

    return resolve


def make_encoder():
    FOLDER.mkdir(parents=True)
    (FOLDER / "model.safetensors").write_bytes(b"weights")


def test_the_name_becomes_the_folder_of_the_catalog(resolve):
    _, loader = resolve(name="adapted", num_hidden_layers=1)
    assert loader["parameters"]["encoder"] == {"name": str(FOLDER), "num_hidden_layers": 1}
    assert loader["catalog"]["adapted_encoder"]["filepath"] == str(FOLDER)


def test_whoever_reads_it_wants_it_to_be_there(resolve):
    hooks, _ = resolve(name="adapted")
    with pytest.raises(ValueError, match=rf"no adapted encoder at {FOLDER}; make .*adapt\.$"):
        hooks.before_pipeline_run(RUN, TOKENIZE)
    make_encoder()
    hooks.before_pipeline_run(RUN, TOKENIZE)


def test_a_folder_without_weights_is_none(resolve):
    hooks, _ = resolve(name="adapted")
    FOLDER.mkdir(parents=True)
    with pytest.raises(ValueError, match="no adapted encoder"):
        hooks.before_pipeline_run(RUN, TOKENIZE)


@pytest.mark.parametrize("pipeline", [ADAPT, REPORT])
def test_whoever_does_not_read_it_runs_without(resolve, pipeline):
    resolve(name="adapted")[0].before_pipeline_run(RUN, pipeline)


def test_a_run_that_makes_it_does_not_use_it(resolve):
    """The graph knows no order between the two, and fingerprints would be those of the former."""
    hooks, _ = resolve(name="adapted")
    make_encoder()
    with pytest.raises(ValueError, match="run kedro run --pipelines ingest,clean,adapt first"):
        hooks.before_pipeline_run(RUN, ADAPT + TOKENIZE)


def test_other_encoders_are_left_alone(resolve):
    hooks, _ = resolve(name="adapted")
    _, loader = resolve(name="klue/roberta-small")
    assert loader["parameters"]["encoder"]["name"] == "klue/roberta-small"
    hooks.before_pipeline_run(RUN, TOKENIZE)
