"""Two encoders, or one, that compare questions with passages in parts."""

import copy

import pytest
import torch

from klue_pipeline.odqa.dense import dual_encoder
from klue_pipeline.odqa.dense.dual_encoder import DualEncoder, contrastive_losses
from klue_pipeline.odqa.dense.texts import encode_rows
from klue_pipeline.training.compute.dropout import KeepMasks, drawing_from, use_bit_dropout
from klue_pipeline.training.optimizer import find_part, learning_rates


@pytest.fixture
def batch(tiny_encoder, tiny_passages):
    rows = encode_rows(tiny_passages["text"].tolist(), tiny_encoder.tokenizer, 32)
    read = rows.__getitems__(list(range(10)))
    return {
        **{name: values[:6] for name, values in read.items()},
        **{f"passage_{name}": values for name, values in read.items()},
    }


@pytest.fixture
def gradients(tiny_encoder, retriever_params, batch):
    """Compare a batch in parts of some questions; return the gradients of all weights."""

    def gradients(chunk, *, shared=True, masks=False):
        passage = copy.deepcopy(tiny_encoder.model)
        question = passage if shared else copy.deepcopy(passage)
        model = DualEncoder(question, passage, retriever_params(), chunk).train()
        use_bit_dropout(model)
        torch.manual_seed(5)
        wanted = {"labels": torch.arange(6), "ignored": torch.zeros(6, 10, dtype=torch.bool)}
        with drawing_from(KeepMasks((5,)) if masks else None):
            contrastive_losses(model(**batch), wanted, 0.1).mean().backward()
        return {name: value.grad for name, value in model.named_parameters()}

    return gradients


@pytest.mark.parametrize("masks", [True, False], ids=["raw bits", "pytorch"])
@pytest.mark.parametrize("shared", [True, False])
def test_parts_are_computed_anew_with_the_dropout_they_had(gradients, monkeypatch, shared, masks):
    found = gradients(2, shared=shared, masks=masks)
    calls = []

    def keep(embed, part, **kwargs):
        calls.append(len(part["input_ids"]))
        return embed(part)

    monkeypatch.setattr(dual_encoder, "checkpoint", keep)
    wanted = gradients(2, shared=shared, masks=masks)
    assert calls == [2] * 8  # of six questions and ten passages
    assert all(torch.allclose(found[name], wanted[name], atol=1e-6) for name in wanted)


def test_two_encoders_learn_and_freeze_as_one_does(tiny_encoder, retriever_params, make_settings):
    other = copy.deepcopy(tiny_encoder.model)
    apart = DualEncoder(other, tiny_encoder.model, retriever_params(), 4)
    assert apart.question is other
    assert apart.passage is tiny_encoder.model
    assert len(list(find_part(apart, "embeddings").parameters())) == 10
    rates = learning_rates(apart, make_settings(layer_decay=0.5).training)
    assert rates["encoder.question.encoder.layer.0.output.dense.weight"] == pytest.approx(0.005)
    assert rates["encoder.passage.encoder.layer.1.output.dense.weight"] == pytest.approx(0.01)
    assert rates["encoder.passage.embeddings.word_embeddings.weight"] == pytest.approx(0.0025)
