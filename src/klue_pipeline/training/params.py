"""Settings of everything that trains: folds, encoder, optimisation, loss.

The values live in ``conf/``; a model here says what is legal. Every model refuses unknown fields,
so that a misspelt setting stops a run before it starts.
"""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

FoldStrategy = Literal[
    "stratified_group", "stratified", "kfold", "shuffle_split", "holdout", "given"
]
SelectionMetric = Literal["micro_f1", "auprc", "accuracy", "loss"]
Precision = Literal["auto", "fp32", "fp16", "bf16"]


class Settings(BaseModel):
    """Base of every settings model: unknown fields are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset()
    """Fields that change where or how a run goes but not what comes out; fingerprints skip them."""


class FoldsParams(Settings):
    """How training rows are split into a training and a validation part, fold by fold."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"run"})

    strategy: FoldStrategy
    n_splits: int = Field(ge=1, le=50)
    seed: int = Field(ge=0)
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
        return self


class ScratchEncoderParams(Settings):
    """Size of the small BERT-shaped encoder that is built when there is nothing to load."""

    vocabulary_size: int = Field(ge=200)
    hidden_size: int = Field(ge=8)
    num_hidden_layers: int = Field(ge=1)
    num_attention_heads: int = Field(ge=1)
    intermediate_size: int = Field(ge=8)
    max_positions: int = Field(ge=64)


class EncoderParams(Settings):
    """Which encoder to start from."""

    name: str
    """``scratch``, a folder (relative to the project) or a model id on the hub."""
    revision: str | None = None
    """Commit, tag or branch on the hub; pin it to make a run repeatable."""
    num_hidden_layers: int | None = Field(default=None, ge=1)
    """Keep only the first n layers; None keeps all."""
    scratch: ScratchEncoderParams | None = None
    """Sizes of the encoder to build when ``name`` is ``scratch``."""


class LossParams(Settings):
    """Which loss the classifier minimises."""

    name: Literal["cross_entropy"]


class TrainingParams(Settings):
    """How one fold is trained."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset(
        {"device", "evaluation_batch_size", "log_every_steps", "checkpoint_every_steps"}
    )

    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    head_learning_rate: float | None = Field(default=None, gt=0)
    """Rate of the layers over the encoder, which start at random; None takes ``learning_rate``."""
    batch_size: int = Field(ge=1)
    """Rows per optimizer step on the device, before ``accumulation_steps`` multiplies them."""
    evaluation_batch_size: int = Field(ge=1)
    accumulation_steps: int = Field(ge=1)
    max_tokens: int = Field(ge=32)
    """Longest input in tokens; longer text is windowed around its two entities."""
    weight_decay: float = Field(ge=0)
    adam_beta1: float = Field(ge=0, lt=1)
    adam_beta2: float = Field(ge=0, lt=1)
    adam_epsilon: float = Field(gt=0)
    schedule: Literal["linear", "constant"]
    warmup_share: float = Field(ge=0, le=1)
    """Share of all optimizer steps over which the learning rate rises from 0."""
    warmup_steps: int | None = Field(default=None, ge=0)
    """The same as a number of steps; wins over ``warmup_share`` when given."""
    max_gradient_norm: float | None = Field(default=None, gt=0)
    """Gradients longer than this are scaled down to it; None leaves them alone."""
    precision: Precision
    device: str = Field(pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$")
    seed: int = Field(ge=0)
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
