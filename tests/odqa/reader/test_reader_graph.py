"""Every head of the reader as a graph that says what the reader says of each token."""

import pytest
import torch

from klue_pipeline.odqa.reader.heads import HEADS
from klue_pipeline.odqa.settings.reader_params import ReaderHeadParams
from klue_pipeline.training.exporting.onnx_graph import export_graph, quantise, require_agreement
from klue_pipeline.training.exporting.onnx_session import OnnxModule


def make_batch(rows, tokens):
    generator = torch.Generator().manual_seed(rows * tokens)
    lengths = torch.randint(4, tokens + 1, (rows, 1), generator=generator)
    lengths[-1] = tokens
    mask = (torch.arange(tokens) < lengths).long()
    ids = torch.randint(5, 60, (rows, tokens), generator=generator)
    return {
        "input_ids": ids * mask, "attention_mask": mask,
        "token_type_ids": mask * (torch.arange(tokens) > 2),
    }  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
def test_every_head_says_the_same_as_a_graph(head, make_reader, wordpiece_tokenizer, tmp_path):
    params = ReaderHeadParams(name=head, dropout=0.1, hidden_size=None if head == "linear" else 6)
    model = make_reader(wordpiece_tokenizer, head=params)
    path = tmp_path / "model.onnx"
    export_graph(model, make_batch(2, 11), path, head, per_token=True)
    graph = OnnxModule(path)
    batches = [make_batch(*size) for size in ((1, 5), (1, 30), (4, 17))]
    assert require_agreement(model, graph, batches) < 1e-4
    quantise(path, tmp_path / "int8.onnx")
    with torch.no_grad():
        wanted = model(**batches[-1])
    found = OnnxModule(tmp_path / "int8.onnx")(**batches[-1])
    assert found.shape == wanted.shape == (4, 17, 2)
    assert 0 < (found - wanted).abs().mean() < 0.3 * wanted.std()
