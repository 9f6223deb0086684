"""Settings of the relation-extraction pipelines; the values live in ``conf/``."""

from typing import Literal

from pydantic import Field

from klue_pipeline.training.params import Settings

InputFormat = Literal["auto", "contest_csv", "klue", "legacy_tsv"]
ContradictionRule = Literal["keep_positive", "drop_all", "keep_first"]


class RawParams(Settings):
    """Where raw rows come from: a path, or ``hub:<dataset>:<config>:<split>``."""

    train: str
    test: str
    test_gold: str | None = "auto"
    """Gold labels of the test rows. ``auto`` takes the labels of a hub split, or the file beside
    ``raw.test`` with ``_gold`` after its stem, if it is there; None scores nothing."""


class IngestParams(Settings):
    """How raw rows become the normalised table."""

    format: InputFormat
    label_set: str
    """An entry of ``label_sets``, or ``auto``: legacy_42 for ``legacy_tsv``, else contest_30."""
    max_rejected_share: float = Field(ge=0, le=1)
    max_rows: int | None = Field(default=None, ge=1)
    """Keep a stratified part of this many training rows; None keeps all. Test rows always stay."""
    seed: int = Field(ge=0)


class LabelSet(Settings):
    """An ordered list of relations; a label's id is its place in it."""

    names: list[str] = Field(min_length=2)
    negative: str | None
    """The label that means *no relation*; micro F1 leaves it out."""


class CleanParams(Settings):
    """Which rows leave the training data before folds are drawn."""

    drop_exact_duplicates: bool
    contradictory_duplicates: ContradictionRule


class AugmentParams(Settings):
    """Which rows are added to the training parts of the folds."""

    methods: list[str] = Field(max_length=0)
    """Augmentation methods by name; none exists yet, so the list is empty."""


class InputParams(Settings):
    """How a sentence and its two entities are written for the encoder."""

    name: Literal["typed_entity_marker_punct"]
    query: Literal["none", "question"]
    query_position: Literal["before", "after"]
    type_words: dict[str, str]
    """The word written for each entity type; a type without one shows itself."""


class HeadParams(Settings):
    """What turns encoder states into one score per label."""

    name: Literal["cls_entity_start"]
    dropout: float = Field(ge=0, lt=1)


class EnsembleParams(Settings):
    """Which experiments are blended, and how."""

    members: Literal["all"] | list[str]
    method: Literal["soft_vote"]
