"""Settings of adaptive pre-training: what is refused, and what the shared code is told."""

from pathlib import Path

import pytest
import yaml

from klue_pipeline.training.pretraining.adapt_params import AdaptParams

BASE = yaml.safe_load(
    (Path(__file__).parents[3] / "conf/base/parameters_adapt.yml").read_text(encoding="utf-8")
)["adapt"]


def test_a_training_is_told_the_same_values():
    params = AdaptParams(**{**BASE, "epochs": 7, "learning_rate": 3e-4, "seed": 8})
    training = params.training
    assert (training.epochs, training.learning_rate, training.seed) == (7, 3e-4, 8)
    assert (training.max_tokens, training.adam_beta2) == (params.max_tokens, params.adam_beta2)
    assert (training.select_by, training.schedule) == ("loss", "linear")
    assert training.early_stopping_patience == params.early_stopping_patience


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder": {"name": "adapted"}}, "adapted, which is what this makes; name the encoder"),
        ({"encoder": {"name": "scratch"}}, r"adapt\.encoder\.scratch, the sizes"),
        ({"mask_share": 0.0}, "mask_share"),
        ({"held_out_share": 1.0}, "held_out_share"),
        ({"epoch": 3}, "epoch"),
    ],
)
def test_wrong_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        AdaptParams(**{**BASE, **changes})
