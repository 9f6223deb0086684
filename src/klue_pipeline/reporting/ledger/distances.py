"""How unlike submission files are: in which share of the test rows their answers differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Answers = Mapping[str, Sequence[str] | NDArray[np.object_]]
"""What each file answers for the test rows, in file order, by the SHA-256 of the file."""


@dataclass(frozen=True)
class Closest:
    """The file that is most like another one.

    Attributes:
        sha256: Its name in the ledger.
        share: Share of the rows whose answers differ, 0 to 1.
        n_rows: How many rows that is.
    """

    sha256: str
    share: float
    n_rows: int


def find_closest(
    answers: Answers, submitted: Iterable[str], ranked: Iterable[str], near_copy_share: float
) -> dict[str, Closest]:
    """Find, for each candidate, the closest file that was submitted or is ranked above it.

    A candidate that is itself a near copy is nothing to be compared with: it will hardly be
    submitted, and a chain of small steps would make near copies of files that are far apart.

    Args:
        answers: Answers of the files that could be read.
        submitted: Files that were submitted.
        ranked: Candidates, best first.
        near_copy_share: Below this share of rows, a file is another's near copy.

    Returns:
        By candidate; without those that could not be read, and without those that have nothing
        above them.

    Raises:
        ValueError: The files have different numbers of rows.
    """
    codes = _encode(answers)
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


def find_one_answer(answers: Answers) -> dict[str, str]:
    """Find the files that answer the same in all of their rows, and what that is.

    >>> find_one_answer({"a": ["x", "x"], "b": ["x", "y"], "of one row": ["x"]})
    {'a': 'x'}
    """
    return {
        sha256: str(texts[0])
        for sha256, texts in answers.items()
        if len(texts) > 1 and all(text == texts[0] for text in texts)
    }


def _encode(answers: Answers) -> dict[str, NDArray[np.int32]]:
    """Number the answers, so that comparing two files is comparing small integers."""
    lengths = {sha256: len(texts) for sha256, texts in answers.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{sha256[:12]}… {count:,}" for sha256, count in lengths.items())
        raise ValueError(
            f"Files of the same test rows were wanted; found these numbers of rows: {found}."
        )
    if not answers:
        return {}
    numbers, _ = pd.factorize(np.concatenate([np.asarray(texts) for texts in answers.values()]))
    table = numbers.astype(np.int32).reshape(len(answers), -1)
    return dict(zip(answers, table, strict=True))


def _closest(
    sha256: str, known: Sequence[str], codes: Mapping[str, NDArray[np.int32]]
) -> Closest | None:
    if not known:
        return None
    numbers = codes[sha256]
    counts = [int(np.count_nonzero(codes[other] != numbers)) for other in known]
    best = int(np.argmin(counts))
    return Closest(known[best], counts[best] / max(len(numbers), 1), counts[best])
