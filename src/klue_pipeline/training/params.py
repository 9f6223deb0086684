"""Settings of everything that trains: folds, encoder, optimisation, loss.

The values live in ``conf/``; a model here says what is legal. Every model refuses unknown fields,
so that a misspelt setting stops a run before it starts.
"""

from collections import Counter
from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from klue_pipeline.base_settings import MethodSettings, Seed, Settings
from klue_pipeline.text.folder_names import FolderName

FoldStrategy = Literal[
    "stratified_group", "stratified", "kfold", "shuffle_split", "holdout", "given"
]
SelectionMetric = Literal["micro_f1", "auprc", "accuracy", "loss"]
Precision = Literal["auto", "fp32", "fp16", "bf16"]
KeepWeights = Literal["all", "best_fold", "none"]


class FoldsParams(Settings):
    """How training rows are split into a training and a validation part, fold by fold."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"run"})

    strategy: FoldStrategy
    n_splits: int = Field(ge=1, le=50)
    seed: Seed
    validation_share: float = Field(gt=0, lt=1)
    """Share of rows held out by ``shuffle_split`` and ``holdout``; the others derive it."""
    run: list[int] | None = None
    """Folds to train out of the fixed split, counted from 0; None trains all of them."""

    @model_validator(mode="after")
    def _check_counts(self) -> "FoldsParams":
        if self.strategy == "holdout" and self.n_splits != 1:
            raise ValueError(
                f"strategy holdout has one fold; found n_splits={self.n_splits}, set 1"
            )
        if self.strategy not in ("holdout", "shuffle_split", "given") and self.n_splits == 1:
            raise ValueError(f"strategy {self.strategy} needs n_splits of 2 or more; found 1")
        bad = [fold for fold in self.run or [] if not 0 <= fold < self.n_splits]
        if bad or self.run == []:
            raise ValueError(
                f"run names folds {bad or self.run}; there are folds 0 to {self.n_splits - 1}"
            )
        twice = sorted(fold for fold, n in Counter(self.run).items() if n > 1)
        if twice:
            raise ValueError(f"run names folds {twice} more than once; name each once")
        return self


class ScratchEncoderParams(Settings):
    """Size of the small BERT-shaped encoder that is built when there is nothing to load."""

    vocabulary_size: int = Field(ge=200)
    hidden_size: int = Field(ge=8)
    num_hidden_layers: int = Field(ge=1)
    num_attention_heads: int = Field(ge=1)
    intermediate_size: int = Field(ge=8)
    max_positions: int = Field(ge=64)

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"hidden_size is {self.hidden_size}, which num_attention_heads="
                f"{self.num_attention_heads} do not divide; set hidden_size to a multiple of them"
            )
        return self


class EncoderParams(Settings):
    """Which encoder to start from."""

    name: str
    """``scratch``, ``adapted`` (by pipeline ``adapt``), a folder or a model id on the hub."""
    revision: str | None = None
    """Commit, tag or branch on the hub; pin it to make a run repeatable."""
    num_hidden_layers: int | None = Field(default=None, ge=1)
    """Keep only the first n layers; None keeps all."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of states and attention weights that is dropped inside the encoder in training; None
    keeps what its configuration says."""
    scratch: ScratchEncoderParams | None = None
    """Sizes of the encoder to build when ``name`` is ``scratch``."""


class LossParams(MethodSettings):
    """Which loss the classifier minimises."""

    fields_of: ClassVar[Mapping[str, frozenset[str]]] = {
        "focal": frozenset({"gamma"}),
        "class_balanced": frozenset({"beta", "inside"}),
        "ldam": frozenset({"beta", "max_margin", "reweight_after_share"}),
        "distillation": frozenset({"teachers", "temperature", "teacher_weight", "inside"}),
    }
    optional_fields_of: ClassVar[Mapping[str, frozenset[str]]] = {
        "focal": frozenset({"alpha"}),
        "class_balanced": frozenset({"gamma"}),
        "distillation": frozenset({"gamma", "unlabelled_weight"}),
    }

    name: Literal["cross_entropy", "weighted_ce", "focal", "class_balanced", "ldam", "distillation"]
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of each target that is spread evenly over all labels; 0 is off."""
    gamma: float | None = Field(default=None, ge=0)
    """Focusing exponent of the focal loss; 0 is cross-entropy."""
    alpha: dict[str, float] | None = None
    """Weight of rows by their label's name, above 0; labels that are not named weigh 1."""
    beta: float | None = Field(default=None, ge=0, lt=1)
    """Of the effective number of rows per label; 0 weighs all labels alike."""
    inside: Literal["cross_entropy", "focal"] | None = None
    """The loss that ``class_balanced`` weighs, and that ``distillation`` has for true labels."""
    max_margin: float | None = Field(default=None, gt=0)
    """Margin of the rarest label, as a difference of cosines."""
    reweight_after_share: float | None = Field(default=None, ge=0, le=1)
    """Share of the training after which ``ldam`` weighs labels; 0 at once, 1 never."""
    teachers: list[FolderName] | None = Field(default=None, min_length=1)
    """Experiments trained before, on the same rows and folds, whose models' scores are learnt by
    ``distillation``; of several, the geometric mean of their probabilities."""
    temperature: float | None = Field(default=None, gt=0)
    """Softens teacher and student alike; the higher, the more the less likely labels count."""
    teacher_weight: float | None = Field(default=None, ge=0, le=1)
    """Share of the teachers in the loss; the rest is that of the true labels."""
    unlabelled_weight: float | None = Field(default=None, gt=0)
    """How much a row of ``raw.unlabelled`` counts in the loss; None counts it as any other."""

    @model_validator(mode="after")
    def _check_inside(self) -> Self:
        has_gamma = self.gamma is not None
        if self.inside is not None and (self.inside == "focal") != has_gamma:
            raise ValueError(
                f"{self.name} needs gamma if and only if inside is focal; found inside="
                f"{self.inside} and gamma={self.gamma}"
            )
        if len(set(self.teachers or ())) < len(self.teachers or ()):
            raise ValueError(f"teachers names one more than once; found {self.teachers}")
        bad = {label: weight for label, weight in (self.alpha or {}).items() if weight <= 0}
        if bad:
            raise ValueError(f"alpha takes weights above 0; found {bad}")
        return self


