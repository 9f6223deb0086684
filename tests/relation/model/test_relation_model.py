"""The classifier over every encoder family, and the folder that it is stored in."""

import copy
import json

import pytest
import torch

from klue_pipeline.relation.model.heads import HEADS
from klue_pipeline.relation.model.relation_model import (
    RelationConfig,
    RelationModel,
    read_relation_config,
)
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.training.encoder import build_encoder
from klue_pipeline.training.loading.trained_model import TrainedModel
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.training.tokenizer import load_tokenizer

LABELS = ("관계_없음", "인물:동료", "단체:구성원")
LENGTHS = (20, 14, 9, 20)
POSITIONS = ((3, 6, 9, 14), (8, 13, 2, 4), (4, 5, 5, 8), (0, 0, 0, 0))
TYPE_IDS = ((1, 2), (2, 1), (0, 1), (0, 0))
EXTRA = {"bilstm": {"lstm_layers": 2, "lstm_width": 5}}
EMBEDDINGS = ("none", "role_and_type")


def make_config(head="cls_entity_start", embedding="none", **changes):
    settings = {
        "labels": LABELS,
        "task_labels": LABELS,
        "label_counts": (3, 2, 1),
        "input": InputParams(
            name="entity_marker",
            query="none",
            query_position="after",
            entity_embedding=embedding,
            type_words={"PER": "사람"},
        ),
        "max_tokens": 64,
        "target": TargetParams(name="all"),
        "head": HeadParams(name=head, dropout=0.1, **EXTRA.get(head, {})),
        "entity_types": ("PER", "ORG"),
        "legal_labels": {"PER:ORG": (0, 1), "ORG:PER": (0, 2)},
        "fingerprint": {"rows": "r", "folds": "f", "tokenizer": "t"},
    }
    return RelationConfig(**settings | changes)


def build(folder, tokenizer, head="cls_entity_start", embedding="none"):
    encoder = build_encoder(EncoderParams(name=str(folder)), len(tokenizer), tokenizer.pad_token_id)
    torch.manual_seed(0)
    return RelationModel(encoder, make_config(head, embedding)).eval()


def make_batch(tokenizer, *, first_id=5):
    """Random text of several lengths, padded on the right, whose first token is the tokenizer's."""
    generator = torch.Generator().manual_seed(0)
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)).long()
    ids = torch.randint(first_id, len(tokenizer), mask.shape, generator=generator)
    ids[:, 0] = tokenizer.cls_token_id
    return {
        "input_ids": torch.where(mask.bool(), ids, tokenizer.pad_token_id),
        "attention_mask": mask,
        "token_type_ids": mask * (torch.arange(max(LENGTHS)) >= 7),
        "positions": torch.tensor(POSITIONS),
        "type_ids": torch.tensor(TYPE_IDS),
    }


@pytest.fixture
def tokenizer(encoder_folder):
    return load_tokenizer(str(encoder_folder))


@pytest.fixture
def model(encoder_folder, tokenizer):
    return build(encoder_folder, tokenizer)


def embed_entities(model):
    """As if trained: entity embeddings that are not zero any more."""
    with torch.no_grad():
        for weight in model.entity_embedding.parameters():
            weight[1:] = torch.randn(weight[1:].shape, generator=torch.Generator().manual_seed(1))
    return model


def test_every_encoder_carries_a_head(encoder_folder, tokenizer):
    model = build(encoder_folder, tokenizer, embedding="role_and_type")
    logits = model(**make_batch(tokenizer))
    assert logits.shape == (4, 3)
    assert torch.isfinite(logits).all()
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 2, 1, 2])).backward()
    silent = {
        name
        for name, weight in model.named_parameters()
        if weight.grad is None or not weight.grad.abs().sum() > 0
    }
    # The softmax of attention does not see a shift that is the same for all keys.
    assert silent <= {name for name, _ in model.named_parameters() if name.endswith("key.bias")}


def test_klue_roberta_gets_ones_from_its_tokenizer_and_does_not_crash(encoder_folders):
    folder = encoder_folders["roberta"]
    tokenizer = load_tokenizer(str(folder))
    batch = make_batch(tokenizer)
    assert batch["token_type_ids"].max() == 1
    model = build(folder, tokenizer)
    assert model.encoder.config.type_vocab_size == 1
    with pytest.raises(IndexError):
        model.encoder(batch["input_ids"], token_type_ids=batch["token_type_ids"])
    without = {name: value for name, value in batch.items() if name != "token_type_ids"}
    assert torch.equal(model(**batch), model(**without))


