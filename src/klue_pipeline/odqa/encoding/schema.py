"""What a reader learns from and is judged on, as text; the catalog checks it on save and load."""

import pandera.pandas as pa
from pandera.typing import Series

from klue_pipeline.odqa.ingest.schema import TRAIN, VALIDATION, AnswersInContext

ORIGINAL, HARD_PASSAGE = "original", "hard_passage"
METHODS = (ORIGINAL, "random_flip", "multiple_answers", "question_mask", HARD_PASSAGE)
"""What made a row of a question."""


class ReaderExamples(AnswersInContext):
    """Labelled questions, each with a passage that is read for it; places count in ``context``.

    A row of another ``method`` than ``original`` is made of the question ``question_id`` for
    training, and follows it into the folds. ``context`` is the text of the passage; a question that
    is linked to none is read in its own context, and its ``passage_id`` is empty. A row without
    answers is one whose passage does not answer. The first answer is the one that the row is for.

    In a row of ``question_mask``, ``[MASK]`` in the question stands for the tokenizer's mask token,
    however that is spelled; in all others it is text.
    """

    row_id: Series[str] = pa.Field(unique=True, str_length={"min_value": 1})
    question_id: Series[str] = pa.Field(str_length={"min_value": 1})
    method: Series[str] = pa.Field(isin=METHODS)
    question: Series[str] = pa.Field(str_length={"min_value": 1})
    passage_id: Series[str]
    context: Series[str] = pa.Field(str_length={"min_value": 1})
    part: Series[str] = pa.Field(isin=(TRAIN, VALIDATION))
