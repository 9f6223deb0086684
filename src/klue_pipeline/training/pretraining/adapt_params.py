"""Settings of adaptive pre-training: masked-language modelling on the task's own sentences."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from klue_pipeline.base_settings import Seed, Settings
from klue_pipeline.training.params import EncoderParams, Precision, TrainingParams

ADAPTED = "adapted"
"""The ``encoder.name`` that means what pipeline ``adapt`` made."""


class AdaptParams(Settings):
    """How an encoder goes on with its pre-training before it is fine-tuned."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = TrainingParams.results_do_not_depend_on

    encoder: EncoderParams
    """Where to start from: ``scratch``, a folder or a model id on the hub."""
    include_test_text: bool
    """Learn from the sentences of the test rows too; scores on those are then transductive."""
    whole_word: bool
    """Mask all tokens of a word or none of them."""
    mask_share: float = Field(gt=0, lt=1)
    """Share of the tokens to predict; 0.15 in BERT and RoBERTa."""
    held_out_share: float = Field(gt=0, lt=1)
    """Share of the texts that are never trained on and decide which state is the best."""
    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    batch_size: int = Field(ge=1)
    """Texts in a batch on the device, before ``accumulation_steps`` multiplies them."""
    evaluation_batch_size: int = Field(ge=1)
    accumulation_steps: int = Field(ge=1)
    max_tokens: int = Field(ge=32)
    """Longest text in tokens; what goes beyond is cut off."""
    weight_decay: float = Field(ge=0)
    adam_beta1: float = Field(ge=0, lt=1)
    adam_beta2: float = Field(ge=0, lt=1)
    adam_epsilon: float = Field(gt=0)
    warmup_share: float = Field(ge=0, le=1)
    """Share of all optimizer steps over which the learning rate rises from 0."""
    max_gradient_norm: float | None = Field(default=None, gt=0)
    precision: Precision
    device: str = Field(pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$")
    seed: Seed
    """Decides which texts are held out, which tokens are masked, and their order."""
    early_stopping_patience: int | None = Field(default=None, ge=1)
    """Epochs without a lower held-out loss after which training stops; None never stops early."""
    checkpoint_every_steps: int | None = Field(default=None, ge=1)
    """Optimizer steps between two saves of the resume state; None saves after each epoch."""
    log_every_steps: int = Field(ge=1)

    @property
    def training(self) -> TrainingParams:
        """The same as settings of a training, for the code that both share."""
        shared = TrainingParams.model_fields.keys() & type(self).model_fields.keys()
        return TrainingParams(
            **{name: getattr(self, name) for name in shared},
            schedule="linear",
            group_by_length=True,
            compile=False,
            select_by="loss",
        )

    @model_validator(mode="after")
    def _check_encoder(self) -> Self:
        if self.encoder.name == ADAPTED:
            raise ValueError(
                "adapt.encoder.name is adapted, which is what this makes; name the encoder to "
                "start from: scratch, a folder or a model id on the hub"
            )
        if self.encoder.name == "scratch" and self.encoder.scratch is None:
            raise ValueError(
                "adapt.encoder.name is scratch, but adapt.encoder.scratch, the sizes of the "
                "encoder to build, is missing; see adapt in conf/base"
            )
        return self
