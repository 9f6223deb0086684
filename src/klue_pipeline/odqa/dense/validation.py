"""How good a dense retriever in training is: at which rank it has gold passages.

Those of held-out questions are looked for in a pool: these gold passages and all hard negatives of
the questions, or all passages where they are few.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.odqa.dense.contrastive_rows import QuestionPassages
from klue_pipeline.odqa.dense.dual_encoder import DualEncoder, contrastive_losses
from klue_pipeline.training.params import Precision
from klue_pipeline.training.prediction import read_rows

_QUESTIONS_AT_A_TIME = 256


def judge_retriever(
    model: DualEncoder,
    held_out: QuestionPassages,
    temperature: float,
    batch_size: int,
    precision: Precision,
) -> dict[str, float]:
    """Rank the whole pool for every held-out question.

    A passage that is as similar as the best gold passage counts as before it, so that a model that
    finds all passages alike is no good one.

    Args:
        model: The retriever.
        held_out: Questions and the pool.
        temperature: Of the loss.
        batch_size: Texts that are embedded at a time.
        precision: A resolved precision, not ``auto``.

    Returns:
        ``mrr``, the mean reciprocal rank of the best gold passage, 0 to 100, and ``loss``, the mean
        cross-entropy of the gold passage in nats.
    """
    questions = read_rows(
        lambda _, batch: model.embed_questions(batch),
        model, held_out.questions, batch_size, precision,
    )  # fmt: skip
    passages = read_rows(
        lambda _, batch: model.embed_passages(batch),
        model, held_out.passages, batch_size, precision,
    )  # fmt: skip
    ranks, losses = [], []
    for start in range(0, len(questions), _QUESTIONS_AT_A_TIME):
        part = np.arange(start, min(start + _QUESTIONS_AT_A_TIME, len(questions)))
        rank, loss = _judge_block(questions[part] @ passages.T, held_out, part, temperature)
        ranks.append(rank)
        losses.append(loss)
    return {
        "mrr": PERCENT * float((1 / np.concatenate(ranks)).mean()),
        "loss": float(np.concatenate(losses).mean(dtype=np.float64)),
    }


def _judge_block(
    similarities: NDArray[np.float32],
    held_out: QuestionPassages,
    indices: NDArray[np.int64],
    temperature: float,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return rank and loss of each question. Shape of each: (questions,)."""
    gold = np.stack([np.isin(held_out.groups, held_out.gold_groups[index]) for index in indices])
    best = np.where(gold, similarities, -np.inf).max(axis=1, keepdims=True)
    # What is not below the best gold passage, as nothing is of a model that diverged to NaN.
    ranks = 1 + (~(similarities < best) & ~gold).sum(axis=1)
    labels = held_out.positives[indices]
    gold[np.arange(len(indices)), labels] = False
    batch = {"labels": torch.from_numpy(labels), "ignored": torch.from_numpy(gold)}
    return ranks, contrastive_losses(torch.from_numpy(similarities), batch, temperature).numpy()
