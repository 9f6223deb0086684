"""Which rows know something about each other, and so belong on one side of a split."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

CONNECTING_COLUMNS = ("sentence", "pair_key")
"""Rows with an equal value in one of these can give each other's label away."""


def connected_groups(
    sentences: pd.DataFrame, columns: tuple[str, ...] = CONNECTING_COLUMNS
) -> NDArray[np.int64]:
    """Number the connected components of rows that share a value in one of ``columns``.

    Two rows are in one group if a chain of rows leads from one to the other, each sharing its
    sentence or its entity pair with the next.

    Args:
        sentences: The rows; schema ``sentences``.
        columns: Columns in which equal values connect rows.

    Returns:
        The group of each row, counted from 0 in order of first appearance. Shape: (rows,).
    """
    n_rows = len(sentences)
    n_nodes = n_rows
    value_nodes = []
    for column in columns:
        codes, values = pd.factorize(sentences[column], use_na_sentinel=False)
        value_nodes.append(codes + n_nodes)
        n_nodes += len(values)
    ends = np.concatenate(value_nodes)
    starts = np.tile(np.arange(n_rows), len(columns))
    links = coo_array((np.ones(len(ends), dtype=np.int8), (starts, ends)), (n_nodes, n_nodes))
    _, component_of_node = connected_components(links, directed=False)
    groups, _ = pd.factorize(component_of_node[:n_rows])
    return np.asarray(groups, dtype=np.int64)
