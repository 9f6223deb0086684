"""Masked tokens for masked-language modelling: which are to be predicted, and what hides them.

Which tokens are masked is a function of seed, epoch and row alone, so each epoch masks anew and a
resumed training masks as an unbroken one. Transformers' collator draws from one running generator,
finds words by gaps between tokens, which the pieces of SentencePiece do not have, and masks whole
words without the random and the unchanged share of BERT; hence this module.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from klue_pipeline.training.batches import Batch, EncodedRows

NO_WORD = -1
"""Word number of a token that is never masked."""

# Devlin et al., 2019: of the chosen tokens 80 % become [MASK], 10 % another token, 10 % stay.
_HIDDEN_SHARE = 0.8
_RANDOM_SHARE = 0.1


@dataclass(frozen=True)
class Masking:
    """How tokens are masked.

    Attributes:
        share: Share of the words to mask, above 0 and below 1.
        mask_id: Token id of the mask.
        ordinary_ids: Token ids that may stand in for a masked one: all but the special ones.
            Shape: (ordinary tokens,).
        seed: Seed of all that is left to chance.
    """

    share: float
    mask_id: int
    ordinary_ids: NDArray[np.int64]
    seed: int


def masking_for(tokenizer: PreTrainedTokenizerBase, share: float, seed: int) -> Masking:
    """Return how the texts of a tokenizer are masked.

    Raises:
        ValueError: The tokenizer has no mask token.
    """
    if tokenizer.mask_token_id is None:
        raise ValueError(
            f"The tokenizer of {tokenizer.name_or_path or 'this encoder'} has no mask token, so "
            "its encoder cannot be adapted by masked-language modelling; choose another in "
            "adapt.encoder.name."
        )
    ordinary = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
    return Masking(share, tokenizer.mask_token_id, ordinary.astype(np.int64), seed)


@dataclass(frozen=True)
class EncodedTexts:
    """Texts as token ids, and which tokens make up a word.

    Attributes:
        rows: Token ids of the texts that have an ordinary token, in order.
        words: Number of each token's word, counted from 0 in its text; ``NO_WORD`` for special
            tokens. Shape: (tokens of all rows,), as ``rows.input_ids``.
        truncated: Texts longer than allowed, whose end is missing.
        unusable: Texts left out because all of their tokens are special, such as unknown ones.
    """

    rows: EncodedRows
    words: NDArray[np.int32]
    truncated: int
    unusable: int


def encode_texts(
    texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, max_tokens: int, *, whole_word: bool
) -> EncodedTexts:
    """Encode texts and number their words.

    A word ends where the tokenizer's word ends and at every blank; some tokenizers take a whole
    text for one word.

    Args:
        texts: What to encode; each becomes a row of its own.
        tokenizer: A fast tokenizer.
        max_tokens: Longest row, special tokens included; the end of a longer text is cut off.
        whole_word: False makes every token a word of its own.

    Raises:
        ValueError: No text has a token to predict.
    """
    encodings = tokenizer(list(texts), truncation=True, max_length=max_tokens).encodings
    special = np.array(tokenizer.all_special_ids)
    numbered = [
        _number_words(encoding, text, special, whole_word=whole_word)
        for encoding, text in zip(encodings, texts, strict=True)
    ]
    usable = [index for index, words in enumerate(numbered) if words.max(initial=NO_WORD) >= 0]
    if not usable:
        raise ValueError(
            f"None of {len(numbered)} texts has a token that could be predicted: the tokenizer "
            "knows none of their words. Name an encoder of their language."
        )
    lengths = [len(numbered[index]) for index in usable]
    ids = [np.asarray(encodings[index].ids, dtype=np.int32) for index in usable]
    rows = EncodedRows(
        input_ids=np.concatenate(ids),
        token_type_ids=None,  # a text alone is all of the first segment, which is the default
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        columns={},
        padding_id=int(tokenizer.pad_token_id),
    )
    return EncodedTexts(
        rows=rows,
        words=np.concatenate([numbered[index] for index in usable]),
        truncated=sum(bool(encoding.overflowing) for encoding in encodings),
        unusable=len(numbered) - len(usable),
    )


def _number_words(
    encoding: Any, text: str, special_ids: NDArray[np.int64], *, whole_word: bool
) -> NDArray[np.int32]:
    """Return the word number of each token of a text. Shape: (tokens,)."""
    ordinary = ~np.isin(encoding.ids, special_ids)
    begins = np.ones(len(ordinary), dtype=bool)
    if whole_word and len(ordinary) > 1:
        blanks = np.cumsum([0, *map(str.isspace, text)])  # before each place of the text
        places = np.array([end for _, end in encoding.offsets])
        word_ids = np.array([NO_WORD if word is None else word for word in encoding.word_ids])
        begins[1:] = (np.diff(word_ids) != 0) | (np.diff(blanks[places]) != 0) | ~ordinary[:-1]
    numbers = np.cumsum(begins & ordinary) - 1
    return np.where(ordinary, numbers, NO_WORD).astype(np.int32)


def choose_tokens(
    words: NDArray[np.int32], share: float, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw the words of a row to mask, each with probability ``share``, and at least one.

    Args:
        words: Word number of each token, or ``NO_WORD``. Shape: (tokens,).
        share: Share of the words to mask.
        generator: Where chance comes from.

    Returns:
        Whether each token is to be predicted. Shape: (tokens,).
    """
    draws = generator.random(words.max() + 1)
    chosen = draws <= max(share, draws.min())
    masked: NDArray[np.bool_] = (words != NO_WORD) & chosen[words]
    return masked


