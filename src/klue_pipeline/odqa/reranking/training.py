"""Train a cross-encoder: the gold passage of a question against its hard negatives."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import set_seed

from klue_pipeline.base_settings import naming_settings
from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.odqa.dense.origin import OWN_NAMES, describe_training
from klue_pipeline.odqa.dense.pairing import TrainingTables, split_questions
from klue_pipeline.odqa.dense.texts import titled_texts
from klue_pipeline.odqa.reranking.candidate_rows import (
    NO_CANDIDATE,
    CandidateRows,
    Choice,
    QuestionCandidates,
)
from klue_pipeline.odqa.reranking.cross_encoder import Reranker, build_reranker
from klue_pipeline.odqa.settings.retriever_params import (
    ContrastiveParams,
    RerankParams,
    RetrieverTrainingParams,
)
from klue_pipeline.text.blanks import blank_out_breaks
from klue_pipeline.training.batches import Batch
from klue_pipeline.training.device import choose_device, explain_out_of_memory
from klue_pipeline.training.params import EncoderParams, Precision
from klue_pipeline.training.prediction import read_batches
from klue_pipeline.training.trainer import train
from klue_pipeline.training.workspace import FoldWorkspace

logger = logging.getLogger(__name__)

_JUDGED_NEGATIVES = 10
"""Wrong passages among which the gold one of a held-out question is ranked."""


@dataclass(frozen=True)
class RerankerSettings:
    """The settings that make one trained cross-encoder."""

    encoder: EncoderParams
    contrastive: ContrastiveParams
    training: RetrieverTrainingParams
    rerank: RerankParams


@dataclass(frozen=True)
class RerankerResult:
    """What a training leaves behind.

    Attributes:
        metrics: ``mrr`` (0 to 100) of the gold passage among ten hard negatives and ``loss``
            (nats) of held-out questions in the best state, both also ``_before`` the first step.
        history: One row per logged step.
        model: In its best state, on the CPU.
    """

    metrics: dict[str, float]
    history: pd.DataFrame
    model: Reranker


def train_reranker(  # noqa: PLR0913, PLR0917 (each is a thing of its own)
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    gold_passages: pd.DataFrame,
    hard_negatives: pd.DataFrame,
    tokenizer: Any,
    settings: RerankerSettings,
    workspace: FoldWorkspace,
) -> RerankerResult:
    """Train on the questions of part ``train``, and keep the best state on held-out ones.

    Of each question's candidates, its gold passage and ``contrastive.hard_negatives`` drawn anew
    each epoch, the gold one is to score highest (a softmax over the candidates). A question without
    hard negatives teaches nothing and is left out.

    Args:
        examples: Schema ``Questions``.
        passages: Schema ``Passages``.
        gold_passages: Schema ``GoldPassages``.
        hard_negatives: ``question_id`` and ``passage_id``, best first.
        tokenizer: The encoder's.
        settings: How to build and train the model.
        workspace: Where the resume state lives; a call of the same content goes on from it.

    Raises:
        ValueError: There is nothing to learn from, or the encoder cannot be used.
        RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
    """
    itself = pd.DataFrame(dict.fromkeys(("passage_id", "group_id"), passages["passage_id"]))
    tables = TrainingTables(examples, passages, gold_passages, itself, hard_negatives)
    learnt, held_out = (
        collect_candidates(part, tables)
        for part in split_questions(tables, settings.contrastive.seed)
    )
    scratch = workspace.scratch_for(describe_training(tables, tokenizer, settings))
    training, max_tokens = settings.training, int(settings.rerank.max_tokens or 0)
    with naming_settings(OWN_NAMES), explain_out_of_memory(training):
        set_seed(training.seed)
        device, precision = choose_device(training)
        reranker = build_reranker(settings.encoder, tokenizer, max_tokens)
        model = reranker.model.to(device)
        rows = CandidateRows(learnt, reranker, max_tokens, _drawn(settings.contrastive))
        judged = CandidateRows(held_out, reranker, max_tokens, _first_negatives)

        def judge(model: nn.Module) -> dict[str, float]:
            return judge_reranker(model, judged, training.evaluation_batch_size, precision)

        before = judge(model)
        result = train(
            model, rows, candidate_losses, judge, training, scratch, description="reranker"
        )
    model.to("cpu").eval()
    counts = {"training_questions": len(rows), "held_out_questions": len(judged)}
    return RerankerResult(
        metrics={
            **result.best_metrics(),
            **{f"{name}_before": value for name, value in before.items()},
            **{name: float(count) for name, count in counts.items()},
            "best_step": float(result.best_step),
            "training_seconds": result.seconds,
        },
        history=pd.DataFrame(result.history),
        model=reranker,
    )


def _drawn(params: ContrastiveParams) -> Choice:
    """Draw negatives anew each epoch, as a function of seed, epoch and question alone."""

    def choose(negatives: NDArray[np.int64], epoch: int, question: int) -> NDArray[np.int64]:
        generator = np.random.default_rng([params.seed, epoch, question])
        size = min(params.hard_negatives, len(negatives))
        return generator.choice(negatives, size, replace=False)

    return choose


def _first_negatives(
    negatives: NDArray[np.int64],
    epoch: int,  # noqa: ARG001 (as the one above)
    question: int,  # noqa: ARG001
) -> NDArray[np.int64]:
    return negatives[:_JUDGED_NEGATIVES]


def collect_candidates(questions: pd.DataFrame, tables: TrainingTables) -> QuestionCandidates:
    """Collect the gold passage and the hard negatives of questions that have both.

    Args:
        questions: Rows of the examples, all with a gold passage.
        tables: What they go with.

    Raises:
        ValueError: No question has hard negatives.
    """
    negatives = tables.hard_negatives
    if (
        negatives is None
        or not (known := questions["question_id"].isin(negatives["question_id"])).any()
    ):
        raise ValueError(
            "No question has a hard negative, and a cross-encoder learns to tell the gold passage "
            "from these; set odqa.contrastive.negatives_from to a retriever, and hard_negatives."
        )
    if not known.all():
        logger.info("%d questions have no hard negative and are left out", (~known).sum())
    questions = questions.loc[known]
    gold = tables.gold_passages.drop_duplicates("question_id").set_index("question_id")
    place_of = pd.Series(np.arange(len(tables.passages)), index=tables.passages["passage_id"])
    places = place_of.loc[negatives["passage_id"]].reset_index(drop=True)
    of_question = places.groupby(negatives["question_id"].to_numpy(), sort=False)
    by_id = {question: part.to_numpy() for question, part in of_question}
    return QuestionCandidates(
        questions=questions["question"].map(blank_out_breaks).tolist(),
        passages=titled_texts(tables.passages),
        gold=place_of.loc[gold.loc[questions["question_id"], "passage_id"]].to_numpy(),
        negatives=[by_id[question] for question in questions["question_id"]],
    )


_READ = ("input_ids", "attention_mask", "token_type_ids")


def score_candidates(model: nn.Module, batch: Batch) -> Tensor:
    """Return the score of each candidate, and minus infinity where a question has none.

    Shape: (questions, candidates), the gold one first.
    """
    scores: Tensor = model(**{name: batch[name] for name in _READ if name in batch})
    candidates = batch["candidates"]
    return scores[candidates].masked_fill(candidates == NO_CANDIDATE, -torch.inf)


def candidate_losses(model: nn.Module, batch: Batch, progress: float) -> Tensor:  # noqa: ARG001
    """Return the cross-entropy of each question's gold passage among its candidates, in nats.

    Shape: (questions,).
    """
    scores = score_candidates(model, batch)
    labels = torch.zeros(len(scores), dtype=torch.int64, device=scores.device)
    return nn.functional.cross_entropy(scores, labels, reduction="none")


def judge_reranker(
    model: nn.Module, rows: CandidateRows, batch_size: int, precision: Precision
) -> dict[str, float]:
    """Return ``mrr`` (0 to 100) and ``loss`` (nats) of the gold passages of held-out questions.

    A passage that scores as high as the gold one counts as before it.
    """

    def read(model: nn.Module, batch: Batch) -> Tensor:
        scores = score_candidates(model, batch)
        ranks = 1 + (~(scores[:, 1:] < scores[:, :1])).sum(dim=1)  # NaN is below nothing
        return torch.stack([1 / ranks, -scores.log_softmax(dim=1)[:, 0]], dim=1)

    questions = max(1, batch_size // (1 + _JUDGED_NEGATIVES))
    values, _ = read_batches(read, model, rows, questions, precision)
    found, loss = values.mean(axis=0, dtype=np.float64)
    return {"mrr": PERCENT * float(found), "loss": float(loss)}
