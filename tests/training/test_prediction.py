"""Scores of many rows: in their order, whatever the batches."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.prediction import predict_logits

VOCABULARY, LABELS = 50, 3


class Recorder(nn.Module):
    """Scores a row by the mean of its tokens' embeddings, and remembers what it was given."""

    def __init__(self):
        super().__init__()
        self.embeddings = nn.Embedding(VOCABULARY, LABELS)
        self.dropout = nn.Dropout(0.5)
        self.batches = []

    def forward(self, **batch):
        self.batches.append((batch, self.training, torch.is_grad_enabled()))
        mask = batch["attention_mask"].unsqueeze(-1)
        states = self.dropout(self.embeddings(batch["input_ids"])) * mask
        return states.sum(1) / mask.sum(1)


def rows_of_lengths(lengths):
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    tokens = np.random.default_rng(0).integers(1, VOCABULARY, offsets[-1])
    columns = {
        "labels": np.zeros(len(lengths), dtype=np.int64),
        "weights": np.ones(len(lengths), dtype=np.float32),
        "positions": np.zeros((len(lengths), 4), dtype=np.int64),
    }
    return EncodedRows(tokens, None, offsets, columns, padding_id=0)


def score_row_by_row(model, rows):
    weights = model.embeddings.weight.detach().numpy()
    return np.stack([weights[rows[i]["input_ids"][0].numpy()].mean(0) for i in range(len(rows))])


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.integers(1, 50))
@settings(deadline=None, max_examples=50)
def test_any_batch_size_gives_the_rows_own_scores_in_their_order(lengths, batch_size):
    model, rows = Recorder(), rows_of_lengths(lengths)
    found = predict_logits(model, rows, batch_size, "fp32")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, score_row_by_row(model, rows), atol=1e-6)


@pytest.fixture
def model():
    return Recorder()


@pytest.fixture
def rows():
    return rows_of_lengths([3, 20, 1, 7, 20, 12, 5])


def test_batches_come_longest_first(model, rows):
    predict_logits(model, rows, 2, "fp32")
    shapes = [tuple(batch["input_ids"].shape) for batch, _, _ in model.batches]
    assert shapes == [(2, 20), (2, 12), (2, 5), (1, 1)]


@pytest.mark.parametrize("training", [True, False])
def test_the_model_scores_in_evaluation_mode_and_returns_to_its_own(model, rows, training):
    model.train(training)
    predict_logits(model, rows, 4, "fp32")
    assert model.training is training
    assert model.dropout.training is training
    assert all(not was_training for _, was_training, _ in model.batches)


def test_no_graph_is_kept_and_training_can_go_on(model, rows):
    predict_logits(model, rows, 4, "fp32")
    assert not any(keeps_graph for _, _, keeps_graph in model.batches)
    assert torch.is_grad_enabled()
    model(**rows[0]).sum().backward()
    assert model.embeddings.weight.grad is not None


def test_lower_precision_still_returns_float32(rows):
    class Linear(nn.Linear):
        def forward(self, input_ids, **_):
            scores = super().forward(nn.functional.one_hot(input_ids[:, 0], VOCABULARY).float())
            self.seen = scores.dtype
            return scores

    model = Linear(VOCABULARY, LABELS)
    whole = predict_logits(model, rows, 4, "fp32")
    assert model.seen == torch.float32
    found = predict_logits(model, rows, 4, "bf16")
    assert model.seen == torch.bfloat16
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, whole, atol=0.02)
