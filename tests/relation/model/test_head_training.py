"""Training the head alone: the same states as the whole model, a whole model as the result."""

import logging

import numpy as np
import pytest
import torch
from torch import nn

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.encoding.encoded_rows import encode_rows
from klue_pipeline.relation.encoding.features import encode
from klue_pipeline.relation.inputs.input_texts import iterate_texts
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.model.fold_training import ClassifierParams, build_model, describe_model
from klue_pipeline.relation.model.head_training import HeadOnVectors, read_rows, train_head
from klue_pipeline.relation.model.heads.readings import READINGS
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.training.classification import FoldRows
from klue_pipeline.training.losses import LossContext, build_loss
from klue_pipeline.training.params import EncoderParams, LossParams, TrainingParams
from klue_pipeline.training.prediction import predict_logits
from klue_pipeline.training.progress import listening
from klue_pipeline.training.tokenizer import prepare_tokenizer

pytestmark = pytest.mark.slow

MAX_TOKENS = 64
INPUT = InputParams(
    name="typed_entity_marker_punct", query="none", query_position="after", type_words={}
)
ENCODER = EncoderParams(
    name="scratch",
    scratch={
        "vocabulary_size": 500, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 16, "max_positions": 96,
    },
)  # fmt: skip
TRAINING = {
    "epochs": 2, "learning_rate": 0.02, "batch_size": 8, "evaluation_batch_size": 5,
    "accumulation_steps": 1, "max_tokens": MAX_TOKENS, "weight_decay": 0.01, "adam_beta1": 0.9,
    "adam_beta2": 0.999, "adam_epsilon": 1e-8, "schedule": "linear", "warmup_share": 0.1,
    "max_gradient_norm": 1.0, "precision": "fp32", "device": "cpu", "seed": 42,
    "group_by_length": True, "compile": False, "log_every_steps": 1, "select_by": "loss",
    "freeze": "encoder", "smote_neighbours": 3, "smote_target_share": 0.5,
}  # fmt: skip
NEGATIVE = 0


@pytest.fixture(scope="module")
def labels(small_table):
    return LabelSet(names=sorted(small_table["label"].unique()), negative="no_relation")


@pytest.fixture(scope="module")
def tokenizer(small_table):
    torch.set_num_threads(1)
    return prepare_tokenizer(ENCODER, iterate_texts(small_table, INPUT))


@pytest.fixture(scope="module")
def features(small_table, tokenizer, labels):
    table = small_table.assign(origin_id=small_table["row_id"], weight=1.0)
    table.loc[[3, 7], "weight"] = 0.5
    return encode(table, tokenizer, INPUT, MAX_TOKENS, labels)


@pytest.fixture(scope="module")
def fold(features, tokenizer):
    """All rows to train on; the last ten validate too."""
    rows = [
        encode_rows(part, tokenizer.pad_token_id, ("DAT", "LOC", "NOH", "ORG", "PER", "POH"))
        for part in (features, features.select(range(14, 24)))
    ]
    return FoldRows(*rows, rows[1].columns["labels"])


@pytest.fixture(scope="module")
def build(features, tokenizer, labels):
    def make(head="cls_entity_start", entity_embedding="none", **own):
        params = ClassifierParams(
            TargetParams(name="all"),
            INPUT.model_copy(update={"entity_embedding": entity_embedding}),
            ENCODER,
            HeadParams(name=head, dropout=0.1, **own),
            LossParams(name="cross_entropy"),
            TrainingParams(**TRAINING),
        )
        config = describe_model(features, labels, labels, params, fingerprint={})
        torch.manual_seed(1)
        return build_model(config, params, tokenizer)

    return make


@pytest.fixture
def train(build, fold, labels, tmp_path):
    context = LossContext(tuple(labels.names), torch.ones(len(labels.names)))
    loss = build_loss(LossParams(name="cross_entropy"), context)

    def run(model, loss=loss, folder="scratch", **changes):
        (tmp_path / folder).mkdir(exist_ok=True)
        params = TrainingParams(**TRAINING | changes)
        return train_head(
            lambda: model, fold, loss, lambda logits, gold: score_metrics(logits, gold, NEGATIVE),
            params, tmp_path / folder, description="fold_0",
        )  # fmt: skip

    return run


