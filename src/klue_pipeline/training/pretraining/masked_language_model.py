"""An encoder below a head that predicts masked tokens: built from scratch, or loaded.

The class is chosen from the checkpoint's own architecture. A RoBERTa checkpoint read as a BERT
finds none of its weights, and Transformers would go on with an encoder of random numbers.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModelForMaskedLM, PreTrainedModel

from klue_pipeline.training.encoder import SCRATCH, load_pretrained, scratch_config
from klue_pipeline.training.params import EncoderParams

logger = logging.getLogger(__name__)


class MaskedTokenModel(nn.Module):
    """Predicts the tokens at given places of a batch, and only those.

    The head of a masked-language model is as wide as the vocabulary. Handing it the masked tokens
    alone, about one in seven, saves most of its time and memory and changes no number.

    Args:
        language_model: Any model of ``AutoModelForMaskedLM``.
        new_head: Whether its head starts at random, because the checkpoint held none.
    """

    def __init__(self, language_model: PreTrainedModel, *, new_head: bool) -> None:
        super().__init__()
        self.language_model = language_model
        self.new_head = new_head
        self._copies = _shared_names(self)
        # safetensors stores no weight twice, and heads share theirs with the embeddings.
        self.register_state_dict_post_hook(_drop_copies)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_restore_copies)  # type: ignore[no-untyped-call]

    @property
    def encoder(self) -> PreTrainedModel:
        """The encoder below the head, which is all that is kept in the end."""
        encoder: Any = self.language_model.base_model
        return encoder  # type: ignore[no-any-return]

    def forward(self, input_ids: Tensor, attention_mask: Tensor, places: Tensor) -> Tensor:
        """Score every token of the vocabulary at each place.

        Args:
            input_ids: Token ids, some of them masked. Shape: (batch, tokens).
            attention_mask: 1 for tokens, 0 for padding. Shape: (batch, tokens).
            places: Places to predict, counted over batch * tokens. Shape: (predicted tokens,).

        Returns:
            Logits. Shape: (predicted tokens, vocabulary).
        """
        with _only_states_at(places, self.encoder):
            output = self.language_model(input_ids=input_ids, attention_mask=attention_mask)
        logits: Tensor = output.logits.squeeze(0)
        return logits


def build_language_model(
    params: EncoderParams, vocabulary_size: int, padding_id: int
) -> MaskedTokenModel:
    """Build or load the masked-language model of an encoder, in float32.

    Args:
        params: Which encoder.
        vocabulary_size: Number of tokens of the tokenizer, special ones included.
        padding_id: Token id of padding, for an encoder from scratch.

    A checkpoint without a head gets a new one, which the log says.

    Raises:
        ValueError: The encoder cannot be loaded, or weights of it are missing.
    """
    if params.name == SCRATCH:
        build: Any = AutoModelForMaskedLM.from_config
        config = scratch_config(params, vocabulary_size, padding_id)
        return MaskedTokenModel(build(config, dtype=torch.float32), new_head=True)
    model, missing = load_pretrained(params, AutoModelForMaskedLM)
    if missing:
        logger.info("%s has no head for masked-language modelling; it gets a new one", params.name)
    embeddings: Any = model.get_input_embeddings()
    if vocabulary_size > embeddings.num_embeddings:
        model.resize_token_embeddings(vocabulary_size)
    return MaskedTokenModel(model, new_head=bool(missing))


@contextmanager
def _only_states_at(places: Tensor, encoder: nn.Module) -> Iterator[None]:
    """Let what reads the encoder's last states find those at ``places`` alone."""

    def keep(_: nn.Module, __: Any, output: Any) -> Any:
        states = output.last_hidden_state.flatten(0, 1)  # (batch * tokens, width)
        output["last_hidden_state"] = states[places].unsqueeze(0)  # (1, predicted tokens, width)
        return output

    handle = encoder.register_forward_hook(keep)
    try:
        yield
    finally:
        handle.remove()


def _shared_names(model: nn.Module) -> dict[str, str]:
    """Return the names under which a weight appears once more -> its first name."""
    first: dict[int, str] = {}
    shared = {}
    for name, weight in model.named_parameters(remove_duplicate=False):
        if first.setdefault(id(weight), name) != name:
            shared[name] = first[id(weight)]
    return shared


def _drop_copies(
    module: nn.Module, state: dict[str, Tensor], prefix: str, _: dict[str, Any]
) -> None:
    for copy in module._copies:  # type: ignore[union-attr]
        state.pop(f"{prefix}{copy}", None)


def _restore_copies(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    for copy, name in module._copies.items():  # type: ignore[union-attr, operator]
        if f"{prefix}{name}" in state:
            state.setdefault(f"{prefix}{copy}", state[f"{prefix}{name}"])
