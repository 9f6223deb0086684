"""The tokens of a vocabulary that are whole Korean nouns: what a language model may guess."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from klue_pipeline.text.morphemes import Morpheme, analyse

COMMON_NOUN, PROPER_NOUN = NOUNS = "NNG", "NNP"
"""The two kinds of nouns; a noun is only ever replaced by one of its kind."""
# Single syllables are particles and endings as often as nouns: 은 is also silver.
_HANGUL = re.compile("[가-힣]{2,}")
_BEFORE, _AFTER = "그는 ", "에 대해 말했다."
_WORDPIECE = "WordPiece"
# How vocabularies of SentencePiece and of byte pairs write that a blank stands before a piece.
_BLANK_BEFORE = ("▁", "Ġ")


@dataclass(frozen=True)
class NounTokens:
    """The tokens of a vocabulary that are whole Korean nouns.

    Attributes:
        token_ids: Their ids, ascending, int64. Shape: (nouns,).
        words: What each of them stands for.
        kinds: Place of each one's kind in ``NOUNS``, int64. Shape: (nouns,).
        places: Word -> its place in ``words``.
    """

    token_ids: Tensor
    words: list[str]
    kinds: Tensor
    places: dict[str, int]

    def to(self, device: torch.device) -> "NounTokens":
        """Return the same on another device."""
        return NounTokens(self.token_ids.to(device), self.words, self.kinds.to(device), self.places)


def find_nouns(tokenizer: PreTrainedTokenizerBase) -> NounTokens:
    """Return the tokens that are Korean nouns and nothing else, written in Hangul.

    A token counts as a noun if a dictionary has it and it reads as one both alone and where a
    sentence wants one, which also tells common and proper nouns apart. Pieces from within a word,
    special tokens, single syllables and everything in other letters are left out.
    """
    words = _hangul_words(tokenizer)
    alone = analyse(word for _, word in words)
    framed = analyse(f"{_BEFORE}{word}{_AFTER}" for _, word in words)
    found = [
        (token_id, word, NOUNS.index(tag))
        for (token_id, word), one, other in zip(words, alone, framed, strict=True)
        if _noun_tag(one, 0, len(word))
        and (tag := _noun_tag(other, len(_BEFORE), len(_BEFORE) + len(word)))
    ]
    return NounTokens(
        token_ids=torch.tensor([token_id for token_id, _, _ in found], dtype=torch.int64),
        words=[word for _, word, _ in found],
        kinds=torch.tensor([kind for _, _, kind in found], dtype=torch.int64),
        places={word: place for place, (_, word, _) in enumerate(found)},
    )


def _noun_tag(morphemes: Sequence[Morpheme], start: int, end: int) -> str | None:
    """Return the kind of the noun, or of a compound's last one, in a stretch that is no more."""
    inside = [each for each in morphemes if each.start_char < end and start < each.end_char]
    whole = inside[0].start_char == start and inside[-1].end_char == end
    nouns = all(each.tag in NOUNS and not each.is_guess for each in inside)
    return inside[-1].tag if whole and nouns else None


def _hangul_words(tokenizer: PreTrainedTokenizerBase) -> list[tuple[int, str]]:
    ids = _word_ids(tokenizer)
    texts: list[str] = tokenizer.backend_tokenizer.decode_batch([[each] for each in ids])
    words = ((each, text.strip()) for each, text in zip(ids, texts, strict=True))
    return [(each, word) for each, word in words if _HANGUL.fullmatch(word)]


def _word_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the ids of the tokens that a word can start with, ascending."""
    model = tokenizer.backend_tokenizer.model
    if type(model).__name__ == _WORDPIECE:
        prefix = model.continuing_subword_prefix
        starts = {t: i for t, i in tokenizer.get_vocab().items() if not t.startswith(prefix)}
    else:
        starts = {t: i for t, i in tokenizer.get_vocab().items() if t.startswith(_BLANK_BEFORE)}
    return sorted(set(starts.values()).difference(tokenizer.all_special_ids))
