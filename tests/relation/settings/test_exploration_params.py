"""Settings of the look at the data: what is legal, and what the message says."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from klue_pipeline.relation.settings.exploration_params import ExploreParams

CONF = Path(__file__).resolve().parents[3] / "conf/base/parameters_eda.yml"


@pytest.fixture
def shipped():
    return yaml.safe_load(CONF.read_text(encoding="utf-8"))["eda"]


def test_the_shipped_settings_are_legal(shipped):
    assert ExploreParams.model_validate(shipped).model_dump() == shipped


@pytest.mark.parametrize(
    ("change", "adversarial", "message"),
    [
        ({"token_limits": []}, {}, "token_limits"),
        ({"token_limits": [0]}, {}, "1 or more"),
        ({"listed_pairs": -1}, {}, "listed_pairs"),
        ({}, {"longest_ngram": 1}, "set longest_ngram to at least that"),
        ({}, {"n_splits": 1}, "n_splits"),
        ({}, {"inverse_regularisation": 0}, "inverse_regularisation"),
    ],
)
def test_wrong_settings_are_refused(shipped, change, adversarial, message):
    changed = {"adversarial": shipped["adversarial"] | adversarial, **change}
    with pytest.raises(ValidationError, match=message):
        ExploreParams.model_validate(shipped | changed)
