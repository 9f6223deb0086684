"""Trained models as a Python function, over tiny random encoders."""

import copy
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import torch

import klue_pipeline
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.encoding.features import encode
from klue_pipeline.relation.inference import classifier as classifier_module
from klue_pipeline.relation.inference import token_groups
from klue_pipeline.relation.inference.classifier import RelationClassifier, RelationPrediction
from klue_pipeline.relation.inference.requests import read_requests, table_requests
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE
from klue_pipeline.relation.inputs.special_tokens import describe_tokens
from klue_pipeline.relation.model.fold_prediction import score_test_rows
from klue_pipeline.relation.model.fold_training import ClassifierParams, build_model, describe_model
from klue_pipeline.relation.model.relation_model import (
    RelationModel,
    read_relation_config,
)
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.training.loading.trained_model import TrainedModel
from klue_pipeline.training.params import EncoderParams, LossParams, TrainingParams
from klue_pipeline.training.tokenizer import prepare_tokenizer

SENTENCE = "이순신은 조선의 무신이다."
INPUT = InputParams(
    name="typed_entity_marker",
    query="question",
    query_position="after",
    type_words={"PER": "사람", "ORG": "조직", "LOC": "장소"},
)
TRAINING = TrainingParams(
    epochs=1, learning_rate=0.01, batch_size=8, evaluation_batch_size=16, accumulation_steps=1,
    max_tokens=64, weight_decay=0.01, adam_beta1=0.9, adam_beta2=0.999, adam_epsilon=1e-8,
    schedule="linear", warmup_share=0.1, max_gradient_norm=1.0, precision="fp32", device="cpu",
    seed=42, group_by_length=True, compile=False, log_every_steps=1, select_by="micro_f1",
)  # fmt: skip
SURE = 30.0
"""What the weights of a new head are multiplied by, so that probabilities are far from even."""


@pytest.fixture
def test_sentences(small_sentences):
    """24 rows that a test file could hold; two of them cannot be read."""
    problems = pd.Series([None] * 24, dtype="str")
    problems[[0, 11]] = "word not at its offsets: 이순신"
    return small_sentences.drop(columns="label").assign(problem=problems)


@pytest.fixture
def labels(small_sentences):
    return LabelSet(names=sorted(small_sentences["label"].unique()), negative="no_relation")


@pytest.fixture
def make_checkpoint(small_sentences, labels, encoder_folders, tmp_path):
    """Write a model with a random head, other for another seed, over an encoder of a family."""
    torch.set_num_threads(1)

    def make(name="fold_0", *, seed=0, family="bert", input_params=INPUT, **changes):
        params = ClassifierParams(
            TargetParams(name="all"),
            input_params,
            EncoderParams(name=str(encoder_folders[family])),
            HeadParams(name="cls_entity_start"),
            LossParams(name="cross_entropy"),
            TRAINING,
        )
        tokenizer = prepare_tokenizer(params.encoder, [], describe_tokens(input_params))
        features = encode(small_sentences, tokenizer, input_params, TRAINING.max_tokens, labels)
        fingerprint = {**features.fingerprint, "folds": "f"}
        config = describe_model(features, labels, labels, params, fingerprint)
        torch.manual_seed(seed)
        model = build_model(config.model_copy(update=changes), params, tokenizer).eval()
        with torch.no_grad():
            for weight in model.head.parameters():
                weight.mul_(SURE)
        TrainedModel(model, tokenizer).save_pretrained(tmp_path / name)
        return tmp_path / name

    return make


def load(folders, **settings):
    return RelationClassifier.from_pretrained(
        folders, **{"device": "cpu", "precision": "fp32"} | settings
    )


@pytest.fixture
def checkpoint(make_checkpoint):
    return make_checkpoint()


@pytest.fixture
def classifier(checkpoint):
    return load(checkpoint)


def scored(folder, test_sentences, labels):
    """What the pipeline makes of the same rows: the reference for everything here."""
    model = RelationModel.from_pretrained(folder)
    tokenizer = prepare_tokenizer(EncoderParams(name=str(folder)), [])
    config = model.relation_config
    features = encode(test_sentences, tokenizer, config.input, config.max_tokens, labels)
    return score_test_rows(folder, features, TRAINING)


