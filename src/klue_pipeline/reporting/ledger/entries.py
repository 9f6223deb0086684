"""What the pipelines know of a candidate when they make it: one new row of the ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.reporting.ledger.table import LedgerColumns, predicted_columns


@dataclass(frozen=True)
class Entry:
    """One candidate, as the pipelines know it when they make it.

    Attributes:
        sha256: Of the bytes of the file.
        file: Where the file lies, as a person would type it.
        created_at: With a time zone.
        name: The experiment or the method of blending that made it.
        members: The experiments that went into it.
        select_by: What it was chosen by.
        predicted: Those of the published scores that are predicted, by name.
        prior: The prior of the prediction: ``given``, ``estimated`` or ``plain``; empty
            without prediction.
    """

    sha256: str
    file: str
    created_at: datetime
    name: str
    members: tuple[str, ...]
    select_by: str
    predicted: Mapping[str, Estimate]
    prior: str

    def __post_init__(self) -> None:
        """Want a moment that is the same everywhere.

        Raises:
            ValueError: The time has no zone.
        """
        if self.created_at.tzinfo is None:
            raise ValueError(
                f"Found created_at={self.created_at} without a time zone; give datetime.now(UTC)."
            )


def tabulate_entries(entries: Iterable[Entry], columns: LedgerColumns) -> pd.DataFrame:
    """Write candidates as rows, which are checked when they are merged into a ledger."""
    return pd.DataFrame([_row(entry) for entry in entries], columns=columns.all)


def _row(entry: Entry) -> dict[str, object]:
    scores = {
        column: value
        for name, estimate in entry.predicted.items()
        for column, value in zip(
            predicted_columns(name), (estimate.value, estimate.low, estimate.high), strict=True
        )
    }
    return {
        "sha256": entry.sha256,
        "file": entry.file,
        "created_at": entry.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": entry.name,
        "members": ";".join(entry.members),
        "select_by": entry.select_by,
        **scores,
        "prior": entry.prior,
    }
