"""The page of a prediction: what is stated, what every estimator says, and what training lacks."""

from collections.abc import Mapping
from typing import Any

from klue_pipeline.relation.shift.support import LARGEST_RATIO
from klue_pipeline.reporting.pages import render_page


def render_prediction(metrics: Mapping[str, Any], folder: str) -> str:
    """Show what an experiment's submission will score.

    Args:
        metrics: Its ``metrics.json``.
        folder: The experiment.

    Returns:
        An HTML document that needs no other file.
    """
    return render_page(
        "prediction",
        metrics=metrics,
        texts=metrics["text_shift"],
        folder=folder,
        limit=f"{LARGEST_RATIO:.0f}",
    )