class TrainingParams(Settings):
    """How one fold is trained."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset(
        {"device", "evaluation_batch_size", "log_every_steps", "checkpoint_every_steps"}
    )

    epochs: int = Field(ge=1)
    max_steps: int | None = Field(default=None, ge=1)
    """Optimizer steps after which the training ends if the epochs are not over before; schedule and
    warm-up run over these steps. None leaves the end to ``epochs``."""
    learning_rate: float = Field(gt=0)
    head_learning_rate: float | None = Field(default=None, gt=0)
    """Rate of the layers over the encoder, which start at random; None takes ``learning_rate``."""
    batch_size: int = Field(ge=1)
    """Rows per optimizer step on the device, before ``accumulation_steps`` multiplies them."""
    tokens_per_batch: int | None = Field(default=None, ge=1)
    """Most tokens of a batch, padding included: a batch has as many rows as they hold, and
    ``batch_size`` is not read. An epoch always has the same number of batches. None counts rows."""
    evaluation_batch_size: int = Field(ge=1)
    accumulation_steps: int = Field(ge=1)
    max_tokens: int = Field(ge=32)
    """Longest input in tokens; longer text is windowed around its two entities."""
    weight_decay: float = Field(ge=0)
    adam_beta1: float = Field(ge=0, lt=1)
    adam_beta2: float = Field(ge=0, lt=1)
    adam_epsilon: float = Field(gt=0)
    layer_decay: float | None = Field(default=None, gt=0, le=1)
    """Each encoder layer learns at this share of the rate of the layer above; None: all alike."""
    schedule: Literal["linear", "constant", "cosine", "cosine_restarts"]
    schedule_cycles: int | None = Field(default=None, ge=1)
    """How often ``cosine_restarts`` falls from the full rate to 0."""
    warmup_share: float = Field(ge=0, le=1)
    """Share of all optimizer steps over which the learning rate rises from 0."""
    warmup_steps: int | None = Field(default=None, ge=0)
    """The same as a number of steps; wins over ``warmup_share`` when given."""
    freeze: Literal["embeddings", "encoder"] | None = None
    """What of the encoder does not learn for ``freeze_epochs``; None freezes nothing."""
    freeze_epochs: int | None = Field(default=None, ge=1)
    """Epochs for which the frozen part does not learn; None for all of them."""
    freeze_at: Literal["start", "end"] = "start"
    """Whether these are the first epochs or the last."""
    max_gradient_norm: float | None = Field(default=None, gt=0)
    """Gradients longer than this are scaled down to it; None leaves them alone."""
    precision: Precision
    device: str = Field(pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$")
    seed: Seed
    group_by_length: bool
    compile: bool
    evaluate_every_steps: int | None = Field(default=None, ge=1)
    """Optimizer steps between two evaluations; None evaluates at the end of each epoch."""
    checkpoint_every_steps: int | None = Field(default=None, ge=1)
    """Optimizer steps between two saves of the resume state; None saves at each evaluation."""
    log_every_steps: int = Field(ge=1)
    select_by: SelectionMetric
    early_stopping_patience: int | None = Field(default=None, ge=1)
    """Evaluations without improvement after which training stops; None never stops early."""
    label_balance: float = Field(default=0.0, ge=0, le=1)
    """How evenly an epoch draws labels: 0 every row once, 1 every label equally often, between them
    a row as often as its label's frequency to the power of minus this. An epoch stays as long. A
    loss that weighs labels does so on top."""
    smote_neighbours: int | None = Field(default=None, ge=1)
    """Train the head alone, on stored encoder states, with synthetic rows of rare labels between a
    row and one of so many nearest ones of its label (SMOTE); None trains as usual."""
    smote_target_share: float | None = Field(default=None, gt=0, le=1)
    """Rows that SMOTE brings each label up to, as a share of those of the most frequent label."""

    @model_validator(mode="after")
    def _check_pairs(self) -> Self:
        if (self.schedule == "cosine_restarts") != (self.schedule_cycles is not None):
            raise ValueError(
                "schedule_cycles goes with schedule cosine_restarts and only with it; found "
                f"schedule={self.schedule} and schedule_cycles={self.schedule_cycles}"
            )
        if self.freeze is None and self.freeze_epochs is not None:
            raise ValueError(
                f"freeze_epochs is {self.freeze_epochs}, but nothing is frozen; set freeze to "
                "embeddings or encoder"
            )
        if self.freeze_at == "end" and self.freeze_epochs is None:
            raise ValueError(
                "freeze_at is end, but nothing says how many of the last epochs are meant; set "
                "freeze and freeze_epochs"
            )
        return self

    @model_validator(mode="after")
    def _check_tokens(self) -> Self:
        if self.tokens_per_batch is None:
            return self
        if self.tokens_per_batch < self.max_tokens:
            raise ValueError(
                f"tokens_per_batch is {self.tokens_per_batch}, which a row of max_tokens="
                f"{self.max_tokens} tokens exceeds alone; raise tokens_per_batch or lower "
                "max_tokens"
            )
        if self.smote_neighbours is not None:
            raise ValueError(
                "smote_neighbours trains the head on encoder states, which are no tokens to count; "
                "leave tokens_per_batch out"
            )
        return self

    @model_validator(mode="after")
    def _check_smote(self) -> Self:
        if (self.smote_neighbours is None) != (self.smote_target_share is None):
            raise ValueError(
                "smote_neighbours and smote_target_share go together; found smote_neighbours="
                f"{self.smote_neighbours} and smote_target_share={self.smote_target_share}"
            )
        always_frozen = self.freeze == "encoder" and self.freeze_epochs is None
        if self.smote_neighbours is not None and not always_frozen:
            raise ValueError(
                "smote_neighbours trains the head on encoder states that are computed once, so the "
                f"encoder must not learn; found freeze={self.freeze} and freeze_epochs="
                f"{self.freeze_epochs}, set freeze=encoder and leave freeze_epochs out"
            )
        return self


class FoldTrainingParams(TrainingParams):
    """How one fold is trained, and whose weights stay."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = TrainingParams.results_do_not_depend_on | {
        "keep_weights"
    }

    keep_weights: KeepWeights = "all"
    """Whose weights stay on disk once a run has saved all that is made of them: those of all folds,
    of the fold with the best validation score by ``select_by``, or none. The best fold is exported
    alone; without weights nothing is exported. Scores are the same."""
