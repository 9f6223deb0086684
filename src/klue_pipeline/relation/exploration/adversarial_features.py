"""What a classifier sees of a row when it guesses the file: n-grams, categories and numbers.

Nothing is hashed, so that every feature can be shown by its name.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from klue_pipeline.relation.exploration.comparison import NOT_GIVEN, name_missing
from klue_pipeline.relation.settings.exploration_params import AdversarialParams

NGRAM, NUMBER = "n-gram", "number"
CATEGORIES = ("source", "subject_type", "object_type")
NUMBERS = (
    "characters", "entity_distance", "subject_first", "subject_characters", "object_characters",
)  # fmt: skip
"""Without tokens: they say what characters say, and two that agree share a weight at random."""

_SHARE_OF_ROWS = 100
"""In small tables an n-gram needs to stand in one of this many rows only."""


@dataclass(frozen=True)
class FeatureTable:
    """Features of rows.

    Attributes:
        weights: As the classifier sees them: tf-idf weights, zeros and ones, standardised numbers.
            Sparse. Shape: (rows, features).
        readable: As a person counts them: whether an n-gram is there, zeros and ones, numbers in
            their own unit. Sparse. Shape: (rows, features).
        names: What each feature is.
        kinds: :data:`NGRAM`, :data:`NUMBER`, or the name of the category.
    """

    weights: csr_matrix
    readable: csr_matrix
    names: list[str]
    kinds: list[str]

    def select(self, feature_set: str) -> "FeatureTable":
        """Return ``all`` features, those of the ``text``, or the others (``meta``)."""
        is_text = np.array([kind == NGRAM for kind in self.kinds])
        chosen = np.flatnonzero({"all": is_text | True, "text": is_text}.get(feature_set, ~is_text))
        return FeatureTable(
            weights=self.weights[:, chosen],
            readable=self.readable[:, chosen],
            names=[self.names[place] for place in chosen],
            kinds=[self.kinds[place] for place in chosen],
        )

    def readable_means(
        self, rows: NDArray[np.bool_], features: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return means of some features over some rows. Shape: (features,)."""
        return np.asarray(self.readable[rows][:, features].mean(axis=0)).ravel()


def is_stated(rows: pd.DataFrame, is_test: NDArray[np.bool_]) -> dict[str, bool]:
    """Say of every category whether both files state it; one that does not would be given away."""
    given = {name: (name_missing(rows[name]) != NOT_GIVEN).to_numpy() for name in CATEGORIES}
    return {name: bool(has[is_test].any() and has[~is_test].any()) for name, has in given.items()}


def make_features(
    rows: pd.DataFrame, is_test: NDArray[np.bool_], params: AdversarialParams
) -> FeatureTable:
    """Make all features of the rows.

    Args:
        rows: Rows of both files with :data:`NUMBERS`.
        is_test: Which of them are test rows; decides only which categories both files state.
            Shape: (rows,).
        params: Which n-grams.
    """
    stated = [name for name, both in is_stated(rows, is_test).items() if both]
    tables = [_ngrams(rows["sentence"], params), *(_category(rows, name) for name in stated)]
    tables.append(_numbers(rows))
    return FeatureTable(
        weights=hstack([table.weights for table in tables], format="csr"),
        readable=hstack([table.readable for table in tables], format="csr"),
        names=[name for table in tables for name in table.names],
        kinds=[kind for table in tables for kind in table.kinds],
    )


def _ngrams(sentences: pd.Series, params: AdversarialParams) -> FeatureTable:
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

    counter = CountVectorizer(
        analyzer="char",
        lowercase=False,
        ngram_range=(params.shortest_ngram, params.longest_ngram),
        min_df=min(params.min_rows, 1 + len(sentences) // _SHARE_OF_ROWS),
        max_features=params.max_ngrams,
        dtype=np.float32,
    )
    counts = counter.fit_transform(sentences)
    present = counts.copy()
    present.data[:] = 1
    names: list[str] = counter.get_feature_names_out().tolist()
    values = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    return FeatureTable(values, present, names, [NGRAM] * len(names))


def _category(rows: pd.DataFrame, name: str) -> FeatureTable:
    columns: Any = pd.get_dummies(name_missing(rows[name]), dtype=np.float32)
    values = csr_matrix(columns.to_numpy())
    return FeatureTable(values, values, columns.columns.tolist(), [name] * values.shape[1])


def _numbers(rows: pd.DataFrame) -> FeatureTable:
    numbers = rows[list(NUMBERS)].to_numpy(dtype=np.float64)
    spread = numbers.std(axis=0)
    scaled = (numbers - numbers.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return FeatureTable(
        csr_matrix(scaled.astype(np.float32)),
        csr_matrix(numbers),
        list(NUMBERS),
        [NUMBER] * len(NUMBERS),
    )