def weights_of(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("head", READINGS)
def test_stored_states_score_like_the_whole_model(build, fold, head):
    model = build(head).eval()
    reading = READINGS[head]
    short = read_rows(model, reading, fold.training, TrainingParams(**TRAINING))
    assert short.lengths.tolist() == [reading.tokens] * 24
    found = predict_logits(HeadOnVectors(model.head, reading), short, 7, "fp32")
    np.testing.assert_allclose(found, predict_logits(model, fold.training, 7, "fp32"), atol=1e-5)


def test_the_result_is_a_whole_model_whose_encoder_did_not_learn(build, fold, train):
    model = build()
    encoder, head = weights_of(model.encoder), weights_of(model.head)
    result = train(model)
    assert result.model is model
    assert not model.training
    assert {value.device.type for value in model.state_dict().values()} == {"cpu"}
    for name, value in weights_of(model.encoder).items():
        assert torch.equal(value, encoder[name])
    assert not any(
        torch.equal(value, head[name]) for name, value in model.head.state_dict().items()
    )
    again = predict_logits(model, fold.validation, 7, "fp32")
    np.testing.assert_allclose(again, result.validation_logits, atol=1e-5)


def test_history_and_best_state_are_those_of_the_usual_trainer(build, fold, train):
    steps = []
    with listening(lambda step, values: steps.append((step, *values))):
        result = train(build(), learning_rate=0.3, epochs=4)
    # 24 rows of 11 labels; the 10 relations have 2 each, no_relation 6, half of which is 3.
    per_epoch = -(-(24 + 8) // 8)
    assert [e["step"] for e in result.history if "validation_loss" in e] == [
        per_epoch * epoch for epoch in (1, 2, 3, 4)
    ]
    assert {"train_loss", "learning_rate", "gradient_norm"} <= set(result.history[0])
    assert [step for step, *names in steps if "train_loss" in names] == [
        *range(1, 4 * per_epoch + 1)
    ]
    losses = {e["step"]: e["validation_loss"] for e in result.history if "validation_loss" in e}
    assert losses[result.best_step] == min(losses.values())
    measured = score_metrics(result.validation_logits, fold.validation_label_ids, NEGATIVE)["loss"]
    assert measured == pytest.approx(min(losses.values()), abs=1e-4)
    assert result.seconds > 0


def test_rare_labels_get_synthetic_rows_of_weight_1(build, train, caplog, labels, fold):
    seen = []

    def loss(logits, targets, progress):
        seen.extend(targets.label_ids.tolist())
        return nn.functional.cross_entropy(logits, targets.label_ids, reduction="none")

    with caplog.at_level(logging.INFO):
        train(build(), loss=loss, epochs=1, smote_target_share=1.0)
    counts = np.bincount(fold.training.columns["labels"])
    wanted = np.where(counts > 1, counts.max(), counts)
    assert np.bincount(seen).tolist() == wanted.tolist()
    assert f"SMOTE: {wanted.sum() - 24} synthetic rows beside 24" in caplog.messages


class KilledError(Exception):
    """Stands in for a kill."""


def test_a_killed_training_goes_on(build, train):
    def kill(step, values):
        if step == 6 and "train_loss" in values:
            raise KilledError

    unbroken = train(build(), folder="unbroken")
    other = train(build(), folder="other", seed=43)
    assert not np.array_equal(unbroken.validation_logits, other.validation_logits)
    with pytest.raises(KilledError), listening(kill):
        train(build(), folder="broken")
    resumed = train(build(), folder="broken")
    np.testing.assert_array_equal(resumed.validation_logits, unbroken.validation_logits)
    assert resumed.history == unbroken.history


def test_rates_of_layers_that_do_not_learn_are_no_obstacle(build, train):
    result = train(build(), epochs=1, layer_decay=0.9, head_learning_rate=0.5, warmup_share=0.0)
    assert result.history[0]["learning_rate"] == 0.5


def test_heads_that_read_more_are_refused(build, train):
    with pytest.raises(ValueError, match=r"head\.name is bilstm, choose one of cls, "):
        train(build("bilstm", lstm_layers=1, lstm_width=4))


def test_embeddings_that_would_have_to_learn_are_refused(build, train):
    with pytest.raises(
        ValueError, match=r"input\.entity_embedding is role, which .* set input\.en"
    ):
        train(build(entity_embedding="role"))
