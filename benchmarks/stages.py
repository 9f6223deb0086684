"""How the time of each stage grows with the number of rows."""

import dataclasses
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.contenders import train_ours
from benchmarks.inference import predict_ours
from benchmarks.settings import read_input, read_settings
from benchmarks.workload import Workload, read_sentences
from klue_pipeline.datasets.tables.features import FeaturesDataset
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.pipelines.clean.nodes import assign_folds
from klue_pipeline.relation.augmentation.driver import augment_rows
from klue_pipeline.relation.augmentation.rows.context import Resources
from klue_pipeline.relation.augmentation.table import mark_originals
from klue_pipeline.relation.cleaning import Evidence, Tables, clean_tables
from klue_pipeline.relation.encoding.features import encode
from klue_pipeline.relation.settings.augment_params import AugmentParams
from klue_pipeline.relation.settings.clean_params import CleanParams
from klue_pipeline.training.params import FoldsParams

Seconds = dict[str, float]

METHODS = ["entity_swap", "mask_words", "mask_entity", "entity_replace", "eda", "aeda"]
"""Augmentations that need no model; each may start from every row."""


def time_data_stages(source: str, rows: int, workload: Workload) -> Seconds:
    """Time ingest, clean, folds, augment and tokenize on the first ``rows`` rows of a CSV file.

    Augmenting makes several times as many rows; only the originals are tokenized.
    """
    seconds: Seconds = {}
    settings = read_settings("clean", "experiments")
    defaults = settings["experiment_defaults"]
    clean = CleanParams.model_validate(settings["clean"])
    folds = FoldsParams.model_validate(settings["folds"])
    part = _write_part(source, rows)
    sentences, labels = _timed(seconds, "ingest", lambda: read_sentences(str(part)))
    label_set = LabelSet.model_validate(labels)
    tables = Tables(sentences, sentences.head(0).assign(problem=None))
    evidence = Evidence(labels=label_set, row_ids=frozenset(sentences["row_id"]))
    cleaned = _timed(seconds, "clean", lambda: clean_tables(tables, clean, evidence).tables.train)
    members, _ = _timed(seconds, "folds", lambda: assign_folds(cleaned, folds))
    augment = _every_method(defaults["augment"])
    _timed(
        seconds,
        "augment",
        lambda: augment_rows(cleaned, members, label_set, augment, Resources()),
    )
    table = mark_originals(cleaned)
    inputs = read_input()
    tokens = defaults["training"]["max_tokens"]
    features = _timed(
        seconds, "tokenize", lambda: encode(table, workload.tokenizer, inputs, tokens, label_set)
    )
    FeaturesDataset(filepath=str(part.with_suffix(".arrow"))).save(features)
    return seconds


def _every_method(defaults: dict[str, Any]) -> AugmentParams:
    every_row = {name: {**defaults[name], "share": 1.0} for name in METHODS}
    return AugmentParams.model_validate({**defaults, **every_row, "methods": METHODS})


def time_model_stages(workload: Workload, rows: int) -> Seconds:
    """Time the steps of one training epoch and one prediction on ``rows`` rows."""
    part = dataclasses.replace(workload, features=workload.features.select(range(rows)))
    return {"train": train_ours(part), "predict": predict_ours(part)}


def _write_part(source: str, rows: int) -> Path:
    """Write the first rows as a file, repeating them where the source has too few.

    A repeated row gets a number at its end and its own id, so that it is no duplicate; it keeps
    its entity pair, which makes groups larger than in real data.
    """
    table = pd.read_csv(source, dtype=str, keep_default_na=False)
    copies = [
        table.assign(sentence=table["sentence"] + f" {copy}") if copy else table
        for copy in range(-(-rows // len(table)))
    ]
    part = pd.concat(copies).head(rows)
    part["id"] = range(len(part))
    path = Path(tempfile.mkdtemp()) / f"rows_{rows}.csv"
    part.to_csv(path, index=False)
    return path


def _timed(seconds: Seconds, name: str, work: Callable[[], Any]) -> Any:
    started_at = time.perf_counter()
    result = work()
    seconds[name] = time.perf_counter() - started_at
    return result
