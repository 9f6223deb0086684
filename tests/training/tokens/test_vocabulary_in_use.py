"""A training of the embeddings in use against one of all: losses, weights, scores, and new text."""

import logging

import numpy as np
import pytest
import torch
from torch import nn
from transformers import BertConfig, BertForMaskedLM, BertModel

from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.classification import FoldRows, train_classifier
from klue_pipeline.training.losses import LossContext, build_loss
from klue_pipeline.training.params import LossParams
from klue_pipeline.training.progress import listening
from klue_pipeline.training.tokens import vocabulary_in_use as module
from klue_pipeline.training.tokens.vocabulary_in_use import EmbeddingInUse, vocabulary_in_use

VOCABULARY, PADDING, LABELS = 60, 4, 3
TRAINED, JUDGED, NEVER = range(10, 30), range(20, 35), (0, 9, 40, 59)
WORDS = "encoder.embeddings.word_embeddings.weight"


class Classifier(nn.Module):
    """An encoder of Transformers under a head, as our models are."""

    def __init__(self) -> None:
        super().__init__()
        config = BertConfig(
            vocab_size=VOCABULARY, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=8, max_position_embeddings=16, pad_token_id=PADDING,
        )  # fmt: skip
        self.encoder = BertModel(config, add_pooling_layer=False)
        self.head = nn.Linear(8, LABELS)

    def forward(self, input_ids, attention_mask):
        return self.head(self.encoder(input_ids, attention_mask).last_hidden_state[:, 0])


def make_rows(tokens, count, seed, before=()):
    """Rows of drawn tokens behind foreign ones, as rows of a larger table are."""
    generator = np.random.default_rng(seed)
    offsets = len(before) + np.concatenate([[0], np.cumsum(generator.integers(3, 9, count))])
    drawn = generator.choice(list(tokens), offsets[-1] - len(before))
    labels = drawn[offsets[:-1] - len(before)] % LABELS
    columns = {"labels": labels, "weights": np.ones(count, dtype=np.float32)}
    ids = np.concatenate([np.array(before, dtype=np.int32), drawn.astype(np.int32)])
    return EncodedRows(ids, None, offsets, columns, PADDING)


@pytest.fixture(scope="module")
def rows():
    judged = make_rows(JUDGED, 12, seed=2)
    return FoldRows(make_rows(TRAINED, 40, seed=1, before=NEVER), judged, judged.columns["labels"])


class KilledError(Exception):
    """Stands in for a kill."""


@pytest.fixture
def fit(rows, tmp_path, training_params, monkeypatch):
    """Train with the embeddings in use, or with all; returns the result and the shapes seen."""

    def run(name, *, whole=False, dies_at=None, **changes):
        monkeypatch.setattr(module, "_WORTH_IT", 0.0 if whole else 0.9)
        shapes, built = set(), []

        def build():
            built.append(Classifier())
            return built[0]

        def look(step, values):
            shapes.add(tuple(built[0].get_parameter(WORDS).shape))
            if step == dies_at:
                raise KilledError

        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        loss = build_loss(LossParams(name="cross_entropy"), LossContext("abc", torch.ones(3)))
        params = training_params(learning_rate=0.01, max_gradient_norm=0.5, **changes)
        with listening(look):
            result = train_classifier(build, rows, loss, judge, params, folder)
        return result, shapes

    return run


def judge(logits, gold):
    loss = nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(gold)).item()
    return {"accuracy": float((logits.argmax(1) == gold).mean()), "loss": loss}


