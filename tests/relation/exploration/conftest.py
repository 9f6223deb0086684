"""Two small files, and what the look at them needs."""

import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.settings.params import InputParams


@pytest.fixture
def train(small_sentences) -> pd.DataFrame:
    """The first 16 hand-written rows: 15 with a relation."""
    return small_sentences[:16].reset_index(drop=True)


@pytest.fixture
def test(small_sentences) -> pd.DataFrame:
    """The other eight, and one that no model can read."""
    rows = small_sentences[16:].assign(label=None, problem=None)
    broken = rows.tail(1).assign(row_id="broken", problem="empty sentence")
    return pd.concat([rows, broken], ignore_index=True)


@pytest.fixture
def labels(small_sentences) -> LabelSet:
    names = [
        "no_relation",
        *sorted(set(small_sentences["label"]) - {"no_relation"}),
        "per:religion",
    ]
    return LabelSet(names=names, negative="no_relation")


@pytest.fixture
def input_params() -> InputParams:
    return InputParams(
        name="typed_entity_marker_punct",
        query="question",
        query_position="after",
        type_words={"PER": "사람"},
    )
