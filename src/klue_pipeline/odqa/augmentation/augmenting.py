"""Rows that are added to the questions a reader learns from, method by method."""

import logging
from typing import Any

import pandas as pd

from klue_pipeline.odqa.augmentation.multiple_answers import repeat_answers
from klue_pipeline.odqa.augmentation.question_mask import mask_questions
from klue_pipeline.odqa.augmentation.question_row import Augment, NewRows, QuestionRow
from klue_pipeline.odqa.augmentation.random_flip import flip_questions
from klue_pipeline.odqa.settings.reader_params import QuestionAugmentation, QuestionAugmentParams

logger = logging.getLogger(__name__)

AUGMENTERS: dict[QuestionAugmentation, Augment] = {
    "random_flip": flip_questions,
    "multiple_answers": repeat_answers,
    "question_mask": mask_questions,
}
"""Every method by its name in ``augment.methods``."""


def augment_questions(
    originals: pd.DataFrame, params: QuestionAugmentParams
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows that each chosen method adds.

    What a method makes of a question depends on the seed and the question alone.

    Args:
        originals: Questions to learn from, each once: columns ``question_id``, ``question``,
            ``context``, ``answers`` and ``answer_starts``; others are carried over.
        params: The methods to use.

    Returns:
        Rows with the columns of the originals and ``method``, method by method; and for each method
        how many rows it added, and what it left out, by reason.
    """
    rows = _read(originals)
    tables = [originals.iloc[:0].assign(method="")]
    report: dict[str, Any] = {}
    for method in sorted(params.methods, key=list(AUGMENTERS).index):
        made = AUGMENTERS[method](rows, params)
        tables.append(_tabulate(originals, made, method))
        report[method] = _count(made)
        logger.info("%s: %s", method, report[method])
    return pd.concat(tables, ignore_index=True), report


def _read(originals: pd.DataFrame) -> list[QuestionRow]:
    texts = (originals[name] for name in ("question_id", "question", "context"))
    lists = (originals[name].map(tuple) for name in ("answers", "answer_starts"))
    return [QuestionRow(*row) for row in zip(*texts, *lists, strict=True)]


def _tabulate(originals: pd.DataFrame, made: NewRows, method: str) -> pd.DataFrame:
    places = pd.Index(originals["question_id"]).get_indexer(
        pd.Index([row.question_id for row in made.rows], dtype="str")
    )
    changed: dict[str, Any] = {
        "method": method,
        "question": [row.question for row in made.rows],
        "answers": [list(row.answers) for row in made.rows],
        "answer_starts": [list(row.answer_starts) for row in made.rows],
    }
    rows: pd.DataFrame = originals.iloc[places].reset_index(drop=True)
    return rows.assign(**changed)


def _count(made: NewRows) -> dict[str, Any]:
    left_out = {reason: count for reason, count in sorted(made.left_out.items()) if count}
    return {"rows": len(made.rows), "left_out": left_out}
