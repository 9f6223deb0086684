"""Make graphs of the exported models, and say what int8 costs on rows they have not learnt from."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.reporting.model_card import name_run
from klue_pipeline.reporting.onnx_card import write_graph_card
from klue_pipeline.runs.dataset_names import fold_name, fold_numbers
from klue_pipeline.training.exporting.linked_folders import CARD_FILE
from klue_pipeline.training.exporting.onnx_params import OnnxParams

logger = logging.getLogger(__name__)


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
    card = _write_card(exported_model, report, None, about)
    return ExportedGraphs(place, card, "onnx", "experiment"), report


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
        _log(report)
        _require_small_loss(report, onnx, onnx_model)
    else:
        logger.warning("No row is left to judge the int8 graphs on: only refit was exported")
    card = _write_card(exported_model, onnx_report, report, about)
    return ExportedGraphs(place, card, "onnx", "experiment"), report


def _write_card(
    exported_model: Path, report: dict[str, Any], int8: dict[str, Any] | None, about: AboutParams
) -> str:
    return write_graph_card(
        (exported_model / CARD_FILE).read_text(encoding="utf-8"),
        report,
        int8,
        nouns=("rows", "rows"),
        score=("micro F1", "micro_f1"),
        command="kedro run --pipelines predict_new --params predict.input=new.jsonl,"
        f"predict.runtime=onnx,{name_run(about, 'experiment')}",
    )


def _log(report: dict[str, Any]) -> None:
    logger.info(
        "int8 on %d out-of-fold rows: the label is PyTorch's in %.2f %%; micro F1 %.2f, PyTorch's "
        "%.2f, difference %+.2f (%.2f to %.2f); %.1f MB",
        report["rows"], report["agreement"], report["graph_micro_f1"], report["pytorch_micro_f1"],
        report["difference"], report["low"], report["high"],
        sum(report["graph_bytes"].values()) / 1e6,
    )  # fmt: skip


def _require_small_loss(report: dict[str, Any], onnx: OnnxParams, float32: Path) -> None:
    if onnx.max_f1_loss is None or -report["difference"] <= onnx.max_f1_loss:
        return
    raise ValueError(
        f"int8 loses {-report['difference']:.2f} points of micro F1 on {report['rows']} "
        f"out-of-fold rows ({report['graph_micro_f1']:.2f}, PyTorch "
        f"{report['pytorch_micro_f1']:.2f}); at most onnx.max_f1_loss={onnx.max_f1_loss:g} was "
        f"allowed. The graphs in float32 are in {float32}: use them with onnx.int8=false, or set "
        "onnx.max_f1_loss to what may be lost, null for anything."
    )
