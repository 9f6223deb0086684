"""The model of a dense retriever while it learns: two encoders, or one for both kinds of text."""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from klue_pipeline.odqa.dense.encoder import embed_batch
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.training.batches import Batch
from klue_pipeline.training.compute.dropout import drawing_anew


class Towers(nn.Module):
    """Two encoders side by side."""

    def __init__(self, question: nn.Module, passage: nn.Module) -> None:
        super().__init__()
        self.question, self.passage = question, passage

    @property
    def embeddings(self) -> nn.ModuleList:
        """The embeddings of both, which ``freeze: embeddings`` freezes."""
        return nn.ModuleList(cast(Any, tower).embeddings for tower in (self.question, self.passage))


class DualEncoder(nn.Module):
    """Compares questions with passages by the vectors of their encoders.

    A batch that is larger than ``chunk`` questions is embedded in parts whose states are computed
    anew when gradients flow through them (Gao et al., "Scaling Deep Contrastive Learning Batch Size
    under Memory Limited Setup", 2021): the loss sees all passages of the batch, and the memory
    holds the states of one part.

    Args:
        question: Encoder of questions.
        passage: Encoder of passages; the same one shares its weights.
        params: How states become vectors.
        chunk: Questions that are embedded at a time.
        passages_per_question: Passages that are embedded at a time, for each of these questions.
    """

    def __init__(
        self,
        question: nn.Module,
        passage: nn.Module,
        params: RetrieverParams,
        chunk: int,
        passages_per_question: int = 1,
    ) -> None:
        super().__init__()
        self.encoder = passage if question is passage else Towers(question, passage)
        self._params = params
        self._chunk, self._passage_chunk = chunk, chunk * passages_per_question

    @property
    def question(self) -> nn.Module:
        """The encoder of questions."""
        return self.encoder.question if isinstance(self.encoder, Towers) else self.encoder

    @property
    def passage(self) -> nn.Module:
        """The encoder of passages."""
        return self.encoder.passage if isinstance(self.encoder, Towers) else self.encoder

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        passage_input_ids: Tensor,
        passage_attention_mask: Tensor,
    ) -> Tensor:
        """Compare every question of a batch with every passage of it.

        Args:
            input_ids: Of the questions. Shape: (questions, tokens).
            attention_mask: As ``input_ids``.
            passage_input_ids: Shape: (passages, tokens).
            passage_attention_mask: As ``passage_input_ids``.

        Returns:
            Similarities, float32. Shape: (questions, passages).
        """
        questions = _in_parts(self.embed_questions, input_ids, attention_mask, self._chunk)
        passages = _in_parts(
            self.embed_passages, passage_input_ids, passage_attention_mask, self._passage_chunk
        )
        # Divided by a temperature, three digits of bfloat16 would not tell passages apart.
        with torch.autocast(questions.device.type, enabled=False):
            similarities: Tensor = questions @ passages.T
        return similarities

    def embed_questions(self, batch: Batch) -> Tensor:
        """Return the vectors of a batch of questions. Shape: (questions, width)."""
        return embed_batch(self.question, batch, self._params)

    def embed_passages(self, batch: Batch) -> Tensor:
        """Return the vectors of a batch of passages. Shape: (passages, width)."""
        return embed_batch(self.passage, batch, self._params)


def _in_parts(
    embed: Callable[[Batch], Tensor], input_ids: Tensor, attention_mask: Tensor, size: int
) -> Tensor:
    if len(input_ids) <= size:
        return embed({"input_ids": input_ids, "attention_mask": attention_mask})
    parts = []
    for ids, mask in zip(
        torch.split(input_ids, size), torch.split(attention_mask, size), strict=True
    ):
        width = int(mask.sum(1).max())
        part = {"input_ids": ids[:, :width], "attention_mask": mask[:, :width]}
        parts.append(checkpoint(embed, part, use_reentrant=False, context_fn=drawing_anew))
    return torch.cat(parts)


def contrastive_losses(similarities: Tensor, batch: Batch, temperature: float) -> Tensor:
    """Return the cross-entropy of each question's gold passage among the passages of its batch.

    Args:
        similarities: Shape: (questions, passages).
        batch: ``labels``, the column of each gold passage, and ``ignored``, what counts neither as
            right nor as wrong.
        temperature: Similarities are divided by it.

    Returns:
        Losses in nats (van den Oord et al., 2018). Shape: (questions,).
    """
    logits = (similarities / temperature).masked_fill(batch["ignored"], -torch.inf)
    return nn.functional.cross_entropy(logits, batch["labels"], reduction="none")