def hide_tokens(
    token_ids: NDArray[np.integer],
    chosen: NDArray[np.bool_],
    masking: Masking,
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """Replace the chosen tokens as BERT does: 80 % by the mask, 10 % by any token, 10 % not.

    Args:
        token_ids: Tokens of a row. Shape: (tokens,).
        chosen: Which of them are to be predicted. Shape: (tokens,).
        masking: The mask and the tokens that may stand in.
        generator: Where chance comes from.

    Returns:
        What the model reads. Shape: (tokens,).
    """
    draws = generator.random(len(token_ids))
    hidden = np.array(token_ids, dtype=np.int64)
    hidden[chosen & (draws < _HIDDEN_SHARE)] = masking.mask_id
    swapped = chosen & (draws >= _HIDDEN_SHARE) & (draws < _HIDDEN_SHARE + _RANDOM_SHARE)
    hidden[swapped] = generator.choice(masking.ordinary_ids, swapped.sum())
    return hidden


class MaskedRows(EncodedRows):
    """Rows whose batches come masked, anew in each epoch.

    Args:
        texts: The rows and their words.
        masking: How to mask.
    """

    def __init__(self, texts: EncodedTexts, masking: Masking) -> None:
        super().__init__(**vars(texts.rows))
        self._words = texts.words
        self._masking = masking
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose masks the next batches have; accelerate calls this."""
        self._epoch = epoch

    def __getitems__(self, indices: list[int]) -> Batch:
        """Return the rows as one masked batch.

        Returns:
            ``input_ids`` (masked) and ``attention_mask``, shape (batch, tokens); ``places`` of the
            tokens to predict, counted over the whole batch as one row of batch * tokens, and their
            true ids ``labels``, int64, shape (predicted tokens,); and ``weights``, all one.
        """
        batch = super().__getitems__(indices)
        masked = batch["input_ids"].numpy().copy()  # (batch, tokens)
        chosen = np.zeros(masked.shape, dtype=bool)
        for place, index in enumerate(indices):
            length = int(self.offsets[index + 1] - self.offsets[index])
            masked[place, :length], chosen[place, :length] = self._mask(index)
        places = torch.from_numpy(np.flatnonzero(chosen))
        labels = batch["input_ids"].flatten()[places]
        added: Mapping[str, torch.Tensor] = {
            "input_ids": torch.from_numpy(masked),
            "places": places,
            "labels": labels,
            "weights": torch.ones(len(places)),
        }
        return {**batch, **added}

    def _mask(self, index: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return what the model reads of a row, and which tokens it is to predict."""
        generator = np.random.default_rng([self._masking.seed, self._epoch, index])
        cells = slice(self.offsets[index], self.offsets[index + 1])
        chosen = choose_tokens(self._words[cells], self._masking.share, generator)
        return hide_tokens(self.input_ids[cells], chosen, self._masking, generator), chosen
