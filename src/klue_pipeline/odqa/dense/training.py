"""Train the encoders of a dense retriever on questions and their gold passages."""

import logging
import shutil
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase, set_seed

from klue_pipeline.base_settings import naming_settings
from klue_pipeline.odqa.dense.contrastive_rows import (
    ContrastiveRows,
    DistinctGroupBatchSampler,
    QuestionPassages,
)
from klue_pipeline.odqa.dense.dual_encoder import DualEncoder, contrastive_losses
from klue_pipeline.odqa.dense.encoder_folders import PASSAGE_FOLDER, QUESTION_FOLDER
from klue_pipeline.odqa.dense.origin import OWN_NAMES, describe_training
from klue_pipeline.odqa.dense.pairing import (
    TextEncoding,
    TrainingTables,
    pair_questions,
    split_questions,
)
from klue_pipeline.odqa.dense.validation import judge_retriever
from klue_pipeline.odqa.settings.retriever_params import (
    ContrastiveParams,
    RetrieverParams,
    RetrieverTrainingParams,
)
from klue_pipeline.training.batches import Batch
from klue_pipeline.training.device import choose_device, explain_out_of_memory
from klue_pipeline.training.encoder import build_encoder, require_room, without_progress_bar
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.training.trainer import BatchLoss, Judge, TrainingResult, train
from klue_pipeline.training.workspace import FoldWorkspace

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RetrieverSettings:
    """The settings that make one trained retriever."""

    retriever: RetrieverParams
    encoder: EncoderParams
    contrastive: ContrastiveParams
    training: RetrieverTrainingParams


@dataclass(frozen=True)
class RetrieverEncoders:
    """Trained encoders with their tokenizer.

    Attributes:
        question: Encoder of questions, on the CPU; of shared weights the same as ``passage``.
        passage: Encoder of passages.
        tokenizer: That of both.
    """

    question: PreTrainedModel
    passage: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    def save_pretrained(self, folder: Path) -> None:
        """Write each encoder with its tokenizer into a folder that ``AutoModel`` opens."""
        self._save(self.passage, folder / PASSAGE_FOLDER)
        if self.question is self.passage:
            shutil.copytree(folder / PASSAGE_FOLDER, folder / QUESTION_FOLDER)
        else:
            self._save(self.question, folder / QUESTION_FOLDER)

    def _save(self, encoder: PreTrainedModel, folder: Path) -> None:
        self.tokenizer.save_pretrained(str(folder))
        with without_progress_bar():
            encoder.save_pretrained(folder)


@dataclass(frozen=True)
class RetrieverResult:
    """What a training leaves behind.

    Attributes:
        metrics: ``mrr`` (0 to 100) and ``loss`` (nats) of held-out questions in the best state,
            both also ``_before`` the first step, and what was counted.
        history: One row per logged step.
        encoders: In their best state.
    """

    metrics: dict[str, float]
    history: pd.DataFrame
    encoders: RetrieverEncoders


def train_retriever(
    tables: TrainingTables,
    tokenizer: Any,
    settings: RetrieverSettings,
    workspace: FoldWorkspace,
) -> RetrieverResult:
    """Train on the questions of part ``train``, and keep the best state on those of ``validation``.

    A question's gold passage is to be more like it than all other passages of the batch, which are
    the other questions' gold passages and hard negatives. ``accumulation_steps`` batches are one
    batch, whose parts are embedded one after the other.

    Args:
        tables: What to learn from.
        tokenizer: The encoder's.
        settings: How to build and train the encoders.
        workspace: Where the resume state lives; a call of the same content goes on from it.

    Raises:
        ValueError: There is nothing to learn from, or the encoder cannot be used.
        RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
    """
    contrastive, training = settings.contrastive, settings.training
    learnt, held_out = _pair(tables, tokenizer, settings)
    rows = ContrastiveRows(learnt, contrastive.hard_negatives, contrastive.seed)
    order = _order(learnt, settings)
    scratch = workspace.scratch_for(describe_training(tables, tokenizer, settings))
    judge = _judge_on(held_out, settings)
    # One batch of the trainer is all that is pooled for an optimizer step.
    pooled = training.model_copy(update={"accumulation_steps": 1})
    with naming_settings(OWN_NAMES), explain_out_of_memory(training):
        set_seed(training.seed)
        model = build_dual_encoder(settings, tokenizer).to(choose_device(training)[0])
        before = judge(model)
        logger.info("Held-out MRR before: %.2f", before["mrr"])
        result = train(
            model, rows, _loss_of(contrastive.temperature), judge, pooled, scratch,
            order=order, description="retriever",
        )  # fmt: skip
    model.to("cpu").eval()
    return RetrieverResult(
        metrics=_summarise(before, result, learnt, held_out),
        history=pd.DataFrame(result.history),
        encoders=RetrieverEncoders(
            cast(PreTrainedModel, model.question), cast(PreTrainedModel, model.passage), tokenizer
        ),
    )


