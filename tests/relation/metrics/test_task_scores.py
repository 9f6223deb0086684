"""The scores of relation extraction are those that settings and catalog name."""

from pathlib import Path
from typing import get_args

import pytest
import yaml

from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.relation.settings.evaluation_params import ScoreName

CATALOG = Path(__file__).parents[3] / "conf/base/catalog_relation.yml"


def test_each_score_that_can_be_selected_by_is_known():
    assert [score.name for score in RELATION_SCORES.scores] == list(get_args(ScoreName))
    with pytest.raises(ValueError, match="Found score 'loss'; one of micro_f1"):
        RELATION_SCORES.find("loss")


def test_the_ledger_of_the_catalog_has_the_published_ones():
    ledger = yaml.safe_load(CATALOG.read_text(encoding="utf-8"))["submission_ledger"]
    assert ledger["scores"] == [score.name for score in RELATION_SCORES.published]


@pytest.mark.parametrize(
    ("select_by", "published"),
    [("micro_f1", "micro_f1"), ("shift_auprc", "auprc"), ("shift_accuracy", "micro_f1")],
)
def test_what_is_selected_by_is_nearest_to_a_published_score(select_by, published):
    assert RELATION_SCORES.find_published(select_by).name == published
