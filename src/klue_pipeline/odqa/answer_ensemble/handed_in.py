"""What others answered, as it was handed in -> what may vote."""

from collections.abc import Mapping

import pandas as pd

from klue_pipeline.odqa.answer_ensemble.answer_bundle import AnswerBundle, PlainAnswers
from klue_pipeline.odqa.answer_ensemble.members import A_FILE, Answered
from klue_pipeline.odqa.ingest.schema import TEST


def read_handed_in(handed_in: Mapping[str, AnswerBundle | PlainAnswers]) -> dict[str, Answered]:
    """Turn bundles and files of predictions into answers, by name."""
    return {
        name: Answered(own.n_best, own.answers, own.description.fingerprint)
        if isinstance(own, AnswerBundle)
        else read_plain_answers(own)
        for name, own in handed_in.items()
    }


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
    return Answered(n_best, questions, unjudged=A_FILE)
