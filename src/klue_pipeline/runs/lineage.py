"""What made each dataset: every setting that was read on the way to it, and the raw files' content.

An *origin* is a flat table from setting to value (``training.epochs`` -> ``3``). It is derived from
the graph alone, so it can be known before anything runs, and it is stored beside each result. Two
origins of the same dataset tell whether a result on disk is the one that a run would make.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from pydantic import BaseModel

from klue_pipeline.base_settings import Settings
from klue_pipeline.runs.dataset_facts import facts_of
from klue_pipeline.runs.dataset_names import (
    REFIT_MODEL,
    fold_name,
    parse_fold,
    parse_member_dataset,
    plain_name,
)
from klue_pipeline.runs.disk.origin_store import Origin
from klue_pipeline.runs.kept_weights import takes_best_fold
from klue_pipeline.runs.parameters import Parameters
from klue_pipeline.training.fingerprint import hash_encoder_folder, hash_file, hash_folder
from klue_pipeline.version import __version__

COLLECTED_FOLDS = "folds"
"""Field of an origin: the folds that went into a result which collects several."""

_PARAMETER_PREFIX = "params:"
_LONGEST_VALUE = 200


def trace_origins(
    pipeline: Pipeline, parameters: BaseModel, sources: Mapping[str, Origin]
) -> dict[str, Origin]:
    """Derive the origin of every dataset that a pipeline makes.

    Args:
        pipeline: The whole graph, so that nothing on the way is missed.
        parameters: The checked parameters of the run.
        sources: Origins of what the graph does not make, by dataset or ``params:`` name: content
            hashes of raw files and of a local encoder, and what made the scores of a composite's
            members.

    Returns:
        The origin of each output, by dataset name.
    """
    origins: dict[str, Origin] = {name: dict(origin) for name, origin in sources.items()}
    for node in pipeline.nodes:
        own: Origin = {"code": __version__}
        for name in node.inputs:
            if name.startswith(_PARAMETER_PREFIX):
                own |= settings_of(parameters, name.removeprefix(_PARAMETER_PREFIX))
            own |= origins.get(plain_name(name), {})
        own |= _collected_folds(node)
        for name in node.outputs:
            origins[plain_name(name)] = own
    return origins


def trace_sources(
    parameters: Parameters, catalog: Any, datasets: Iterable[str]
) -> dict[str, Origin]:
    """Return the origins of what a graph reads and no run makes, by their content.

    Args:
        parameters: The checked parameters of the run.
        catalog: Its catalog.
        datasets: Names of the graph's free inputs.
    """
    sources = _trace_files(catalog, datasets)
    sources |= _trace_encoder(parameters.encoder.name, "encoder")
    sources |= _trace_encoder(parameters.odqa.encoder.name, "odqa.encoder")
    for setting, folder in parameters.odqa.model_folders.items():
        sources |= _trace_encoder(folder, setting)
    sources["params:augment"] = _trace_models(parameters)
    return sources


def _trace_encoder(name: str, setting: str) -> dict[str, Origin]:
    folder = Path(name)
    if not folder.is_dir():
        return {}
    return {f"params:{setting}": {f"{setting}.files": hash_encoder_folder(folder)}}


def _trace_files(catalog: Any, names: Iterable[str]) -> dict[str, Origin]:
    sources: dict[str, Origin] = {}
    for name in names:
        if setting := facts_of(catalog, name).source:
            source = getattr(catalog.get(name), "resolved_source", None)
            sources[name] = {setting: _hash_source(source)}
    return sources


def _hash_source(source: str | None) -> str:
    """Return a hash of a file, or of the files in a folder; anything else stands for itself."""
    path = Path(source or "")
    if path.is_file():
        return hash_file(path)
    return hash_folder(path) if source and path.is_dir() else str(source)


def _trace_models(parameters: Parameters) -> Origin:
    """Return the content hashes of the local models that the chosen augmentations use."""
    folders = map(Path, parameters.augment.models)
    return {
        f"augment.files_of.{path}": hash_encoder_folder(path) for path in folders if path.is_dir()
    }


def _collected_folds(node: Node) -> Origin:
    """Name the folds whose results a node collects: those of one fold are not those of all."""
    fold = parse_fold(node.name)
    own = f"{fold.namespace}." if fold else None
    others = [name for name in node.inputs if own is None or not name.startswith(own)]
    parts = [parse_fold(name) or parse_member_dataset(name) for name in others]
    folds = dict.fromkeys(fold_name(part.fold) for part in parts if part is not None)
    collected = f"{'the best of ' * takes_best_fold(others)}{', '.join(folds)}"
    models = [collected] * bool(folds) + ["refit"] * (REFIT_MODEL in others)
    return {COLLECTED_FOLDS: " and ".join(models)} if models else {}


def settings_of(parameters: BaseModel, path: str) -> Origin:
    """Flatten the settings below a path, leaving out what results do not depend on.

    Raises:
        KeyError: There is no such path.
    """
    value: Any = parameters
    for part in path.split("."):
        value = (value if isinstance(value, Mapping) else dict(value))[part]
    return dict(_flatten(value, path))


def differing_fields(found: Origin, wanted: Origin) -> list[str]:
    """Say field by field how two origins differ.

    >>> former = {"training.epochs": "3", "code": "1"}
    >>> differing_fields(former, {"training.epochs": "5", "code": "1"})
    ['training.epochs was 3, this run says 5']
    """
    return [
        _differ(name, found.get(name, "not set"), wanted.get(name, "not set"))
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name) != wanted.get(name)
    ]


_HASH = re.compile(r"(sha256 )?[0-9a-f]{16}")
"""What an origin says of a file or a model; settings are written as JSON."""


def _differ(name: str, found: str, wanted: str) -> str:
    if _HASH.fullmatch(found) and _HASH.fullmatch(wanted):
        return f"{name} was of other content ({found[-16:-8]} then, {wanted[-16:-8]} now)"
    return f"{name} was {_readable(found)}, this run says {_readable(wanted)}"


def _readable(value: str) -> str:
    return f"a file or model ({value[-16:-8]})" if _HASH.fullmatch(value) else value


def hash_origin(origin: Origin) -> str:
    """Return one short hash of a whole origin."""
    return hashlib.sha256(json.dumps(origin, sort_keys=True).encode()).hexdigest()[:16]


def _flatten(value: Any, path: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, BaseModel):
        skipped = _skipped_fields(value)
        for name in type(value).model_fields:
            if name not in skipped:
                yield from _flatten(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, Mapping):
        for name, below in value.items():
            yield from _flatten(below, f"{path}.{name}")
    else:
        yield path, _shorten(value)


def _skipped_fields(value: BaseModel) -> frozenset[str]:
    if not isinstance(value, Settings):
        return frozenset()
    return value.results_do_not_depend_on | value.unread_fields()


def _shorten(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) <= _LONGEST_VALUE:
        return text
    return f"sha256 {hashlib.sha256(text.encode()).hexdigest()[:16]}"