@pytest.mark.parametrize("embedding", EMBEDDINGS)
@pytest.mark.parametrize("family", ["bert", "electra"])
def test_segments_reach_an_encoder_that_has_them(encoder_folders, family, embedding):
    tokenizer = load_tokenizer(str(encoder_folders[family]))
    batch = make_batch(tokenizer)
    model = build(encoder_folders[family], tokenizer, embedding=embedding)
    alike = batch | {"token_type_ids": torch.zeros_like(batch["token_type_ids"])}
    assert not torch.allclose(model(**batch), model(**alike), atol=1e-4)


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_padding_changes_nothing(encoder_folder, tokenizer, embedding):
    """Also with embeddings as input, where RoBERTa cannot tell padding from text by its id."""
    model = build(encoder_folder, tokenizer, "mean_pool", embedding)
    if embedding != "none":
        embed_entities(model)
    batch = make_batch(tokenizer)
    whole = model(**batch)
    by_token = {"input_ids", "attention_mask", "token_type_ids"}
    for row, length in enumerate(LENGTHS):
        alone = {
            name: value[row : row + 1, :length] if name in by_token else value[row : row + 1]
            for name, value in batch.items()
        }
        torch.testing.assert_close(model(**alone)[0], whole[row], atol=1e-5, rtol=1e-4)


def test_entity_embeddings_start_as_if_there_were_none(encoder_folder, tokenizer):
    batch = make_batch(tokenizer)
    plain = build(encoder_folder, tokenizer)
    model = build(encoder_folder, tokenizer, embedding="role_and_type")
    torch.testing.assert_close(model(**batch), plain(**batch), atol=1e-6, rtol=1e-5)


def test_without_entity_embeddings_the_encoder_gets_token_ids(model, tokenizer):
    seen = []
    model.encoder.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(kwargs), with_kwargs=True
    )
    model(**make_batch(tokenizer))
    assert "input_ids" in seen[0]
    assert "inputs_embeds" not in seen[0]
    assert not any("entity_embedding" in name for name in model.state_dict())


