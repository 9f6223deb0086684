"""Pairs of a question and a passage as windows of tokens, each token with its place in the text."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.odqa.encoding.text_tokens import TextTokens, tokenise_texts
from klue_pipeline.odqa.encoding.window_plan import WindowPlan, plan_windows
from klue_pipeline.text.written_texts import WrittenText
from klue_pipeline.training.tokenizer import Tokenizer
from klue_pipeline.training.tokens.frames import Frame, derive_frames

Integers = NDArray[np.int64]
Text = TypeVar("Text", bound=Hashable)


@dataclass(frozen=True)
class Windows:
    """What a reader takes of some pairs of a question and a passage, in the order of the pairs.

    A passage that is too long for one window has several, which share ``reader.stride`` tokens. The
    tokens of all windows lie one after the other in flat arrays.

    Attributes:
        pairs: Which pair each window is of, counted from 0. Shape: (windows,).
        offsets: Where each window begins in the flat arrays; the last entry is their length.
            Shape: (windows + 1,).
        input_ids: Token ids. Shape: (tokens of all windows,).
        token_type_ids: Segment numbers in the same order; None where the tokenizer makes none.
        start_chars: Place of the token's first character in the passage, blanks before it left out;
            0 for a token that is not of the passage. Shape: (tokens of all windows,).
        end_chars: Place after its last character; not above ``start_chars`` where the token holds
            no character of the passage, with which an answer can neither begin nor end.
        passage_starts: Place of the first token of the passage, counted in its window.
            Shape: (windows,).
        passage_ends: Place after the last one. Nothing before or behind can be of an answer.
        owned_starts: First token of the passage that this window owns: of several windows with a
            token, the one where it has most context on both sides owns it, and an answer that
            begins with it is read there alone. Counted in the window. Shape: (windows,).
        owned_ends: Place after the last one.
        first_tokens: Which token of the whole passage stands first, counted from 0.
            Shape: (windows,).
    """

    pairs: Integers
    offsets: Integers
    input_ids: NDArray[np.int32]
    token_type_ids: NDArray[np.int8] | None
    start_chars: NDArray[np.int32]
    end_chars: NDArray[np.int32]
    passage_starts: Integers
    passage_ends: Integers
    owned_starts: Integers
    owned_ends: Integers
    first_tokens: Integers

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.pairs)


@dataclass(frozen=True)
class TokenPairs:
    """Pairs of a question and a passage in tokens, each different text once.

    Attributes:
        questions: The tokens of the different questions.
        passages: The tokens of the different passages.
        question_of: Which question each pair has. Shape: (pairs,).
        passage_of: Which passage each pair has. Shape: (pairs,).
    """

    questions: TextTokens
    passages: TextTokens
    question_of: Integers
    passage_of: Integers

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.question_of)

    def cut(self, first: int, end: int) -> "TokenPairs":
        """Return the pairs from ``first`` to before ``end``; the tokens are not copied."""
        chosen = slice(first, end)
        return replace(
            self, question_of=self.question_of[chosen], passage_of=self.passage_of[chosen]
        )


def encode_windows(
    questions: Sequence[str],
    contexts: Sequence[str],
    tokenizer: Tokenizer,
    max_tokens: int,
    max_question_tokens: int,
    stride: int,
) -> Windows:
    """Encode pairs as what a reader takes.

    Args:
        questions: The question of each pair.
        contexts: Its passage. A text that occurs in several pairs is tokenised once.
        tokenizer: A fast tokenizer.
        max_tokens: Longest window, special tokens included.
        max_question_tokens: Longest question; the rest of a longer one is left out.
        stride: Tokens of a passage that neighbouring windows share.

    Returns:
        One or more windows for each pair, in their order.

    Raises:
        ValueError: A question leaves no room for tokens that the window before does not have.
    """
    pairs = tokenise_pairs(questions, contexts, tokenizer, max_question_tokens)
    return cut_windows(pairs, tokenizer, max_tokens, stride)


def tokenise_pairs(
    questions: Sequence[str | WrittenText],
    contexts: Sequence[str],
    tokenizer: Tokenizer,
    max_question_tokens: int,
) -> TokenPairs:
    """Take the texts of pairs apart into tokens, each different one once.

    Args:
        questions: The question of each pair; a written one may have masks.
        contexts: Its passage.
        tokenizer: A fast tokenizer.
        max_question_tokens: Longest question.
    """
    question_of, different_questions = _number(questions)
    passage_of, different_passages = _number(contexts)
    return TokenPairs(
        tokenise_texts(different_questions, tokenizer, max_question_tokens),
        tokenise_texts(different_passages, tokenizer),
        question_of,
        passage_of,
    )


def _number(texts: Sequence[Text]) -> tuple[Integers, list[Text]]:
    number_of = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return np.array([number_of[text] for text in texts], dtype=np.int64), list(number_of)


def cut_windows(pairs: TokenPairs, tokenizer: Tokenizer, max_tokens: int, stride: int) -> Windows:
    """Cut the passages of pairs into windows, and put questions and special tokens around them.

    Args:
        pairs: The pairs in tokens.
        tokenizer: What they were tokenised by.
        max_tokens: Longest window, special tokens included.
        stride: Tokens of a passage that neighbouring windows share.

    Raises:
        ValueError: A question leaves no room for tokens that the window before does not have.
    """
    _, frame = derive_frames(tokenizer)
    question_lengths = pairs.questions.lengths[pairs.question_of]
    rooms = max_tokens - frame.special_tokens - question_lengths
    if (rooms <= stride).any():
        raise ValueError(
            f"Windows of {max_tokens} tokens with {frame.special_tokens} special ones and a "
            f"question of {question_lengths.max()} leave {rooms.min()} for the passage, and "
            f"neighbours share {stride} of them. Raise training.max_tokens, or lower reader.stride "
            "or reader.max_question_tokens."
        )
    plan = plan_windows(pairs.passages.lengths[pairs.passage_of], rooms, stride)
    return _lay_out(pairs, plan, frame)


def _lay_out(pairs: TokenPairs, plan: WindowPlan, frame: Frame) -> Windows:
    before, between, after = (len(run.ids) for run in frame.specials)
    question = pairs.question_of[plan.passages]
    passage_offsets = pairs.passages.offsets[pairs.passage_of[plan.passages]]
    question_lengths = pairs.questions.lengths[question]
    # Of each window its five stretches: where they begin in the pool of all tokens, how long.
    pool_of_passages = before + between + after + len(pairs.questions.ids)
    starts = np.empty((len(plan.passages), 5), dtype=np.int64)
    starts[:] = [0, before + between + after, before, pool_of_passages, before + between]
    starts[:, 1] += pairs.questions.offsets[question]
    starts[:, 3] += passage_offsets + plan.starts
    lengths = np.empty_like(starts)
    lengths[:] = [before, 0, between, 0, after]
    lengths[:, 1] = question_lengths
    lengths[:, 3] = plan.ends - plan.starts
    tokens = _places_of(starts.ravel(), lengths.ravel())
    first = before + question_lengths + between
    types = _pool_types(pairs, frame)
    no_chars = np.zeros(pool_of_passages, dtype=np.int32)
    return Windows(
        pairs=plan.passages,
        offsets=np.concatenate([[0], np.cumsum(lengths.sum(axis=1))]),
        input_ids=_pool_ids(pairs, frame)[tokens],
        token_type_ids=types[tokens] if types.any() else None,
        start_chars=np.concatenate([no_chars, pairs.passages.start_chars])[tokens],
        end_chars=np.concatenate([no_chars, pairs.passages.end_chars])[tokens],
        passage_starts=first,
        passage_ends=first + lengths[:, 3],
        owned_starts=first + plan.owned_starts - plan.starts,
        owned_ends=first + plan.owned_ends - plan.starts,
        first_tokens=plan.starts,
    )


def _pool_ids(pairs: TokenPairs, frame: Frame) -> NDArray[np.int32]:
    special = [token for run in frame.specials for token in run.ids]
    return np.concatenate([np.array(special, np.int32), pairs.questions.ids, pairs.passages.ids])


def _pool_types(pairs: TokenPairs, frame: Frame) -> NDArray[np.int8]:
    special = [segment for run in frame.specials for segment in run.types]
    of_texts = np.repeat(frame.text_types, [len(pairs.questions.ids), len(pairs.passages.ids)])
    return np.concatenate([special, of_texts]).astype(np.int8)


def _places_of(starts: Integers, lengths: Integers) -> Integers:
    """Return the places of all elements of some stretches, one stretch after the other."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())
