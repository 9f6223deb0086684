"""Whose weights stay on disk: those of all folds, of the best one, or none.

The weights of a large encoder are most of what a training leaves, and few things are made of them.
Once these are saved, the weights may go (``training.keep_weights``); all else of a fold stays.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from klue_pipeline.runs.dataset_facts import path_in
from klue_pipeline.runs.dataset_names import fold_name, in_fold, parse_fold
from klue_pipeline.runs.disk.atomic_file import write_text
from klue_pipeline.training.loading.weights_file import (
    DROPPED_FILE,
    WEIGHTS_FILE,
    are_dropped,
    read_dropped,
)
from klue_pipeline.training.params import KeepWeights

logger = logging.getLogger(__name__)

_MODEL, _METRICS = "model", "metrics"
_METRICS_OF = "metrics_of_"
"""What an argument begins with that holds the metrics of a fold; its name follows."""


def inputs_of_export(
    folds: Iterable[int], keep_weights: KeepWeights, task: str = ""
) -> dict[str, str]:
    """Return what an export reads of folds: every model, and what the best one is found by.

    Args:
        folds: Those that are trained.
        keep_weights: Whose weights stay; without any, none is exported.
        task: The prefix of the task's settings.

    >>> inputs_of_export([0], "all", "odqa")
    {'fold_0': 'odqa.fold_0.model'}
    """
    numbers = list(folds)
    models = {fold_name(fold): in_fold(fold, _MODEL, task) for fold in numbers}
    if keep_weights == "none":
        return {}
    if keep_weights != "best_fold":
        return models
    metrics = {f"{_METRICS_OF}{fold_name(fold)}": in_fold(fold, _METRICS, task) for fold in numbers}
    select_by = ".".join(filter(None, [task, "training.select_by"]))
    return {**models, **metrics, "select_by": f"params:{select_by}"}


def takes_best_fold(datasets: Iterable[str]) -> bool:
    """Tell whether a node takes one of several models, by what it reads.

    >>> takes_best_fold(["fold_0.model"]), takes_best_fold(["fold_0.model", "fold_0.metrics"])
    (False, True)
    """
    return {_MODEL, _METRICS} <= {part.name for part in map(parse_fold, datasets) if part}


def choose_checkpoints(parts: Mapping[str, Any], select_by: str | None) -> dict[str, Path]:
    """Return the checkpoints to export among what an export reads of folds.

    Args:
        parts: Models and metrics, as :func:`inputs_of_export` names them.
        select_by: What the best fold is found by; None takes all.
    """
    from klue_pipeline.training.best_state import find_best_fold

    models = {fold.fold: parts[fold.namespace] for fold in map(parse_fold, parts) if fold}
    if select_by is not None:
        metrics = {fold: parts[f"{_METRICS_OF}{fold_name(fold)}"] for fold in models}
        best = find_best_fold(metrics, select_by)
        models = {best: models[best]}
    return {fold_name(fold): path for fold, path in models.items()}


def find_needed(node: Node, catalog: Any, select_by: str) -> list[str]:
    """Return the models whose weights a node is going to read.

    Args:
        node: Any node.
        catalog: The catalog, for metrics.
        select_by: What the best fold is found by.
    """
    models = _models_among(node.inputs)
    if not takes_best_fold(node.inputs):
        return list(models.values())
    best = _find_best(models, catalog, select_by)
    return [] if best is None else [models[best]]


def find_dropped(models: Iterable[str], catalog: Any) -> set[str]:
    """Return the models whose weights were removed on purpose."""
    folders = {name: path_in(catalog, name) for name in models}
    return {name for name, path in folders.items() if path is not None and are_dropped(path)}


def explain_dropped(models: Iterable[str], catalog: Any) -> str:
    """Say when and why the weights of the first of some models were removed."""
    return read_dropped(Path(str(path_in(catalog, min(models)))))


def drop_weights(
    whole: Pipeline, catalog: Any, keep_weights: KeepWeights, select_by: str, setting: str
) -> None:
    """Remove the weights that need not stay and of which everything is made and saved.

    Args:
        whole: The graph of the experiment, with all that reads its models.
        catalog: Where these lie.
        keep_weights: Whose weights stay.
        select_by: What the best fold is found by.
        setting: The name of the setting that says whose weights stay.
    """
    models = _models_among(whole.all_outputs())
    stay = set(models) if keep_weights == "all" else set()
    if keep_weights == "best_fold":
        best = _find_best(models, catalog, select_by)
        stay = set(models) if best is None else {best}
    dropped = {
        name: folder
        for fold, name in models.items()
        if fold not in stay and (folder := _find_used(name, whole, catalog))
    }
    because = f"{setting} was {keep_weights}"
    linked = [name for name, folder in dropped.items() if _drop(folder, because)]
    if dropped:
        logger.info(
            "Dropped the weights of %s: %s is %s", ", ".join(dropped), setting, keep_weights
        )
    if linked:
        logger.warning(
            "The weights of %s still take up the disk: an export of an earlier run holds them too "
            "(exported, mlflow_model beside the folds); remove it if it is not wanted any more",
            ", ".join(linked),
        )


def _models_among(datasets: Iterable[str]) -> dict[int, str]:
    """Return the models of folds, by the fold, ascending."""
    parts = {name: parse_fold(name) for name in datasets}
    found = {part.fold: name for name, part in parts.items() if part and part.name == _MODEL}
    return dict(sorted(found.items()))


def _find_best(models: Mapping[int, str], catalog: Any, select_by: str) -> int | None:
    """Return the best fold; None while one of them has no metrics yet."""
    from klue_pipeline.training.best_state import find_best_fold

    names = {fold: f"{name.removesuffix(_MODEL)}{_METRICS}" for fold, name in models.items()}
    if not all(catalog.exists(name) for name in names.values()):
        return None
    return find_best_fold({fold: catalog.load(name) for fold, name in names.items()}, select_by)


def _find_used(model: str, whole: Pipeline, catalog: Any) -> Path | None:
    """Return the folder of a model whose weights are there and which nobody has to read again.

    What was made of an earlier training is older than the weights.
    """
    folder = path_in(catalog, model)
    if folder is None or not (folder / WEIGHTS_FILE).is_file():
        return None
    trained_at = (folder / WEIGHTS_FILE).stat().st_mtime_ns
    readers = [node for node in whole.nodes if model in node.inputs]
    made = {name: path_in(catalog, name) for node in readers for name in node.outputs}
    is_used = all(
        path is not None and catalog.exists(name) and path.stat().st_mtime_ns >= trained_at
        for name, path in made.items()
    )
    return folder if is_used else None


def _drop(folder: Path, because: str) -> bool:
    """Leave a note in the place of the weights; tell whether another folder still holds them."""
    weights = folder / WEIGHTS_FILE
    note = {"dropped_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "because": because}
    is_linked = weights.stat().st_nlink > 1
    # The note comes first: killed between the two, a fold has its weights.
    write_text(folder / DROPPED_FILE, json.dumps(note, ensure_ascii=False, indent=2) + "\n")
    weights.unlink()
    return is_linked
