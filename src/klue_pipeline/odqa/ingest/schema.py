"""What the tables between the stages must look like; the catalog checks them on save and load.

Places are character offsets with exclusive ends. Missing text is missing in the sense of pandas.
"""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from klue_pipeline.text.records.schema import Table

TRAIN, VALIDATION, TEST = PARTS = ("train", "validation", "test")
"""What a question is for."""


class AnswersInContext(Table):
    """Answers with their places in a text: a list of texts, and as many places; both may be empty.

    Every answer is what its place cuts out of the context.
    """

    context: Series[str] = pa.Field(nullable=True)
    answers: Series[Any]
    answer_starts: Series[Any]

    @pa.dataframe_check
    @classmethod
    def answers_stand_in_their_context(cls, table: pd.DataFrame) -> pd.Series:
        """Want every answer to be what its place cuts out of the context."""
        columns = (table[name] for name in ("context", "answers", "answer_starts"))
        return pd.Series([_stand_there(*row) for row in zip(*columns, strict=True)], table.index)


class Questions(AnswersInContext):
    """Questions of all parts, with their gold answers where these are known.

    ``kind`` is what the data set says of the question.
    """

    question_id: Series[str] = pa.Field(unique=True, str_length={"min_value": 1})
    question: Series[str] = pa.Field(str_length={"min_value": 1})
    part: Series[str] = pa.Field(isin=PARTS)
    title: Series[str] = pa.Field(nullable=True)
    kind: Series[str] = pa.Field(nullable=True)


def _stand_there(context: Any, answers: Any, starts: Any) -> bool:
    if len(answers) != len(starts):
        return False
    return not len(answers) or (
        isinstance(context, str)
        and all(context.startswith(*pair) for pair in zip(answers, starts, strict=True))
    )


class Passages(Table):
    """What is searched: documents, or parts of them.

    ``start_char`` is where the passage begins in its document.
    """

    passage_id: Series[str] = pa.Field(unique=True, str_length={"min_value": 1})
    document_id: Series[str]
    title: Series[str]
    text: Series[str] = pa.Field(str_length={"min_value": 1})
    start_char: Series[int] = pa.Field(ge=0)


class MergedPassages(Table):
    """Passages that are equal to an earlier one but for blanks, and the one that stayed."""

    passage_id: Series[str] = pa.Field(unique=True)
    kept_id: Series[str]


class PassageGroups(Table):
    """Which passages say the same; ``group_id`` is the ``passage_id`` of the group's first one."""

    passage_id: Series[str] = pa.Field(unique=True)
    group_id: Series[str]


class GoldPassages(Table):
    """Which passages hold the gold answer of a question; none for one that could not be linked.

    ``shift`` is what to subtract from a place in the question's context for the place in the
    passage; ``how`` says by what the two were linked: ``text`` or ``containment``.
    """

    question_id: Series[str]
    passage_id: Series[str]
    shift: Series[int]
    how: Series[str]


class Run(Table):
    """What one search returned: for each question its passages, best first.

    Rows of a question are adjacent and sorted by ``rank``, which counts from 1 without gaps.
    """

    question_id: Series[str]
    passage_id: Series[str]
    rank: Series[int] = pa.Field(ge=1)
    score: Series[float] = pa.Field(nullable=False)
