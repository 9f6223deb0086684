"""Settings of the augment pipeline; the values live in ``conf/``."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from klue_pipeline.base_settings import Seed, Settings
from klue_pipeline.text.folder_names import FolderName

MethodName = Literal[
    "entity_swap",
    "mask_words",
    "mask_entity",
    "entity_replace",
    "eda",
    "aeda",
    "fill_mask",
    "back_translation",
    "oversample",
]
Role = Literal["subject", "object", "either"]
"""``either`` draws one of the two for each row."""


class SelectParams(Settings):
    """Which rows a method may start from; None lets all pass."""

    labels: list[str] | None = Field(default=None, min_length=1)
    """Labels by name."""
    types: list[str] | None = Field(default=None, min_length=1)
    """Type pairs such as ``PER:ORG``."""
    mistakes_of: FolderName | None = None
    """An experiment that was trained before: only rows that its out-of-fold scores got wrong."""


class MethodParams(Settings):
    """What every method has: where it starts, how much it makes, how much that counts."""

    select: SelectParams
    share: float = Field(gt=0, le=1)
    """Share of the selected rows that it starts from, drawn row by row."""
    max_rows: int | None = Field(ge=1)
    """Most rows to add; None sets no limit."""
    max_rows_per_label: int | None = Field(ge=1)
    """Most rows to add of each label; None sets no limit."""
    weight: float = Field(gt=0)
    """How much a new row counts in the loss; an original counts 1."""


class EntitySwapParams(MethodParams):
    """Subject and object change places, and the label becomes its inverse."""

    noisy_weight: float = Field(ge=0)
    """Factor on the weight of labels whose inverse often does not hold; 0 leaves them out."""


class MaskWordsParams(MethodParams):
    """Words outside of the entities become the mask token."""

    mask_share: float = Field(gt=0, lt=1)
    """Share of these words that are masked, at least one."""


class MaskEntityParams(MethodParams):
    """One entity becomes the mask token; its type stays."""

    role: Role


class EntityReplaceParams(MethodParams):
    """One entity becomes another one of its type, against learning pairs by heart."""

    role: Role


class EdaParams(MethodParams):
    """Easy data augmentation (Wei & Zou 2019) on Korean morphemes outside of the entities."""

    alpha: float = Field(gt=0, lt=1)
    """Share of the words that one operation changes, at least one."""
    operations: list[Literal["synonym", "insert", "swap", "delete"]] = Field(min_length=1)
    """What may happen to a row; one is drawn for each copy."""
    synonyms: Literal["table", "model"] | None
    """Where ``synonym`` and ``insert`` find words: the file ``raw.synonyms`` or a masked language
    model."""
    model: str | None
    """A folder or hub id of a masked language model, for ``synonyms: model``."""
    copies: int = Field(ge=1)
    """New rows from each row."""

    @model_validator(mode="after")
    def _check_synonyms(self) -> Self:
        needy = sorted({"synonym", "insert"}.intersection(self.operations))
        if needy and self.synonyms is None:
            raise ValueError(
                f"operations {', '.join(needy)} need synonyms=table (with raw.synonyms) or "
                "synonyms=model (with model); or leave them out of operations"
            )
        if (self.synonyms == "model") != (self.model is not None):
            raise ValueError(
                "model goes with synonyms=model and only with it; found synonyms="
                f"{self.synonyms} and model={self.model}"
            )
        return self


class AedaParams(MethodParams):
    """Punctuation is scattered between words (Karimi et al. 2021)."""

    max_share: float = Field(gt=0, le=1)
    """Most marks to insert, as a share of the words; at least one is inserted."""
    copies: int = Field(ge=1)
    """New rows from each row."""


class FillMaskParams(MethodParams):
    """Words outside of the entities are masked and filled in by a masked language model."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"batch_size", "device"})

    model: str | None
    """A folder or hub id of a masked language model."""
    mask_share: float = Field(gt=0, lt=1)
    """Share of the words that are filled in anew, at least one."""
    top_k: int = Field(ge=1)
    """One of this many likeliest words is drawn."""
    batch_size: int = Field(ge=1)
    device: str = Field(pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$")


class BackTranslationParams(MethodParams):
    """The sentence in other words, by way of another language."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"batch_size", "device"})

    source: Literal["file", "models"]
    """``file`` reads ``raw.translations`` (``origin_id``, ``text``); ``models`` translates."""
    models: list[str]
    """Folders or hub ids of translation models, applied one after the other: ko→ja, ja→ko. A model
    of many languages is told which: ``facebook/nllb-200-distilled-600M kor_Hang>jpn_Jpan``."""
    num_beams: int = Field(ge=1)
    max_new_tokens: int = Field(ge=8)
    batch_size: int = Field(ge=1)
    device: str = Field(pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$")

    @model_validator(mode="after")
    def _check_models(self) -> Self:
        if (self.source == "models") != bool(self.models):
            raise ValueError(
                "models goes with source=models and only with it; found source="
                f"{self.source} and models={self.models}"
            )
        return self


class OversampleParams(MethodParams):
    """Rows of rare labels are repeated until their label is frequent enough."""

    target_share: float = Field(gt=0, le=1)
    """Rows that each label should have, as a share of those of the most frequent label."""
    max_copies: int = Field(ge=1)
    """Most copies of one row."""


class UndersampleParams(Settings):
    """Rows of frequent labels do not train (they still validate)."""

    target_share: float | None = Field(gt=0, le=1)
    """Most rows of each label, as a share of those of the most frequent label; None: no limit."""


class AugmentParams(Settings):
    """Which rows are added to the training parts of the folds."""

    seed: Seed
    methods: list[MethodName]
    """The methods to use; the settings of the others are not read."""
    entity_swap: EntitySwapParams
    mask_words: MaskWordsParams
    mask_entity: MaskEntityParams
    entity_replace: EntityReplaceParams
    eda: EdaParams
    aeda: AedaParams
    fill_mask: FillMaskParams
    back_translation: BackTranslationParams
    oversample: OversampleParams
    undersample: UndersampleParams

    @model_validator(mode="after")
    def _check_methods(self) -> Self:
        repeated = sorted({name for name in self.methods if self.methods.count(name) > 1})
        if repeated:
            raise ValueError(f"methods names {', '.join(repeated)} more than once; name each once")
        if "fill_mask" in self.methods and self.fill_mask.model is None:
            raise ValueError(
                "fill_mask needs fill_mask.model, a folder or hub id of a masked language model"
            )
        return self

    def unread_fields(self) -> frozenset[str]:
        """Leave out the settings of methods that are not used."""
        always = {"seed", "methods", "undersample"}
        return frozenset(type(self).model_fields) - always.union(self.methods)

    def settings_of(self, method: MethodName) -> MethodParams:
        """Return the settings of a method by its name."""
        settings: MethodParams = getattr(self, method)
        return settings

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the chosen methods load: folders and hub ids, each once."""
        by_method: dict[str, list[str | None]] = {
            "eda": [self.eda.model],
            "fill_mask": [self.fill_mask.model],
            "back_translation": list(self.back_translation.models),
        }
        chosen = (name for method in self.methods for name in by_method.get(method, []))
        return tuple(dict.fromkeys(name for name in chosen if name is not None))

    @property
    def selections(self) -> list[tuple[MethodName, SelectParams]]:
        """Which rows each chosen method may start from."""
        return [(method, self.settings_of(method).select) for method in self.methods]

    @property
    def earlier_experiments(self) -> tuple[str, ...]:
        """The experiments whose mistakes a method starts from, each once."""
        named = (select.mistakes_of for _, select in self.selections)
        return tuple(dict.fromkeys(name for name in named if name is not None))
