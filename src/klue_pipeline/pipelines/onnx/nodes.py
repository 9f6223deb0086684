"""Make graphs of the exported models, and say what int8 costs on rows they have not learnt from."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.reporting.onnx_report import GraphTask, require_small_loss, write_graph_card
from klue_pipeline.runs.dataset_names import fold_name, fold_numbers
from klue_pipeline.training.exporting.onnx_params import OnnxParams

logger = logging.getLogger(__name__)

TASK = GraphTask(
    settings="onnx",
    experiment="experiment",
    compared="rows",
    judged="rows",
    answer="label",
    score="micro F1",
    score_name="micro_f1",
    usages=(
        "kedro run --pipelines predict_new --params predict.input=new.jsonl,predict.runtime=onnx",
        "kedro run --pipelines mlflow_model --params predict.runtime=onnx",
    ),
)


def export_graphs(
    exported_model: Path,
    train_features: Any,
    onnx_workspace: Path,
    about: AboutParams,
    onnx: OnnxParams,
) -> tuple[Any, dict[str, Any]]:
    """Write the encoder and the head of each exported model as one graph.

    Args:
        exported_model: The folder of the exported experiment.
        train_features: Encoded rows, to compare on.
        onnx_workspace: Where the graphs are made.
        about: The experiment.
        onnx: How many rows to compare on.

    Returns:
        The graphs, and how they differ from PyTorch.
    """
    from klue_pipeline.relation.inference.onnx_export import export_graphs as export
    from klue_pipeline.training.exporting.exported_graphs import ExportedGraphs

    place = onnx_workspace / "float32"
    models = export(exported_model, train_features, onnx.check_rows, place)
    report = {"check_rows": min(onnx.check_rows, len(train_features)), "models": models}
    card = write_graph_card(exported_model, report, None, TASK, about)
    return ExportedGraphs(place, exported_model, card, "onnx", TASK.experiment), report


def quantise_graphs(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    exported_model: Path,
    onnx_model: Path,
    onnx_report: dict[str, Any],
    train_features: Any,
    fold_members: pd.DataFrame,
    clean_sentences: pd.DataFrame,
    labels: LabelSet,
    onnx_workspace: Path,
    about: AboutParams,
    evaluation: EvaluationParams,
    onnx: OnnxParams,
    batch_size: int,
    **validation_scores: ScoreTable,
) -> tuple[Any, dict[str, Any]]:
    """Write the graphs with weights of 8 bits, unless that costs too much.

    Args:
        exported_model: The folder of the exported experiment.
        onnx_model: The graphs in float32.
        onnx_report: How they differ from PyTorch.
        train_features: All encoded training rows.
        fold_members: Which of them each fold holds out.
        clean_sentences: The rows with their labels.
        labels: The label set of the task.
        onnx_workspace: Where the graphs are made.
        about: The experiment.
        evaluation: How intervals are drawn.
        onnx: How much F1 may be lost.
        batch_size: Rows in a batch.
        validation_scores: What the model of each fold said of the rows that it holds out.

    Returns:
        The graphs, and what they cost.

    Raises:
        ValueError: They lose more than may be lost.
    """
    from klue_pipeline.relation.inference.onnx_export import HeldOut, judge_graphs
    from klue_pipeline.relation.inference.onnx_export import quantise_graphs as quantise
    from klue_pipeline.training.exporting.exported_graphs import ExportedGraphs

    place = onnx_workspace / "int8"
    report: dict[str, Any] = {"graph_bytes": quantise(exported_model, onnx_model, place)}
    folds = [fold for fold in fold_numbers(validation_scores) if (place / fold_name(fold)).is_dir()]
    if folds:
        scores = {fold: validation_scores[fold_name(fold)] for fold in folds}
        held_out = HeldOut(train_features, fold_members, clean_sentences, labels, scores)
        report |= judge_graphs(place, held_out, evaluation, batch_size)
        require_small_loss(report, onnx, TASK, onnx_model)
    else:
        logger.warning("No row is left to judge the int8 graphs on: only refit was exported")
    card = write_graph_card(exported_model, onnx_report, report, TASK, about)
    return ExportedGraphs(place, exported_model, card, "onnx", TASK.experiment), report
