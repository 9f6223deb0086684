"""What ONNX graphs are like beside their model: a part of the model card, and whether int8 will do.

The graphs themselves are not looked at here.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.reporting.markdown import render_markdown
from klue_pipeline.reporting.model_card import name_run
from klue_pipeline.training.exporting.linked_folders import CARD_FILE
from klue_pipeline.training.exporting.onnx_params import OnnxParams
from klue_pipeline.training.loading.checkpoint_files import REFIT_FOLDER

logger = logging.getLogger(__name__)

_MEGABYTE = 1e6


@dataclass(frozen=True)
class GraphTask:
    """What a task calls what its graphs are compared and judged on.

    Attributes:
        settings: Where those of graphs are.
        experiment: The setting that names the experiment.
        compared: What logits are compared on.
        judged: What int8 is judged on.
        answer: What a graph says of one of them.
        score: What they are judged by, for readers.
        score_name: The same in reports.
        usages: Commands that use graphs, but for the experiment's name.
    """

    settings: str
    experiment: str
    compared: str
    judged: str
    answer: str
    score: str
    score_name: str
    usages: tuple[str, ...]


def require_small_loss(
    report: Mapping[str, Any], onnx: OnnxParams, task: GraphTask, graphs: Path
) -> None:
    """Log what int8 costs, and refuse it if that is too much.

    Args:
        report: ``rows``, ``agreement``, the score of the graphs (``graph_`` before its name) and of
            PyTorch (``pytorch_``), ``difference`` with its interval, and ``graph_bytes``.
        onnx: How much may be lost.
        task: What was judged.
        graphs: The folder of the graphs in float32.

    Raises:
        ValueError: More is lost.
    """
    of_graph, of_pytorch = (report[f"{each}_{task.score_name}"] for each in ("graph", "pytorch"))
    logger.info(
        "int8 on %d held-out %s: the %s is PyTorch's in %.2f %%; %s %.2f, PyTorch's %.2f, "
        "difference %+.2f (%.2f to %.2f); %.1f MB in all",
        report["rows"], task.judged, task.answer, report["agreement"], task.score, of_graph,
        of_pytorch, report["difference"], report["low"], report["high"],
        sum(report["graph_bytes"].values()) / _MEGABYTE,
    )  # fmt: skip
    if onnx.max_f1_loss is None or -report["difference"] <= onnx.max_f1_loss:
        return
    raise ValueError(
        f"int8 loses {-report['difference']:.2f} points of {task.score} on {report['rows']} "
        f"held-out {task.judged} ({of_graph:.2f}, PyTorch {of_pytorch:.2f}); at most "
        f"{task.settings}.max_f1_loss={onnx.max_f1_loss:g} was allowed. The graphs in float32 are "
        f"in {graphs}: use them with {task.settings}.int8=false, or set "
        f"{task.settings}.max_f1_loss to what may be lost, null for anything."
    )


def write_graph_card(
    exported: Path,
    report: Mapping[str, Any],
    int8: Mapping[str, Any] | None,
    task: GraphTask,
    about: AboutParams,
) -> str:
    """Return a card with what is to say of graphs at its end.

    Args:
        exported: The folder of the exported model, whose card goes before.
        report: ``check_rows``, and of each of ``models`` the difference and the sizes.
        int8: ``graph_bytes`` of each model, and where they could be judged ``rows``, ``agreement``,
            both scores and their difference; None for graphs in float32.
        task: What graphs were compared and judged on.
        about: The experiment.
    """
    models = [
        {
            "name": model,
            "weights": found["weights_bytes"] / _MEGABYTE,
            "graph": found["graph_bytes"] / _MEGABYTE,
            "int8": int8 and int8["graph_bytes"][model] / _MEGABYTE,
            "difference": found["largest_difference"],
        }
        for model, found in report["models"].items()
    ]
    judged = None
    if int8 and "agreement" in int8:
        scores = {each: int8[f"{each}_{task.score_name}"] for each in ("graph", "pytorch")}
        judged = {**int8, **scores}
    unjudged = REFIT_FOLDER if REFIT_FOLDER in report["models"] else ""
    section = render_markdown(
        "onnx_card",
        models=models,
        check_rows=report["check_rows"],
        int8=int8 is not None,
        judged=judged,
        unjudged=unjudged,
        task=task,
        commands=[f"{usage},{name_run(about, task.experiment)}" for usage in task.usages],
    )
    card = (exported / CARD_FILE).read_text(encoding="utf-8")
    return f"{card.rstrip()}\n{section}"
