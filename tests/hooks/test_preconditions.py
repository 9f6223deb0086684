"""A run that this machine cannot do is refused before its first node."""

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner, ThreadRunner

from klue_pipeline.hooks.preconditions import PreconditionHooks
from klue_pipeline.runners import DaskRunner

TRAINING = {
    "epochs": 1, "learning_rate": 0.1, "batch_size": 8, "evaluation_batch_size": 8,
    "accumulation_steps": 1, "max_tokens": 64, "weight_decay": 0.0, "adam_beta1": 0.9,
    "adam_beta2": 0.999, "adam_epsilon": 1e-8, "schedule": "constant", "warmup_share": 0.0,
    "precision": "fp32", "device": "cpu", "seed": 1, "group_by_length": False, "compile": False,
    "log_every_steps": 1, "select_by": "loss",
}  # fmt: skip
FOLD = Pipeline(
    [
        node(lambda *_: 1, ["params:encoder", "params:training", "params:loss"], "model", name="t"),
        node(lambda *_: 1, ["model", "params:training"], "scores", name="predict"),
    ]
)
NOTHING_LEARNT = Pipeline([node(lambda: 1, None, "report", name="report")])


@pytest.fixture
def ask(encoder_folders):
    """Ask whether a pipeline can be run with some settings."""

    def ask(
        pipeline=FOLD, runner=SequentialRunner, resumed=False, made=(), encoder=None, **training
    ):
        values = {
            "params:encoder": {"name": str(encoder or encoder_folders["bert"])},
            "params:training": TRAINING | training,
            "params:loss": {},
        }
        catalog = DataCatalog({name: MemoryDataset(value) for name, value in values.items()})
        for name in made or ():
            catalog[name] = MemoryDataset(1)
        run_params = {"only_missing_outputs": made is not None, "runner": str(runner())}
        PreconditionHooks().before_pipeline_run(run_params, pipeline, catalog)

    return ask


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"device": "cuda:9"}, r"training\.device is cuda:9, but PyTorch sees \d+ GPUs"),
        ({"encoder": "./nowhere"}, r"'./nowhere' could not be loaded: there is no such folder"),
        ({"runner": ThreadRunner}, "ThreadRunner cannot run t: .* --runner ParallelRunner"),
    ],
)
def test_what_cannot_be_done_is_refused(ask, change, message):
    with pytest.raises(ValueError, match=message):
        ask(**change)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"pipeline": NOTHING_LEARNT, "runner": ThreadRunner, "device": "cuda:9"},
        {"pipeline": FOLD.filter(node_names=["predict"]), "runner": ThreadRunner},
        # The workers of a cluster may have the card.
        {"runner": DaskRunner, "device": "cuda:9"},
        # What is trained already needs neither the encoder nor the card any more.
        {"made": ("model", "scores"), "encoder": "./gone", "device": "cuda:9"},
        {"made": ("model",), "encoder": "./gone", "runner": ThreadRunner},
    ],
)
def test_what_can_be_done_is_not(ask, change):
    ask(**change)


def test_a_search_does_not_teach():
    read = ["parameters", "params:tune", "params:composite"]
    search = Pipeline([node(lambda *_: 1, read, "trials", name="search")])
    catalog = DataCatalog({"parameters": MemoryDataset({"loss": {"name": "distillation"}})})
    run_params = {"only_missing_outputs": False, "runner": str(SequentialRunner())}
    with pytest.raises(ValueError, match=r"not taught, but loss\.name is distillation\. Search"):
        PreconditionHooks().before_pipeline_run(run_params, search, catalog)
