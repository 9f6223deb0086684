"""Labelled questions with the text they are read in: what a reader learns from and is judged on."""

import logging
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.odqa.augmentation.augmenting import augment_questions
from klue_pipeline.odqa.dense.negatives import mine_negatives
from klue_pipeline.odqa.encoding.read_contexts import find_contexts
from klue_pipeline.odqa.encoding.schema import HARD_PASSAGE, ORIGINAL
from klue_pipeline.odqa.ingest.schema import TEST, TRAIN
from klue_pipeline.odqa.settings.reader_params import QuestionAugmentParams, ReaderParams

logger = logging.getLogger(__name__)

_COLUMNS = [
    "row_id", "question_id", "method", "question", "passage_id", "context", "answers",
    "answer_starts", "part",
]  # fmt: skip


@dataclass(frozen=True)
class ReaderTables:
    """What a reader's examples are made of.

    Attributes:
        examples: Questions of all parts; schema ``Questions``.
        gold_passages: Which passages hold their answers; schema ``GoldPassages``.
        passage_groups: Which passages are near duplicates; schema ``PassageGroups``.
        passages: What is searched; schema ``Passages``.
        run: What was retrieved, for hard passages; schema ``Run``.
    """

    examples: pd.DataFrame
    gold_passages: pd.DataFrame
    passage_groups: pd.DataFrame
    passages: pd.DataFrame
    run: pd.DataFrame | None = None


def make_reader_examples(
    tables: ReaderTables, reader: ReaderParams, augment: QuestionAugmentParams
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Put every labelled question beside the passage it is read in, and add rows for training.

    Only questions of part ``train`` get further rows.

    Args:
        tables: Questions, passages, and what is known of both.
        reader: How many hard passages are added to each question.
        augment: What else is added.

    Returns:
        A table of schema ``ReaderExamples``: the original questions in their order, then the rows
        of each method; and counts for JSON.

    Raises:
        ValueError: Hard passages are wanted of no run, or no question can be read.
    """
    labelled = tables.examples.loc[tables.examples["part"] != TEST].reset_index(drop=True)
    originals, contexts = find_contexts(labelled, tables.gold_passages, tables.passages)
    if originals.empty:
        raise ValueError(
            f"Of {len(labelled)} labelled questions none has a passage or a context to be read in; "
            "a reader learns from questions with answers."
        )
    training = originals.loc[originals["part"] == TRAIN]
    added, methods = augment_questions(training, augment)
    hard = _read_hard_passages(training, tables, reader.hard_passages)
    rows = pd.concat([originals.assign(method=ORIGINAL), added, hard], ignore_index=True)
    report = {**contexts, "rows": _count_rows(rows), "methods": methods}
    _log(report)
    return _name(rows)[_COLUMNS], report


def _log(report: dict[str, Any]) -> None:
    by_method: Counter[str] = Counter()
    for methods in report["rows"].values():
        by_method.update(methods)
    logger.info(
        "Examples of the reader: %s; %s of %s are read in their gold passage, %s have no answer",
        ", ".join(f"{count:,} {method}" for method, count in by_method.items()),
        *(f"{report[name]:,}" for name in ("in_gold_passage", "questions", "unanswerable")),
    )


def _read_hard_passages(training: pd.DataFrame, tables: ReaderTables, most: int) -> pd.DataFrame:
    """Return questions with the best retrieved passages that hold no answer to them."""
    found = _find_hard_passages(training, tables, most)
    places = pd.Index(training["question_id"]).get_indexer(pd.Index(found["question_id"]))
    text_of = tables.passages.set_index("passage_id")["text"]
    changed: dict[str, Any] = {
        "method": HARD_PASSAGE,
        "passage_id": found["passage_id"].to_numpy(),
        "context": found["passage_id"].map(text_of).to_numpy(),
        "answers": [[] for _ in places],
        "answer_starts": [[] for _ in places],
    }
    rows: pd.DataFrame = training.iloc[places].reset_index(drop=True)
    return rows.assign(**changed)


def _find_hard_passages(training: pd.DataFrame, tables: ReaderTables, most: int) -> pd.DataFrame:
    if not most:
        return tables.gold_passages.iloc[:0]
    if tables.run is None:
        raise ValueError(
            f"reader.hard_passages={most} are taken from what was retrieved, and there is no run; "
            "make it with kedro run --pipelines odqa_retrieve, or set odqa.reader.hard_passages=0."
        )
    learnt = tables.examples.loc[tables.examples["question_id"].isin(training["question_id"])]
    found = mine_negatives(
        tables.run,
        learnt,
        tables.gold_passages,
        tables.passages,
        tables.passage_groups,
        depth=len(tables.run),  # all of it: no rank is above
    )
    return found.loc[found.groupby("question_id").cumcount() < most]


def _count_rows(rows: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Count rows by part and method."""
    return {
        str(part): {str(method): int(count) for method, count in methods.value_counts().items()}
        for part, methods in rows.groupby("part")["method"]
    }


def _name(rows: pd.DataFrame) -> pd.DataFrame:
    """Call an original like its question, and others after their question and method."""
    number = rows.groupby(["question_id", "method"]).cumcount() + 1
    numbered = np.where(number > 1, "." + number.astype("str"), "")
    made = rows["question_id"] + "." + rows["method"] + numbered
    return rows.assign(row_id=rows["question_id"].where(rows["method"] == ORIGINAL, made))
