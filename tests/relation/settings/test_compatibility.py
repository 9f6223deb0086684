"""Settings that do not go together: which they are, and what the message says to change."""

import re
from typing import get_args

import pytest

from klue_pipeline.relation.settings.compatibility import (
    CHECKS,
    FORMATS_WITHOUT_MARKERS,
    HEADS_AT_MARKERS,
    HEADS_OF_ALL_STATES,
    TARGETS_OF_COMPOSITE,
    ModelSettings,
    find_conflicts,
    find_member_conflicts,
)
from klue_pipeline.relation.settings.params import (
    CompositeParams,
    HeadParams,
    InputParams,
    TargetParams,
)
from klue_pipeline.training.params import LossParams, TrainingParams

LDAM = LossParams(name="ldam", beta=0.9999, max_margin=0.5, reweight_after_share=0.8)

TRAINING = TrainingParams(
    epochs=1, learning_rate=0.01, batch_size=8, evaluation_batch_size=8, accumulation_steps=1,
    max_tokens=64, weight_decay=0.0, adam_beta1=0.9, adam_beta2=0.999, adam_epsilon=1e-8,
    schedule="constant", warmup_share=0.0, precision="fp32", device="cpu", seed=7,
    group_by_length=True, compile=False, log_every_steps=1, select_by="loss",
)  # fmt: skip


def model(
    input_name="typed_entity_marker_punct",
    head_name="cls",
    query="none",
    position="before",
    loss=None,
    *,
    embedding="none",
    smote=None,
    **head,
):
    if head_name == "bilstm":
        head |= {"lstm_layers": 1, "lstm_width": 8}
    return ModelSettings(
        InputParams(
            name=input_name,
            query=query,
            query_position=position,
            type_words={},
            entity_embedding=embedding,
        ),
        TargetParams(name="all"),
        HeadParams(name=head_name, dropout=0.1, **head),
        loss or LossParams(name="cross_entropy"),
        TRAINING.model_copy(update={"smote_neighbours": smote}),
    )


def literals(params, field):
    return set(get_args(params.model_fields[field].annotation))


def test_the_tables_name_what_there_is():
    assert literals(InputParams, "name") >= FORMATS_WITHOUT_MARKERS
    assert literals(HeadParams, "name") >= HEADS_AT_MARKERS
    assert literals(CompositeParams, "name") == set(TARGETS_OF_COMPOSITE)
    for targets in TARGETS_OF_COMPOSITE.values():
        assert literals(TargetParams, "name") >= set(targets)


@pytest.mark.parametrize("head", sorted(literals(HeadParams, "name")))
@pytest.mark.parametrize("name", sorted(literals(InputParams, "name")))
def test_a_head_at_markers_needs_markers(name, head):
    conflicts = find_conflicts(model(name, head))
    if name == "pair_prefix" and head in HEADS_AT_MARKERS:
        (conflict,) = conflicts
        assert conflict.startswith(f"head.name={head} reads the entities' markers, but input.name=")
        assert "choose head.name=cls, mean_pool or bilstm, or another input.name" in conflict
    else:
        assert conflicts == []


def test_margins_need_cosines():
    (conflict,) = find_conflicts(model(loss=LDAM))
    assert conflict.startswith("loss.name=ldam needs cosine logits, but head.classifier is linear")
    assert "head.classifier=cosine and head.scale=30" in conflict
    assert find_conflicts(model(loss=LDAM, classifier="cosine", scale=30.0)) == []


def test_cosines_go_with_any_loss():
    assert find_conflicts(model(classifier="cosine", scale=30.0)) == []


def test_the_third_prompt_stands_after_the_sentence():
    (conflict,) = find_conflicts(model(query="prompt3", position="before"))
    assert "set it to after, or choose input.query=prompt1" in conflict
    assert find_conflicts(model(query="prompt3", position="after")) == []
    assert find_conflicts(model(query="prompt1", position="before")) == []


def test_labels_that_are_ruled_out_take_no_smoothing():
    smooth = LossParams(name="cross_entropy", label_smoothing=0.1)
    (conflict,) = find_conflicts(model(head_name="type_restricted", loss=smooth))
    assert conflict.startswith("loss.label_smoothing is 0.1, but head.name=type_restricted gives")
    assert find_conflicts(model(head_name="type_restricted")) == []
    assert find_conflicts(model(loss=smooth)) == []


def test_all_conflicts_are_told():
    wrong = find_conflicts(model("pair_prefix", "rbert", "prompt3", "before", LDAM))
    assert [conflict.partition("=")[0] for conflict in wrong] == [
        "head.name", "loss.name", "input.query"
    ]  # fmt: skip
    assert len(CHECKS) == 5  # two more have tests of their own


B, P, A, C = "binary", "positive", "all", "composite"


@pytest.mark.parametrize(
    ("composite", "targets"),
    [
        ("cascade", (B, P)), ("cascade", (P, B)),
        ("combine", (B, P)), ("combine", (B, P, A)), ("combine", (A, A)),
    ],
)  # fmt: skip
def test_members_that_can_be_joined(composite, targets):
    members = {f"m{number}": target for number, target in enumerate(targets)}
    assert find_member_conflicts(composite, members) == []


@pytest.mark.parametrize(
    ("composite", "targets", "message"),
    [
        ("cascade", (), "members: cascade needs one binary and one positive .* found none"),
        ("cascade", (B,), r"needs one binary and one positive experiment; found m0 \(binary\)"),
        ("cascade", (B, B), r"found m0 \(binary\), m1 \(binary\)"),
        ("cascade", (B, P, P), r"found m0 \(binary\), m1 \(positive\), m2 \(positive\)"),
        ("cascade", (B, A), r"cascade joins experiments of target binary or positive; found .*all"),
        ("combine", (), "members: combine needs at least 2 experiments; found none"),
        ("combine", (A,), r"combine needs at least 2 experiments; found m0 \(all\)"),
        (
            "combine",
            (B, C),
            r"target binary or positive or all; found m0 \(binary\), m1 \(composite\)",
        ),
    ],
)
def test_members_that_cannot_be_joined(composite, targets, message):
    members = {f"m{number}": target for number, target in enumerate(targets)}
    (conflict,) = find_member_conflicts(composite, members)
    assert re.search(message, conflict)


@pytest.mark.parametrize("head", sorted(literals(HeadParams, "name")))
def test_synthetic_rows_need_a_head_that_reads_a_fixed_number_of_states(head):
    from klue_pipeline.relation.model.heads.readings import READINGS

    assert find_conflicts(model(head_name=head)) == []
    conflicts = find_conflicts(model(head_name=head, smote=5))
    assert bool(conflicts) == (head in HEADS_OF_ALL_STATES) == (head not in READINGS)
    if conflicts:
        assert "choose cls, mean_pool or a head at the markers" in conflicts[0]


def test_synthetic_rows_cannot_teach_an_entity_embedding():
    (conflict,) = find_conflicts(model(smote=5, embedding="role"))
    assert "input.entity_embedding=role would have to learn too; set it to none" in conflict
