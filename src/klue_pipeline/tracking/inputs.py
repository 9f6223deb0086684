"""Files that a run reads, as MLflow shows them: which, what is in them, and what for."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kedro.pipeline import Pipeline

from klue_pipeline.passwords import without_passwords
from klue_pipeline.runs.dataset_facts import facts_of
from klue_pipeline.runs.parameters import ODQA, task_of
from klue_pipeline.training.fingerprint import file_sha256

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

TRAINING_FILE = "raw.train"
_CONTEXTS = {
    TRAINING_FILE: "training", "raw.test": "testing", "raw.test_gold": "testing",
    ODQA.path(TRAINING_FILE): "training", ODQA.path("raw.test"): "testing",
}  # fmt: skip
"""What a file is for, in MLflow's own words; of others, the setting that names them."""
_CONTEXT_TAG = "mlflow.data.context"
_DIGEST_CHARACTERS = 36
"""MLflow takes no longer digest (``MAX_DATASET_DIGEST_SIZE``)."""


class RunInput(NamedTuple):
    """One file, or one split on the hub."""

    setting: str
    source: str


def find_inputs(pipeline: Pipeline, catalog: Any) -> list[RunInput]:
    """Return the files that a run reads, and the training file of a run that trains.

    Args:
        pipeline: The nodes that the command chose.
        catalog: The catalog of the run.
    """
    trains = any(facts_of(catalog, name).training == "metrics" for name in pipeline.all_outputs())
    training_file = task_of(node.name for node in pipeline.nodes).path(TRAINING_FILE)
    inputs = [
        RunInput(setting, source)
        for name in _named(catalog)
        if (setting := facts_of(catalog, name).source)
        and (name in pipeline.inputs() or (trains and setting == training_file))
        and (source := getattr(catalog.get(name), "resolved_source", None))
    ]
    return sorted(inputs, key=lambda given: given.setting != training_file)


def _named(catalog: Any) -> Iterable[str]:
    return [name for name in catalog if not name.startswith("params:")]


def as_dataset_inputs(inputs: Sequence[RunInput]) -> "list[DatasetInput]":
    """Return the inputs as MLflow's entities."""
    return [_as_dataset_input(given) for given in inputs]


def _as_dataset_input(given: RunInput) -> "DatasetInput":
    from mlflow.entities import Dataset, DatasetInput, InputTag

    path = Path(given.source)
    is_file = path.is_file()
    dataset = Dataset(
        name=path.name if is_file else without_passwords(given.source),
        digest=(file_sha256(path) if is_file else "hub")[:_DIGEST_CHARACTERS],
        source_type="local" if is_file else "hub",
        source=json.dumps({"uri": without_passwords(given.source)}, ensure_ascii=False),
    )
    context = _CONTEXTS.get(given.setting, given.setting)
    return DatasetInput(dataset, [InputTag(_CONTEXT_TAG, context)])
