"""Settings of the data that cannot go together, each refused with what to change."""

import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.settings.data_compatibility import DataSettings, find_data_conflicts
from klue_pipeline.relation.settings.evaluation_params import TargetPriorParams
from klue_pipeline.relation.settings.params import EnsembleParams, IngestParams, LabelsParams

LABEL_SETS = {
    "contest_30": LabelSet(names=["no_relation", "per:title"], negative="no_relation"),
    "all_relations": LabelSet(names=["a", "b"], negative=None),
}
PRIOR = {"estimator": "auto", "max_disagreement": 0.1, "min_effective_rows": 10}
ENSEMBLE = {
    "members": "all",
    "plain_submissions": "none",
    "method": "auto",
    "methods": ["soft_vote"],
    "calibrate": True,
    "exhaustive_up_to": 3,
    "greedy_rounds": 3,
    "stacking_strength": 1.0,
    "type_pair_mask": "never",
    "type_pair_min_count": 1,
}


def settings(
    ingest=None, labels=None, targets=("all",), prior=None, negative_bias="never"
) -> DataSettings:
    ingest = {"format": "auto", "label_set": "auto", "max_rejected_share": 0, "seed": 1} | (
        ingest or {}
    )
    return DataSettings(
        ingest=IngestParams(**ingest),
        labels=LabelsParams(**{"names": None, "negative": "no_relation"} | (labels or {})),
        label_sets=LABEL_SETS,
        targets=frozenset(targets),
        target_prior=TargetPriorParams(**PRIOR | (prior or {"source": "none"})),
        ensemble=EnsembleParams(**ENSEMBLE, negative_bias=negative_bias),
    )


TABLE = {"format": "table"}
NO_NEGATIVE = {"negative": None}
GIVEN = {"source": "given", "negative_share": 0.6}


@pytest.mark.parametrize(
    "fitting",
    [
        settings(),
        settings(TABLE, NO_NEGATIVE),
        settings(TABLE, targets=("binary", "positive"), prior=GIVEN, negative_bias=0.5),
        settings({"format": "table", "ends": "inclusive", "columns": {"sentence": "text"}}),
        settings(labels=NO_NEGATIVE, prior=GIVEN),  # the known lists have their own negative label
        settings(TABLE | {"label_set": "contest_30"}, NO_NEGATIVE, ("binary",), GIVEN, "auto"),
        settings(TABLE, NO_NEGATIVE, prior={"source": "given", "shares": {"a": 0.5, "b": 0.5}}),
    ],
)
def test_what_fits_is_let_through(fitting):
    assert find_data_conflicts(fitting) == []


@pytest.mark.parametrize(
    ("wrong", "messages"),
    [
        (settings({"ends": "inclusive"}), ["ingest.columns and ingest.ends are read by"]),
        (settings({"columns": {"sentence": "text"}}), ["but it is auto; set it to table"]),
        (
            settings({"label_set": "contest_30"}, {"names": "infer"}),
            ["labels.names and ingest.label_set=contest_30 both say"],
        ),
        (settings(TABLE, NO_NEGATIVE, ("binary",)), ["answer binary; choose an experiment"]),
        (
            settings(
                labels={"names": ["a", "b"], "negative": None}, targets=("positive", "binary")
            ),
            ["answer binary and positive"],
        ),
        (settings(TABLE, NO_NEGATIVE, prior=GIVEN), ["negative_share is 0.6, but labels.negative"]),
        (settings(TABLE, NO_NEGATIVE, negative_bias="auto"), ["negative_bias is auto, but"]),
        (settings({"label_set": "all_relations"}, targets=("binary",)), ["answer binary"]),
        (
            settings(TABLE, NO_NEGATIVE, ("binary",), GIVEN, 1.5),
            ["answer binary", "negative_share is 0.6", "negative_bias is 1.5"],
        ),
    ],
)
def test_what_does_not_fit_says_what_to_change(wrong, messages):
    conflicts = find_data_conflicts(wrong)
    assert len(conflicts) == len(messages)
    for conflict, message in zip(conflicts, messages, strict=True):
        assert message in conflict


@pytest.mark.parametrize(
    ("own", "known"),
    [
        (settings(), {"no_relation", "per:title", "a", "b"}),
        (settings(TABLE), None),
        (settings(labels={"names": "infer"}), None),
        (settings(labels={"names": ["x", "y"]}), {"x", "y"}),
        (settings(TABLE | {"label_set": "contest_30"}), {"no_relation", "per:title", "a", "b"}),
    ],
)
def test_which_labels_settings_know(own, known):
    assert own.known_labels == known
