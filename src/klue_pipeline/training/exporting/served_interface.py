"""How a served model is asked, and what it answers: columns, and words for messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

AnswerKind = Literal["text", "number", "whole_number", "numbers_by_name"]

COMMON_REQUIREMENTS = (
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "safetensors",
    "scipy",
    "tokenizers",
    "torch",
    "tqdm",
    "transformers",
)
"""What loading and asking any model imports, beside MLflow, which adds itself."""


@dataclass(frozen=True)
class ServedInterface:
    """A request is a table; each of its rows gets a row of answers.

    Attributes:
        loader: The module that MLflow imports to load the model.
        wanted: The column that every request has, of text.
        optional: Columns that may be missing in any row.
        answers: The columns of an answer, and what they hold.
        row: What a row is, for messages.
        refusal: What is said of one that cannot be used.
        for_files: How many rows are answered without a server, for messages.
        requirements: Names of the packages that loading and asking imports.
        may_be_missing: Columns of an answer that may hold nothing.
    """

    loader: str
    wanted: str
    optional: tuple[str, ...]
    answers: Mapping[str, AnswerKind]
    row: str
    refusal: str
    for_files: str
    requirements: tuple[str, ...] = COMMON_REQUIREMENTS
    may_be_missing: frozenset[str] = frozenset()

    @property
    def columns(self) -> str:
        """All columns of a request, for messages."""
        return ", ".join([self.wanted, *self.optional])


@dataclass(frozen=True)
class ModelPackage:
    """What goes into a model that a server loads.

    Attributes:
        exported: The folder of an exported model.
        example: A table with a request, as a server takes it.
        metadata: What the model says of itself.
        interface: How it is asked.
    """

    exported: Path
    example: pd.DataFrame
    metadata: Mapping[str, str]
    interface: ServedInterface
