"""Make labels wrong on purpose, to see whether the label audit finds them."""

import hashlib
import logging

import numpy as np
import pandas as pd

from klue_pipeline.relation.cleaning.interface import Evidence, Outcome, Tables, replace_train
from klue_pipeline.relation.settings.clean_params import CleanParams

logger = logging.getLogger(__name__)

_HASH_BYTES = 8


def flip_some_labels(tables: Tables, clean: CleanParams, evidence: Evidence) -> Outcome:
    """Replace the labels of some rows by others, each as likely as the next.

    Every row is drawn on its own, with ``flip_labels.share`` as its chance, from seed and row id
    alone: other rows, their order and other rules change nothing, and the number of flipped rows
    is only about that share. The true labels stand in ``changed_rows``.
    """
    params = clean.flip_labels
    labels = tables.train["label"].tolist()
    for place, row_id in enumerate(tables.train["row_id"]):
        number = _draw(params.seed, row_id)
        if number < params.share * 2 ** (8 * _HASH_BYTES):
            labels[place] = _other_label(labels[place], number, evidence.labels.names)
    flipped = pd.Series(labels, index=tables.train.index, dtype=tables.train["label"].dtype)
    n_flipped = int((flipped != tables.train["label"]).sum())
    logger.warning(
        "Cleaning by flip_labels: %d of %d labels were made WRONG on purpose. It exists to test "
        "the label audit: take flip_labels out of clean.rules for anything else.",
        n_flipped,
        len(labels),
    )
    counts = {"share": params.share, "seed": params.seed, "flipped": n_flipped}
    return Outcome(replace_train(tables, label=flipped), counts=counts)


def _draw(seed: int, row_id: str) -> int:
    """Return a number below 2 ** 64, drawn for a row."""
    named = f"{seed}\0flip_labels\0{row_id}".encode()
    return int.from_bytes(hashlib.blake2b(named, digest_size=_HASH_BYTES).digest())


def _other_label(label: str, number: int, names: list[str]) -> str:
    others = [name for name in names if name != label]
    return others[np.random.default_rng(number).integers(len(others))]
