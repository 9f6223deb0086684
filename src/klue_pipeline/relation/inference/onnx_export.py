"""Exported relation models as ONNX graphs, compared with PyTorch and, in int8, judged.

How a module becomes a graph is :mod:`klue_pipeline.training.exporting.onnx_graph`'s; where the
folder goes and what a loss means is left to the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, concatenate
from klue_pipeline.evaluation.significance import take_comparable_rows
from klue_pipeline.relation.encoding.encoded_rows import encode_rows
from klue_pipeline.relation.encoding.features import Features
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.metrics.targets import label_answered
from klue_pipeline.relation.model.fold_prediction import score_rows
from klue_pipeline.relation.model.fold_rows import split_features
from klue_pipeline.relation.model.relation_graph import RelationGraph
from klue_pipeline.relation.model.relation_model import RelationModel
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.training.exporting import exported_graphs
from klue_pipeline.training.exporting.exported_graphs import begin_graphs, make_graph
from klue_pipeline.training.loading.checkpoint_files import RELATION_FILE

_SCORE = "micro_f1"


def export_graphs(
    exported: Path, features: Features, check_rows: int, place: Path
) -> dict[str, dict[str, float]]:
    """Write each model of an export as a graph, and compare it with the model.

    Args:
        exported: The folder of an exported experiment.
        features: Real rows; some of all lengths are taken.
        check_rows: How many to compare on.
        place: The folder to make.

    Returns:
        For each model what :func:`exported_graphs.make_graph` says of it.

    Raises:
        ImportError: A package of the extra ``onnx`` is not installed.
        ValueError: A model cannot be written as a graph, or its graph computes something else.
    """
    models = _list_models(exported)
    begin_graphs(exported, place, models)
    return {name: _export(exported / name, features, check_rows, place / name) for name in models}


def _list_models(exported: Path) -> list[str]:
    return sorted(path.parent.name for path in exported.glob(f"*/{RELATION_FILE}"))


def _export(
    checkpoint: Path, features: Features, check_rows: int, folder: Path
) -> dict[str, float]:
    model = RelationModel.from_pretrained(checkpoint)
    config = model.relation_config
    rows = encode_rows(features, model.padding_id, config.entity_types)
    what = f"Head {config.head.name} over {type(model.encoder).__name__} ({checkpoint.name})"
    return make_graph(model, RelationGraph, checkpoint, folder, rows, check_rows, what=what)


def quantise_graphs(exported: Path, graphs: Path, place: Path) -> dict[str, int]:
    """Write each graph with weights of 8 bits; see :func:`exported_graphs.quantise_graphs`."""
    return exported_graphs.quantise_graphs(exported, graphs, place, _list_models(graphs))


@dataclass(frozen=True)
class HeldOut:
    """Rows that models have not learnt from, with what they said of them.

    Attributes:
        features: All training rows.
        fold_members: Which of them each fold holds out.
        sentences: The same rows with their labels.
        labels: The label set of the task.
        scores: What the model of each fold said in PyTorch, by the fold.
    """

    features: Features
    fold_members: pd.DataFrame
    sentences: pd.DataFrame
    labels: LabelSet
    scores: Mapping[int, ScoreTable]


def judge_graphs(
    folder: Path, held_out: HeldOut, evaluation: EvaluationParams, batch_size: int
) -> dict[str, Any]:
    """Compare graphs with the models that they were made of, on rows that neither has learnt from.

    Args:
        folder: The graphs.
        held_out: The rows, and what PyTorch said of them; at least one fold.
        evaluation: How the interval is drawn.
        batch_size: Rows in a batch.

    Returns:
        ``rows``; ``agreement``, the share of rows with the same best label, 0 to 100; micro F1 of
        both; ``difference``, graph minus PyTorch in points, with its interval (``low``, ``high``,
        ``confidence``) over the same draws for both.

    Raises:
        ValueError: The rows are no longer those that were scored.
    """
    both = {
        "pytorch": concatenate(list(held_out.scores.values())),
        "graph": concatenate(
            [
                _score(folder / f"fold_{fold}", fold, held_out, batch_size)
                for fold in held_out.scores
            ]
        ),
    }
    target = RelationGraph(folder / f"fold_{min(held_out.scores)}").relation_config.target
    labelled = [
        label_answered(scores, held_out.sentences, held_out.labels, target)
        for scores in both.values()
    ]
    models = dict(zip(both, take_comparable_rows(*labelled), strict=True))
    judged = judge(models, None, evaluation)
    interval = judged["graph"].minus(judged["pytorch"], _SCORE)
    same = models["graph"].predicted == models["pytorch"].predicted
    return {
        "rows": len(same),
        "agreement": PERCENT * float(same.mean()),
        **{f"{name}_{_SCORE}": judged[name].scores[_SCORE] for name in both},
        "difference": interval.difference,
        "low": interval.low,
        "high": interval.high,
        "confidence": evaluation.confidence,
    }


def _score(folder: Path, fold: int, held_out: HeldOut, batch_size: int) -> ScoreTable:
    graph = RelationGraph(folder)
    _, validation = split_features(held_out.features, held_out.fold_members, fold)
    logits = score_rows(graph, validation, batch_size, "fp32", description=folder.name)
    stored = held_out.scores[fold]
    return replace(
        stored,
        row_ids=validation.row_ids,
        logits=logits,
        folds=np.full(len(validation), fold, dtype=np.int64),
    )
