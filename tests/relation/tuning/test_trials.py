"""One trial: what it trains, which rows it learns from, and by which score it is judged."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import concatenate
from klue_pipeline.relation.metrics.targets import label_answered
from klue_pipeline.relation.model.fold_training import ClassifierParams, train_fold
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.relation.tuning import trials as tuning
from klue_pipeline.relation.tuning.trials import RelationTrials, score_by
from klue_pipeline.training.params import EncoderParams, LossParams, TrainingParams
from klue_pipeline.training.progress import listening
from klue_pipeline.training.workspace import FoldWorkspace

COPIED = [0, 3, 8, 16]
PARAMS = ClassifierParams(
    TargetParams(name="all"),
    InputParams(name="typed_entity_marker_punct", query="none", query_position="after",
                type_words={"PER": "사람", "ORG": "조직"}),
    EncoderParams(name="scratch", scratch={
        "vocabulary_size": 500, "hidden_size": 16, "num_hidden_layers": 1,
        "num_attention_heads": 2, "intermediate_size": 16, "max_positions": 96,
    }),
    HeadParams(name="cls_entity_start", dropout=0.1),
    LossParams(name="cross_entropy"),
    TrainingParams(
        epochs=2, learning_rate=0.01, batch_size=8, evaluation_batch_size=16, accumulation_steps=1,
        max_tokens=80, weight_decay=0.01, adam_beta1=0.9, adam_beta2=0.999, adam_epsilon=1e-8,
        schedule="linear", warmup_share=0.1, max_gradient_norm=1.0, precision="fp32", device="cpu",
        seed=42, group_by_length=True, compile=False, log_every_steps=1, select_by="micro_f1",
    ),
)  # fmt: skip
GIVEN = {"source": "given", "negative_share": 0.6, "estimator": "auto", "max_disagreement": 0.15,
         "min_effective_rows": 1}  # fmt: skip


def evaluation(select_by="micro_f1", **prior):
    return EvaluationParams(
        target_prior={**GIVEN, **prior}, n_resamples=100, confidence=0.95, seed=1,
        select_by=select_by,
    )  # fmt: skip


@pytest.fixture(scope="module")
def sentences(small_table):
    """24 originals, and a copy of four of them."""
    originals = small_table.assign(origin_id=small_table["row_id"], method="original", weight=1.0)
    copies = originals.iloc[COPIED].assign(method="copied", weight=0.5)
    copies["row_id"] += "-copy"
    return pd.concat([originals, copies], ignore_index=True)


@pytest.fixture(scope="module")
def labels(small_table):
    return LabelSet(names=sorted(small_table["label"].unique()), negative="no_relation")


@pytest.fixture(scope="module")
def fold_members(small_table):
    table = pd.DataFrame({"fold": np.arange(24) % 2, "row_id": small_table["row_id"]})
    return table.sort_values("fold", kind="stable", ignore_index=True)


@pytest.fixture
def trials(sentences, fold_members, labels, tmp_path):
    def make(folds=(0, 1), **judged):
        return RelationTrials(
            sentences, fold_members, labels, evaluation(**judged), folds, tmp_path / "scratch", 7
        )

    return make


@pytest.mark.parametrize("select_by", ["micro_f1", "shift_micro_f1"])
def test_a_trial_has_the_score_of_its_folds_together(
    trials, sentences, fold_members, labels, tmp_path, select_by
):
    made = trials(select_by=select_by)
    value = made.score(PARAMS, 1.0, name="trial_0")
    tokenizer, features = made._encode(PARAMS)
    scores = concatenate([
        train_fold(features, fold_members, tokenizer, labels, PARAMS,
                   FoldWorkspace(fold, tmp_path / str(fold))).validation_scores
        for fold in (0, 1)
    ])  # fmt: skip
    judged = label_answered(scores, sentences, labels, PARAMS.target)
    is_negative = judged.truth == labels.negative_id
    share = {"micro_f1": is_negative.mean(), "shift_micro_f1": 0.6}[select_by]
    weights = np.where(is_negative, share / is_negative.mean(), (1 - share) / (~is_negative).mean())
    positive = [number for number in range(len(labels.names)) if number != labels.negative_id]
    expected = f1_score(
        judged.truth, judged.predicted, average="micro", labels=positive, sample_weight=weights
    )
    assert value == pytest.approx(100 * expected)
    assert not (tmp_path / "scratch" / "trial_0").exists()


def test_an_estimated_prior_gives_the_plain_score(trials, sentences, labels):
    made = trials(folds=(0,))
    tokenizer, features = made._encode(PARAMS)
    scores = train_fold(features, made.fold_members, tokenizer, labels, PARAMS,
                        FoldWorkspace(0, made.folder)).validation_scores  # fmt: skip
    judged = label_answered(scores, sentences, labels, PARAMS.target)
    estimated = evaluation("shift_accuracy", source="estimated", negative_share=None)
    plain = evaluation("accuracy")
    assert score_by(judged, labels, estimated) == score_by(judged, labels, plain)
    assert score_by(judged, labels, plain) == pytest.approx(
        100 * (judged.truth == judged.predicted).mean()
    )


def test_rows_are_encoded_once_for_settings_that_encode_alike(trials, monkeypatch):
    encoded = []
    whole = tuning.encode

    def counted(rows, tokenizer, params, max_tokens, names):
        encoded.append((params.query, max_tokens))
        return whole(rows, tokenizer, params, max_tokens, names)

    monkeypatch.setattr(tuning, "encode", counted)
    made = trials(folds=(0,))
    other_query = replace(PARAMS, input=PARAMS.input.model_copy(update={"query": "question"}))
    for params in (PARAMS, other_query, PARAMS, replace(PARAMS, head=HeadParams(name="cls"))):
        made._encode(params)
    assert encoded == [("none", 80), ("question", 80)]
    made.remember(replace(PARAMS, input=other_query.input), ("tokenizer", "features"))
    assert made._encode(other_query) == ("tokenizer", "features")


def test_a_larger_share_of_rows_has_those_of_a_smaller_one(trials, fold_members):
    made = trials()
    features = made._encode(PARAMS)[1]
    some = {share: set(made._some_rows(features, 0, share).row_ids) for share in (0.25, 0.5, 0.75)}
    held_out = set(fold_members.loc[fold_members["fold"] == 0, "row_id"])
    everything = set(features.row_ids)
    assert held_out < some[0.25] < some[0.5] < some[0.75] < everything
    for rows in some.values():
        assert all(row.removesuffix("-copy") in rows for row in rows)
    assert 2 <= len(some[0.5] - held_out) <= len(everything - held_out) - 2


def test_folds_report_under_their_names(trials):
    seen = []
    with listening(lambda step, values: seen.extend(values)):
        trials(folds=(0, 1)).score(PARAMS, 1.0, name="trial_3")
    assert {"fold_0/validation_micro_f1", "fold_1/validation_micro_f1"} <= set(seen)
    assert not [name for name in seen if not name.startswith("fold_")]


def test_a_trial_that_is_tried_again_goes_on_where_it_was(trials, tmp_path):
    def stop(step, values):
        if "validation_micro_f1" in values and step > 2:
            raise RuntimeError("stopped")

    made = trials(folds=(0,))
    with pytest.raises(RuntimeError, match="stopped"), listening(stop):
        made.score(PARAMS, 1.0, name="trial_5")
    assert list((tmp_path / "scratch" / "trial_5").rglob("checkpoint-*"))
    steps = []
    with listening(lambda step, values: steps.append(step)):
        value = made.score(PARAMS, 1.0, name="trial_5")
    assert min(steps) > 1
    assert value == trials(folds=(0,)).score(PARAMS, 1.0, name="trial_6")
