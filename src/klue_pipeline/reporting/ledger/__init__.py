"""The ledger of submissions: what was predicted for each file, and what the contest said of it.

A row is one file, known by the SHA-256 of its bytes whatever its name. The pipelines write what
they know; a person fills in what came out, in a spreadsheet, and that is never overwritten.
"""

from klue_pipeline.reporting.ledger.distances import index_labels
from klue_pipeline.reporting.ledger.entries import Entry, prior_of, tabulate_entries
from klue_pipeline.reporting.ledger.page import render_ledger
from klue_pipeline.reporting.ledger.rules import Candidate
from klue_pipeline.reporting.ledger.table import (
    COLUMNS,
    METRICS,
    PRIORS,
    YOURS,
    check_ledger,
    empty_ledger,
    is_submitted,
    merge_ledger,
)
from klue_pipeline.reporting.ledger.verdicts import judge_candidates

__all__ = [
    "COLUMNS",
    "METRICS",
    "PRIORS",
    "YOURS",
    "Candidate",
    "Entry",
    "check_ledger",
    "empty_ledger",
    "index_labels",
    "is_submitted",
    "judge_candidates",
    "merge_ledger",
    "prior_of",
    "render_ledger",
    "tabulate_entries",
]
