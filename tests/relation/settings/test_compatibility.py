"""Settings of a model that do not go together: which they are, and what the message says."""

import re
from itertools import product
from typing import get_args

import pytest

from klue_pipeline.relation.settings.compatibility import (
    FORMATS_WITHOUT_MARKERS,
    HEADS_AT_MARKERS,
    HEADS_OF_ALL_STATES,
    TARGETS_OF_COMPOSITE,
    find_conflicts,
    find_member_conflicts,
)
from klue_pipeline.relation.settings.params import (
    CompositeParams,
    HeadParams,
    InputParams,
    TargetParams,
)
from klue_pipeline.relation.settings.relation_params import ExperimentDefaults
from klue_pipeline.training.params import LossParams, TrainingParams

PLAIN = LossParams(name="cross_entropy")
SMOOTH = LossParams(name="cross_entropy", label_smoothing=0.1)
LDAM = LossParams(name="ldam", beta=0.9999, max_margin=0.5, reweight_after_share=0.8)
COSINE = {"classifier": "cosine", "scale": 30.0}
SIZES = {"bilstm": {"lstm_layers": 1, "lstm_width": 8}}


def conflicts(head="cls", *, loss=PLAIN, smote=None, classifier=None, **inputs):
    inputs = {"name": "typed_entity_marker_punct", "query": "none", "query_position": "before",
              "type_words": {}} | inputs  # fmt: skip
    settings = ExperimentDefaults.model_construct(
        input=InputParams(**inputs),
        head=HeadParams(name=head, **SIZES.get(head, {}), **(classifier or {})),
        loss=loss,
        training=TrainingParams.model_construct(smote_neighbours=smote),
    )
    return find_conflicts(settings)


def literals(params, field):
    return set(get_args(params.model_fields[field].annotation))


HEADS = sorted(literals(HeadParams, "name"))


def test_the_tables_name_what_there_is():
    assert literals(InputParams, "name") >= FORMATS_WITHOUT_MARKERS
    assert literals(HeadParams, "name") >= HEADS_AT_MARKERS
    assert literals(CompositeParams, "name") == set(TARGETS_OF_COMPOSITE)
    for targets in TARGETS_OF_COMPOSITE.values():
        assert literals(TargetParams, "name") >= set(targets)


def test_a_head_at_markers_needs_markers():
    for name, head in product(sorted(literals(InputParams, "name")), HEADS):
        found = conflicts(head, name=name)
        if name == "pair_prefix" and head in HEADS_AT_MARKERS:
            (conflict,) = found
            assert conflict.startswith(f"head.name={head} reads the entities' markers, but input.")
            assert "choose head.name=cls, mean_pool or bilstm, or another input.name" in conflict
        else:
            assert found == []


@pytest.mark.parametrize("head", HEADS)
def test_synthetic_rows_need_a_head_that_reads_a_fixed_number_of_states(head):
    from klue_pipeline.relation.model.heads.readings import READINGS

    found = conflicts(head, smote=5)
    assert bool(found) == (head in HEADS_OF_ALL_STATES) == (head not in READINGS)
    assert not found or "choose cls, mean_pool or a head at the markers" in found[0]


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ({"loss": LDAM}, {"loss": LDAM, "classifier": COSINE},
         "loss.name=ldam needs cosine logits, .*set head.classifier=cosine and head.scale=30"),
        ({"query": "prompt3"}, {"query": "prompt3", "query_position": "after"},
         "set it to after, or choose input.query=prompt1"),
        ({"head": "type_restricted", "loss": SMOOTH}, {"head": "type_restricted"},
         "loss.label_smoothing is 0.1, but head.name=type_restricted gives"),
        ({"smote": 5, "entity_embedding": "role"}, {"smote": 5},
         "input.entity_embedding=role would have to learn too; set it to none"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(wrong, right, message):
    (conflict,) = conflicts(**wrong)
    assert re.search(message, conflict)
    assert conflicts(**right) == []


def test_all_conflicts_are_told():
    wrong = conflicts("rbert", name="pair_prefix", query="prompt3", loss=LDAM)
    names = [conflict.partition("=")[0] for conflict in wrong]
    assert names == ["head.name", "loss.name", "input.query"]
    assert conflicts(classifier=COSINE) == conflicts(loss=SMOOTH) == []
    assert conflicts(query="prompt1") == []


B, P, A, C = "binary", "positive", "all", "composite"


@pytest.mark.parametrize(
    ("composite", "targets", "message"),
    [
        ("cascade", (B, P), None),
        ("cascade", (P, B), None),
        ("combine", (B, P), None),
        ("combine", (B, P, A), None),
        ("combine", (A, A), None),
        ("cascade", (), "members: cascade needs one binary and one positive .* found none"),
        ("cascade", (B,), r"needs one binary and one positive experiment; found m0 \(binary\)"),
        ("cascade", (B, B), r"found m0 \(binary\), m1 \(binary\)"),
        ("cascade", (B, P, P), r"found m0 \(binary\), m1 \(positive\), m2 \(positive\)"),
        ("cascade", (B, A), r"cascade joins experiments of target binary or positive; found .*all"),
        ("combine", (), "members: combine needs at least 2 experiments; found none"),
        ("combine", (A,), r"combine needs at least 2 experiments; found m0 \(all\)"),
        ("combine", (B, C), r"binary or positive or all; found m0 \(binary\), m1 \(composite\)"),
    ],
)
def test_which_members_can_be_joined(composite, targets, message):
    members = {f"m{number}": target for number, target in enumerate(targets)}
    found = find_member_conflicts(composite, members)
    assert len(found) == (message is not None)
    assert not found or re.search(message, found[0])
