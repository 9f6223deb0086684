"""The candidates of all folds in one table, each also without its particle."""

import logging
from collections.abc import Iterator, Mapping

import pandas as pd

from klue_pipeline.odqa.answering.particles import PassageParts, take_apart
from klue_pipeline.text.shortened import shorten

logger = logging.getLogger(__name__)

_SPAN = {"passage_id": "str", "start_char": "int64", "end_char": "int64", "text": "str"}
_TRIMMED = {"trimmed_start_char": "int64", "trimmed_end_char": "int64", "trimmed_text": "str"}

Trimmed = tuple[int, int, str]
"""Start, end and text of an answer."""


def collect(passages: pd.DataFrame, tables: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """Put the candidates of all folds together, and look for particles at their ends.

    Each passage is analysed once, with all of its candidates. A candidate that leaves its passage,
    as one of joined passages may, stays as it is.

    Args:
        passages: Schema ``Passages``.
        tables: Schema ``FoldCandidates``, by the number of the fold.

    Returns:
        Schema ``Candidates``.

    Raises:
        ValueError: A candidate is not what its place cuts out of its passage, or its passage is
            not there.
    """
    numbered = [table.assign(fold=fold) for fold, table in tables.items()]
    stacked = pd.concat(numbered, ignore_index=True).astype(_SPAN)
    spans = stacked[list(_SPAN)].drop_duplicates()
    trimmed = pd.DataFrame(
        _trim(spans, passages.set_index("passage_id")["text"]), columns=[*_SPAN, *_TRIMMED]
    ).astype({**_SPAN, **_TRIMMED})
    n_changed = int((trimmed["trimmed_text"] != trimmed["text"]).sum())
    logger.debug("Trimmed %d of %d places in passages", n_changed, len(spans))
    return stacked.merge(trimmed, how="left", on=list(_SPAN), validate="many_to_one")


def _trim(spans: pd.DataFrame, texts: pd.Series) -> Iterator[tuple[object, ...]]:
    """Yield each span with its trimmed place and text, passage by passage."""
    by_passage = list(spans.groupby("passage_id", sort=False))
    _require_passages(pd.Index([passage for passage, _ in by_passage]), texts)
    parts_of_all = take_apart(texts[passage] for passage, _ in by_passage)
    for (passage, rows), parts in zip(by_passage, parts_of_all, strict=True):
        text = texts[passage]
        for span in rows.itertuples(index=False, name=None):
            yield *span, *_trim_span(text, parts, span)


def _trim_span(text: str, parts: PassageParts, span: tuple[str, int, int, str]) -> Trimmed:
    passage, start, end, answer = span
    if end > len(text):
        return start, end, answer
    if text[start:end] != answer:
        raise ValueError(
            f"Passage {passage} has {shorten(text[start:end])!r} where {shorten(answer)!r} was "
            "read; candidates and passages are of different runs. Read these passages again."
        )
    start, end = parts.trim(start, end)
    return start, end, text[start:end]


def _require_passages(wanted: pd.Index, texts: pd.Series) -> None:
    unknown = wanted.difference(texts.index)
    if len(unknown):
        raise ValueError(
            f"Found candidates in {len(unknown)} passages that are not among the {len(texts)} "
            f"given, such as {unknown[0]}; read these passages again."
        )
