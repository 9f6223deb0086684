"""The table of errors as a page that a person reads: filters, sentences, probabilities."""

from typing import Any

import pandas as pd

from klue_pipeline.relation.error_analysis.page_columns import write_columns
from klue_pipeline.relation.error_analysis.training_rows import TrainingRows
from klue_pipeline.reporting.pages import render_page

_SET_TITLES = {"out_of_fold": "out-of-fold", "test": "test"}


def render_errors(
    error_rows: pd.DataFrame, training: TrainingRows, label_names: list[str], experiment: str = ""
) -> str:
    """Write a page that shows, filters and links the rows of a table of errors.

    The page holds its data as columns of numbers and lists of distinct texts, and shows a few rows
    at a time, so that it stays quick with tens of thousands of rows. It needs no network.

    Args:
        error_rows: The table of :func:`~klue_pipeline.relation.error_analysis.tabulate_errors`.
        training: All training rows, to show those with the same pair of entities.
        label_names: The labels that were predicted, in their order.
        experiment: What made the predictions, for the title.

    Returns:
        An HTML document.
    """
    data = write_columns(error_rows, training, label_names)
    title = f"Errors of {experiment}" if experiment else "Error analysis"
    return render_page("errors", title=title, sets=_summarise(error_rows), data=data)


def _summarise(error_rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Count rows, known labels and errors of each set that has rows."""
    return [
        {
            "title": title,
            "rows": len(own),
            "labelled": int(own["correct"].count()),
            "errors": int((~own["correct"].dropna()).sum()),
        }
        for name, title in _SET_TITLES.items()
        if len(own := error_rows[error_rows["set"] == name])
    ]
