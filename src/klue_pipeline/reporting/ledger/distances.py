"""How unlike submission files are: in which share of the test rows their labels differ."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.reporting.submission_file import hash_submission

logger = logging.getLogger(__name__)

Labels = Mapping[str, Sequence[str] | NDArray[np.object_]]
"""Predicted labels of all test rows in file order, by the SHA-256 of the file."""


@dataclass(frozen=True)
class Closest:
    """The file that is most like another one.

    Attributes:
        sha256: Its name in the ledger.
        share: Share of the rows whose labels differ, 0 to 1.
        n_rows: How many rows that is.
    """

    sha256: str
    share: float
    n_rows: int


def index_labels(
    submissions: Iterable[pd.DataFrame], row_ids: Sequence[str]
) -> dict[str, NDArray[np.object_]]:
    """Key the labels of submission files by the SHA-256 that the ledger knows each file by.

    Args:
        submissions: Tables of ``id``, ``pred_label`` and ``probs``, all as text.
        row_ids: Ids of all test rows in file order.

    Returns:
        The labels of the files of these test rows. Files of others, which a data folder has kept
        from before its test file was another one, are counted in the log: they can neither be
        compared nor submitted.
    """
    tables = list(submissions)
    wanted = list(row_ids)
    fitting = [table for table in tables if table["id"].tolist() == wanted]
    if len(fitting) < len(tables):
        logger.warning(
            "%d of %d submission files are not of these %d test rows; make them again to submit "
            "them.",
            len(tables) - len(fitting),
            len(tables),
            len(wanted),
        )
    return {hash_submission(table): table["pred_label"].to_numpy(dtype=object) for table in fitting}


def find_closest(
    labels: Labels, submitted: Iterable[str], ranked: Iterable[str], near_copy_share: float
) -> dict[str, Closest]:
    """Find, for each candidate, the closest file that was submitted or is ranked above it.

    A candidate that is itself a near copy is nothing to be compared with: it will hardly be
    submitted, and a chain of small steps would make near copies of files that are far apart.

    Args:
        labels: Labels of the files that could be read.
        submitted: Files that were submitted.
        ranked: Candidates, best first.
        near_copy_share: Below this share of rows, a file is another's near copy.

    Returns:
        By candidate; without those that could not be read, and without those that have nothing
        above them.

    Raises:
        ValueError: The files have different numbers of rows.
    """
    codes = _encode(labels)
    known = [sha256 for sha256 in submitted if sha256 in codes]
    closest: dict[str, Closest] = {}
    for sha256 in ranked:
        if sha256 not in codes:
            continue
        found = _closest(sha256, known, codes)
        if found is not None:
            closest[sha256] = found
        if found is None or found.share >= near_copy_share:
            known.append(sha256)
    return closest


def _encode(labels: Labels) -> dict[str, NDArray[np.int16]]:
    """Number the labels, so that comparing two files is comparing small integers."""
    lengths = {sha256: len(names) for sha256, names in labels.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{sha256[:12]}… {count:,}" for sha256, count in lengths.items())
        raise ValueError(
            f"Files of the same test rows were wanted; found these numbers of rows: {found}."
        )
    if not labels:
        return {}
    numbers, _ = pd.factorize(np.concatenate([np.asarray(names) for names in labels.values()]))
    table = numbers.astype(np.int16).reshape(len(labels), -1)
    return dict(zip(labels, table, strict=True))


def _closest(
    sha256: str, known: Sequence[str], codes: Mapping[str, NDArray[np.int16]]
) -> Closest | None:
    if not known:
        return None
    own = codes[sha256]
    counts = [int(np.count_nonzero(codes[other] != own)) for other in known]
    best = int(np.argmin(counts))
    return Closest(known[best], counts[best] / max(len(own), 1), counts[best])
