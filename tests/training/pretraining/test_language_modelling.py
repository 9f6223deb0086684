"""Masked-language modelling against a plain loop, against itself resumed, and its choices."""

import logging

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForMaskedLM

from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.pretraining.language_modelling import (
    measure_losses,
    train_language_model,
)
from klue_pipeline.training.pretraining.masked_language_model import MaskedTokenModel
from klue_pipeline.training.pretraining.masking import NO_WORD, EncodedTexts, MaskedRows, Masking
from klue_pipeline.training.progress import listening
from klue_pipeline.training.workspace import last_whole_checkpoint

pytestmark = pytest.mark.slow

VOCABULARY, MASK = 30, 4


def make_rows(count, seed, share=0.3):
    """Texts in which one token follows from the one before it: [CLS] a a+1 a+2 … [SEP]."""
    generator = np.random.default_rng(seed)
    rows, words = [], []
    for length in generator.integers(4, 10, count):
        first = generator.integers(5, VOCABULARY - 10)
        rows.append([2, *range(first, first + length), 3])
        words.append([NO_WORD, *range(length), NO_WORD])
    encoded = EncodedRows(
        input_ids=np.concatenate(rows),
        token_type_ids=None,
        offsets=np.cumsum([0, *map(len, rows)]),
        columns={},
        padding_id=0,
    )
    texts = EncodedTexts(encoded, np.concatenate(words).astype(np.int32), 0, 0)
    return MaskedRows(texts, Masking(share, MASK, np.arange(5, VOCABULARY), seed=11))


def new_model(dropout=0.0):
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=32,
        hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
    )  # fmt: skip
    return MaskedTokenModel(BertForMaskedLM(config), new_head=True)


@pytest.fixture
def settings(training_params):
    defaults = {"select_by": "loss", "learning_rate": 0.01}
    return lambda **changes: training_params(**{**defaults, **changes})


def run(folder, params, dropout=0.0, training=None):
    folder.mkdir(exist_ok=True)
    rows = training or make_rows(40, seed=1)
    return train_language_model(
        lambda: new_model(dropout), rows, make_rows(12, seed=2), params, folder
    )


def plain_loss(model, batch):
    """The loss as Transformers computes it: full logits, -100 where nothing is to be predicted."""
    labels = torch.full(batch["input_ids"].shape, -100).flatten()
    labels[batch["places"]] = batch["labels"]
    output = model.language_model(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        labels=labels.view(batch["input_ids"].shape),
    )
    return output.loss


def test_losses_equal_a_plain_loop(settings, tmp_path):
    """One batch of all rows per epoch, so that the order does not matter; masks differ by epoch."""
    rows = make_rows(40, seed=1)
    params = settings(batch_size=40, epochs=4)
    found = [e["train_loss"] for e in run(tmp_path / "scratch", params).history]

    torch.manual_seed(7)
    model = new_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.0)
    wanted = []
    for epoch in range(4):
        rows.set_epoch(epoch)
        loss = plain_loss(model.train(), rows.__getitems__(list(range(40))))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        wanted.append(loss.item())
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_accumulated_batches_equal_one_large_batch(settings, tmp_path):
    """Every masked token counts the same, however many its batch has."""
    whole = run(tmp_path / "whole", settings(batch_size=40, epochs=3))
    halves = run(tmp_path / "halves", settings(batch_size=20, accumulation_steps=2, epochs=3))
    assert halves.loss_after == pytest.approx(whole.loss_after, abs=1e-4)


def test_held_out_loss_is_that_of_transformers_whatever_the_batches(settings):
    rows, model = make_rows(12, seed=2), new_model(dropout=0.5)
    losses = measure_losses(model, rows, 5, "fp32")
    wanted = plain_loss(model.eval(), rows.__getitems__(list(range(12)))).item()
    assert losses.mean() == pytest.approx(wanted, abs=1e-5)
    assert measure_losses(model, rows, 12, "fp32").mean() == pytest.approx(wanted, abs=1e-5)
    measure_losses(model.train(), rows, 5, "fp32")
    assert model.training


def test_it_learns_and_says_so(settings, tmp_path):
    result = run(tmp_path / "scratch", settings(epochs=16, learning_rate=0.03))
    assert result.loss_before == pytest.approx(np.log(VOCABULARY), abs=0.5)
    assert result.loss_after < result.loss_before - 0.5
    assert result.steps == 80
    measured = {e["step"]: e["validation_loss"] for e in result.history if "validation_loss" in e}
    assert len(measured) == 16
    assert measured[result.best_step] == min(measured.values()) == pytest.approx(result.loss_after)
    for entry in result.history:
        if "validation_loss" in entry:
            assert entry["validation_perplexity"] == pytest.approx(np.exp(entry["validation_loss"]))
    assert not result.model.training


def test_no_better_loss_is_a_warning(settings, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "klue_pipeline"):
        run(tmp_path / "scratch", settings(learning_rate=5.0))
    assert "did not lower the held-out loss" in caplog.text


class KilledError(Exception):
    """Stands in for a kill at one moment of the training."""


@pytest.fixture(scope="module")
def broken_params(training_params):
    return training_params(
        select_by="loss", learning_rate=0.01, epochs=3, checkpoint_every_steps=3,
        group_by_length=True, schedule="linear",
    )  # fmt: skip


@pytest.fixture(scope="module")
def unbroken(broken_params, tmp_path_factory):
    return run(tmp_path_factory.mktemp("unbroken"), broken_params, dropout=0.2)


def test_resumed_training_ends_like_an_unbroken_one(broken_params, unbroken, tmp_path):
    """In the middle of an epoch, whose other batches must come masked as before.

    At which other moments a training may be killed is shown where the trainer is tested.
    """

    def kill(step, values):
        if step == 7 and "train_loss" in values:
            raise KilledError

    with pytest.raises(KilledError), listening(kill):
        run(tmp_path, broken_params, dropout=0.2)
    assert last_whole_checkpoint(tmp_path) is not None
    resumed = run(tmp_path, broken_params, dropout=0.2)

    assert resumed.history == unbroken.history
    assert (resumed.loss_before, resumed.loss_after) == (unbroken.loss_before, unbroken.loss_after)
    found, wanted = resumed.model.state_dict(), unbroken.model.state_dict()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_out_of_memory_names_the_setting_to_lower(settings, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(MaskedTokenModel, "forward", fail)
    with pytest.raises(RuntimeError, match=r"training\.batch_size=8"):
        run(tmp_path / "scratch", settings())
