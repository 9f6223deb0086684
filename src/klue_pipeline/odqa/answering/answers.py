"""One answer for each question that was read, and how likely it is right."""

import logging
from typing import Any

import pandas as pd

from klue_pipeline.odqa.answering.asked_questions import AskedQuestions
from klue_pipeline.odqa.answering.choosing import rank_answers
from klue_pipeline.odqa.answering.confidence import MeasuredAnswers, calibrate
from klue_pipeline.odqa.answering.held_out import HeldOut
from klue_pipeline.odqa.answering.pooled_spans import PooledSpans, pool_spans
from klue_pipeline.odqa.answering.retrieval_weight import RetrievalWeights, weigh_retrieval
from klue_pipeline.odqa.ingest.schema import TEST
from klue_pipeline.odqa.metrics.answers import exact_match
from klue_pipeline.odqa.settings.reader_params import AnswerParams

logger = logging.getLogger(__name__)

Fit = dict[str, Any]

LOOKED_AT = 2
"""Answers of a question that its confidence looks at, however many are kept."""

_NO_ANSWER = {"text": "", "probability": 0.0, "passage_id": "", "passage_rank": 0,
              "start_char": 0, "end_char": 0, "title": ""}  # fmt: skip


def answer_questions(
    candidates: pd.DataFrame,
    run: pd.DataFrame,
    passages: pd.DataFrame,
    asked: AskedQuestions,
    params: AnswerParams,
) -> tuple[pd.DataFrame, pd.DataFrame, Fit]:
    """Choose one answer for each question that was read.

    Args:
        candidates: Schema ``Candidates``.
        run: Schema ``Run``.
        passages: Schema ``Passages``.
        asked: The questions.
        params: How to answer.

    Returns:
        The best answers of each question (schema ``NBest``), the answers (schema ``Answers``), and
        a dictionary for JSON:

        - ``retrieval_weight``, and ``weight_fit``, how it was found;
        - ``calibration``: :func:`~.confidence.calibrate`, or None;
        - ``held_out`` and ``nested``: :meth:`~.asked_questions.AskedQuestions.describe_fit`;
        - ``trimmed``: :func:`count_trimmed`;
        - ``counts`` of questions: ``read``, ``without_candidates`` and ``kept_back``; and of
          ``empty_candidates``, of which nothing stays after normalisation.
    """
    joined, depth = params.passages == "joined", params.top_k
    pooled = pool_spans(candidates, run, depth=depth, trimmed=params.trim_josa, is_joined=joined)
    weights = weigh_retrieval(pooled, asked.held_out, params)
    by_question = weights.of(pooled.question_ids, asked.held_out)
    n_best = rank_answers(pooled, by_question, max(params.n_best, LOOKED_AT))
    best = n_best[n_best["rank"] == 1].set_index("question_id")
    confidence, calibration = _calibrate(
        MeasuredAnswers.of(n_best, run, depth), pooled, run, weights, asked.held_out, depth
    )
    chosen = _describe(best.assign(confidence=confidence), run, passages)
    answers = _tabulate(asked.list_read(candidates), chosen, is_calibrated=calibration is not None)
    answers["retrieval_weight"] = weights.of(answers["question_id"], asked.held_out)
    answers["is_given"] = _are_given(answers, params.abstain_below)
    fit = {
        "retrieval_weight": weights.overall,
        "weight_fit": weights.facts,
        "calibration": calibration,
        **asked.describe_fit(),
        "trimmed": count_trimmed(best, asked.examples),
        "counts": {**_count(answers), "empty_candidates": pooled.n_empty},
    }
    return n_best[n_best["rank"] <= params.n_best].reset_index(drop=True), answers, fit


def _calibrate(
    given: MeasuredAnswers,
    pooled: PooledSpans,
    run: pd.DataFrame,
    weights: RetrievalWeights,
    held_out: HeldOut,
    depth: int,
) -> tuple[pd.Series, Fit | None]:
    """Answer the held-out questions with each weight, and learn from these answers.

    What is learnt for a part is learnt from answers that were chosen with its weight: those chosen
    with another part's weight would know something of its questions.
    """
    spans = pooled.of_questions(held_out.question_ids)
    own_run = run[run["question_id"].isin(held_out.question_ids)]
    measured = {
        weight: MeasuredAnswers.of(rank_answers(spans, weight, LOOKED_AT), own_run, depth)
        for weight in {weights.overall, *weights.by_part.values()}
    }
    by_part = {part: measured[weight] for part, weight in weights.by_part.items()}
    return calibrate(given, held_out, measured[weights.overall], by_part)


def count_trimmed(best: pd.DataFrame, examples: pd.DataFrame) -> dict[str, int]:
    """Compare answers with what they were before a particle was cut off.

    Args:
        best: Of schema ``NBest`` the first of each question, by ``question_id``.
        examples: Schema ``Questions``.

    Returns:
        ``answers``, and ``changed`` among them; of these, as far as gold answers are known,
        ``better``, ``worse`` and ``same`` by exact match.
    """
    changed = best[best["text"] != best["untrimmed"]]
    is_known = (examples["answers"].map(len) > 0) & (examples["part"] != TEST)
    golds = examples[is_known].set_index("question_id")["answers"]
    known = changed[changed.index.isin(golds.index)]
    gains = [
        exact_match(text, gold) - exact_match(untrimmed, gold)
        for text, untrimmed, gold in zip(
            known["text"], known["untrimmed"], golds.reindex(known.index), strict=True
        )
    ]
    counts = {"answers": len(best), "changed": len(changed)}
    signs = {"better": 1, "worse": -1, "same": 0}
    return {**counts, **{name: gains.count(sign) for name, sign in signs.items()}}


def _describe(best: pd.DataFrame, run: pd.DataFrame, passages: pd.DataFrame) -> pd.DataFrame:
    """Add what is known of the passage of each answer."""
    ranks = run.set_index(["question_id", "passage_id"])["rank"]
    pairs = pd.MultiIndex.from_arrays([best.index, best["passage_id"]])
    titles = passages.set_index("passage_id")["title"]
    return best.drop(columns="rank").assign(
        passage_rank=ranks.reindex(pairs).to_numpy(), title=best["passage_id"].map(titles)
    )


def _tabulate(read: pd.DataFrame, chosen: pd.DataFrame, *, is_calibrated: bool) -> pd.DataFrame:
    """Give every question that was read its answer, or none."""
    answers = read.join(chosen.drop(columns="untrimmed"), on="question_id")
    # No answer is not right, as far as anything was learnt of what is.
    unsure = {"confidence": 0.0} if is_calibrated else {}
    return answers.fillna({**_NO_ANSWER, **unsure}).astype(
        {"passage_rank": "int64", "start_char": "int64", "end_char": "int64"}
    )


def _are_given(answers: pd.DataFrame, abstain_below: float | None) -> pd.Series:
    """Say which answers are given; where nothing is known of an answer, it is."""
    is_given = answers["text"] != ""
    if abstain_below is None:
        return is_given
    if answers["confidence"].isna().any():
        logger.warning(
            "odqa.answer.abstain_below is %s, and too few held-out questions are known to say how "
            "likely an answer is right: all are given.", abstain_below,
        )  # fmt: skip
    return is_given & ~(answers["confidence"] < abstain_below)


def _count(answers: pd.DataFrame) -> dict[str, int]:
    has_text = answers["text"] != ""
    return {
        "read": len(answers),
        "without_candidates": int((~has_text).sum()),
        "kept_back": int((has_text & ~answers["is_given"]).sum()),
    }