def columns_of(sentences):
    """A table as the arguments of a call."""
    spans = {
        role: list(zip(sentences[f"{role}_start"], sentences[f"{role}_end"], strict=True))
        for role in ("subject", "object")
    }
    types = {f"{role}_type": sentences[f"{role}_type"].tolist() for role in spans}
    return {"sentence": sentences["sentence"].tolist(), **spans, **types}


def lines_of(sentences):
    columns = columns_of(sentences)
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def table_of(predictions):
    return np.array([list(prediction.probabilities.values()) for prediction in predictions])


@pytest.mark.parametrize("family", ["bert", "roberta", "electra", "xlm_roberta"])
def test_probabilities_are_those_of_the_pipeline(make_checkpoint, family, test_sentences, labels):
    folder = make_checkpoint(family=family)
    scores = scored(folder, test_sentences, labels)
    found = load(folder).classify(test_sentences)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, scores.probabilities, atol=1e-6)
    assert np.ptp(found.max(axis=1)) > 0.1  # no row is like another one


def test_a_table_may_come_in_any_order_with_labels_that_are_not_looked_at(
    classifier, test_sentences
):
    found = classifier.classify(test_sentences)
    shuffled = test_sentences.sample(frac=1, random_state=1)
    order = shuffled.index.to_numpy()
    np.testing.assert_allclose(classifier.classify(shuffled), found[order], atol=1e-6)
    labelled = test_sentences.assign(label="per:unheard_of")
    assert np.array_equal(classifier.classify(labelled), found)
    assert classifier.classify(test_sentences.head(0)).shape == (0, 11)


def test_a_call_gives_the_same_as_a_table(classifier, test_sentences):
    readable = test_sentences.loc[test_sentences["problem"].isna()]
    probabilities = classifier.classify(readable)
    predictions = classifier(**columns_of(readable))
    np.testing.assert_allclose(table_of(predictions), probabilities, atol=1e-6)
    for prediction, row in zip(predictions, probabilities, strict=True):
        assert tuple(prediction.probabilities) == classifier.labels
        assert prediction.label == classifier.labels[row.argmax()]
        assert prediction.probability == prediction.probabilities[prediction.label]
        assert sum(prediction.probabilities.values()) == pytest.approx(1)


def test_a_row_gets_the_same_alone_in_small_batches_and_from_threads(
    make_checkpoint, small_sentences
):
    folders = [make_checkpoint("a"), make_checkpoint("b", family="xlm_roberta")]
    classifier, lines = load(folders), lines_of(small_sentences)
    whole = table_of(classifier(**columns_of(small_sentences)))
    with ThreadPoolExecutor(8) as pool:
        alone = list(pool.map(lambda line: classifier(**line), lines))
        tables = list(pool.map(lambda _: classifier.classify(small_sentences), range(4)))
    for table in tables:
        np.testing.assert_allclose(table, whole, atol=1e-6)
    by_itself = load(folders, batch_size=5, rows_together=0)
    in_small_batches = by_itself.classify(small_sentences)
    never_together = table_of([by_itself(**line) for line in lines])
    for table in (table_of(alone), in_small_batches, never_together):  # padded to other lengths
        np.testing.assert_allclose(table, whole, atol=1e-4)


def test_one_sentence_gives_one_prediction_a_list_a_list(classifier):
    one = classifier(SENTENCE, subject=(0, 3), object=(5, 7))
    [same] = classifier([SENTENCE], subject=["이순신"], object=["조선"])
    assert isinstance(one, RelationPrediction)
    assert one == same
    assert classifier([], subject=[], object=[]) == []
    assert copy.deepcopy(one) == one
    with pytest.raises(AttributeError):
        one.label = "other"


def test_the_roles_and_types_of_entities_count(classifier):
    given = {"subject": (0, 3), "object": (5, 7), "subject_type": "PER", "object_type": "LOC"}
    usual = classifier(SENTENCE, **given)
    for change in (
        {"subject": (5, 7), "object": (0, 3)},
        {"subject_type": "ORG"},
        {"object_type": None},
    ):
        assert classifier(SENTENCE, **given | change) != usual


