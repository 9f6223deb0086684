"""The report of a blend as a page."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from klue_pipeline.relation.pages import render_page


def render_ensemble(report: Mapping[str, Any], diversity: pd.DataFrame) -> str:
    """Show a blend: methods side by side, members, submission files, diversity, decoding.

    Args:
        report: By :func:`klue_pipeline.relation.ensemble.report.report_blend`.
        diversity: By :func:`klue_pipeline.relation.ensemble.diversity.tabulate_diversity`.

    Returns:
        An HTML document that needs no other file.
    """
    names = list(report["methods"][report["method"]]["scores"])
    ranked = sorted(
        report["methods"].items(), key=lambda item: -item[1]["scores"][report["select_by"]]["value"]
    )
    decoded = [name for name, own in report["decoding"].items() if own["used"]]
    pairs = diversity.astype(object).where(diversity.notna(), None).to_dict("records")
    return render_page(
        "ensemble", report=report, score_names=names, methods=ranked, decoded=decoded, pairs=pairs
    )
