"""Answer bundles: what an experiment answered, to be combined elsewhere."""

from dataclasses import dataclass

import pandas as pd
from pandera.errors import SchemaError, SchemaErrors
from pydantic import Field

from klue_pipeline.evaluation.bundles import ExperimentDescription
from klue_pipeline.odqa.answering.schema import Answers, NBest
from klue_pipeline.odqa.ingest.question_fingerprint import QuestionFingerprint
from klue_pipeline.text.shortened import list_shortly

PlainAnswers = dict[str, str]
"""An answer to each test question by its id, from somebody who says no more."""

_SHOWN = 3


class AnswerBundleDescription(ExperimentDescription):
    """What a bundle says about itself: the experiment, and which questions it answered."""

    fingerprint: QuestionFingerprint
    n_questions: int = Field(ge=1)


@dataclass(frozen=True, eq=False)
class AnswerBundle:
    """One experiment's answers and their description, which agree with each other.

    Attributes:
        description: What the answers are.
        n_best: Schema ``NBest``.
        answers: Schema ``Answers``.
    """

    description: AnswerBundleDescription
    n_best: pd.DataFrame
    answers: pd.DataFrame

    def __post_init__(self) -> None:
        """Check once that the parts belong together, so that nobody has to check it again.

        Raises:
            ValueError: A table is not of its schema, or they are about other questions.
        """
        for schema, table in ((NBest, self.n_best), (Answers, self.answers)):
            try:
                schema.validate(table)
            except (SchemaError, SchemaErrors) as error:
                raise ValueError(f"its table {schema.__name__} is wrong: {error}") from error
        if len(self.answers) != self.description.n_questions:
            raise ValueError(
                f"it has answers to {len(self.answers)} questions, the description says "
                f"{self.description.n_questions}; export the experiment again"
            )
        unknown = set(self.n_best["question_id"]) - set(self.answers["question_id"])
        if unknown:
            raise ValueError(
                f"its tables are about other questions: only one of them has "
                f"{list_shortly(sorted(unknown), _SHOWN)}; export the experiment again"
            )


def make_answer_bundle(
    experiment: ExperimentDescription,
    n_best: pd.DataFrame,
    answers: pd.DataFrame,
    examples: pd.DataFrame,
) -> AnswerBundle:
    """Bundle what an experiment answered.

    Args:
        experiment: What is known about it.
        n_best: Schema ``NBest``.
        answers: Schema ``Answers``.
        examples: The questions, schema ``Questions``.

    Raises:
        ValueError: The tables do not belong together.
    """
    description = AnswerBundleDescription(
        **dict(experiment),
        fingerprint=QuestionFingerprint.of(examples),
        n_questions=len(answers),
    )
    return AnswerBundle(description, n_best, answers)