def test_a_long_sentence_is_windowed_as_in_training(classifier, labels, checkpoint):
    request = {"sentence": "그리고 " * 90 + SENTENCE, "subject": "이순신", "object": "조선",
               "subject_type": "PER", "object_type": "LOC"}  # fmt: skip
    row = table_requests(read_requests([request]))
    wanted = scored(checkpoint, row, labels).probabilities
    np.testing.assert_allclose(classifier.classify(row), wanted, atol=1e-6)


def test_logits_are_divided_by_the_temperature_and_the_prior_is_not(
    make_checkpoint, test_sentences, labels
):
    plain = scored(make_checkpoint("cold"), test_sentences, labels)
    hot = make_checkpoint("hot", temperature=2.5)
    found = load(hot).classify(test_sentences)
    unusable = test_sentences["problem"].notna()
    scaled = np.exp(plain.logits.astype(float) / 2.5)
    wanted = scaled / scaled.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found[~unusable], wanted[~unusable], atol=1e-6)
    counts = np.array(read_relation_config(hot).label_counts)
    prior = (counts + 1) / (counts + 1).sum()
    np.testing.assert_allclose(found[unusable], [prior, prior], atol=1e-6)


def test_members_are_averaged_each_at_its_own_temperature(make_checkpoint, test_sentences):
    folders = [
        make_checkpoint("experiment/fold_0"),
        make_checkpoint("experiment/fold_1", seed=1, temperature=0.7),
        make_checkpoint("experiment/fold_2", seed=2, family="xlm_roberta"),
    ]
    ensemble = load(folders[0].parent)
    assert ensemble.folders == tuple(folders)
    alone = [load(folder).classify(test_sentences) for folder in folders]
    assert not np.allclose(alone[0], alone[1], atol=0.01)
    found = ensemble.classify(test_sentences)
    np.testing.assert_allclose(found, sum(alone) / 3, atol=1e-6)
    assert np.array_equal(load(folders[::-1]).classify(test_sentences).round(9), found.round(9))


def test_members_of_the_same_tokens_share_one_encoding(
    make_checkpoint, test_sentences, monkeypatch
):
    calls = []

    def count(*args):
        calls.append(len(args[0]))
        return encode_table(*args)

    encode_table = token_groups.encode_table
    monkeypatch.setattr(token_groups, "encode_table", count)
    folds = [make_checkpoint(f"fold_{number}", seed=number) for number in (0, 1)]
    load(folds).classify(test_sentences)
    assert calls == [24]
    other_input = INPUT.model_copy(update={"query": "none"})
    load([*folds, make_checkpoint("other", input_params=other_input)]).classify(test_sentences)
    assert calls == [24, 24, 24]


def test_threads_use_a_tokenizer_in_turn_and_models_side_by_side(checkpoint, monkeypatch):
    classifier = load(checkpoint, rows_together=0)
    inside, most, all_are_in = [], [], threading.Barrier(8, timeout=30)

    def encode(*args):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.005)
        table = encode_table(*args)
        inside.pop()
        return table

    def score(*args, **kwargs):
        all_are_in.wait()  # breaks unless all eight come this far together
        return score_rows(*args, **kwargs)

    encode_table, score_rows = token_groups.encode_table, classifier_module.score_rows
    monkeypatch.setattr(token_groups, "encode_table", encode)
    monkeypatch.setattr(classifier_module, "score_rows", score)
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(classifier, SENTENCE, subject=(0, 3), object=(5, 7)) for _ in range(8)]
    assert len({call.result().label for call in calls}) == 1
    assert most == [1] * 8


def test_models_stay_in_float32_and_evaluation_mode(checkpoint, test_sentences):
    classifier = load(checkpoint, precision="bf16")
    found = classifier.classify(test_sentences)
    np.testing.assert_allclose(found, load(checkpoint).classify(test_sentences), atol=0.1)
    [model] = classifier._groups[0].models
    assert not any(module.training for module in model.modules())
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    shown = repr(classifier)
    for part in ("fold_0", "labels=11", "device=cpu", "precision=bf16", "batch_size=16"):
        assert part in shown


