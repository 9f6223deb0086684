"""The origins of what no run makes: raw files and local models."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from klue_pipeline.runs.dataset_facts import facts_of
from klue_pipeline.runs.lineage import Origin
from klue_pipeline.runs.relation_task import Parameters
from klue_pipeline.training.fingerprint import hash_encoder_folder, hash_file


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
    encoder = Path(parameters.encoder.name)
    if encoder.is_dir():
        sources["params:encoder"] = {"encoder.files": hash_encoder_folder(encoder)}
    sources["params:augment"] = _trace_models(parameters)
    return sources


def _trace_files(catalog: Any, names: Iterable[str]) -> dict[str, Origin]:
    sources: dict[str, Origin] = {}
    for name in names:
        if setting := facts_of(catalog, name).source:
            source = getattr(catalog.get(name), "resolved_source", None)
            path = Path(source or "")
            sources[name] = {setting: hash_file(path) if path.is_file() else str(source)}
    return sources


def _trace_models(parameters: Parameters) -> Origin:
    """Return the content hashes of the local models that the chosen augmentations use."""
    folders = map(Path, parameters.augment.models)
    return {
        f"augment.files_of.{path}": hash_encoder_folder(path) for path in folders if path.is_dir()
    }
