"""The classifier over every encoder family, input format, query and head; and its folder."""

import copy
import json
from itertools import product

import pytest
import torch

from klue_pipeline.relation.features import encode
from klue_pipeline.relation.fold_training import encode_rows
from klue_pipeline.relation.heads import HEADS
from klue_pipeline.relation.markers import REPRESENTATIONS
from klue_pipeline.relation.model import (
    RelationConfig,
    RelationModel,
    TrainedModel,
    read_relation_config,
)
from klue_pipeline.relation.params import HeadParams, InputParams, LabelSet
from klue_pipeline.relation.queries import QUERIES
from klue_pipeline.relation.tokenizer import load_tokenizer
from klue_pipeline.training.encoder import build_encoder
from klue_pipeline.training.params import EncoderParams

TYPE_WORDS = {"PER": "사람", "ORG": "조직", "LOC": "장소", "DAT": "날짜", "POH": "명사"}
FORMATS = list(product(REPRESENTATIONS, QUERIES, ["before", "after"], HEADS))
LABELS = LabelSet(names=["관계_없음", "인물:동료", "단체:구성원"], negative="관계_없음")


def build(folder, tokenizer, head="cls_entity_start"):
    encoder = build_encoder(EncoderParams(name=str(folder)), len(tokenizer), tokenizer.pad_token_id)
    config = RelationConfig(
        labels=LABELS.names,
        label_counts=(3, 2, 1),
        head=HeadParams(name=head, dropout=0.1),
        fingerprint={"rows": "r", "folds": "f", "tokenizer": "t"},
    )
    torch.manual_seed(0)
    return RelationModel(encoder, config).eval()


def make_batch(sentences, tokenizer, *, name="typed_entity_marker_punct", query="question",
               position="after", padding_id=None):  # fmt: skip
    settings = InputParams(name=name, query=query, query_position=position, type_words=TYPE_WORDS)
    rows = sentences.iloc[[0, 1, 7, 23]].drop(columns="label")
    features = encode(rows, tokenizer, settings, 96, LABELS)
    padding_id = tokenizer.pad_token_id if padding_id is None else padding_id
    batch = encode_rows(features, padding_id).__getitems__([0, 1, 2, 3])
    return {key: value for key, value in batch.items() if key not in ("labels", "weights")}


@pytest.fixture
def tokenizer(encoder_folder):
    return load_tokenizer(str(encoder_folder))


@pytest.fixture
def model(encoder_folder, tokenizer):
    return build(encoder_folder, tokenizer)


@pytest.mark.parametrize("combination", FORMATS, ids="-".join)
def test_every_encoder_reads_every_format(encoder_folder, tokenizer, small_sentences, combination):
    name, query, position, head = combination
    model = build(encoder_folder, tokenizer, head)
    batch = make_batch(small_sentences, tokenizer, name=name, query=query, position=position)
    logits = model(**batch)
    assert logits.shape == (4, 3)
    assert torch.isfinite(logits).all()
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 0])).backward()
    silent = {
        name
        for name, weight in model.named_parameters()
        if weight.grad is None or not weight.grad.abs().sum() > 0
    }
    # The softmax of attention does not see a shift that is the same for all keys.
    assert silent <= {name for name, _ in model.named_parameters() if name.endswith("key.bias")}


def test_klue_roberta_gets_ones_from_its_tokenizer_and_does_not_crash(
    encoder_folders, small_sentences
):
    folder = encoder_folders["roberta"]
    tokenizer = load_tokenizer(str(folder))
    batch = make_batch(small_sentences, tokenizer)
    assert batch["token_type_ids"].max() == 1
    model = build(folder, tokenizer)
    assert model.encoder.config.type_vocab_size == 1
    with pytest.raises(IndexError):
        model.encoder(batch["input_ids"], token_type_ids=batch["token_type_ids"])
    without = {name: value for name, value in batch.items() if name != "token_type_ids"}
    assert torch.equal(model(**batch), model(**without))