def words_of(model):
    return model.encoder.get_input_embeddings()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"layer_decay": 0.7, "accumulation_steps": 2, "select_by": "loss"},
        {"freeze": "embeddings", "freeze_epochs": 1},
    ],
)
def test_it_learns_what_a_training_of_all_embeddings_learns(fit, changes):
    (found, shapes), (wanted, _) = fit("some", **changes), fit("all", whole=True, **changes)
    assert shapes == {(len({*TRAINED, *JUDGED, PADDING}), 8)}
    for ours, theirs in zip(found.history, wanted.history, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-6)
    np.testing.assert_allclose(found.validation_logits, wanted.validation_logits, atol=1e-6)
    state, reference = found.model.state_dict(), wanted.model.state_dict()
    assert list(state) == list(reference)
    for name, values in reference.items():
        torch.testing.assert_close(state[name], values, atol=1e-6, rtol=1e-5)
    torch.manual_seed(7)
    untouched = words_of(Classifier()).weight
    assert torch.equal(state[WORDS][list(NEVER)], untouched[list(NEVER)])
    assert not torch.isclose(state[WORDS][list(TRAINED)], untouched[list(TRAINED)]).all(1).any()
    # Text of tokens that no row had.
    new = {"input_ids": torch.tensor([[0, 40, 59]]), "attention_mask": torch.ones(1, 3)}
    with torch.inference_mode():
        torch.testing.assert_close(found.model(**new), wanted.model(**new))


def test_weight_decay_leaves_what_is_not_in_use(fit):
    result, _ = fit("decayed", weight_decay=0.5)
    torch.manual_seed(7)
    untouched = words_of(Classifier()).weight
    found = words_of(result.model).weight
    assert torch.equal(found[list(NEVER)], untouched[list(NEVER)])
    only_judged = sorted({*JUDGED} - {*TRAINED})
    assert (found[only_judged].norm(dim=1) < untouched[only_judged].norm(dim=1)).all()


def test_a_training_goes_on_with_the_embeddings_in_use(fit, tmp_path):
    unbroken, _ = fit("unbroken", select_by="loss")
    with pytest.raises(KilledError):
        fit("resumed", select_by="loss", dies_at=8)
    assert list((tmp_path / "resumed").glob("checkpoint-5"))
    resumed, _ = fit("resumed", select_by="loss")
    assert resumed.history == unbroken.history
    assert torch.equal(words_of(resumed.model).weight, words_of(unbroken.model).weight)


class Tied(nn.Module):
    """Its output layer has the word embeddings as weights."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = BertForMaskedLM(Classifier().encoder.config)
        self.encoder = self.whole.bert


class Scaled(nn.Embedding):
    """More than a look-up."""


def with_scaled_words():
    model = Classifier()
    model.encoder.set_input_embeddings(Scaled(VOCABULARY, 8))
    return model


@pytest.mark.parametrize(
    ("build", "tokens"),
    [
        (Tied, TRAINED),
        (with_scaled_words, TRAINED),
        (lambda: nn.Linear(2, 2), TRAINED),
        (Classifier, range(VOCABULARY)),
    ],
)
def test_what_it_does_not_fit_is_left_alone(build, tokens):
    model = build()
    modules = list(model.modules())
    with vocabulary_in_use(model, make_rows(tokens, 100, seed=1)):
        assert list(model.modules()) == modules


def test_a_token_that_no_row_has_is_refused(rows, caplog):
    model = Classifier()
    with caplog.at_level(logging.INFO), vocabulary_in_use(model, rows.training):
        assert type(words_of(model)) is EmbeddingInUse
        with pytest.raises(ValueError, match=r"tokens \[40\] do not occur"):
            words_of(model)(torch.tensor([[PADDING, 40]]))
    assert "21 of 60 tokens occur" in caplog.text
    assert type(words_of(model)) is nn.Embedding
    assert words_of(model)(torch.tensor([40])).shape == (1, 8)


def test_a_training_that_breaks_off_gives_the_embeddings_back(rows):
    model = Classifier()
    with pytest.raises(KilledError), vocabulary_in_use(model, rows.training):
        raise KilledError
    assert type(words_of(model)) is nn.Embedding


def test_padding_does_not_learn(rows):
    """Nor does it where it is not the first of the tokens."""
    model = Classifier()
    with vocabulary_in_use(model, rows.training):
        words = words_of(model)
        words(torch.tensor([PADDING, 10])).sum().backward()
        learns = words.weight.grad.abs().sum(1) > 0
        assert learns.tolist() == [number == words.places[10] for number in range(21)]
