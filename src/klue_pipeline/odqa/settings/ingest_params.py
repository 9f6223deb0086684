"""Settings of what comes in: questions, documents, the passages they are cut into, the parts."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from klue_pipeline.base_settings import MethodSettings, Seed, Settings

QuestionFormat = Literal["auto", "contest", "klue_mrc", "squad", "json_lines", "table", "lines"]


class OdqaRawParams(Settings):
    """Where questions and documents come from: a path, or ``hub:<dataset>:<config>:<split>``."""

    # They depend on what the files hold, which is hashed under the same names.
    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset(
        {"train", "validation", "test", "documents", "run", "bundles"}
    )

    train: str
    """Questions with answers: a file, a folder that ``save_to_disk`` wrote, or a hub split."""
    validation: str | None = None
    """More of them, to judge on; None where ``train`` holds them itself or none are given."""
    test: str
    """Questions to answer; they need no answers."""
    documents: str
    """The texts to search: a file, or a folder of ``.txt`` and ``.md`` files."""
    run: str | None = None
    """A run of another search engine, for a retriever called ``external``."""
    bundles: str
    """A folder of what others answered, for an ensemble; there need not be one."""

    @field_validator("train", "test", "documents", mode="before")
    @classmethod
    def _want_file(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("a file, or a folder, is needed")
        return value


class QuestionColumns(Settings):
    """The columns of a table of one's own, for ``odqa.ingest.format: table``.

    What is not named is read from a column of the field's own name, if the file has one; None reads
    nothing.
    """

    id: str | None = "id"
    """Without ids, questions are called after their part: train_1, train_2, test_1 and so on."""
    question: str = "question"
    """The text."""
    title: str | None = "title"
    """Of the document that the answer is from."""
    context: str | None = "context"
    """The passage that the answer is from."""
    answer: str | None = "answer"
    """The words of the answer, or a list of answers."""
    answer_start: str | None = "answer_start"
    """Place of the answer's first character in the context, from 0; without it, the answer is
    looked up in the context, where it must occur exactly once."""


class OdqaIngestParams(Settings):
    """How raw questions become the table of examples."""

    format: QuestionFormat
    columns: QuestionColumns = QuestionColumns()
    max_rejected_share: float = Field(ge=0, le=1)
    """Share of unusable labelled questions, or of unusable documents, above which a run stops."""
    max_questions: int | None = Field(default=None, ge=1)
    """Labelled questions to keep, drawn at random; None keeps all."""
    seed: Seed


class PassagesParams(MethodSettings):
    """How documents are cut into passages, and which of them count as the same."""

    fields_of: ClassVar[Mapping[str, frozenset[str]]] = {
        "characters": frozenset({"max_characters", "overlap_characters"}),
        "sentences": frozenset({"max_characters"}),
    }

    name: Literal["none", "characters", "sentences"]
    """Documents as they are, or cut after so many characters, or between sentences."""
    max_characters: int | None = Field(default=None, ge=20)
    """Longest passage in characters."""
    overlap_characters: int | None = Field(default=None, ge=0)
    """Characters that a passage shares with the one before it."""
    near_duplicate_similarity: float = Field(gt=0, le=1)
    """Similarity of two passages, as the share of common word 3-grams (Jaccard), from which they
    are of one group; 1 groups only what is equal but for blanks and punctuation."""
    add_contexts: bool
    """Whether contexts of labelled questions that no passage holds become passages."""

    @model_validator(mode="after")
    def _check_overlap(self) -> Self:
        size, overlap = self.max_characters, self.overlap_characters
        if size is not None and overlap is not None and overlap >= size:
            raise ValueError(
                f"overlap_characters is {overlap}, which max_characters={size} must exceed"
            )
        return self


class PartsParams(Settings):
    """Which labelled questions are learnt from and which are judged on."""

    validation: Literal["auto", "given", "drawn"]
    """``given``: the data set's own; ``drawn``: a share, by groups of passages, so that no gold
    passage is on both sides; ``auto``: given where there are any, else drawn."""
    validation_share: float = Field(gt=0, lt=1)
    """Share of the questions that is drawn."""
    seed: Seed