def _pair(
    tables: TrainingTables, tokenizer: Any, settings: RetrieverSettings
) -> tuple[QuestionPassages, QuestionPassages]:
    """Return what is learnt from and what is judged on."""
    encoding = TextEncoding(tokenizer, settings.retriever, settings.training.max_tokens)
    training, held_out = split_questions(tables, settings.contrastive.seed)
    return (
        pair_questions(training, tables, encoding, judged=False),
        pair_questions(held_out, tables, encoding, judged=True),
    )


def _judge_on(held_out: QuestionPassages, settings: RetrieverSettings) -> Judge:
    training, temperature = settings.training, settings.contrastive.temperature

    def judge(model: nn.Module) -> dict[str, float]:
        _, precision = choose_device(training)
        return judge_retriever(
            cast(DualEncoder, model), held_out, temperature,
            training.evaluation_batch_size, precision,
        )  # fmt: skip

    return judge


def _loss_of(temperature: float) -> BatchLoss:
    def loss(model: nn.Module, batch: Batch, progress: float) -> Tensor:  # noqa: ARG001
        similarities = model(**{name: batch[name] for name in _READ})
        return contrastive_losses(similarities, batch, temperature)

    return loss


_READ = ("input_ids", "attention_mask", "passage_input_ids", "passage_attention_mask")


def _order(learnt: QuestionPassages, settings: RetrieverSettings) -> DistinctGroupBatchSampler:
    training = settings.training
    pooled = training.batch_size * training.accumulation_steps
    groups = learnt.groups[learnt.positives]
    order = DistinctGroupBatchSampler(groups, pooled, training.seed)
    size = len(learnt) / len(order)
    if size == 1 and not any(map(len, learnt.negatives)):
        raise ValueError(
            f"All {len(learnt)} questions to learn from have gold passages of one group, so that "
            "none has a passage that is wrong; give questions on more passages, or hard negatives "
            "(odqa.contrastive.negatives_from)."
        )
    if size < pooled / 2 and len(learnt) >= pooled:
        logger.warning(
            "Batches hold %.1f questions and not %d: one group of passages has %d questions, and "
            "no two of them are in one batch",
            size, pooled, len(order),
        )  # fmt: skip
    return order


def build_dual_encoder(
    settings: RetrieverSettings, tokenizer: PreTrainedTokenizerBase
) -> DualEncoder:
    """Build the untrained retriever: the encoder as loaded or from scratch, once or twice."""
    retriever, training, contrastive = settings.retriever, settings.training, settings.contrastive
    passage = build_encoder(settings.encoder, len(tokenizer), tokenizer.pad_token_id)
    require_room(passage.config, training.max_tokens)
    for field in ("max_question_tokens", "max_passage_tokens"):
        require_room(passage.config, getattr(retriever, field), f"the retriever's {field}")
    question = passage if contrastive.share_weights else deepcopy(passage)
    return DualEncoder(
        question, passage, retriever, training.batch_size, 1 + contrastive.hard_negatives
    )


def _summarise(
    before: dict[str, float],
    result: TrainingResult,
    learnt: QuestionPassages,
    held_out: QuestionPassages,
) -> dict[str, float]:
    after = result.best_metrics()
    if not after["mrr"] > before["mrr"]:
        logger.warning(
            "Training did not raise the held-out MRR: %.2f before, %.2f after",
            before["mrr"], after["mrr"],
        )  # fmt: skip
    return {
        **after,
        **{f"{name}_before": value for name, value in before.items()},
        "best_step": float(result.best_step),
        "training_questions": float(len(learnt)),
        "held_out_questions": float(len(held_out)),
        "held_out_passages": float(len(held_out.passages)),
        "epochs": float(result.history[-1]["epoch"]),
        "training_seconds": result.seconds,
    }
