"""What is fetched from a bucket: for a run, for a comparison, for a node of a worker elsewhere."""

import pickle
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro_datasets.json import JSONDataset
from kedro_datasets.partitions import PartitionedDataset

from klue_pipeline.hooks.remote import RemoteHooks
from klue_pipeline.runs.checks.remote_results import (
    fetch_datasets,
    fetch_for_comparison,
    fetch_for_run,
    send_dataset,
)
from klue_pipeline.runs.disk.mirror.address import local_folder
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[3] / "conf"
CONFIGURED = OmegaConfigLoader(str(CONF), env="test", **CONFIG_LOADER_ARGS)["parameters"]
FILES = {
    "labels": "02_intermediate/labels.json",
    "model": "06_models/a/fold_0.json",
    "scores": "07_model_output/a/scores.json",
    "run_record": "08_reporting/a/run_record.json",
    "theirs": "07_model_output/b/scores.json",
    "their_model": "06_models/b/fold_0.json",
    "adapted": "06_models/adapted/model.json",
    "cache": "04_feature/.cache/x.json",
}
TRAIN = node(lambda _: (1, 1), "labels", ["model", "scores"], name="train")
PREDICT = node(lambda *_: 1, ["model", "every_score"], "answers", name="predict")
WHOLE = Pipeline([TRAIN, PREDICT])
COMPARED = {"labels", "scores", "run_record", "theirs"}


class Machine:
    """A project folder whose data are in a bucket, with a catalog."""

    def __init__(self, folder: Path, bucket: str, encoder: str = "scratch") -> None:
        root = local_folder(bucket)
        self.root = folder / root
        paths = {name: JSONDataset(filepath=str(self.root / path)) for name, path in FILES.items()}
        every = PartitionedDataset(
            path=str(self.root / "07_model_output"), filename_suffix="scores.json",
            dataset="json.JSONDataset",
        )  # fmt: skip
        self.catalog = DataCatalog({**paths, "every_score": every})
        parameters = resolve_run(CONFIGURED, {"encoder": {"name": encoder}})
        loader = {"parameters": parameters, "globals": {"data_root": root}}
        self.context = SimpleNamespace(config_loader=loader, project_path=folder)

    def save(self, name: str) -> None:
        self.catalog.save(name, [name])
        send_dataset(self.catalog, name)

    def has(self) -> set[str]:
        return {name for name, path in FILES.items() if (self.root / path).is_file()}


@pytest.fixture
def bucket(tmp_path) -> str:
    return f"file://{tmp_path}/store/klue"


@pytest.fixture
def filled(bucket, tmp_path) -> Machine:
    machine = Machine(tmp_path / "one", bucket)
    for name in FILES:
        machine.save(name)
    return machine


@pytest.mark.parametrize(
    ("chosen", "resumed", "models"),
    [
        (Pipeline([TRAIN]), False, set()),
        (Pipeline([TRAIN]), True, {"model"}),
        (Pipeline([PREDICT]), False, {"model"}),
        (None, False, set()),
    ],
)
def test_models_are_fetched_for_who_reads_or_skips_them(
    filled, bucket, tmp_path, chosen, resumed, models
):
    here = Machine(tmp_path / "two", bucket)
    if chosen is None:
        fetch_for_comparison(here.context, WHOLE, here.catalog)
    else:
        fetch_for_run(here.context, chosen, WHOLE, here.catalog, resumed=resumed)
    assert here.has() == COMPARED | models


def test_an_encoder_that_a_run_made_is_a_part_of_what_is_compared(filled, bucket, tmp_path):
    folder = f"{local_folder(bucket)}/06_models/adapted"
    here = Machine(tmp_path / "two", bucket, encoder=folder)
    fetch_for_comparison(here.context, WHOLE, here.catalog)
    assert here.has() == COMPARED | {"adapted"}


def test_what_never_arrived_is_sent_before_a_run(filled, bucket, tmp_path):
    filled.catalog.save("scores", ["new"])  # and the network was gone
    fetch_for_run(filled.context, WHOLE, WHOLE, filled.catalog, resumed=True)
    here = Machine(tmp_path / "two", bucket)
    fetch_datasets(here.catalog, ["scores"])
    assert here.has() == {"scores"}
    assert here.catalog.load("scores") == ["new"]


def test_caches_are_not_sent(filled, tmp_path):
    assert {path.name for path in (tmp_path / "store").rglob("*.json")} == {
        Path(path).name for name, path in FILES.items() if name != "cache"
    }


def test_a_worker_elsewhere_fetches_what_its_node_reads_alone(filled, tmp_path):
    """Here it has the same path, as on every machine of a cluster, and nothing in it."""
    there, here = RemoteHooks(), RemoteHooks()
    there.after_context_created(filled.context)
    there.before_node_run(filled.catalog)
    packed = pickle.dumps(there.pack_for(PREDICT))
    shutil.rmtree(tmp_path / "one")
    here.unpack(pickle.loads(packed))  # noqa: S301 - made two lines above
    assert filled.has() == {"model", "scores", "theirs"}
