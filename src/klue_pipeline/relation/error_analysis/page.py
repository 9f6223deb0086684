"""The table of errors as a page that a person reads: filters, sentences, probabilities.

The page holds its data as columns of small numbers, and lists of what they stand for. Written row
by row, real data would take several times the space and as long to read. A text stands in the page
once, however many rows share it; probabilities are whole per mille.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.error_analysis.predictions import PROBABILITY_COLUMNS, TOP_COLUMNS
from klue_pipeline.relation.error_analysis.rows import TEXT_COLUMNS
from klue_pipeline.relation.error_analysis.training_rows import TrainingRows
from klue_pipeline.reporting.pages import render_page

Columns = dict[str, Any]

_SET_TITLES = {"out_of_fold": "out-of-fold", "test": "test"}
_SPANS = ["subject_start", "subject_end", "object_start", "object_end"]
_MISSING = -1
_PER_MILLE = 1000


def render_errors(
    error_rows: pd.DataFrame, training: TrainingRows, label_names: list[str], experiment: str = ""
) -> str:
    """Write a page that shows, filters and links the rows of a table of errors.

    It shows a few rows at a time, so that it stays quick with tens of thousands of rows. It needs
    no network.

    Args:
        error_rows: The table of :func:`~klue_pipeline.relation.error_analysis.tabulate_errors`.
        training: All training rows, to show those with the same pair of entities.
        label_names: The labels that were predicted, in their order.
        experiment: What made the predictions, for the title.

    Returns:
        An HTML document.
    """
    data = write_columns(error_rows, training, label_names)
    title = f"Errors of {experiment}" if experiment else "Error analysis"
    return render_page("errors", title=title, sets=_summarise(error_rows), data=data)


def _summarise(error_rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Count rows, known labels and errors of each set that has rows."""
    return [
        {
            "title": title,
            "rows": len(rows),
            "labelled": int(rows["correct"].count()),
            "errors": int((~rows["correct"].dropna()).sum()),
        }
        for name, title in _SET_TITLES.items()
        if len(rows := error_rows[error_rows["set"] == name])
    ]


def write_columns(
    error_rows: pd.DataFrame, training: TrainingRows, label_names: Sequence[str]
) -> Columns:
    """Write what the page shows, for JSON.

    Args:
        error_rows: The table of errors.
        training: All training rows.
        label_names: The labels that were predicted, in their order.

    Returns:
        - ``sets``; ``folds``, those that were trained; ``labels``, of which the first
          ``n_predicted`` were the models' choice;
        - ``sentences``, ``sources``, ``type_pairs`` (subject and object type), ``problems``,
          ``fold_predictions``, ``not_learned_by`` (lists of folds): distinct values, which the
          columns below name by their place; -1 says that a value is missing;
        - ``texts``: columns of the distinct rows, of which the first ``n_training`` are the
          training rows that were scored or share their pair with a scored row, and the others the
          test rows. ``pair`` is a number that rows with the same pair share. Spans count UTF-16
          units, as JavaScript does;
        - ``rows``: columns of the scored rows, the least probable true label first, rows without
          one last. ``text`` is the place of their text; ``top`` and ``probability`` (per mille)
          have one list per rank.
    """
    of_training, of_test = _training_texts(error_rows, training), _test_texts(error_rows)
    texts = pd.concat([of_training, of_test], ignore_index=True)
    labels = list(dict.fromkeys([*label_names, *training.label_names]))
    written_texts, text_lists = _write_texts(texts, labels)
    places = _places(error_rows, of_training, of_test)
    written_rows, row_lists = _write_rows(error_rows.assign(text=places), labels)
    return {
        "sets": list(_SET_TITLES),
        "folds": list(training.folds),
        "labels": labels,
        "n_predicted": len(label_names),
        "n_training": len(of_training),
        **text_lists,
        **row_lists,
        "not_learned_by": _list_folds(training),
        "texts": written_texts,
        "rows": written_rows,
    }


def _training_texts(error_rows: pd.DataFrame, training: TrainingRows) -> pd.DataFrame:
    rows = training.sentences
    scored = error_rows.loc[error_rows["set"] == "out_of_fold", "row_id"]
    shown = rows["row_id"].isin(scored) | rows["pair_key"].isin(error_rows["pair_key"])
    _, pattern = _fold_patterns(training)
    texts = rows[[*TEXT_COLUMNS, "label"]].assign(problem=None, not_learned_by=pattern)
    return texts[shown]


def _test_texts(error_rows: pd.DataFrame) -> pd.DataFrame:
    rows = error_rows[error_rows["set"] == "test"].drop_duplicates("row_id")
    return rows[[*TEXT_COLUMNS, "problem"]].assign(label=None, not_learned_by=_MISSING)