@pytest.mark.parametrize("family", ["bert", "electra"])
def test_segments_reach_an_encoder_that_has_them(encoder_folders, small_sentences, family):
    tokenizer = load_tokenizer(str(encoder_folders[family]))
    batch = make_batch(small_sentences, tokenizer)
    model = build(encoder_folders[family], tokenizer)
    alike = batch | {"token_type_ids": torch.zeros_like(batch["token_type_ids"])}
    assert not torch.allclose(model(**batch), model(**alike), atol=1e-4)


def test_padding_changes_nothing(model, tokenizer, small_sentences):
    batch = make_batch(small_sentences, tokenizer)
    whole = model(**batch)
    for row, length in enumerate(batch["attention_mask"].sum(dim=1).tolist()):
        alone = {
            name: value[row : row + 1, :length] if name != "positions" else value[row : row + 1]
            for name, value in batch.items()
        }
        torch.testing.assert_close(model(**alone)[0], whole[row], atol=1e-5, rtol=1e-4)


def test_a_folder_gives_the_same_model_back(model, tokenizer, small_sentences, tmp_path):
    batch = make_batch(small_sentences, tokenizer)
    model.save_pretrained(tmp_path / "fold_0")
    loaded = RelationModel.from_pretrained(tmp_path / "fold_0")
    assert torch.equal(loaded(**batch), model(**batch))
    assert loaded.relation_config == model.relation_config
    assert not loaded.training
    assert {weight.dtype for weight in loaded.parameters()} == {torch.float32}
    assert not any("pooler" in name for name in loaded.state_dict())


def test_new_tokens_survive_the_folder(encoder_folder, tokenizer, small_sentences, tmp_path):
    tokenizer = copy.deepcopy(tokenizer)
    n_former = len(tokenizer)
    tokenizer.add_tokens(["한강출판", "윤가람", "오쌤"])
    model = build(encoder_folder, tokenizer)
    batch = make_batch(small_sentences, tokenizer)
    assert (batch["input_ids"] >= n_former).any()
    TrainedModel(model, tokenizer).save_pretrained(tmp_path)
    loaded = RelationModel.from_pretrained(tmp_path)
    assert loaded.encoder.get_input_embeddings().num_embeddings == n_former + 3
    assert torch.equal(loaded(**batch), model(**batch))
    again = make_batch(small_sentences, load_tokenizer(str(tmp_path)))
    assert torch.equal(again["input_ids"], batch["input_ids"])


@pytest.fixture
def saved(encoder_folders, tmp_path):
    folder = encoder_folders["bert"]
    tokenizer = load_tokenizer(str(folder))
    TrainedModel(build(folder, tokenizer), tokenizer).save_pretrained(tmp_path / "fold_0")
    return tmp_path / "fold_0"


def test_the_folder_explains_itself(saved):
    text = (saved / "relation.json").read_text(encoding="utf-8")
    assert "관계_없음" in text
    assert json.loads(text)["label_counts"] == [3, 2, 1]
    assert read_relation_config(saved).labels == tuple(LABELS.names)
    assert {path.suffix for path in saved.iterdir()} == {".json", ".safetensors"}


@pytest.mark.parametrize("name", ["relation.json", "config.json", "model.safetensors"])
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        RelationModel.from_pretrained(saved)


def test_weights_of_another_size_are_refused(saved):
    relation = json.loads((saved / "relation.json").read_text(encoding="utf-8"))
    relation["labels"].append("인물:배우자")
    (saved / "relation.json").write_text(json.dumps(relation), encoding="utf-8")
    with pytest.raises(RuntimeError, match="size mismatch"):
        RelationModel.from_pretrained(saved)


def test_an_unknown_entry_of_the_configuration_is_refused(saved):
    relation = json.loads((saved / "relation.json").read_text(encoding="utf-8"))
    (saved / "relation.json").write_text(json.dumps(relation | {"pooling": "mean"}))
    with pytest.raises(ValueError, match="pooling"):
        read_relation_config(saved)
