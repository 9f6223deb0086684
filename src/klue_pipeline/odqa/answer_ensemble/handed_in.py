"""What others answered, as it was handed in -> what may vote."""

from collections.abc import Mapping

import pandas as pd

from klue_pipeline.odqa.answer_ensemble.answer_bundle import (
    AnswerBundle,
    PlainAnswers,
    QuestionFingerprint,
)
from klue_pipeline.odqa.answer_ensemble.members import A_FILE, Answered
from klue_pipeline.odqa.ingest.schema import TEST


def read_handed_in(
    handed_in: Mapping[str, AnswerBundle | PlainAnswers], examples: pd.DataFrame
) -> tuple[dict[str, Answered], dict[str, str]]:
    """Turn bundles and files of predictions into answers.

    Args:
        handed_in: By name.
        examples: The questions of this run, schema ``Questions``.

    Returns:
        What was answered, and why a bundle is about other questions, both by name.
    """
    here = QuestionFingerprint.of(examples)
    found: dict[str, Answered] = {}
    refused: dict[str, str] = {}
    for name, own in handed_in.items():
        if not isinstance(own, AnswerBundle):
            found[name] = read_plain_answers(own)
        elif reason := own.why_not_here(here):
            refused[name] = reason
        else:
            found[name] = Answered(own.n_best, own.answers)
    return found, refused


def read_plain_answers(answers: PlainAnswers) -> Answered:
    """Take each answer for certain; an empty one is no vote."""
    given = {question: text for question, text in answers.items() if text}
    n_best = pd.DataFrame(
        {
            "question_id": pd.Series(list(given), dtype="str"),
            "rank": 1,
            "text": pd.Series(list(given.values()), dtype="str"),
            "untrimmed": pd.Series(list(given.values()), dtype="str"),
            "probability": 1.0,
            "passage_id": "",
            "start_char": 0,
            "end_char": 1,
        }
    )
    questions = pd.DataFrame({"question_id": pd.Series(list(answers), dtype="str"), "part": TEST})
    return Answered(n_best, questions, A_FILE)
