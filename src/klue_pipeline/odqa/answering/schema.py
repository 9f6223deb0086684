"""Tables between a reader and the answers; the catalog checks them on save and load.

Places are characters of a passage's text, with exclusive ends.
"""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from klue_pipeline.text.records.schema import Table


class FoldCandidates(Table):
    """Spans that may be answers, the best of every passage that one reader has read.

    A passage is read for a question if it is among its ``top_k`` of the run or, for a question with
    known answers, its gold passage. Rows of a question are adjacent, those of a passage
    within them too, best first. A question that a fold held out is read by that fold alone, one of
    a part that no fold learns from by every fold, and one that a fold learnt from by none.

    ``logit`` is the score of the span. ``passage_log_total`` is the logarithm of the sum of
    exp(score) over all spans of the passage that may be answers, also those that are not kept, so
    that one softmax over all passages of a question is exact. With ``answer.passages`` joined, rows
    with ``is_joined`` are read from all passages as one text, and ``passage_id`` is the passage in
    which the answer begins: its end may lie beyond that of the passage. A gold passage is read
    alone always.
    """

    question_id: Series[str]
    passage_id: Series[str]
    is_joined: Series[bool]
    start_char: Series[int] = pa.Field(ge=0)
    end_char: Series[int] = pa.Field(ge=1)
    text: Series[str] = pa.Field(str_length={"min_value": 1})
    logit: Series[float] = pa.Field(nullable=False)
    passage_log_total: Series[float] = pa.Field(nullable=False)

    @classmethod
    def validate(cls, check_obj: Any, *arguments: Any, **options: Any) -> Any:
        """Check a table, or each table of a stream as it is taken.

        Args:
            check_obj: A table, or tables that go into one file one after the other.
            *arguments: As pandera takes them.
            **options: As pandera takes them.
        """
        check = super().validate
        if isinstance(check_obj, pd.DataFrame):
            return check(check_obj, *arguments, **options)
        return (check(table, *arguments, **options) for table in check_obj)


class Candidates(FoldCandidates):
    """The candidates of all folds, with their particles found.

    ``fold`` is that of the reader. What begins with ``trimmed`` is the answer without a particle at
    its end and with its quotation marks and brackets in pairs, which may take in a mark on either
    side; it is the answer as it was where there is nothing to mend.
    """

    fold: Series[int] = pa.Field(ge=0)
    trimmed_start_char: Series[int] = pa.Field(ge=0)
    trimmed_end_char: Series[int] = pa.Field(ge=1)
    trimmed_text: Series[str] = pa.Field(str_length={"min_value": 1})

    @pa.dataframe_check
    @classmethod
    def ends_follow_starts(cls, table: pd.DataFrame) -> pd.Series:
        """Want spans that are not empty, trimmed or not."""
        return (table["start_char"] < table["end_char"]) & (
            table["trimmed_start_char"] < table["trimmed_end_char"]
        )


class NBest(Table):
    """The answers of each question, best first; equal texts were added up.

    ``probability`` is the share of the answer among all spans of all passages that were read;
    ``passage_id``, ``start_char`` and ``end_char`` are the best of its places. ``text`` is the
    answer as it is given, ``untrimmed`` the same before a particle was cut off. Ranks count from 1
    without gaps.
    """

    question_id: Series[str]
    rank: Series[int] = pa.Field(ge=1)
    text: Series[str] = pa.Field(str_length={"min_value": 1})
    untrimmed: Series[str] = pa.Field(str_length={"min_value": 1})
    probability: Series[float] = pa.Field(ge=0, le=1 + 1e-6)
    passage_id: Series[str]
    start_char: Series[int] = pa.Field(ge=0)
    end_char: Series[int] = pa.Field(ge=1)


class Answers(Table):
    """One answer for each question, of all parts that were answered.

    ``is_given`` is false where the pipeline abstains; ``text`` is then what it would have said.
    ``confidence`` is the calibrated probability that the answer is right, missing where nothing was
    left to calibrate on. ``passage_rank`` is the place of the passage in the run. ``part`` is the
    part of the question, ``is_held_out`` whether a fold held it out of its training.
    ``retrieval_weight`` is the weight that chose it, fitted without the question. One for which
    nothing was retrieved has no answer: empty texts, rank and places 0.
    """

    question_id: Series[str] = pa.Field(unique=True)
    part: Series[str]
    is_held_out: Series[bool]
    text: Series[str]
    is_given: Series[bool]
    probability: Series[float] = pa.Field(ge=0, le=1 + 1e-6)
    confidence: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    title: Series[str]
    passage_id: Series[str]
    passage_rank: Series[int] = pa.Field(ge=0)
    start_char: Series[int] = pa.Field(ge=0)
    end_char: Series[int] = pa.Field(ge=0)
    retrieval_weight: Series[float] = pa.Field(ge=0)