def test_missing_types_are_said_once_by_each_classifier(checkpoint, caplog):
    for classifier in (load(checkpoint), load(checkpoint)):
        caplog.clear()
        for _ in range(3):
            classifier(SENTENCE, subject=(0, 3), object=(5, 7))
            classifier(SENTENCE, subject=(0, 3), object=(5, 7), subject_type="NAVY")
        said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert len(said) == 2
        assert "give subject_type and object_type" in said[0]
        assert "'NAVY' was not in training" in said[1]


def test_calls_are_silent_and_a_table_has_a_progress_bar_on_demand(
    classifier, test_sentences, monkeypatch, caplog
):
    shown = []

    def spy(*args, **kwargs):
        shown.append(kwargs["description"])
        return score_rows(*args, **kwargs)

    score_rows = classifier_module.score_rows
    monkeypatch.setattr(classifier_module, "score_rows", spy)
    caplog.set_level("INFO")
    types = {"subject_type": "PER", "object_type": "LOC"}
    classifier(SENTENCE, subject=(0, 3), object=(5, 7), **types)
    assert caplog.records == []
    classifier.classify(test_sentences, description="classify")
    assert "2 rows without usable entities" in caplog.text
    assert shown == [None, "classify"]


def test_models_of_other_labels_are_refused(make_checkpoint):
    reverse = make_checkpoint("reverse")
    for change, problem in (
        (lambda names: names[::-1], "11; their order differs"),
        (lambda names: (*names[:-1], "per:unheard_of"), r"only one of them has \['per:title', 'pe"),
    ):
        names = load(reverse).labels
        folder = make_checkpoint("other", labels=change(names))
        with pytest.raises(ValueError, match=problem):
            load([reverse, folder])


@pytest.mark.parametrize(
    "name", ["relation.json", "config.json", "model.safetensors", "tokenizer.json"]
)
def test_a_checkpoint_that_lacks_a_file_is_refused(checkpoint, name):
    (checkpoint / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        load(checkpoint)


def test_a_checkpoint_of_an_earlier_version_says_so(checkpoint):
    path = checkpoint / "relation.json"
    path.write_text(path.read_text("utf-8").replace('"max_tokens": 64,', ""), encoding="utf-8")
    with pytest.raises(ValueError, match=r"max_tokens: Field required.*train the model again"):
        load(checkpoint)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"precision": "fp8"}, "precision is 'fp8'; wanted one of"),
        ({"precision": "fp16"}, r"^precision=fp16 needs a GPU"),
        ({"device": "cuda:99"}, "^device is cuda:99, but PyTorch sees"),
        ({"batch_size": 0}, "batch_size is 0; at least 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(checkpoint, settings, problem):
    with pytest.raises(ValueError, match=problem):
        load(checkpoint, **settings)


def test_out_of_memory_names_the_setting(classifier, monkeypatch):
    def greedy(self, **batch):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(RelationModel, "forward", greedy)
    with pytest.raises(RuntimeError, match="batch_size=16; load the classifier with a smaller"):
        classifier(SENTENCE, subject=(0, 3), object=(5, 7))


def test_the_package_offers_it():
    assert klue_pipeline.RelationClassifier is RelationClassifier
    assert klue_pipeline.RelationPrediction is RelationPrediction
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        klue_pipeline.Nonsense  # noqa: B018


def test_importing_the_package_stays_cheap():
    heavy = {"torch", "transformers", "pandas", "numpy", "kedro", "mlflow"}
    code = f"import sys, klue_pipeline; sys.exit(' '.join({heavy!r} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_model_that_learned_without_types_does_not_read_any(make_checkpoint, test_sentences):
    untyped = test_sentences.assign(subject_type=NO_TYPE, object_type=NO_TYPE)
    classifier = load(make_checkpoint(entity_types=(NO_TYPE,)))
    assert np.array_equal(classifier.classify(test_sentences), classifier.classify(untyped))
    typed = load(make_checkpoint("typed"))
    assert not np.allclose(typed.classify(test_sentences), typed.classify(untyped))
