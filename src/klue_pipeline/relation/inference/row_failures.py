"""Rows that a model fails on, found among those that it answers, so that one costs only itself."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.ingest.parsing import RawRow
from klue_pipeline.relation.ingest.unlabelled_rows import Chunk
from klue_pipeline.text.records.problems import (
    RowProblem,
)

Classify = Callable[[pd.DataFrame], NDArray[np.float64]]
"""Takes a table of schema ``TestSentences``, returns probabilities (rows, labels)."""

REASON = "not labelled"
_MOST_FAILURES = 8
"""After so many rows without any answer it is not the rows that are at fault."""


def classify_each(
    sentences: pd.DataFrame, classify: Classify, n_labels: int
) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Classify rows together, and if that fails, in ever smaller parts.

    Args:
        sentences: A table of schema ``TestSentences``.
        classify: The classifier.
        n_labels: How many labels it knows.

    Returns:
        The probabilities of the rows that got some, in their order, and why each of the others
        got none, by its place in the table.

    Raises:
        Exception: What the classifier raised, if it answers none of the first rows.
    """
    answers: list[NDArray[np.float64]] = [np.zeros((0, n_labels))]
    failures: dict[int, str] = {}
    parts = [(0, len(sentences))]
    while parts:
        start, end = parts.pop()
        try:
            answers.append(classify(sentences.iloc[start:end].reset_index(drop=True)))
        except Exception as error:  # whatever a tokenizer, a model or a device raises
            if end - start > 1:
                middle = (start + end) // 2
                parts += [(middle, end), (start, middle)]
                continue
            failures[start] = f"{type(error).__name__}: {error}"
            if len(answers) == 1 and len(failures) >= _MOST_FAILURES:
                raise
    return np.concatenate(answers), failures


def set_aside(chunk: Chunk, failures: Mapping[int, str]) -> Chunk:
    """Move the rows that got no answer to the problems of a chunk."""
    if not failures:
        return chunk
    kept = [place for place in range(len(chunk.row_numbers)) if place not in failures]
    return replace(
        chunk,
        sentences=chunk.sentences.iloc[kept].reset_index(drop=True),
        row_numbers=[chunk.row_numbers[place] for place in kept],
        problems=chunk.problems + [_problem(chunk, *failure) for failure in failures.items()],
    )


def _problem(chunk: Chunk, place: int, detail: str) -> RowProblem:
    row_id = str(chunk.sentences["row_id"].iloc[place])
    row = RawRow.unreadable(chunk.row_numbers[place], row_id, detail)
    return RowProblem(row, REASON, detail)
