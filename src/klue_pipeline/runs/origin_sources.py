"""Where results and their origins lie, and the origins of what no run makes."""

from pathlib import Path
from typing import Any

from klue_pipeline.runs.lineage import Origin
from klue_pipeline.runs.parameters import Parameters
from klue_pipeline.training.fingerprint import hash_encoder_folder, hash_file

LATEST_RESULTS = frozenset(
    {
        "ensemble_scores",
        "ensemble_report",
        "ensemble_out_of_fold",
        "ensemble_target_prior",
        "ensemble_diversity",
        "ensemble_page",
        "blend_scores",
        "blend_submissions",
        "errors_page",
        "leaderboard",
        "leaderboard_page",
        "submission_ledger",
        "submissions_page",
        "submission",
        "metrics",
        "eda_rows",
        "eda_lengths",
        "eda_adversarial",
        "eda_adversarial_features",
        "eda_report",
        "eda_lengths_figure",
        "eda_entities_figure",
        "eda_adversarial_figure",
    }
)
"""Results outside the experiments' folders: those of whichever experiment ran last, never a mix."""

_RAW_DATASETS = {
    "raw_train": "raw.train",
    "raw_test": "raw.test",
    "raw_test_gold": "raw.test_gold",
    "earlier_test_scores": "eda.test_scores",
    "reviewed_rows": "raw.reviewed_rows",
    "synonyms": "raw.synonyms",
    "translations": "raw.translations",
}


def trace_sources(parameters: Parameters, catalog: Any) -> dict[str, Origin]:
    """Return the origins of what no run makes: raw files and a local encoder, by their content."""
    sources: dict[str, Origin] = {}
    for dataset, setting in _RAW_DATASETS.items():
        source = getattr(catalog.get(dataset), "resolved_source", None)
        path = Path(source or "")
        sources[dataset] = {setting: hash_file(path) if path.is_file() else str(source)}
    encoder = Path(parameters.encoder.name)
    if encoder.is_dir():
        sources["params:encoder"] = {"encoder.files": hash_encoder_folder(encoder)}
    sources["params:augment"] = _trace_models(parameters)
    return sources


def _trace_models(parameters: Parameters) -> Origin:
    """Return the content hashes of the local models that the chosen augmentations use."""
    folders = map(Path, parameters.augment.models)
    return {
        f"augment.files_of.{path}": hash_encoder_folder(path) for path in folders if path.is_dir()
    }


def unfinished_plan(data_root: Path, folder: str) -> Path:
    """Return the file in which a run says what it is about to make, until it has made all."""
    return data_root / ".fingerprints" / f"unfinished-{folder}.json"


def path_in(catalog: Any, name: str) -> Path | None:
    """Return the file or folder of a dataset; None if it has none or is not in the catalog."""
    dataset = catalog.get(name)
    path = getattr(dataset, "_filepath", None) or getattr(dataset, "_path", None)
    return None if path is None else Path(path)