def test_entity_embeddings_are_added_to_word_embeddings(encoder_folder, tokenizer):
    """Changing the word embeddings of the entities' tokens by hand does the same."""
    batch = {name: value[:1] for name, value in make_batch(tokenizer).items()}
    batch["input_ids"][0, 3:] = torch.arange(50, 67)  # no token twice
    model = embed_entities(build(encoder_folder, tokenizer, embedding="role_and_type"))
    roles, types = model.entity_embedding.roles.weight, model.entity_embedding.types.weight
    by_hand = build(encoder_folder, tokenizer)
    words = by_hand.encoder.get_input_embeddings().weight
    with torch.no_grad():
        words[batch["input_ids"][0, 3:6]] += roles[1] + types[1]
        words[batch["input_ids"][0, 9:14]] += roles[2] + types[2]
    torch.testing.assert_close(model(**batch), by_hand(**batch), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(model(**batch), build(encoder_folder, tokenizer)(**batch), atol=1e-3)


def test_entity_embeddings_let_any_head_know_the_roles(encoder_folders):
    tokenizer = load_tokenizer(str(encoder_folders["bert"]))
    batch = make_batch(tokenizer)
    swapped = batch | {"positions": batch["positions"][:, [2, 3, 0, 1]]}
    plain = build(encoder_folders["bert"], tokenizer, "cls")
    assert torch.equal(plain(**batch), plain(**swapped))
    model = embed_entities(build(encoder_folders["bert"], tokenizer, "cls", "role"))
    difference = (model(**batch) - model(**swapped)).abs().amax(dim=1)
    assert difference[:3].min() > 1e-4
    assert difference[3] == 0  # the row without entities


@pytest.mark.parametrize("head", HEADS)
def test_a_folder_gives_the_same_model_back(encoder_folders, tmp_path, head):
    tokenizer = load_tokenizer(str(encoder_folders["electra"]))
    model = embed_entities(build(encoder_folders["electra"], tokenizer, head, "role_and_type"))
    batch = make_batch(tokenizer)
    model.save_pretrained(tmp_path / "fold_0")
    loaded = RelationModel.from_pretrained(tmp_path / "fold_0")
    assert torch.equal(loaded(**batch), model(**batch))
    assert loaded.relation_config == model.relation_config


def test_a_folder_of_any_encoder_gives_the_same_model_back(model, tokenizer, tmp_path):
    batch = make_batch(tokenizer)
    model.save_pretrained(tmp_path / "fold_0")
    loaded = RelationModel.from_pretrained(tmp_path / "fold_0")
    assert torch.equal(loaded(**batch), model(**batch))
    assert not loaded.training
    assert {weight.dtype for weight in loaded.parameters()} == {torch.float32}
    assert not any("pooler" in name for name in loaded.state_dict())


def test_new_tokens_survive_the_folder(encoder_folder, tokenizer, tmp_path):
    tokenizer = copy.deepcopy(tokenizer)
    n_former = len(tokenizer)
    tokenizer.add_tokens(["한강출판", "윤가람", "오쌤"])
    model = build(encoder_folder, tokenizer)
    batch = make_batch(tokenizer, first_id=n_former)
    assert (batch["input_ids"] >= n_former).any()
    TrainedModel(model, tokenizer).save_pretrained(tmp_path)
    loaded = RelationModel.from_pretrained(tmp_path)
    assert loaded.encoder.get_input_embeddings().num_embeddings == n_former + 3
    assert torch.equal(loaded(**batch), model(**batch))
    assert load_tokenizer(str(tmp_path)).get_vocab() == tokenizer.get_vocab()


@pytest.fixture
def saved(encoder_folders, tmp_path):
    folder = encoder_folders["bert"]
    tokenizer = load_tokenizer(str(folder))
    TrainedModel(build(folder, tokenizer), tokenizer).save_pretrained(tmp_path / "fold_0")
    return tmp_path / "fold_0"


def read_json(folder):
    return json.loads((folder / "relation.json").read_text(encoding="utf-8"))


def write_json(folder, content):
    (folder / "relation.json").write_text(json.dumps(content), encoding="utf-8")


def test_the_folder_explains_itself(saved):
    assert "관계_없음" in (saved / "relation.json").read_text(encoding="utf-8")
    content = read_json(saved)
    assert content["label_counts"] == [3, 2, 1]
    assert content["legal_labels"] == {"PER:ORG": [0, 1], "ORG:PER": [0, 2]}
    assert content["input"]["name"] == "entity_marker"
    assert read_relation_config(saved) == make_config()
    assert {path.suffix for path in saved.iterdir()} == {".json", ".safetensors"}


def test_a_temperature_may_be_written_later(saved):
    content = read_json(saved)
    assert content.pop("temperature") == 1.0
    write_json(saved, content)
    assert read_relation_config(saved).temperature == 1.0
    write_json(saved, content | {"temperature": 1.7})
    assert read_relation_config(saved) == make_config(temperature=1.7)


@pytest.mark.parametrize(
    "change",
    [{"temperature": 0}, {"temperature": float("inf")}, {"max_tokens": 0}, {"max_tokens": None}],
)
def test_sizes_and_temperatures_that_cannot_be_are_refused(saved, change):
    write_json(saved, read_json(saved) | change)
    with pytest.raises(ValueError, match=f"{next(iter(change))}.*train the model again"):
        read_relation_config(saved)


@pytest.mark.parametrize("name", ["relation.json", "config.json", "model.safetensors"])
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        RelationModel.from_pretrained(saved)


def cut(path, size=60):
    path.write_bytes(path.read_bytes()[:size])


def foreign(path):
    auto_map = {"AutoConfig": "foreign.Config", "AutoModel": "foreign.Model"}
    path.write_text(json.dumps({"model_type": "foreign", "auto_map": auto_map}))
    (path.parent / "foreign.py").write_text("raise SystemExit('it ran')")


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("config.json", cut, "is no JSON"),
        ("relation.json", cut, "is no whole JSON"),
        ("relation.json", lambda path: path.write_text("[]"), "is no JSON object"),
        ("model.safetensors", cut, "is cut off"),
        ("model.safetensors", lambda path: cut(path, -1), "is cut off: .* of .* bytes"),
        ("config.json", foreign, "needs code of its own, which is never run"),
    ],
)
def test_a_damaged_or_foreign_folder_is_one_message(saved, name, change, reason, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked the user"))
    change(saved / name)
    with pytest.raises(ValueError, match=reason) as raised:
        RelationModel.from_pretrained(saved)
    assert str(saved) in str(raised.value)
    assert "copy the folder again" in str(raised.value)


def test_weights_of_another_size_are_refused(saved):
    content = read_json(saved)
    content["labels"].append("인물:배우자")
    write_json(saved, content)
    with pytest.raises(ValueError, match="size mismatch"):
        RelationModel.from_pretrained(saved)


def test_a_folder_of_an_older_version_says_to_train_again(saved):
    content = read_json(saved)
    write_json(saved, {name: content[name] for name in ("labels", "label_counts", "head")})
    with pytest.raises(ValueError, match=r"input: Field required.*train the model again") as raised:
        RelationModel.from_pretrained(saved)
    assert str(saved / "relation.json") in str(raised.value)


def test_an_unknown_entry_of_the_configuration_is_refused(saved):
    write_json(saved, read_json(saved) | {"pooling": "mean"})
    with pytest.raises(ValueError, match=r"pooling: .*Extra inputs.*train the model again"):
        read_relation_config(saved)


@pytest.mark.parametrize("head", HEADS)
def test_rows_cut_to_what_the_head_reads_say_what_whole_rows_say(head, encoder_folder, tokenizer):
    model = build(encoder_folder, tokenizer, head)
    assert (model.shorten is None) == (head in {"bilstm", "mean_pool"})
    whole = copy.deepcopy(model)
    whole.shorten = None
    batch = make_batch(tokenizer)
    logits = [each(**batch) for each in (model, whole)]
    torch.testing.assert_close(*logits, rtol=1e-4, atol=1e-5)
    for each in logits:
        each[..., 0].sum().backward()
    gradients = [each.encoder.get_input_embeddings().weight.grad for each in (model, whole)]
    assert gradients[0].abs().max() > 0
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-5)
