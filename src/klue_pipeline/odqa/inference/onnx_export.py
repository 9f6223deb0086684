"""Exported readers as ONNX graphs, compared with PyTorch and, in int8, judged.

How a module becomes a graph is :mod:`klue_pipeline.training.exporting.onnx_graph`'s.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.odqa.encoding.features import ReaderFeatures
from klue_pipeline.odqa.metrics.answers import ANSWER_METRICS, CHARACTER_F1, score_answers
from klue_pipeline.odqa.metrics.judgement import judge_outcomes
from klue_pipeline.odqa.reader.fold_windows import split_windows
from klue_pipeline.odqa.reader.judging import answer_held_out, held_out_windows
from klue_pipeline.odqa.reader.labelled_rows import labelled_rows
from klue_pipeline.odqa.reader.reader_graph import ReaderGraph
from klue_pipeline.odqa.reader.reader_model import ReaderModel
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.training.exporting import exported_graphs
from klue_pipeline.training.exporting.exported_graphs import begin_graphs, make_graph
from klue_pipeline.training.loading.checkpoint_files import READER_FILE


@dataclass(frozen=True)
class HeldOutQuestions:
    """Questions that readers have not learnt from, given their gold passages.

    Attributes:
        features: Windows of all examples.
        examples: Schema ``ReaderExamples``.
        fold_members: The questions that each fold holds out.
        max_answer_tokens: Longest answer.
        batch_size: Windows in a batch.
    """

    features: ReaderFeatures
    examples: pd.DataFrame
    fold_members: pd.DataFrame
    max_answer_tokens: int
    batch_size: int


def export_graphs(
    exported: Path, features: ReaderFeatures, check_rows: int, place: Path
) -> dict[str, dict[str, float]]:
    """Write each reader of an export as a graph, and compare it with the reader.

    Args:
        exported: The folder of an exported experiment.
        features: Real windows; some of all lengths are taken.
        check_rows: How many to compare on.
        place: The folder to make.

    Returns:
        For each reader what :func:`exported_graphs.make_graph` says of it.

    Raises:
        ImportError: A package of the extra ``onnx`` is not installed.
        ValueError: A reader cannot be written as a graph, or its graph computes something else.
    """
    readers = _list_readers(exported)
    begin_graphs(exported, place, readers)
    return {name: _export(exported / name, features, check_rows, place / name) for name in readers}


def _list_readers(folder: Path) -> list[str]:
    """Return the folders of readers in that of an experiment."""
    return sorted(path.parent.name for path in folder.glob(f"*/{READER_FILE}"))


def _export(
    checkpoint: Path, features: ReaderFeatures, check_rows: int, folder: Path
) -> dict[str, float]:
    model = ReaderModel.from_pretrained(checkpoint)
    config = model.reader_config
    rows = labelled_rows(features, model.padding_id, config.reader.gold_spans)
    what = f"Head {config.head.name} over {type(model.encoder).__name__} ({checkpoint.name})"
    return make_graph(
        model, ReaderGraph, checkpoint, folder, rows, check_rows, what=what, per_token=True
    )


def quantise_graphs(exported: Path, graphs: Path, place: Path) -> dict[str, int]:
    """Write each graph with weights of 8 bits; see :func:`exported_graphs.quantise_graphs`."""
    return exported_graphs.quantise_graphs(exported, graphs, place, _list_readers(graphs))


def judge_graphs(
    exported: Path, folder: Path, held_out: HeldOutQuestions, evaluation: OdqaEvaluationParams
) -> dict[str, Any] | None:
    """Compare graphs with the readers that they were made of, on questions neither has learnt from.

    Both read the same windows of the gold passages, in float32.

    Args:
        exported: The folder of the experiment that the graphs were made of.
        folder: The graphs.
        held_out: The questions.
        evaluation: How the interval is drawn.

    Returns:
        ``rows``; ``agreement``, the share of questions with the same answer, 0 to 100; character F1
        of both; ``difference``, graph minus PyTorch in points, with its interval (``low``,
        ``high``, ``confidence``), for which questions about one passage are drawn together. None
        where the readers learnt from all questions.
    """
    answered = [_answer(exported / name, folder / name, held_out) for name in _list_readers(folder)]
    if any(part is None for part in answered):
        return None
    table = pd.concat([part for part in answered if part is not None], ignore_index=True)
    golds = table["golds"].tolist()
    columns = {
        name: score_answers(table[name].tolist(), golds).to_numpy() for name in ("graph", "pytorch")
    }
    units = pd.factorize(table["context"])[0]
    judged = judge_outcomes(columns, units, ANSWER_METRICS, evaluation)
    interval = judged["graph"].minus(judged["pytorch"], CHARACTER_F1)
    return {
        "rows": len(table),
        "agreement": PERCENT * float((table["graph"] == table["pytorch"]).mean()),
        **{f"{name}_{CHARACTER_F1}": judged[name].scores[CHARACTER_F1] for name in columns},
        "difference": interval.difference,
        "low": interval.low,
        "high": interval.high,
        "confidence": evaluation.confidence,
    }


def _answer(checkpoint: Path, folder: Path, questions: HeldOutQuestions) -> pd.DataFrame | None:
    """Return what both say of the questions that a fold holds out; None where it holds out none."""
    model = ReaderModel.from_pretrained(checkpoint)
    config = model.reader_config
    if config.strategy == "all":
        return None
    windows = split_windows(
        questions.features, questions.examples, questions.fold_members, config.fold, config.strategy
    ).validation
    rows = labelled_rows(windows, model.padding_id, config.reader.gold_spans)
    held_out = held_out_windows(windows, rows, questions.examples)
    graph, pytorch = (
        answer_held_out(each, held_out, questions.max_answer_tokens, questions.batch_size, "fp32")[
            1
        ]
        for each in (ReaderGraph(folder), model)
    )
    golds = {held_out.question_ids[window]: held_out.golds[window] for window in pytorch}
    contexts = {held_out.question_ids[window]: held_out.contexts[window] for window in pytorch}
    by_question = [
        {held_out.question_ids[window]: text for window, text in answers.items()}
        for answers in (graph, pytorch)
    ]
    return pd.DataFrame(
        {
            "graph": [by_question[0][question] for question in golds],
            "pytorch": [by_question[1][question] for question in golds],
            "golds": list(golds.values()),
            "context": list(contexts.values()),
        }
    )
