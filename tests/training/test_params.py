"""Settings of a training that only make sense together."""

import pytest
from pydantic import ValidationError

SMOTE = {"freeze": "encoder", "smote_neighbours": 5, "smote_target_share": 0.2}


def test_smote_is_off_and_rows_are_as_they_are_unless_asked_for(training_params):
    params = training_params()
    assert (params.smote_neighbours, params.smote_target_share) == (None, None)
    assert params.label_balance == 0


def test_smote_with_a_frozen_encoder(training_params):
    assert training_params(**SMOTE).smote_neighbours == 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"freeze": None}, "found freeze=None and freeze_epochs=None, set freeze=encoder"),
        ({"freeze": "embeddings"}, "the encoder must not learn; found freeze=embeddings"),
        ({"freeze_epochs": 2}, "found freeze=encoder and freeze_epochs=2"),
        ({"smote_target_share": None}, "go together; found smote_neighbours=5 and"),
        ({"smote_neighbours": None}, "go together; found smote_neighbours=None and"),
        ({"smote_neighbours": 0}, "greater than or equal to 1"),
        ({"smote_target_share": 1.5}, "less than or equal to 1"),
        ({"label_balance": -0.1}, "greater than or equal to 0"),
        ({"label_balance": 1.1}, "less than or equal to 1"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(training_params, changes, message):
    with pytest.raises(ValidationError, match=message):
        training_params(**SMOTE | changes)
