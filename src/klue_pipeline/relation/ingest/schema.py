"""What the tables between the stages must look like; the catalog checks them on save and load.

Spans are character offsets with exclusive ends. Missing text is missing in the sense of pandas.
"""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from klue_pipeline.relation.ingest.sentence_table import pair_key
from klue_pipeline.text.records.schema import Table

_ROLES = ("subject", "object")


class _SentenceColumns(Table):
    """A sentence with two marked entities, without its label."""

    row_id: Series[str] = pa.Field(unique=True, str_length={"min_value": 1})
    sentence: Series[str] = pa.Field(str_length={"min_value": 1})
    subject_text: Series[str]
    subject_start: Series[int] = pa.Field(ge=0)
    subject_end: Series[int]
    subject_type: Series[str]
    object_text: Series[str]
    object_start: Series[int] = pa.Field(ge=0)
    object_end: Series[int]
    object_type: Series[str]
    type_pair: Series[str]
    pair_key: Series[str]
    source: Series[str] = pa.Field(nullable=True)
    given_fold: Series[pd.Int64Dtype] = pa.Field(nullable=True, ge=0)

    @pa.dataframe_check
    @classmethod
    def spans_have_characters(cls, table: pd.DataFrame) -> pd.Series:
        """Want every span to end after it starts."""
        filled = [table[f"{role}_start"] < table[f"{role}_end"] for role in _ROLES]
        return filled[0] & filled[1]

    @pa.dataframe_check
    @classmethod
    def words_are_at_their_spans(cls, table: pd.DataFrame) -> pd.Series:
        """Want each entity's words to be what its span cuts out of the sentence."""
        found = [_words_at_span(table, role) for role in _ROLES]
        return found[0] & found[1]

    @pa.dataframe_check
    @classmethod
    def spans_do_not_overlap(cls, table: pd.DataFrame) -> pd.Series:
        """Want subject and object to share no character."""
        subject_first = table["subject_end"] <= table["object_start"]
        return subject_first | (table["object_end"] <= table["subject_start"])

    @pa.dataframe_check
    @classmethod
    def type_pair_is_that_of_the_types(cls, table: pd.DataFrame) -> pd.Series:
        """Want the pair of types to be subject type, colon, object type."""
        return table["type_pair"] == table["subject_type"] + ":" + table["object_type"]

    @pa.dataframe_check
    @classmethod
    def pair_key_is_that_of_the_words(cls, table: pd.DataFrame) -> pd.Series:
        """Want the pair key to be the two surface forms in sorted order."""
        words = zip(table["subject_text"], table["object_text"], strict=True)
        return table["pair_key"] == pd.Series([pair_key(*pair) for pair in words], table.index)


class Sentences(_SentenceColumns):
    """Labelled rows (``sentences``, ``clean_sentences``)."""

    label: Series[str]


class TestSentences(_SentenceColumns):
    """Test rows: never labelled, never dropped."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    label: Series[str] = pa.Field(nullable=True)
    problem: Series[str] = pa.Field(nullable=True)
    """Why no model can read the row, which then holds neutral text; missing in all other rows."""


class TrainingSentences(Sentences):
    """Clean rows and those made from them."""

    origin_id: Series[str]
    """The row this one was made from; its own id in a row that was not made."""
    method: Series[str]
    """Name of the augmentation, or ``original``."""
    weight: Series[float] = pa.Field(ge=0)
    """How much the row counts in the loss."""


class TestGold(Table):
    """True labels of the test rows; empty when there are none."""

    __test__ = False

    row_id: Series[str] = pa.Field(unique=True)
    label: Series[str]


class DroppedRows(Sentences):
    """Good rows that cleaning took out, as they were when they left."""

    row_number: Series[int] = pa.Field(unique=True, ge=1)
    """Place among the rows that came in, counted from 1."""
    rule: Series[str]
    """The rule of ``clean.rules`` that took it out."""
    reason: Series[str]
    kept_row_id: Series[str] = pa.Field(nullable=True)
    """The row that stayed in its place, if one did."""


class ChangedRows(Table):
    """Cells that cleaning changed, one per line, in the order of the rules."""

    file: Series[str] = pa.Field(isin=["train", "test"])
    row_id: Series[str]
    rule: Series[str]
    """The rule of ``clean.rules`` that changed it."""
    column: Series[str]
    before: Series[str]
    after: Series[str]


def _words_at_span(table: pd.DataFrame, role: str) -> pd.Series:
    columns = [table["sentence"], *(table[f"{role}_{part}"] for part in ("start", "end", "text"))]
    rows = zip(*columns, strict=True)
    found = [sentence[start:end] == text for sentence, start, end, text in rows]
    return pd.Series(found, index=table.index, dtype=bool)
