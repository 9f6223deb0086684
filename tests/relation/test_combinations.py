"""Every head with every kind of input and every loss learns for two steps, on every encoder family.

The heads' own tests say what they compute; this says that nothing breaks where two ideas meet.
"""

from dataclasses import replace
from itertools import cycle, product

import pytest
import torch

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.encoding.encoded_rows import encode_rows
from klue_pipeline.relation.encoding.features import encode
from klue_pipeline.relation.inputs.markers import REPRESENTATIONS
from klue_pipeline.relation.inputs.queries import QUERIES
from klue_pipeline.relation.inputs.special_tokens import describe_tokens
from klue_pipeline.relation.metrics.targets import target_labels
from klue_pipeline.relation.model.fold_rows import answer_target, answered_rows
from klue_pipeline.relation.model.fold_training import ClassifierParams, build_model, describe_model
from klue_pipeline.relation.model.heads import HEADS
from klue_pipeline.relation.settings.compatibility import find_conflicts
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.training.losses import LOSSES, LossContext, Targets, build_loss
from klue_pipeline.training.params import EncoderParams, LossParams, TrainingParams
from klue_pipeline.training.tokenizer import prepare_tokenizer

pytestmark = pytest.mark.slow

FAMILIES = ("bert", "roberta", "electra", "xlm_roberta")
TYPE_WORDS = {"PER": "사람", "ORG": "조직", "LOC": "장소", "DAT": "날짜", "POH": "명사"}  # no NOH
INPUTS = {
    "plain": {"name": "typed_entity_marker_punct", "query": "question"},
    "special": {"name": "typed_entity_marker", "query": "semantic_typing_marked"},
    "prefix": {"name": "entity_marker_with_prefix", "query": "none"},
    "mask": {"name": "entity_mask", "query": "prompt3"},
    "embedding": {
        "name": "entity_marker_punct",
        "query": "prompt1",
        "query_position": "before",
        "entity_embedding": "role_and_type",
    },
    "bare": {"name": "pair_prefix", "query": "typed_relation"},
}
HEAD_SETTINGS = {"bilstm": {"lstm_layers": 2, "lstm_width": 4}}
LOSS_SETTINGS = {
    "focal": {"gamma": 2.0, "alpha": {"no_relation": 0.5}},
    "class_balanced": {"beta": 0.99, "inside": "focal", "gamma": 1.0, "label_smoothing": 0.1},
    "ldam": {"beta": 0.99, "max_margin": 0.5, "reweight_after_share": 0.5},
    "distillation": {
        "teachers": ["large"],
        "temperature": 2.0,
        "teacher_weight": 0.5,
        "inside": "cross_entropy",
    },
}
TRAINING = TrainingParams(
    epochs=1, learning_rate=0.01, batch_size=8, evaluation_batch_size=8, accumulation_steps=1,
    max_tokens=96, weight_decay=0.0, adam_beta1=0.9, adam_beta2=0.999, adam_epsilon=1e-8,
    schedule="constant", warmup_share=0.0, precision="fp32", device="cpu", seed=1,
    group_by_length=False, compile=False, log_every_steps=1, select_by="loss",
)  # fmt: skip


def make_params(head, inputs, loss, family_folder, target="all"):
    cosine = {"classifier": "cosine", "scale": 30.0} if loss == "ldam" else {}
    return ClassifierParams(
        TargetParams(name=target),
        InputParams(**{"query_position": "after", "type_words": TYPE_WORDS} | INPUTS[inputs]),
        EncoderParams(name=str(family_folder)),
        HeadParams(name=head, dropout=0.1, **HEAD_SETTINGS.get(head, {}), **cosine),
        LossParams(name=loss, **LOSS_SETTINGS.get(loss, {})),
        TRAINING,
    )


def legal_combinations():
    """Every head with every input and every loss, and every input with every loss.

    Each combination takes the next loss and the next encoder family.
    """
    families = cycle(FAMILIES)
    names = [*LOSSES]
    for (place, head), (shift, inputs) in product(enumerate(HEADS), enumerate(INPUTS)):
        loss = names[(place + shift) % len(names)]
        if head == "type_restricted" and loss in ("ldam", "distillation"):
            loss = "cross_entropy"  # its classifiers are linear, and no teacher's
        params = make_params(head, inputs, loss, "scratch")
        if not find_conflicts(params):
            yield pytest.param(head, inputs, loss, next(families), id=f"{head}-{inputs}-{loss}")


