"""Make graphs of the exported readers, and say what int8 costs on questions held out."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.reporting.onnx_report import GraphTask, require_small_loss, write_graph_card
from klue_pipeline.training.exporting.onnx_params import OnnxParams

logger = logging.getLogger(__name__)

TASK = GraphTask(
    settings="odqa.onnx",
    experiment="odqa.experiment",
    compared="windows",
    judged="questions",
    answer="answer",
    score="character F1",
    score_name="character_f1",
    usages=(
        "kedro run --pipelines odqa_answer_new --params odqa.questions=new.jsonl,"
        "odqa.answer_new.runtime=onnx",
        "kedro run --pipelines odqa_mlflow_model --params odqa.answer_new.runtime=onnx",
    ),
)


def export_reader_graphs(
    exported_answerer: Path,
    reader_features: Any,
    onnx_workspace: Path,
    about: AboutParams,
    onnx: OnnxParams,
) -> tuple[Any, dict[str, Any]]:
    """Write the encoder and the head of each exported reader as one graph.

    Args:
        exported_answerer: The folder of the exported experiment.
        reader_features: Windows, to compare on.
        onnx_workspace: Where the graphs are made.
        about: The experiment.
        onnx: How many windows to compare on.

    Returns:
        The graphs, and how they differ from PyTorch.
    """
    from klue_pipeline.odqa.inference.onnx_export import export_graphs
    from klue_pipeline.training.exporting.exported_graphs import ExportedGraphs

    place = onnx_workspace / "float32"
    readers = export_graphs(exported_answerer, reader_features, onnx.check_rows, place)
    report = {"check_rows": min(onnx.check_rows, len(reader_features)), "models": readers}
    card = write_graph_card(exported_answerer, report, None, TASK, about)
    return ExportedGraphs(place, exported_answerer, card, "odqa_onnx", TASK.experiment), report


def quantise_reader_graphs(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    exported_answerer: Path,
    onnx_answerer: Path,
    onnx_report: dict[str, Any],
    reader_features: Any,
    reader_examples: pd.DataFrame,
    fold_members: pd.DataFrame,
    onnx_workspace: Path,
    about: AboutParams,
    evaluation: OdqaEvaluationParams,
    onnx: OnnxParams,
    batch_size: int,
    max_answer_tokens: int,
) -> tuple[Any, dict[str, Any]]:
    """Write the graphs with weights of 8 bits, unless that costs too much.

    Args:
        exported_answerer: The folder of the exported experiment.
        onnx_answerer: The graphs in float32.
        onnx_report: How they differ from PyTorch.
        reader_features: Windows of all examples.
        reader_examples: What they were made of.
        fold_members: The questions that each fold holds out.
        onnx_workspace: Where the graphs are made.
        about: The experiment.
        evaluation: How intervals are drawn.
        onnx: How much F1 may be lost.
        batch_size: Windows in a batch.
        max_answer_tokens: Longest answer.

    Returns:
        The graphs, and what they cost.

    Raises:
        ValueError: They lose more than may be lost.
    """
    from klue_pipeline.odqa.inference.onnx_export import (
        HeldOutQuestions,
        judge_graphs,
        quantise_graphs,
    )
    from klue_pipeline.training.exporting.exported_graphs import ExportedGraphs

    place = onnx_workspace / "int8"
    report = {"graph_bytes": quantise_graphs(exported_answerer, onnx_answerer, place)}
    held_out = HeldOutQuestions(
        reader_features, reader_examples, fold_members, max_answer_tokens, batch_size
    )
    judged = judge_graphs(exported_answerer, place, held_out, evaluation)
    if judged is None:
        logger.warning("No question is left to judge the int8 graphs on: odqa.folds.strategy=all")
    else:
        report |= judged
        require_small_loss(report, onnx, TASK, onnx_answerer)
    card = write_graph_card(exported_answerer, onnx_report, report, TASK, about)
    return ExportedGraphs(place, exported_answerer, card, "odqa_onnx", TASK.experiment), report
