"""The columns of the ledger, and who writes which."""

METRICS = {"micro_f1": "micro F1", "auprc": "AUPRC"}
"""The scores that a contest publishes, 0 to 100, and what they are called."""

PRIORS = ("given", "estimated", "plain")
"""What a prediction was told for, from what should be nearest to the leaderboard to what is not:
the prior that the user gave, one estimated from unlabelled test scores, or the training rows'."""


def predicted_columns(metric: str) -> tuple[str, str, str]:
    """Return the columns of a predicted score and the two ends of its interval."""
    name = f"predicted_{metric}"
    return name, f"{name}_low", f"{name}_high"


PREDICTED = tuple(column for metric in METRICS for column in predicted_columns(metric))
PUBLIC = tuple(f"public_{metric}" for metric in METRICS)
NUMBERS = (*PREDICTED, *PUBLIC)
"""Columns of scores, 0 to 100; missing where nobody knows. All others hold text."""

YOURS = ("submitted_at", *PUBLIC, "note")
"""Columns that a person fills in."""

MADE_ANEW = ("file", *PREDICTED, "prior")
"""Columns that are written again when the same file is made again."""

COLUMNS = (
    "sha256", "file", "created_at", "name", "members", "select_by", *PREDICTED, "prior", *YOURS,
)  # fmt: skip