def make_batch(small_sentences, params, labels):
    """Encode half of the rows as a training part, with the tokenizer of the encoder's folder."""
    table = small_sentences[::2].assign(method="original", weight=1.0)
    table["origin_id"] = table["row_id"]
    tokenizer = prepare_tokenizer(params.encoder, [], describe_tokens(params.input))
    features = encode(table, tokenizer, params.input, TRAINING.max_tokens, labels)
    return answered_rows(answer_target(features, labels, params.target)), tokenizer


def build(small_sentences, params):
    labels = LabelSet(names=sorted(set(small_sentences["label"])), negative="no_relation")
    own = target_labels(labels, params.target)
    features, tokenizer = make_batch(small_sentences, params, labels)
    config = describe_model(features, own, labels, params, fingerprint={})
    torch.manual_seed(0)
    model = build_model(config, params, tokenizer)
    rows = encode_rows(features, tokenizer.pad_token_id, config.entity_types)
    return model, config, rows.__getitems__(list(range(len(rows)))), own.negative_id


def train_two_steps(model, config, batch, params):
    batch = dict(batch)
    label_ids, weights = batch.pop("labels"), batch.pop("weights")
    scale = params.head.scale or 1.0
    counts = torch.tensor(config.label_counts)
    loss = build_loss(params.loss, LossContext(config.labels, counts, scale))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    losses = []
    for progress in (0.0, 0.6):
        optimizer.zero_grad()
        logits = model(**batch).float()
        targets = Targets(label_ids, torch.zeros_like(logits))
        value = (loss(logits, targets, progress) * weights).mean()
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses, model(**batch)


@pytest.mark.parametrize(("head", "inputs", "loss", "family"), [*legal_combinations()])
def test_a_combination_learns(head, inputs, loss, family, encoder_folders, small_sentences):
    params = make_params(head, inputs, loss, encoder_folders[family])
    model, config, batch, _ = build(small_sentences, params)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    losses, logits = train_two_steps(model, config, batch, params)
    assert torch.isfinite(torch.tensor(losses)).all()
    assert logits.shape == (12, len(config.labels))
    assert torch.isfinite(logits).all()
    moved = {name for name, weight in model.named_parameters()
             if not torch.equal(before[name], weight.detach())}  # fmt: skip
    assert any(name.startswith("encoder.") for name in moved)
    assert any(name.startswith("head.") for name in moved)


@pytest.mark.parametrize("target", ["binary", "positive"])
@pytest.mark.parametrize("head", HEADS)
def test_a_head_learns_another_target(head, target, encoder_folders, small_sentences):
    params = make_params(head, "plain", "focal", encoder_folders["roberta"], target)
    if target == "positive":  # the negative label, which alpha names, is none of its labels
        params = make_params(head, "plain", "cross_entropy", encoder_folders["roberta"], "positive")
    model, config, batch, negative = build(small_sentences, params)
    losses, logits = train_two_steps(model, config, batch, params)
    assert torch.isfinite(torch.tensor(losses)).all()
    assert logits.shape[1] == len(config.labels) == (2 if target == "binary" else 10)
    assert negative == (0 if target == "binary" else None)


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_every_format_and_query_fits_an_encoder(name, encoder_folders, small_sentences):
    for query, family in zip(QUERIES["ko"], cycle(FAMILIES), strict=False):
        params = make_params("mean_pool", "plain", "cross_entropy", encoder_folders[family])
        inputs = params.input.model_copy(update={"name": name, "query": query})
        model, _, batch, _ = build(small_sentences, replace(params, input=inputs))
        batch = {key: value for key, value in batch.items() if key not in ("labels", "weights")}
        assert torch.isfinite(model(**batch)).all()


def test_the_kinds_of_input_cover_every_format():
    written = {settings["name"] for settings in INPUTS.values()}
    assert written | {"entity_marker"} == set(REPRESENTATIONS)  # which its prefix variant contains
