"""Settings of the data that cannot go together, each refused with what to change."""

from types import SimpleNamespace

import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.settings import data_compatibility as rules
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams, TargetPriorParams
from klue_pipeline.relation.settings.params import EnsembleParams, IngestParams, LabelsParams
from klue_pipeline.relation.settings.relation_params import ExperimentEntry, RelationParams

LABEL_SETS = {
    "contest_30": LabelSet(names=["no_relation", "per:title"], negative="no_relation"),
    "all_relations": LabelSet(names=["a", "b"], negative=None),
}
INGEST = {"format": "auto", "label_set": "auto", "max_rejected_share": 0, "seed": 1}
PRIOR = {
    "source": "none",
    "estimator": "auto",
    "max_disagreement": 0.1,
    "min_effective_rows": 10,
}
CHECKS = (
    rules.columns_without_table,
    rules.two_lists_of_labels,
    rules.halves_without_negative,
    rules.share_of_no_label,
    rules.bias_on_no_label,
)


def settings(ingest=None, labels=None, targets=("all",), prior=None, negative_bias="never"):
    """The settings of a composite whose members answer these targets, as far as rules read them."""
    entries = {target: ExperimentEntry(why="x", target={"name": target}) for target in targets}
    return RelationParams.model_construct(
        kind="composite",
        members=[*targets],
        experiments=entries,
        experiment_defaults=SimpleNamespace(target=SimpleNamespace(name="all")),
        ingest=IngestParams(**INGEST | (ingest or {})),
        labels=LabelsParams(**{"names": None, "negative": "no_relation"} | (labels or {})),
        label_sets=LABEL_SETS,
        evaluation=EvaluationParams.model_construct(
            target_prior=TargetPriorParams(**PRIOR | (prior or {}))
        ),
        ensemble=EnsembleParams.model_construct(negative_bias=negative_bias),
    )


def conflicts(params):
    return [conflict for check in CHECKS for conflict in check(params)]


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
    assert conflicts(fitting) == []


@pytest.mark.parametrize(
    ("wrong", "messages"),
    [
        (
            settings({"ends": "inclusive"}),
            ["ingest.columns, ingest.ends and ingest.repeated_words are read"],
        ),
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
    found = conflicts(wrong)
    assert len(found) == len(messages)
    for conflict, message in zip(found, messages, strict=True):
        assert message in conflict


@pytest.mark.parametrize(
    ("params", "known"),
    [
        (settings(), {"no_relation", "per:title", "a", "b"}),
        (settings(TABLE), None),
        (settings(labels={"names": "infer"}), None),
        (settings(labels={"names": ["x", "y"]}), {"x", "y"}),
        (settings(TABLE | {"label_set": "contest_30"}), {"no_relation", "per:title", "a", "b"}),
    ],
)
def test_which_labels_settings_know(params, known):
    assert params.known_labels == known