def _places(
    error_rows: pd.DataFrame, of_training: pd.DataFrame, of_test: pd.DataFrame
) -> NDArray[np.int64]:
    """Return the place of each scored row's text; the two sets may use the same row ids."""
    ids = pd.Index(error_rows["row_id"])
    in_training = pd.Index(of_training["row_id"]).get_indexer(ids)
    in_test = len(of_training) + pd.Index(of_test["row_id"]).get_indexer(ids)
    return np.asarray(np.where(error_rows["set"] == "test", in_test, in_training))


def _write_texts(texts: pd.DataFrame, labels: list[str]) -> tuple[Columns, Columns]:
    columns, lists = _factorize(
        texts, {"sentence": "sentences", "source": "sources", "problem": "problems"}
    )
    types = texts.drop_duplicates("type_pair")[["subject_type", "object_type"]]
    numbers = {
        "row_id": texts["row_id"].tolist(),
        **columns,
        **_utf16_spans(texts),
        "type_pair": pd.factorize(texts["type_pair"])[0].tolist(),
        "pair": pd.factorize(texts["pair_key"])[0].tolist(),
        "label": _label_ids(texts["label"], labels),
        "not_learned_by": texts["not_learned_by"].tolist(),
    }
    return numbers, {**lists, "type_pairs": types.to_numpy().tolist()}


def _write_rows(error_rows: pd.DataFrame, labels: list[str]) -> tuple[Columns, Columns]:
    rows = error_rows.sort_values("true_probability", kind="stable")
    # A model that tells apart fewer labels than there are ranks leaves the last ranks empty.
    ranks = int(rows[TOP_COLUMNS].notna().any().sum())
    columns, lists = _factorize(rows, {"fold_predictions": "fold_predictions"})
    numbers = {
        "set": pd.Index(list(_SET_TITLES)).get_indexer(pd.Index(rows["set"])).tolist(),
        "text": rows["text"].tolist(),
        "fold": rows["fold"].fillna(_MISSING).astype("int64").tolist(),
        "true_label": _label_ids(rows["true_label"], labels),
        "true_probability": _per_mille(rows["true_probability"]),
        "top": [_label_ids(rows[name], labels) for name in TOP_COLUMNS[:ranks]],
        "probability": [_per_mille(rows[name]) for name in PROBABILITY_COLUMNS[:ranks]],
        "models": rows["models"].tolist(),
        "different_predictions": rows["different_predictions"].tolist(),
        "pair_rows_seen": rows["pair_rows_seen"].tolist(),
        **columns,
    }
    return numbers, lists


def _factorize(table: pd.DataFrame, list_names: Mapping[str, str]) -> tuple[Columns, Columns]:
    """Return columns as places in lists of distinct values, and the lists by their names."""
    found = {column: pd.factorize(table[column]) for column in list_names}
    places = {column: codes.tolist() for column, (codes, _) in found.items()}
    return places, {list_names[column]: values.tolist() for column, (_, values) in found.items()}


def _label_ids(values: pd.Series, labels: list[str]) -> list[int]:
    ids: list[int] = pd.Index(labels).get_indexer(pd.Index(values)).tolist()
    return ids


def _per_mille(probabilities: pd.Series) -> list[int]:
    whole = (probabilities * _PER_MILLE).round().fillna(_MISSING).astype("int64")
    numbers: list[int] = whole.tolist()
    return numbers


def _list_folds(training: TrainingRows) -> list[list[int]]:
    patterns, _ = _fold_patterns(training)
    return [np.array(training.folds)[pattern].tolist() for pattern in patterns]


def _fold_patterns(training: TrainingRows) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return the distinct sets of folds that did not learn from a row, and the set of each row."""
    patterns, pattern_of_row = np.unique(~training.learned, axis=0, return_inverse=True)
    return patterns, pattern_of_row.ravel()


def _utf16_spans(texts: pd.DataFrame) -> Columns:
    """Return the spans in UTF-16 units: an emoji or a rare Chinese character counts as two."""
    spans = texts[_SPANS].astype("int64").to_numpy(copy=True)
    for place, sentence in enumerate(texts["sentence"].tolist()):
        if _utf16_length(sentence) > len(sentence):
            spans[place] = [_utf16_length(sentence[:offset]) for offset in spans[place]]
    return {name: spans[:, column].tolist() for column, name in enumerate(_SPANS)}


def _utf16_length(text: str) -> int:
    """Count UTF-16 units.

    >>> _utf16_length("𠮷野"), _utf16_length("한강")
    (3, 2)
    """
    return len(text.encode("utf-16-le")) // 2
