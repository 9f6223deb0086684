"""What the tables of every task have in common, and the one of rows that were set aside."""

import pandera.pandas as pa
from pandera.typing import Series


class Table(pa.DataFrameModel):
    """Base of all tables: values are brought to the columns' types, other columns may stay."""

    class Config:
        """Settings that pandera reads."""

        coerce = True


class RejectedRows(Table):
    """Rows of a file that cannot be used, each with its reason."""

    file: Series[str]
    row_number: Series[int] = pa.Field(ge=1)
    """Data row as a person counts: from 1, without header and blank lines."""
    row_id: Series[str] = pa.Field(nullable=True)
    reason: Series[str]
    detail: Series[str]
