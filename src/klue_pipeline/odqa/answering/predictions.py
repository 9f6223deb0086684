"""The answers to the test questions, as a contest takes them.

``predictions.json`` maps question to answer, ``nbest_predictions.json`` question to a list of
answers, best first: the two files that the question-answering example of Hugging Face writes and
the contest's teams hand in and blend.
"""

import logging
from collections.abc import Hashable
from typing import Any

import pandas as pd

from klue_pipeline.odqa.ingest.schema import TEST
from klue_pipeline.text.counts import counted
from klue_pipeline.text.shortened import list_shortly

logger = logging.getLogger(__name__)

Predictions = dict[str, str]
NBestPredictions = dict[str, list[dict[Hashable, Any]]]

_N_BEST_COLUMNS = ["text", "probability", "passage_id", "start_char", "end_char"]


def list_predictions(
    answers: pd.DataFrame, n_best: pd.DataFrame, examples: pd.DataFrame
) -> tuple[Predictions, NBestPredictions]:
    """Write the answers to the test questions in the contest's layout.

    An answer that is not given is an empty text.

    Args:
        answers: Schema ``Answers``.
        n_best: Schema ``NBest``.
        examples: Schema ``Questions``.

    Returns:
        Both files, with every test question once, in the order of the examples. A question of which
        nothing was read has an empty list of answers.

    Raises:
        ValueError: A test question has no row among the answers.
    """
    wanted = examples.loc[examples["part"] == TEST, "question_id"]
    _require_answers(wanted, answers)
    texts = answers["text"].where(answers["is_given"].astype(bool), "")
    predictions = dict(zip(answers["question_id"], texts, strict=True))
    own = n_best[n_best["question_id"].isin(wanted)].sort_values("rank", kind="stable")
    lists = {
        question: rows[_N_BEST_COLUMNS].to_dict("records")
        for question, rows in own.groupby("question_id", sort=False)
    }
    _warn_of_empty(answers[answers["question_id"].isin(wanted)])
    return (
        {question: predictions[question] for question in wanted},
        {question: lists.get(question, []) for question in wanted},
    )


def _require_answers(wanted: pd.Series, answers: pd.DataFrame) -> None:
    missing = wanted[~wanted.isin(answers["question_id"])].tolist()
    if missing:
        raise ValueError(
            f"Found no answer to {len(missing)} of {counted(len(wanted), 'test question')}: "
            f"{list_shortly(missing, 3)}. Answer these questions again (pipeline odqa_answer)."
        )


def _warn_of_empty(answers: pd.DataFrame) -> None:
    has_text, is_given = answers["text"] != "", answers["is_given"].astype(bool)
    for count, reason in [
        (int((~has_text).sum()), "nothing was retrieved for them"),
        (int((has_text & ~is_given).sum()), "odqa.answer.abstain_below keeps them back"),
    ]:
        if count:
            logger.warning("%s without an answer: %s", counted(count, "test question"), reason)
