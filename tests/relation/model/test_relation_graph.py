"""Every head, input form and family of encoders as a graph that says what the model says."""

import pytest
import torch
from transformers import AutoConfig

from klue_pipeline.relation.model.heads import HEADS
from klue_pipeline.relation.model.relation_model import RelationConfig, RelationModel
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.training.encoder import encoder_from_config
from klue_pipeline.training.exporting.onnx_graph import export_graph, quantise, require_agreement
from klue_pipeline.training.exporting.onnx_session import OnnxModule

LABELS = ("관계_없음", "인물:동료", "단체:구성원")
OF_HEAD = {"bilstm": {"lstm_layers": 2, "lstm_width": 5}}
SHORTEST = 14


def build(folder, head="cls_entity_start", embedding="none", **settings):
    """A model whose weights are all random, those that start at zero too."""
    config = RelationConfig(
        labels=LABELS,
        task_labels=LABELS,
        label_counts=(3, 2, 1),
        input=InputParams(
            name="entity_marker", query="none", query_position="after",
            entity_embedding=embedding, type_words={"PER": "사람"},
        ),
        max_tokens=64,
        target=TargetParams(name="all"),
        head=HeadParams(name=head, **OF_HEAD.get(head, {}), **settings),
        entity_types=("PER", "ORG"),
        legal_labels={"PER:ORG": (0, 1), "ORG:PER": (0, 2)},
        fingerprint={},
    )  # fmt: skip
    torch.manual_seed(0)
    model = RelationModel(encoder_from_config(AutoConfig.from_pretrained(folder)), config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn_like(weight) / 4)
    return model.eval()


def make_batch(rows, tokens):
    """Rows of several lengths, the first of them the longest; every fourth could not be marked."""
    generator = torch.Generator().manual_seed(rows * tokens)
    lengths = torch.randint(SHORTEST, tokens + 1, (rows, 1), generator=generator)
    lengths[0] = tokens
    mask = (torch.arange(tokens) < lengths).long()
    positions = torch.tensor([[3, 6, 9, 14], [8, 13, 2, 4], [4, 5, 5, 8], [0, 0, 0, 0]])
    return {
        "input_ids": torch.randint(5, 60, (rows, tokens), generator=generator) * mask,
        "attention_mask": mask,
        "positions": positions.repeat(rows, 1)[:rows],
        "type_ids": torch.tensor([[1, 2], [2, 1], [0, 1], [0, 0]]).repeat(rows, 1)[:rows],
        "token_type_ids": mask * (torch.arange(tokens) >= SHORTEST // 2),
    }


def exported(model, folder):
    path = folder / "model.onnx"
    export_graph(model, make_batch(2, 16), path, "the model")
    return OnnxModule(path)


def require_same(model, folder):
    graph = exported(model, folder)
    batches = [make_batch(*size) for size in ((1, SHORTEST), (1, 40), (5, 23))]
    assert require_agreement(model, graph, batches) < 1e-4
    return graph


@pytest.mark.parametrize(
    ("head", "embedding"),
    [(head, embedding) for head in HEADS for embedding in ("none", "role_and_type")]
    + [("cls", "role")],
)
def test_every_head_says_the_same_as_a_graph(head, embedding, encoder_folders, tmp_path):
    graph = require_same(build(encoder_folders["bert"], head, embedding), tmp_path)
    reads_types = head == "type_restricted" or embedding == "role_and_type"
    assert ("type_ids" in graph.session.inputs) == reads_types
    assert "token_type_ids" in graph.session.inputs


def test_cosines_say_the_same(encoder_folders, tmp_path):
    require_same(build(encoder_folders["bert"], classifier="cosine", scale=30.0), tmp_path)


def test_every_family_says_the_same_and_reads_segments_where_it_knows_several(
    encoder_folder, tmp_path
):
    model = build(encoder_folder)
    graph = require_same(model, tmp_path)
    knows = model.encoder.config.type_vocab_size > 1
    assert ("token_type_ids" in graph.session.inputs) == knows


@pytest.mark.parametrize("head", ["bilstm", "type_restricted"])
def test_int8_says_nearly_the_same(head, encoder_folders, tmp_path):
    model = build(encoder_folders["bert"], head, "role_and_type")
    exported(model, tmp_path)
    (tmp_path / "int8").mkdir()
    quantise(tmp_path / "model.onnx", tmp_path / "int8/model.onnx")
    batch = make_batch(6, 20)
    with torch.no_grad():
        wanted = model(**batch)
    found = OnnxModule(tmp_path / "int8/model.onnx")(**batch)
    forbidden = wanted <= -1e4
    assert torch.equal(found <= -1e4, forbidden)
    spread = wanted[~forbidden].std()
    assert 0 < (found - wanted)[~forbidden].abs().mean() < 0.3 * spread
