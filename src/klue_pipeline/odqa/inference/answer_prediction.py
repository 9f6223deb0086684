"""What an answerer says of a question: the answer, how sure it is, and where it stands."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd

from klue_pipeline.odqa.inference.answering import Answering, FoundAnswers
from klue_pipeline.text.normalise import Normalised, normalise


@dataclass(frozen=True, slots=True)
class AnswerCandidate:
    """One of the best answers to a question.

    Attributes:
        text: The answer.
        probability: Its share among all spans of all passages that were read, 0 to 1.
        title: Title of the document that it stands in; empty in a context.
        passage_id: The passage that it stands in; empty in a context.
        start_char: Place of its first character in the passage or context.
        end_char: Place after the last one.
    """

    text: str
    probability: float
    title: str
    passage_id: str
    start_char: int
    end_char: int


@dataclass(frozen=True, slots=True)
class AnswerPrediction:
    """What an answerer says of one question.

    Attributes:
        answer: The answer; None where the experiment abstains (``answer.abstain_below``), which it
            does from passages alone, or where no passage was found.
        best_guess: The answer, or what it would have been; empty where no passage was found.
        probability: Its share among all spans of all passages that were read, 0 to 1.
        confidence: The calibrated probability that it is right, 0 to 1; None where nothing was
            calibrated, as for answers from a context.
        title: Title of the document that it stands in; empty in a context.
        passage_id: The passage that it stands in; empty in a context.
        passage: The text of the passage, or the context.
        start_char: Place of its first character in ``passage``.
        end_char: Place after the last one.
        n_best: The best answers, this one first.
    """

    answer: str | None
    best_guess: str
    probability: float
    confidence: float | None
    title: str
    passage_id: str
    passage: str
    start_char: int
    end_char: int
    n_best: tuple[AnswerCandidate, ...]


NO_ANSWER = AnswerPrediction(None, "", 0.0, None, "", "", "", 0, 0, ())
"""Said of a question for which no passage was found."""


def tell_answers(questions: pd.DataFrame, answering: Answering, top: int) -> list[AnswerPrediction]:
    """Answer questions, those with a context from that alone.

    Args:
        questions: As :func:`~klue_pipeline.odqa.inference.requests.table_requests` writes them.
        answering: What answers.
        top: How many answers each ``n_best`` has.

    Returns:
        In the order of the questions.
    """
    has_context = questions["context"].notna()
    said: dict[str, AnswerPrediction] = {}
    if has_context.any():
        said |= _tell_of_contexts(questions[has_context], answering, top)
    if not has_context.all():
        found = answering.from_passages(questions[~has_context])
        said |= _tell(found, answering.settings.answer.abstain_below, top)
    # No answer is not right, as far as anything was learnt of what is.
    unsure = None if answering.calibration is None else 0.0
    nothing = replace(NO_ANSWER, confidence=unsure)
    return [said.get(name, nothing) for name in questions["question_id"]]


def _tell_of_contexts(
    questions: pd.DataFrame, answering: Answering, top: int
) -> dict[str, AnswerPrediction]:
    """Answer from contexts in Unicode's composed form; places count in them as they were given."""
    contexts = dict(zip(questions["question_id"], questions["context"], strict=True))
    composed = {name: normalise(text, ["nfc"]) for name, text in contexts.items()}
    texts = [composed[name].text for name in contexts]
    said = _tell(answering.from_contexts(questions.assign(context=texts)), None, top)
    return {
        name: _move(prediction, contexts[name], composed[name]) for name, prediction in said.items()
    }


def _move(prediction: AnswerPrediction, context: str, composed: Normalised) -> AnswerPrediction:
    """Move places from a composed context to the one that was given."""
    places = list(composed.places)

    def given(candidate: AnswerCandidate) -> AnswerCandidate:
        start, end = places.index(candidate.start_char), places.index(candidate.end_char)
        return replace(candidate, title="", passage_id="", start_char=start, end_char=end)

    n_best = tuple(map(given, prediction.n_best))
    return replace(_best_of(n_best[0], prediction), passage=context, n_best=n_best)


def _best_of(best: AnswerCandidate, prediction: AnswerPrediction) -> AnswerPrediction:
    same = ("title", "passage_id", "start_char", "end_char")
    return replace(prediction, **{name: getattr(best, name) for name in same})


def _tell(
    found: FoundAnswers, abstain_below: float | None, top: int
) -> dict[str, AnswerPrediction]:
    """Say what was found of each question that has an answer at all."""
    kept = found.n_best[found.n_best["rank"] <= top]
    titles, texts = (found.passages[name].to_dict() for name in ("title", "text"))
    said = {}
    for name, rows in kept.groupby("question_id", sort=False):
        n_best = tuple(_list_candidates(rows, titles))
        confidence = float(found.confidence.get(str(name), np.nan))
        is_given = abstain_below is None or not confidence < abstain_below
        best = n_best[0]
        said[str(name)] = AnswerPrediction(
            answer=best.text if is_given else None,
            best_guess=best.text,
            probability=best.probability,
            confidence=None if np.isnan(confidence) else confidence,
            title=best.title,
            passage_id=best.passage_id,
            passage=texts[best.passage_id],
            start_char=best.start_char,
            end_char=best.end_char,
            n_best=n_best,
        )
    return said


def _list_candidates(
    rows: pd.DataFrame, titles: Mapping[Hashable, str]
) -> Iterator[AnswerCandidate]:
    for row in rows.itertuples(index=False):
        yield AnswerCandidate(
            text=str(row.text),
            probability=float(cast(float, row.probability)),
            title=titles[str(row.passage_id)],
            passage_id=str(row.passage_id),
            start_char=int(cast(int, row.start_char)),
            end_char=int(cast(int, row.end_char)),
        )
