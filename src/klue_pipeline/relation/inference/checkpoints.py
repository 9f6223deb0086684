"""The checkpoints that a folder stands for, itself or those of its folds, and their models."""

import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import torch

from klue_pipeline.relation.model.relation_graph import RelationGraph
from klue_pipeline.relation.model.relation_model import (
    RelationConfig,
    RelationModel,
    read_relation_config,
)
from klue_pipeline.training.exporting.export_manifest import (
    require_as_exported,
    require_same_parts,
)
from klue_pipeline.training.loading.checkpoint_files import REFIT_FOLDER, RELATION_FILE

_FOLD = re.compile(r"fold_(\d+)")
_NAMES_SHOWN = 5
_ONE_BY_ONE = (
    "; or load the folds that are there as a list of their folders "
    "(RelationClassifier.from_pretrained)"
)


def find_checkpoints(folders: str | Path | Iterable[str | Path]) -> tuple[Path, ...]:
    """Return the folders of all checkpoints that are meant.

    Args:
        folders: The folder of a checkpoint, a folder whose sub-folders ``fold_<number>`` are
            checkpoints, or several of either kind. A model that learnt from all rows stands in for
            folds only where there are none.

    Returns:
        Folders of checkpoints in the order given, none twice; those of folds by their number.

    Raises:
        FileNotFoundError: There is no such folder, or no checkpoint in it.
        ValueError: No folder was given, or an exported model is not what was exported.
    """
    given = [folders] if isinstance(folders, str | Path) else list(folders)
    found = dict.fromkeys(checkpoint for folder in given for checkpoint in _find_in(Path(folder)))
    if not found:
        raise ValueError("Found an empty list of folders; give the folder of at least one model.")
    for checkpoint in found:
        require_as_exported(checkpoint)
    return tuple(found)


def load_models(folders: Iterable[Path], device: torch.device) -> dict[Path, RelationModel]:
    """Load models in evaluation mode.

    Args:
        folders: Checkpoints, at least one.
        device: Where the models go.

    Returns:
        The model of each folder.

    Raises:
        FileNotFoundError: A checkpoint is not whole.
        ValueError: Their labels differ, or a checkpoint is of another version.
    """
    configs = {folder: read_relation_config(folder) for folder in folders}
    _require_same_labels(configs)
    return {folder: RelationModel.from_pretrained(folder).to(device) for folder in configs}


def load_graphs(folders: Iterable[Path]) -> dict[Path, RelationGraph]:
    """Load graphs; as :func:`load_models`.

    Raises:
        ImportError: onnxruntime is not installed.
    """
    configs = {folder: read_relation_config(folder) for folder in folders}
    _require_same_labels(configs)
    return {folder: RelationGraph(folder) for folder in configs}


def _find_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise FileNotFoundError(
            f"There is no folder {folder} (seen from {Path.cwd()}); give the folder of a trained "
            "model, such as data/06_models/<experiment>/exported. Nothing is looked up on the hub."
        )
    if (folder / RELATION_FILE).is_file():
        return [folder]
    folds = {
        int(match[1]): path
        for path in folder.iterdir()
        if path.is_dir() and (match := _FOLD.fullmatch(path.name))
    }
    ordered = [folds[number] for number in sorted(folds)]
    refit = [folder / REFIT_FOLDER] if (folder / REFIT_FOLDER / RELATION_FILE).is_file() else []
    if not ordered + refit:
        raise FileNotFoundError(
            f"{folder} is no checkpoint and holds none: wanted {RELATION_FILE} in it, or in "
            f"sub-folders fold_0, fold_1, …; found {_listed(folder)}. Train the experiment first, "
            "or name another folder."
        )
    require_same_parts(folder, [path.name for path in ordered + refit], _ONE_BY_ONE)
    return ordered or refit


def _listed(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    more = ["…"] if len(names) > _NAMES_SHOWN else []
    return ", ".join([*islice(names, _NAMES_SHOWN), *more]) or "nothing"


def _require_same_labels(configs: dict[Path, RelationConfig]) -> None:
    (first, wanted), *others = configs.items()
    for folder, config in others:
        if config.labels == wanted.labels:
            continue
        differ = sorted(set(config.labels).symmetric_difference(wanted.labels))
        how = f"only one of them has {differ[:3]}" if differ else "their order differs"
        raise ValueError(
            f"{folder} tells {len(config.labels)} labels apart and {first} tells "
            f"{len(wanted.labels)}; {how}. Models of the same labels were wanted: load them as "
            "classifiers of their own."
        )
