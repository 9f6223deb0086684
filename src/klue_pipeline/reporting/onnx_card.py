"""The part of a model card that says what ONNX graphs are like beside their model."""

from collections.abc import Mapping
from typing import Any

from klue_pipeline.reporting.markdown import render_markdown
from klue_pipeline.training.loading.checkpoint_files import REFIT_FOLDER

MEGABYTE = 1e6


def write_graph_card(
    card: str,
    report: Mapping[str, Any],
    int8: Mapping[str, Any] | None,
    *,
    nouns: tuple[str, str],
    score: tuple[str, str],
    command: str,
) -> str:
    """Return a card with what is to say of graphs at its end.

    Args:
        card: The card of the exported model.
        report: ``check_rows``, and of each of ``models`` the difference and the sizes.
        int8: ``graph_bytes`` of each model, and where they could be judged ``rows``, ``agreement``,
            both scores and their difference; None for graphs in float32.
        nouns: What graphs were compared on, and what they were judged on.
        score: The name of the score for readers, and in ``int8``.
        command: How the graphs are used in the project.
    """
    title, name = score
    models = [
        {
            "name": model,
            "weights": found["weights_bytes"] / MEGABYTE,
            "graph": found["graph_bytes"] / MEGABYTE,
            "int8": int8 and int8["graph_bytes"][model] / MEGABYTE,
            "difference": found["largest_difference"],
        }
        for model, found in report["models"].items()
    ]
    judged = None
    if int8 and "agreement" in int8:
        scores = {each: int8[f"{each}_{name}"] for each in ("graph", "pytorch")}
        judged = {**int8, **scores}
    unjudged = REFIT_FOLDER if REFIT_FOLDER in report["models"] else ""
    section = render_markdown(
        "onnx_card",
        models=models,
        check_rows=report["check_rows"],
        int8=int8 is not None,
        judged=judged,
        unjudged=unjudged,
        compared=nouns[0],
        noun=nouns[1],
        score=title,
        command=command,
    )
    return f"{card.rstrip()}\n{section}"
