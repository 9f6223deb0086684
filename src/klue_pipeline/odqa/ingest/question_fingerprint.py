"""Which questions were asked, in short: hashes of their ids and words."""

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from klue_pipeline.odqa.ingest.schema import TEST, VALIDATION
from klue_pipeline.training.fingerprint import hash_table


class QuestionFingerprint(BaseModel):
    """Content hashes of ids and texts of the questions; two sets that agree are the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    test: str = Field(min_length=1)
    validation: str = Field(min_length=1)

    @classmethod
    def of(cls, examples: pd.DataFrame) -> "QuestionFingerprint":
        """Take them from the questions, schema ``Questions``."""
        parts = {part: examples[examples["part"] == part] for part in (TEST, VALIDATION)}
        columns = ["question_id", "question"]
        return cls(**{part: hash_table(own, columns) for part, own in parts.items()})

    def differing(self, other: "QuestionFingerprint") -> list[str]:
        """Name the parts of which others are the questions."""
        return [part for part in (TEST, VALIDATION) if getattr(self, part) != getattr(other, part)]
