"""One fold from features to scores, on a tiny encoder from scratch."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.encoding.encoded_rows import encode_rows
from klue_pipeline.relation.encoding.features import encode
from klue_pipeline.relation.inputs.input_texts import iterate_texts
from klue_pipeline.relation.inputs.special_tokens import describe_tokens
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.metrics.targets import target_labels
from klue_pipeline.relation.model import fold_training
from klue_pipeline.relation.model.fold_prediction import score_test_rows
from klue_pipeline.relation.model.fold_rows import split_features
from klue_pipeline.relation.model.fold_training import (
    ClassifierParams,
    build_model,
    describe_model,
    train_fold,
)
from klue_pipeline.relation.model.refit_training import plan_refit, train_on_all_rows
from klue_pipeline.relation.model.relation_model import RelationModel
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.relation.splits.fingerprints import held_out_fingerprint
from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.losses import build_loss
from klue_pipeline.training.params import EncoderParams, LossParams, TrainingParams
from klue_pipeline.training.prediction import predict_logits
from klue_pipeline.training.tokenizer import prepare_tokenizer
from klue_pipeline.training.workspace import FoldWorkspace

pytestmark = pytest.mark.slow

COPIED = [0, 3, 8, 16]  # rows that have an augmented copy; two of each fold
MAX_TOKENS = 80
INPUT = InputParams(
    name="typed_entity_marker_punct",
    query="question",
    query_position="after",
    type_words={"PER": "사람", "ORG": "조직"},
)
ENCODER = EncoderParams(
    name="scratch",
    scratch={
        "vocabulary_size": 500,
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "max_positions": 96,
    },
)
TRAINING = TrainingParams(
    epochs=2, learning_rate=0.01, batch_size=8, evaluation_batch_size=16, accumulation_steps=1,
    max_tokens=MAX_TOKENS, weight_decay=0.01, adam_beta1=0.9, adam_beta2=0.999, adam_epsilon=1e-8,
    schedule="linear", warmup_share=0.1, max_gradient_norm=1.0, precision="fp32", device="cpu",
    seed=42, group_by_length=True, compile=False, log_every_steps=1, select_by="micro_f1",
)  # fmt: skip
PARAMS = ClassifierParams(
    TargetParams(name="all"),
    INPUT,
    ENCODER,
    HeadParams(name="cls_entity_start", dropout=0.1),
    LossParams(name="cross_entropy"),
    TRAINING,
)


@pytest.fixture(scope="module")
def sentences(small_table):
    """24 originals, and a copy of four of them with half the weight."""
    originals = small_table.assign(origin_id=small_table["row_id"], method="original", weight=1.0)
    copies = originals.iloc[COPIED].assign(method="copied", weight=0.5)
    copies["row_id"] += "-copy"
    return pd.concat([originals, copies], ignore_index=True)


@pytest.fixture(scope="module")
def labels(small_table):
    return LabelSet(names=sorted(small_table["label"].unique()), negative="no_relation")


@pytest.fixture(scope="module")
def fold_members(small_table):
    """Two folds: the rows of even and of odd number."""
    fold = np.arange(24) % 2
    table = pd.DataFrame({"fold": fold, "row_id": small_table["row_id"]})
    return table.sort_values("fold", kind="stable", ignore_index=True)


@pytest.fixture(scope="module")
def tokenizer(small_table):
    torch.set_num_threads(1)
    return prepare_tokenizer(ENCODER, iterate_texts(small_table, INPUT))


@pytest.fixture(scope="module")
def features(sentences, tokenizer, labels):
    return encode(sentences, tokenizer, INPUT, MAX_TOKENS, labels)


@pytest.fixture(scope="module")
def test_features(small_table, tokenizer, labels):
    """The rows as a test file has them; two cannot be used, the first and one in the middle."""
    table = small_table.drop(columns=["label", "given_fold"])
    problems = pd.Series([None] * 24, dtype="str")
    problems[[0, 11]] = "word_not_at_offsets: 이순신"
    return encode(table.assign(problem=problems), tokenizer, INPUT, MAX_TOKENS, labels)


@pytest.fixture
def train(features, fold_members, tokenizer, labels, tmp_path):
    def run(fold=0, folder="scratch", **changes):
        params = replace(PARAMS, training=TRAINING.model_copy(update=changes))
        workspace = FoldWorkspace(fold, tmp_path / folder)
        return train_fold(features, fold_members, tokenizer, labels, params, workspace)

    return run


@pytest.mark.parametrize(
    ("best", "changes", "epochs", "steps"),
    [
        ([(8, 120), (4, 120)], {"batch_size": 32}, 2, 12),  # 2 and 1 epochs of 4 steps; 1.5 of 8
        ([(3, 12)], {"batch_size": 4, "accumulation_steps": 2}, 2, 45),  # 1.5 of 2; of 30
        ([(1, 1000)], {"batch_size": 8, "max_steps": 5}, 1, 1),  # less than half a step
        ([(8, 120), (4, 120)], {"tokens_per_batch": 80}, 1, 12),  # 0.4 epochs of 15 steps; of 30
    ],
)
def test_a_training_on_all_rows_is_as_long_as_the_best_states_of_the_folds(
    best, changes, epochs, steps
):
    folds = [{"best_step": step, "training_rows": rows} for step, rows in best]
    count = {12: 240, 1000: 50}.get(best[0][1], 240)
    rows = EncodedRows(np.zeros(count * 10), None, np.arange(count + 1) * 10, {}, 0)
    planned = plan_refit(folds, rows, TRAINING.model_copy(update=changes))
    assert (planned.epochs, planned.max_steps) == (epochs, steps)


def test_all_rows_train_and_none_is_judged(
    features, sentences, trained, tokenizer, labels, tmp_path
):
    folds = [result.metrics for result in trained]
    result = train_on_all_rows(
        features, tokenizer, labels, PARAMS, folds, FoldWorkspace(0, tmp_path)
    )
    assert result.metrics["training_rows"] == len(sentences) == 28
    assert result.metrics.keys().isdisjoint(score_metrics(np.eye(2), [0, 1], 0))
    config = result.model.model.relation_config
    counts = sentences["label"].value_counts()
    assert dict(zip(config.labels, config.label_counts, strict=True)) == {
        name: counts[name] for name in labels.names
    }
    fold_config = trained[0].model.model.relation_config
    assert (config.labels, config.input, config.head) == (
        fold_config.labels, fold_config.input, fold_config.head
    )  # fmt: skip
    assert not result.model.model.training


@pytest.fixture(scope="module")
def trained(features, fold_members, tokenizer, labels, tmp_path_factory):
    """Both folds, trained with the plain settings; only looked at."""
    scratch = tmp_path_factory.mktemp("scratch")
    return [
        train_fold(
            features,
            fold_members,
            tokenizer,
            labels,
            PARAMS,
            FoldWorkspace(fold, scratch / str(fold)),
        )
        for fold in (0, 1)
    ]


@pytest.fixture(scope="module")
def checkpoint(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "fold_0"
    trained[0].model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("fold", [0, 1])
def test_a_fold_end_to_end(trained, features, fold_members, labels, fold):
    result = trained[fold]
    scores, model = result.validation_scores, result.model.model
    held_out = fold_members.loc[fold_members["fold"] == fold, "row_id"].tolist()
    assert scores.row_ids.tolist() == held_out
    assert set(scores.folds.tolist()) == {fold}
    assert scores.labels == tuple(labels.names)
    assert set(scores.fingerprint) == {"rows", "folds"}

    training, validation = split_features(features, fold_members, fold)
    again = predict_logits(
        model, encode_rows(validation, 0, model.relation_config.entity_types), 5, "fp32"
    )
    np.testing.assert_allclose(again, scores.logits, atol=1e-5)
    config = model.relation_config
    assert sum(config.label_counts) == len(training) == result.metrics["training_rows"]
    assert result.metrics["epochs"] == TRAINING.epochs
    made_of = {
        "folds": scores.fingerprint["folds"],
        "held_out": held_out_fingerprint(fold_members, fold),
    }
    assert config.fingerprint == features.fingerprint | made_of
    assert (config.max_tokens, config.temperature) == (MAX_TOKENS, 1.0)

    gold = np.array(validation.table["label_id"].to_pylist())
    for name, value in score_metrics(
        scores.logits, gold, labels.names.index("no_relation")
    ).items():
        assert result.metrics[name] == pytest.approx(value)
    best = result.history.loc[result.history["step"] == result.metrics["best_step"]]
    assert best["validation_micro_f1"].item() == pytest.approx(result.metrics["micro_f1"])


def test_epochs_are_counted_as_far_as_they_went(train):
    stopped = train(epochs=20, learning_rate=1.0, select_by="loss", early_stopping_patience=1)
    evaluated = stopped.history["validation_loss"].notna().sum()
    assert stopped.metrics["epochs"] == evaluated < 20


def test_it_learns(train):
    """It begins at the entropy of 11 labels; 20 epochs on 16 rows leave less than half of it."""
    changes = {"epochs": 20, "schedule": "constant", "learning_rate": 0.03}
    losses = [train(**changes, seed=seed).history["train_loss"] for seed in range(3)]
    assert np.mean([each.iloc[0] for each in losses]) == pytest.approx(np.log(11), abs=0.4)
    assert np.mean([each.iloc[-4:].mean() for each in losses]) < 0.5 * np.log(11)


@pytest.mark.parametrize(("target", "trained"), [("binary", 13), ("positive", 10)])
def test_a_fold_of_another_target(  # noqa: PLR0917
    features, fold_members, tokenizer, labels, tmp_path, target, trained, caplog
):
    params = replace(PARAMS, target=TargetParams(name=target))
    workspace = FoldWorkspace(0, tmp_path / "scratch")
    with caplog.at_level("INFO"):
        result = train_fold(features, fold_members, tokenizer, labels, params, workspace)
    said = [line for line in caplog.messages if "training rows have an answer" in line]
    assert len(said) == (target == "positive")
    assert all(f"{trained} of 13 training rows" in line for line in said)
    own = target_labels(labels, params.target)
    held_out = fold_members.loc[fold_members["fold"] == 0, "row_id"]
    # All rows are scored, also those that have no answer to the question.
    assert result.validation_scores.row_ids.tolist() == held_out.tolist()
    assert result.validation_scores.labels == tuple(own.names)
    assert np.isfinite(result.validation_scores.logits).all()
    config = result.model.model.relation_config
    assert config.task_labels == tuple(labels.names)
    assert sum(config.label_counts) == result.metrics["training_rows"] == trained
    assert np.isfinite(result.metrics["micro_f1"])


def test_a_fold_whose_head_alone_is_trained_with_synthetic_rows(
    train, features, fold_members, monkeypatch
):
    counts = []

    def remember(params, context):
        counts.append(context.label_counts.tolist())
        return build_loss(params, context)

    monkeypatch.setattr(fold_training, "build_loss", remember)
    smote = {"smote_neighbours": 2, "smote_target_share": 1.0}
    result = train(0, freeze="encoder", epochs=1, batch_size=1, **smote)
    plain = train(0, freeze="encoder", epochs=1, batch_size=1, folder="plain")
    assert set(result.metrics) == set(plain.metrics)
    assert set(result.history) == set(plain.history)
    # The facts of the checkpoint are those of the real rows, not of the synthetic ones.
    config = result.model.model.relation_config
    assert config == plain.model.model.relation_config
    training, validation = split_features(features, fold_members, 0)
    assert result.metrics["training_rows"] == len(training)
    assert result.history["step"].max() > plain.history["step"].max()
    for name, value in result.model.model.encoder.state_dict().items():
        assert torch.equal(value, plain.model.model.encoder.state_dict()[name])
    rows = encode_rows(validation, 0, config.entity_types)
    again = predict_logits(result.model.model, rows, 5, "fp32")
    np.testing.assert_allclose(again, result.validation_scores.logits, atol=1e-5)
    # The loss weighs labels by the rows with the synthetic ones.
    with_synthetic, real = counts
    assert with_synthetic == [max(real) if count > 1 else count for count in real]


def test_the_tokens_of_a_format_start_as_their_describing_word(
    small_sentences, labels, encoder_folders
):
    params = replace(
        PARAMS,
        input=INPUT.model_copy(update={"name": "entity_marker", "query": "none"}),
        encoder=EncoderParams(name=str(encoder_folders["bert"])),
    )
    words = describe_tokens(params.input)
    tokenizer = prepare_tokenizer(params.encoder, [], words)
    table = small_sentences.assign(origin_id=small_sentences["row_id"], weight=1.0)
    rows = encode(table, tokenizer, params.input, MAX_TOKENS, labels)
    model = build_model(
        describe_model(rows, labels, labels, params, fingerprint={}), params, tokenizer
    )
    embeddings = model.encoder.get_input_embeddings().weight
    for token, word in words.items():
        pieces = tokenizer(word, add_special_tokens=False)["input_ids"]
        known = [piece for piece in pieces if piece != tokenizer.unk_token_id]
        own = embeddings[tokenizer.convert_tokens_to_ids(token)]
        torch.testing.assert_close(own, embeddings[known or pieces[:1]].mean(dim=0))


def test_the_same_settings_give_the_same_scores(train, trained):
    first, again, other = trained[0], train(folder="again"), train(folder="other", seed=43)
    assert np.array_equal(first.validation_scores.logits, again.validation_scores.logits)
    assert not np.array_equal(first.validation_scores.logits, other.validation_scores.logits)


@pytest.fixture
def scratch_folder(features, fold_members, tokenizer, labels, tmp_path, monkeypatch):
    """The name of the folder in which a fold would train."""

    class TrainedError(Exception):
        pass

    def stop(*args, **kwargs):
        raise TrainedError

    monkeypatch.setattr(fold_training, "train_classifier", stop)

    def name(rows=features, fold=0, **changes):
        params = replace(PARAMS, training=TRAINING.model_copy(update=changes))
        workspace = FoldWorkspace(fold, tmp_path / "scratch")
        with pytest.raises(TrainedError):
            train_fold(rows, fold_members, tokenizer, labels, params, workspace)
        return [path.name for path in (tmp_path / "scratch").iterdir()]

    return name


def test_only_what_changes_the_result_changes_the_scratch_folder(scratch_folder, features):
    first = scratch_folder()
    assert scratch_folder(evaluation_batch_size=3, log_every_steps=2) == first
    assert scratch_folder(learning_rate=0.02) != first
    assert scratch_folder(fold=1) != first
    # The fingerprint of the rows is that of the originals; a resume must not mix the others.
    copy_of_a_training_row = features.row_ids.tolist().index("3-copy")
    fewer = features.select([n for n in range(len(features)) if n != copy_of_a_training_row])
    assert fewer.fingerprint == features.fingerprint
    assert scratch_folder(fewer) != first


def test_labels_without_a_negative_one(features, fold_members, tokenizer, labels, tmp_path):
    labels = LabelSet(names=labels.names, negative=None)
    workspace = FoldWorkspace(0, tmp_path)
    params = replace(PARAMS, training=TRAINING.model_copy(update={"epochs": 1}))
    result = train_fold(features, fold_members, tokenizer, labels, params, workspace)
    assert np.isfinite(result.metrics["micro_f1"])


def test_more_tokens_than_positions_stop_before_training(features, tokenizer, labels):
    params = replace(PARAMS, training=TRAINING.model_copy(update={"max_tokens": 97}))
    config = describe_model(features, labels, labels, params, fingerprint={})
    with pytest.raises(ValueError, match="max_tokens is 97, but the encoder has 96 positions"):
        build_model(config, params, tokenizer)


def test_test_rows_are_scored_in_order_by_the_stored_model(checkpoint, test_features, labels):
    scores = score_test_rows(checkpoint, test_features, TRAINING)
    assert scores.row_ids.tolist() == [str(number) for number in range(24)]
    assert scores.labels == tuple(labels.names)
    assert scores.folds is None
    assert set(scores.fingerprint) == {"rows", "folds", "test_rows"}
    assert scores.fingerprint["test_rows"] == test_features.fingerprint["rows"]
    model = RelationModel.from_pretrained(checkpoint)
    rows = encode_rows(test_features, 0, model.relation_config.entity_types)
    for number in (1, 5, 23):
        batch = {name: value for name, value in rows[number].items()
                 if name not in ("labels", "weights")}  # fmt: skip
        wanted = model(**batch)[0].detach().numpy()
        np.testing.assert_allclose(scores.logits[number], wanted, atol=1e-5)


def test_unusable_test_rows_get_the_label_shares_of_the_training_rows(checkpoint, test_features):
    scores = score_test_rows(checkpoint, test_features, TRAINING)
    counts = np.array(RelationModel.from_pretrained(checkpoint).relation_config.label_counts) + 1
    assert counts.min() >= 1
    prior = counts / counts.sum()
    alike = np.isclose(scores.probabilities, prior, atol=1e-6).all(axis=1)
    assert np.flatnonzero(alike).tolist() == [0, 11]


def test_other_labels_or_another_order_are_refused(checkpoint, test_features):
    other = replace(test_features, labels=test_features.labels[::-1])
    with pytest.raises(ValueError, match="cannot be scored by this model: labels is"):
        score_test_rows(checkpoint, other, TRAINING)


def test_out_of_memory_while_scoring_names_the_setting(checkpoint, test_features, monkeypatch):
    def greedy(self, **batch):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(RelationModel, "forward", greedy)
    with pytest.raises(RuntimeError, match=r"lower training\.evaluation_batch_size"):
        score_test_rows(checkpoint, test_features, TRAINING)
