"""How long rows are and where their entities stand: of each row, and of a file."""

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.encoding.row_encoder import RowEncoder
from klue_pipeline.relation.exploration.comparison import usable_rows
from klue_pipeline.relation.inputs.input_texts import write_inputs
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.training.tokenizer import Tokenizer

TRAIN, TEST = "train", "test"
ROWS_PER_CHUNK = 4096
UNITS = ("characters", "tokens")
_QUANTILES = {"median": 0.5, "quantile_90": 0.9, "quantile_95": 0.95, "quantile_99": 0.99}


def measure_splits(
    train: pd.DataFrame, test: pd.DataFrame, tokenizer: Tokenizer, input_params: InputParams
) -> pd.DataFrame:
    """Measure every training row and every usable test row.

    Args:
        train: Training rows; schema ``Sentences``.
        test: Test rows; schema ``TestSentences``. Those with a ``problem`` are left out.
        tokenizer: The encoder's tokenizer, with the special tokens of the input format.
        input_params: How a row is written for the encoder.

    Returns:
        One row per sentence, training rows first: ``row_id``, ``split`` (train or test), the
        columns of :func:`measure_rows` and ``tokens``: the length of the whole row as the encoder
        would read it, with markers, prefix, query and special tokens, if nothing were cut.
    """
    parts = [
        measure_rows(rows).assign(split=split, tokens=count_tokens(rows, tokenizer, input_params))
        for split, rows in ((TRAIN, train), (TEST, usable_rows(test)))
    ]
    table = pd.concat(parts, ignore_index=True)
    return table[["row_id", "split", "characters", "tokens", *table.columns[2:-2]]]


def measure_rows(sentences: pd.DataFrame) -> pd.DataFrame:
    """Measure what needs no tokenizer.

    Returns:
        One row per sentence, in order: ``row_id``; ``characters`` of the sentence;
        ``entity_distance``, the characters between the two entities (0 if they touch);
        ``subject_first``, whether the subject stands before the object; and the length of both
        entities, ``subject_characters`` and ``object_characters``.
    """
    subject_first = sentences["subject_start"] < sentences["object_start"]
    distance = (sentences["object_start"] - sentences["subject_end"]).where(
        subject_first, sentences["subject_start"] - sentences["object_end"]
    )
    return pd.DataFrame(
        {
            "row_id": sentences["row_id"],
            "characters": sentences["sentence"].str.len().astype("int64"),
            "entity_distance": distance.astype("int64"),
            "subject_first": subject_first,
            "subject_characters": sentences["subject_end"] - sentences["subject_start"],
            "object_characters": sentences["object_end"] - sentences["object_start"],
        }
    )


def count_tokens(
    sentences: pd.DataFrame, tokenizer: Tokenizer, input_params: InputParams
) -> NDArray[np.int64]:
    """Count the tokens of whole rows; the texts of only one chunk are in memory at a time.

    A row is windowed exactly if it is longer than ``training.max_tokens``, so that one look
    answers for every limit.

    Returns:
        Shape: (rows,).
    """
    encoder = RowEncoder(tokenizer, input_params.query_position, max_tokens=sys.maxsize)
    lengths: list[int] = []
    for start in range(0, len(sentences), ROWS_PER_CHUNK):
        inputs = write_inputs(sentences.iloc[start : start + ROWS_PER_CHUNK], input_params)
        lengths += [len(row.tokens.ids) for row in encoder.encode(inputs)]
    return np.array(lengths, dtype=np.int64)


def tabulate_lengths(rows: pd.DataFrame) -> pd.DataFrame:
    """Summarise the lengths of each file's rows.

    Args:
        rows: As :func:`measure_splits` returns them.

    Returns:
        One row per file and unit: ``split``, ``unit`` (characters of the sentence, or tokens of the
        row as the encoder reads it), ``rows``, ``shortest``, ``mean``, ``median``,
        ``quantile_90``, ``quantile_95``, ``quantile_99`` and ``longest``.
    """
    return pd.DataFrame(
        [
            {"split": split, "unit": unit, **_summarise(lengths[unit])}
            for split, lengths in rows.groupby("split", sort=False)
            for unit in UNITS
        ]
    )


def _summarise(lengths: pd.Series) -> dict[str, Any]:
    quantiles = {name: float(lengths.quantile(q)) for name, q in _QUANTILES.items()}
    return {
        "rows": len(lengths),
        "shortest": int(lengths.min()),
        "mean": float(lengths.mean()),
        **quantiles,
        "longest": int(lengths.max()),
    }


def windowed_shares(rows: pd.DataFrame, limits: Iterable[int]) -> dict[str, dict[str, float]]:
    """Say which share of each file's rows would lose tokens under each limit.

    Args:
        rows: As for :func:`tabulate_lengths`.
        limits: Values of ``training.max_tokens``.

    Returns:
        Shares from 0 to 1 by limit (as text, for JSON), then by file.
    """
    tokens = rows.groupby("split", sort=False)["tokens"]
    return {
        str(limit): {str(split): float((lengths > limit).mean()) for split, lengths in tokens}
        for limit in sorted(set(limits))
    }
