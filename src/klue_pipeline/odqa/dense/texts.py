"""What an encoder reads of a question and of a passage, as text and as token ids."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from transformers import PreTrainedTokenizerBase

from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.text.blanks import blank_out_breaks
from klue_pipeline.training.batches import EncodedRows


def question_texts(questions: pd.DataFrame, params: RetrieverParams) -> list[str]:
    """Return the questions as a retriever's encoder reads them.

    Args:
        questions: Schema ``Questions``.
        params: A dense retriever.
    """
    return [f"{params.question_prefix}{blank_out_breaks(text)}" for text in questions["question"]]


def passage_texts(passages: pd.DataFrame, params: RetrieverParams) -> list[str]:
    """Return the passages as a retriever's encoder reads them, titles first if it reads them.

    Args:
        passages: Schema ``Passages``.
        params: A dense retriever.
    """
    texts = titled_texts(passages) if params.title else map(blank_out_breaks, passages["text"])
    return [f"{params.passage_prefix}{text}" for text in texts]


def titled_texts(passages: pd.DataFrame) -> list[str]:
    """Return ``title: text`` of each passage, or the text alone where there is no title."""
    pairs = zip(passages["title"], passages["text"], strict=True)
    return [blank_out_breaks(f"{title}: {text}" if title else text) for title, text in pairs]


def encode_rows(
    texts: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    max_tokens: int,
    *,
    seconds: Sequence[str] | None = None,
    segments: bool = False,
) -> EncodedRows:
    """Encode texts, or pairs of texts, as rows without columns.

    Args:
        texts: What to encode; each becomes a row.
        tokenizer: A fast tokenizer.
        max_tokens: Longest row, special tokens included. The end of a longer text is cut off, in a
            pair that of the longer one.
        seconds: The second text of each pair; None encodes single texts.
        segments: Whether the encoder reads the segment numbers of a pair.
    """
    encoded = tokenizer(
        list(texts),
        None if seconds is None else list(seconds),
        truncation=True,
        max_length=max_tokens,
        return_attention_mask=False,
        return_token_type_ids=segments,
        verbose=False,
    )
    rows = encoded["input_ids"]
    return EncodedRows(
        input_ids=_flat(rows),
        token_type_ids=_flat(encoded["token_type_ids"]) if segments else None,
        offsets=np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)]),
        columns={},
        padding_id=int(tokenizer.pad_token_id),
    )


def _flat(rows: Sequence[Sequence[int]]) -> np.ndarray:
    return np.fromiter((value for row in rows for value in row), dtype=np.int32)
