"""Train the word embeddings of those tokens alone that occur in the rows of a training.

The gradient of a word embedding is as large as the whole matrix, and AdamW keeps two more of its
size: of a multilingual vocabulary that is more than all layers, and most rows have no token. What
has no gradient does not learn, so leaving it out changes nothing but that weight decay does not
shrink it: a word that only new text has keeps its embedding as it was pre-trained.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from klue_pipeline.training.batches import EncodedRows

logger = logging.getLogger(__name__)

_WORTH_IT = 0.9
"""Share of the vocabulary in use, above which the whole matrix trains as it is."""


class EmbeddingInUse(nn.Embedding):
    """Word embeddings of some tokens of a vocabulary, looked up by the ids of the whole.

    The weight has the name that it has in the whole matrix, and the state holds nothing else.

    Args:
        whole: The embeddings of all tokens; they are copied.
        token_ids: Ids of the tokens that are used, ascending, that of padding among them.
            Shape: (tokens in use,).
    """

    places: Tensor
    """Row of each token of the vocabulary, -1 for one that is not used. Shape: (vocabulary,)."""

    def __init__(self, whole: nn.Embedding, token_ids: Tensor) -> None:
        places = torch.full((whole.num_embeddings,), -1)
        places[token_ids] = torch.arange(len(token_ids))
        super().__init__(
            len(token_ids),
            whole.embedding_dim,
            padding_idx=None if whole.padding_idx is None else int(places[whole.padding_idx]),
            _weight=whole.weight.detach()[token_ids],
        )
        self.weight.requires_grad_(whole.weight.requires_grad)
        self.register_buffer("places", places, persistent=False)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (the name in nn.Embedding)
        """Return the embedding of each token; any shape, and the width as its last dimension.

        Raises:
            ValueError: A token is not among those in use. On a GPU PyTorch says so, in its words:
                to ask would wait for the device at every step.
        """
        places = self.places[input]
        if input.device.type == "cpu" and not torch.compiler.is_compiling() and places.min() < 0:
            strange = torch.unique(input[places < 0])[:3].tolist()
            raise ValueError(
                f"The tokens {strange} do not occur in the rows whose embeddings are trained; hand "
                "all rows that the model is to read meanwhile to vocabulary_in_use."
            )
        return super().forward(places)


@contextmanager
def vocabulary_in_use(model: nn.Module, *rows: EncodedRows) -> Iterator[None]:
    """Leave the word embeddings out of a training whose tokens no row has.

    Within the block, ``model.encoder`` holds those of the tokens in use; the whole matrix stays
    where it is, which is not on the device if the model moves there within the block. At its end it
    is put back with what was learnt. An encoder without a word embedding of its own, or one that
    shares it with another layer, stays as it is, and so does one of which nearly all tokens occur.

    Args:
        model: The model, on the CPU; its optimizer is not built yet.
        *rows: All that it reads within the block: what it trains and is judged on.
    """
    encoder: Any = getattr(model, "encoder", None)
    whole = _own_embedding(model, encoder) if isinstance(encoder, PreTrainedModel) else None
    token_ids = None if whole is None else _tokens_of(rows, whole)
    if whole is None or token_ids is None or len(token_ids) > _WORTH_IT * whole.num_embeddings:
        yield
        return
    logger.info(
        "%d of %d tokens occur; the embeddings of the others do not train",
        len(token_ids),
        whole.num_embeddings,
    )
    in_use = EmbeddingInUse(whole, token_ids)
    encoder.set_input_embeddings(in_use)
    try:
        yield
    finally:
        with torch.no_grad():
            whole.weight[token_ids] = in_use.weight.to(whole.weight.device)
        encoder.set_input_embeddings(whole)


def _own_embedding(model: nn.Module, encoder: PreTrainedModel) -> nn.Embedding | None:
    embedding = encoder.get_input_embeddings()
    if type(embedding) is not nn.Embedding:  # a scaled or hashed one does more than to look up
        return None
    weights = [weight for _, weight in model.named_parameters(remove_duplicate=False)]
    shared = sum(weight is embedding.weight for weight in weights) > 1
    return None if shared else embedding


def _tokens_of(rows: tuple[EncodedRows, ...], whole: nn.Embedding) -> Tensor:
    """Return the ids that occur, those of padding included, in ascending order."""
    occurs = torch.zeros(whole.num_embeddings, dtype=torch.bool)
    if whole.padding_idx is not None:
        occurs[whole.padding_idx] = True
    for each in rows:
        tokens = each.input_ids[each.offsets[0] : each.offsets[-1]]
        occurs[torch.from_numpy(tokens.astype("int64"))] = True
        occurs[each.padding_id] = True
    return occurs.nonzero().flatten()
