"""Settings of the relation-extraction pipelines; the values live in ``conf/``."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from klue_pipeline.base_settings import MethodSettings, Seed, Settings
from klue_pipeline.text.folder_names import FolderName

Language = Literal["ko", "en"]
InputFormat = Literal["auto", "contest_csv", "klue", "legacy_tsv", "table"]
BlendMethod = Literal[
    "soft_vote",
    "hard_vote",
    "logit_average",
    "weighted_soft_vote",
    "best_subset",
    "greedy",
    "stacking",
]

NO_TYPE = "NONE"
"""Entity type written where the format has none."""

OWN_LABELS_FORMAT = "table"
"""The format whose labels are the file's own unless somebody says otherwise."""


class RawParams(Settings):
    """Where raw rows come from: a path, or ``hub:<dataset>:<config>:<split>``."""

    # They depend on what the files hold, which is hashed under the same names.
    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset(
        {
            "train", "test", "test_gold", "reviewed_rows", "synonyms", "translations", "unlabelled",
            "bundles", "submissions",
        }
    )  # fmt: skip

    train: str
    test: str
    test_gold: str | None = "auto"
    """Gold labels of the test rows. ``auto`` takes the labels of a hub split, or the file beside
    ``raw.test`` with ``_gold`` after its stem, if it is there; None scores nothing."""
    reviewed_rows: str | None = None
    """A CSV of decisions about training rows, which the rule ``reviewed_rows`` carries out."""
    synonyms: str | None = None
    """A CSV of ``word`` and ``synonym``, for ``augment.eda``."""
    translations: str | None = None
    """A CSV of ``origin_id`` and ``text``, for ``augment.back_translation``."""
    unlabelled: str | None = None
    """Rows in the layout of ``raw.test`` for a student (``loss.name: distillation``) to learn a
    teacher's scores of; labels in the file are left alone."""
    bundles: str
    """A folder of score bundles of experiments from other servers; there need not be one."""
    submissions: str
    """A folder of submission files from elsewhere, which may vote; there need not be one."""

    @field_validator("train", "test", mode="before")
    @classmethod
    def _want_file(cls, value: Any) -> Any:
        if value is None:
            raise ValueError(
                "a file is needed. If all you have is one file of labelled rows, put some of them "
                "aside as raw.test (and as raw.test_gold, to score them)"
            )
        return value


class TableColumns(Settings):
    """The columns of a table of one's own, for ``ingest.format: table``.

    What is not named is read from a column of the field's own name, if the file has one; None reads
    nothing. ``a.b`` is the field b of the object a, in JSON.
    """

    sentence: str = "sentence"
    """The text."""
    subject: str | None = "subject"
    """Words of the subject. Without offsets they are looked up in the sentence, where they must
    occur exactly once; see ``subject_occurrence`` and ``ingest.repeated_words``."""
    subject_start: str | None = "subject_start"
    """Character offsets, counted from 0; see ``ingest.ends``."""
    subject_end: str | None = "subject_end"
    """As ``subject_start``; without it, the words begin at the start."""
    subject_occurrence: str | None = "subject_occurrence"
    """Which place of words is meant that occur more than once, counted from 1."""
    subject_type: str | None = "subject_type"
    """Any text."""
    object: str | None = "object"
    """As ``subject``."""
    object_start: str | None = "object_start"
    """As ``subject_start``."""
    object_end: str | None = "object_end"
    """As ``subject_end``."""
    object_occurrence: str | None = "object_occurrence"
    """As ``subject_occurrence``."""
    object_type: str | None = "object_type"
    """Any text."""
    label: str | None = "label"
    """Needed in ``raw.train``."""
    id: str | None = "id"
    """Without ids, rows are called row_1, row_2 and so on."""
    source: str | None = "source"
    """Where the sentence is from, for figures and slices."""
    fold: str | None = "fold"
    """Number of the fold that a row validates in, for ``folds.strategy: given``."""


class IngestParams(Settings):
    """How raw rows become the normalised table."""

    format: InputFormat
    columns: TableColumns = TableColumns()
    """Read by the format ``table``."""
    ends: Literal["exclusive", "inclusive"] = "exclusive"
    """Whether an entity's end in a ``table`` is one past its last character, or that character."""
    repeated_words: Literal["reject", "first"] = "reject"
    """What an entity without offsets is whose words occur in the sentence more than once."""
    label_set: str
    """An entry of ``label_sets``, or ``auto``: legacy_42 for ``legacy_tsv``, the file's own labels
    for ``table``, else contest_30."""
    max_rejected_share: float = Field(ge=0, le=1)
    max_rows: int | None = Field(default=None, ge=1)
    """Keep a stratified part of this many training rows; None keeps all. Test rows always stay."""
    seed: Seed


class TypeWords(Settings):
    """The word for each entity type in each language."""

    ko: dict[str, str]
    en: dict[str, str]


class TextParams(Settings):
    """In which language the sentences are, and what entity types are called in it."""

    language: Language
    type_words: TypeWords


