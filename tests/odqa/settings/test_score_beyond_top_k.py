"""A score that looks further down than runs go is refused before a run."""

from types import SimpleNamespace

import pytest

from klue_pipeline.odqa.settings.odqa_rules import score_beyond_top_k


@pytest.mark.parametrize(
    ("select_by", "top_k", "is_refused"),
    [("recall_at_100", 100, False), ("recall_at_20", 10, True), ("mrr", 1, False)],
)
def test_runs_must_be_as_deep_as_the_score(select_by, top_k, is_refused):
    params = SimpleNamespace(
        evaluation=SimpleNamespace(select_by=select_by), retrieval=SimpleNamespace(top_k=top_k)
    )
    assert bool(score_beyond_top_k(params)) is is_refused
