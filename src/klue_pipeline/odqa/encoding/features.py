"""Reader examples as one Arrow table of windows: what every fold trains on and is judged on."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from klue_pipeline.odqa.encoding.answer_spans import (
    AnswerSpans,
    SpansInWindows,
    locate_answers,
    spans_in_windows,
)
from klue_pipeline.odqa.encoding.schema import ORIGINAL
from klue_pipeline.odqa.encoding.windows import Windows, cut_windows, tokenise_pairs
from klue_pipeline.odqa.settings.reader_params import ReaderParams
from klue_pipeline.text.counts import counted
from klue_pipeline.text.written_texts import WrittenText, with_masks
from klue_pipeline.training.fingerprint import hash_table, hash_tokenizer
from klue_pipeline.training.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

ROWS_PER_CHUNK = 2048
SCHEMA = pa.schema(
    {
        "row_id": pa.string(),
        "question_id": pa.string(),
        "method": pa.string(),
        "window": pa.int32(),
        "input_ids": pa.list_(pa.int32()),
        "token_type_ids": pa.list_(pa.int8()),
        "start_chars": pa.list_(pa.int32()),
        "end_chars": pa.list_(pa.int32()),
        "passage_start": pa.int32(),
        "passage_end": pa.int32(),
        "owned_start": pa.int32(),
        "owned_end": pa.int32(),
        "answer_starts": pa.list_(pa.int32()),
        "answer_ends": pa.list_(pa.int32()),
        "has_answer": pa.bool_(),
        "length": pa.int32(),
    }
)


@dataclass(frozen=True)
class ReaderFeatures:
    """Encoded windows.

    Attributes:
        table: One row per window, in the columns of :data:`SCHEMA`; those of an example are
            adjacent, and numbered from 0 by ``window``. What most columns are is said at
            :class:`~klue_pipeline.odqa.encoding.windows.Windows`. ``answer_starts`` and
            ``answer_ends`` are places of tokens in the window, with exclusive ends, one for each
            answer that lies in it wholly, in the order of the example; ``has_answer`` says whether
            there is any. ``length`` counts the tokens.
        fingerprint: What made the features: ``rows``, the content hash of the original examples,
            and ``tokenizer``, that of the tokenizer with the sizes of windows.
    """

    table: pa.Table
    fingerprint: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of windows."""
        return int(self.table.num_rows)

    def select(self, indices: Sequence[int] | NDArray[np.integer]) -> "ReaderFeatures":
        """Return the windows at ``indices``, in that order."""
        return replace(self, table=self.table.take(pa.array(indices, pa.int64())))


def encode_reader_examples(
    examples: pd.DataFrame, tokenizer: Tokenizer, reader: ReaderParams, max_tokens: int
) -> ReaderFeatures:
    """Encode examples as windows, each different text once.

    Args:
        examples: Schema ``ReaderExamples``.
        tokenizer: The reader's fast tokenizer.
        reader: Longest question, and what windows share.
        max_tokens: Longest window, question and special tokens included.

    Returns:
        All windows of all examples, those without an answer too, in the order of the table.

    Raises:
        ValueError: Windows are too short for a question, or masks are to be written and the
            tokenizer has no token for them.
    """
    pairs = tokenise_pairs(
        _write_questions(examples),
        examples["context"].tolist(),
        tokenizer,
        reader.max_question_tokens,
    )
    spans = locate_answers(examples["answers"].tolist(), examples["answer_starts"].tolist(), pairs)
    batches = []
    for first in range(0, len(examples), ROWS_PER_CHUNK):
        end = first + ROWS_PER_CHUNK
        windows = cut_windows(pairs.cut(first, end), tokenizer, max_tokens, reader.stride)
        held = spans_in_windows(spans.cut(first, end), windows)
        batches.append(_to_batch(examples.iloc[first:end], windows, held))
    table = pa.Table.from_batches(batches, schema=SCHEMA)
    _log(table, examples, spans)
    sizes = [reader.max_question_tokens, reader.stride, max_tokens]
    return ReaderFeatures(
        table, {"rows": _hash_rows(examples), "tokenizer": hash_tokenizer(tokenizer, *sizes)}
    )


def _write_questions(examples: pd.DataFrame) -> list[WrittenText]:
    written = map(WrittenText, examples["question"])
    return [
        with_masks(question) if method == "question_mask" else question
        for question, method in zip(written, examples["method"], strict=True)
    ]


def _to_batch(chunk: pd.DataFrame, windows: Windows, spans: SpansInWindows) -> pa.RecordBatch:
    firsts = np.searchsorted(windows.pairs, windows.pairs, side="left")
    segments = windows.token_type_ids
    columns: dict[str, Any] = {
        **{
            name: chunk[name].to_numpy(dtype=object)[windows.pairs]
            for name in ("row_id", "question_id", "method")
        },
        "window": np.arange(len(windows)) - firsts,
        "input_ids": (windows.offsets, windows.input_ids),
        "token_type_ids": (
            windows.offsets,
            np.zeros(len(windows.input_ids), np.int8) if segments is None else segments,
        ),
        "start_chars": (windows.offsets, windows.start_chars),
        "end_chars": (windows.offsets, windows.end_chars),
        "passage_start": windows.passage_starts,
        "passage_end": windows.passage_ends,
        "owned_start": windows.owned_starts,
        "owned_end": windows.owned_ends,
        "answer_starts": (spans.offsets, spans.starts),
        "answer_ends": (spans.offsets, spans.ends),
        "has_answer": np.diff(spans.offsets) > 0,
        "length": np.diff(windows.offsets),
    }
    arrays = [_to_array(columns[column.name], column.type) for column in SCHEMA]
    return pa.record_batch(arrays, schema=SCHEMA)


def _to_array(values: Any, kind: pa.DataType) -> pa.Array:
    if not isinstance(values, tuple):
        return pa.array(values, kind)
    offsets, flat = values
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(flat, kind.value_type), type=kind
    )


def _hash_rows(examples: pd.DataFrame) -> str:
    """Hash the original rows; those made of them follow from them and the settings."""
    rows = examples.loc[examples["method"] == ORIGINAL]
    answers = [
        json.dumps([list(texts), [int(start) for start in starts]])
        for texts, starts in zip(rows["answers"], rows["answer_starts"], strict=True)
    ]
    columns = ["question_id", "question", "context", "part", "answers"]
    return hash_table(rows.assign(answers=answers), columns)


def _log(table: pa.Table, examples: pd.DataFrame, spans: AnswerSpans) -> None:
    logger.info(
        "Encoded %s of a question and a passage in %s; %s, of which %d begin and end with a token",
        counted(len(examples), "pair"),
        counted(len(table), "window"),
        counted(len(spans.pairs), "answer"),
        spans.is_exact.sum(),
    )
    if spans.n_lost:
        logger.warning(
            "%s without any token: the tokenizer leaves out all their characters; their windows "
            "count as those without an answer.",
            counted(spans.n_lost, "answer"),
        )