class LabelsParams(Settings):
    """Labels of one's own, instead of one of ``label_sets``."""

    names: Literal["infer"] | list[str] | None
    """In order; ``infer`` takes those of the training file, the negative one first and the others
    sorted; None leaves the choice to ``ingest.label_set``."""
    negative: str | None
    """The label that means *no relation*; None if every label is a relation."""

    @field_validator("names", "negative", mode="before")
    @classmethod
    def _read_numbers(cls, value: Any) -> Any:
        """Take numbers for names: YAML reads the label 0 as a number."""
        if isinstance(value, list):
            return [cls._read_numbers(name) for name in value]
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class InputParams(Settings):
    """How a sentence and its two entities are written for the encoder."""

    language: Language = "ko"
    """Language of queries and of what describes special tokens; ``text.language`` decides it."""
    name: Literal[
        "pair_prefix",
        "entity_marker",
        "entity_marker_with_prefix",
        "typed_entity_marker",
        "entity_marker_punct",
        "typed_entity_marker_punct",
        "entity_mask",
    ]
    query: Literal[
        "none",
        "question",
        "prompt1",
        "prompt2",
        "prompt3",
        "prompt4",
        "prompt5",
        "semantic_typing",
        "semantic_typing_marked",
        "typed_relation",
        "typed_relation_question",
        "typed_description",
        "punct_relation",
        "which_relation",
    ]
    query_position: Literal["before", "after"]
    entity_embedding: Literal["none", "role", "role_and_type"] = "none"
    """What is added to the word embeddings of both entities' tokens; starts at zero."""
    type_words: dict[str, str]
    """The word written for each entity type; a type without one shows itself. In conf/ only those
    that differ from ``text.type_words``, which resolution adds."""


class TargetParams(Settings):
    """Which question about a row the model answers."""

    name: Literal["all", "binary", "positive"]
    """``all``: which label; ``binary``: a relation or none; ``positive``: which relation, given
    that there is one (learns from rows with a relation, scores all)."""


class HeadParams(MethodSettings):
    """What turns encoder states into one score per label."""

    fields_of: ClassVar[Mapping[str, frozenset[str]]] = {
        "bilstm": frozenset({"lstm_layers", "lstm_width"}),
    }

    name: Literal[
        "cls",
        "entity_start",
        "cls_entity_start",
        "entity_start_end",
        "rbert",
        "cls_entity_fc",
        "mean_pool",
        "bilstm",
        "type_restricted",
    ]
    dropout: float = Field(default=0.1, ge=0, lt=1)
    classifier: Literal["linear", "cosine"] = "linear"
    """The last layer; ``cosine`` compares normalised features with normalised label weights."""
    scale: float | None = Field(default=None, gt=0)
    """What cosines are multiplied by to become logits."""
    lstm_layers: int | None = Field(default=None, ge=1)
    """Layers of ``bilstm``."""
    lstm_width: int | None = Field(default=None, ge=1)
    """Width of the states of one direction."""

    @model_validator(mode="after")
    def _check_classifier(self) -> Self:
        if (self.classifier == "cosine") != (self.scale is not None):
            raise ValueError(
                "scale goes with classifier cosine and only with it (30 is usual); found "
                f"classifier={self.classifier} and scale={self.scale}"
            )
        if self.name == "type_restricted" and self.classifier == "cosine":
            raise ValueError("type_restricted has linear classifiers only; set classifier=linear")
        return self


class CompositeParams(MethodSettings):
    """How a composite experiment turns its members' scores into its own."""

    fields_of: ClassVar[Mapping[str, frozenset[str]]] = {
        "combine": frozenset(
            {"width", "dropout", "epochs", "learning_rate", "weight_decay", "seed"}
        ),
    }

    name: Literal["cascade", "combine"]
    width: int | None = Field(default=None, ge=1)
    """Width of each member's projection and of the layer that joins them."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Of ``combine``, as the next four."""
    epochs: int | None = Field(default=None, ge=1)
    """Passes over the out-of-fold rows."""
    learning_rate: float | None = Field(default=None, gt=0)
    """Of AdamW."""
    weight_decay: float | None = Field(default=None, ge=0)
    """Of AdamW."""
    seed: Seed | None = None
    """Of weights, dropout and batches."""


class EnsembleParams(Settings):
    """Which experiments are blended, and how."""

    members: Literal["all"] | list[FolderName]
    """Experiments and score bundles, by name; ``all`` takes every one that fits."""
    plain_submissions: Literal["none", "all"] | list[str]
    """Submission files of ``raw.submissions`` that join the vote, by file name."""
    method: Literal["auto"] | BlendMethod
    """What becomes submission.csv; ``auto`` takes the best of ``methods``, judged nested."""
    methods: list[BlendMethod] = Field(min_length=1)
    """Methods that are judged, each with a submission of its own."""
    calibrate: bool
    """Whether each member's confidence is brought to a common scale first, by its temperature."""
    exhaustive_up_to: int = Field(ge=1, le=8)
    """``best_subset`` tries every subset of up to this many members, and is greedy beyond."""
    greedy_rounds: int = Field(ge=1)
    """Most picks of ``greedy``."""
    stacking_strength: float = Field(gt=0)
    """How far ``stacking`` may go: the inverse of its penalty."""
    type_pair_mask: Literal["never", "auto", "always"]
    """Whether labels that the entities' types did not have in training are ruled out."""
    type_pair_min_count: int = Field(ge=1)
    """Training rows of a type pair that make a label legal for it."""
    negative_bias: Literal["never", "auto"] | float
    """What is added to the negative label's score; ``auto`` fits it on unweighted rows. Both
    ``auto`` stay off unless the nested score rises by more than noise."""
