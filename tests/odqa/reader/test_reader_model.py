"""The reader over real encoders: segments, padding, and the folder that gives it back."""

import json

import pytest
import torch

from klue_pipeline.odqa.reader.heads import HEADS
from klue_pipeline.odqa.reader.reader_model import ReaderConfig, ReaderModel, read_reader_config
from klue_pipeline.odqa.settings.reader_params import ReaderHeadParams, ReaderParams
from klue_pipeline.training.encoder import build_encoder
from klue_pipeline.training.loading.trained_model import TrainedModel
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.training.tokenizer import load_tokenizer

LENGTHS = (12, 7, 3)
READER = {
    "name": "scratch", "max_question_tokens": 12, "stride": 8,
    "no_answer_share": 1.0, "hard_passages": 0, "gold_spans": "first",
}  # fmt: skip


def build(folder, tokenizer, head="linear"):
    torch.manual_seed(0)
    config = ReaderConfig(
        reader=ReaderParams(**READER),
        head=ReaderHeadParams(name=head, dropout=0.1),
        max_tokens=60,
        strategy="validation",
        fold=1,
        fingerprint={"rows": "질문"},
    )
    encoder = build_encoder(EncoderParams(name=str(folder)), len(tokenizer), tokenizer.pad_token_id)
    return ReaderModel(encoder, config).eval()


def make_batch(tokenizer):
    torch.manual_seed(1)
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()
    ids = torch.randint(5, len(tokenizer), mask.shape)
    segments = (torch.arange(max(LENGTHS)) >= 2).long() * mask
    ids = ids.where(mask.bool(), torch.tensor(tokenizer.pad_token_id))
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": segments}


@pytest.mark.parametrize("head", ["linear", "cnn_bilstm"])
def test_padding_changes_nothing(encoder_folder, head):
    tokenizer = load_tokenizer(str(encoder_folder))
    model, batch = build(encoder_folder, tokenizer, head), make_batch(tokenizer)
    logits = model(**batch)
    assert logits.shape == (3, 12, 2)
    for row, length in enumerate(LENGTHS):
        alone = model(**{name: value[row : row + 1, :length] for name, value in batch.items()})
        torch.testing.assert_close(alone[0], logits[row, :length], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("family", "has_segments"), [("bert", True), ("roberta", False)])
def test_segments_reach_an_encoder_that_has_them(encoder_folders, family, has_segments):
    tokenizer = load_tokenizer(str(encoder_folders[family]))
    model, batch = build(encoder_folders[family], tokenizer), make_batch(tokenizer)
    without = {name: batch[name] for name in ("input_ids", "attention_mask")}
    assert torch.allclose(model(**batch), model(**without)) is not has_segments


@pytest.mark.parametrize("head", HEADS)
def test_a_folder_gives_the_same_reader_back(encoder_folders, tmp_path, head):
    tokenizer = load_tokenizer(str(encoder_folders["electra"]))
    model, batch = build(encoder_folders["electra"], tokenizer, head), make_batch(tokenizer)
    TrainedModel(model, tokenizer).save_pretrained(tmp_path)
    loaded = ReaderModel.from_pretrained(tmp_path)
    assert not loaded.training
    assert torch.equal(loaded(**batch), model(**batch))
    assert loaded.reader_config == model.reader_config == read_reader_config(tmp_path)
    assert load_tokenizer(str(tmp_path)).get_vocab() == tokenizer.get_vocab()
    assert "질문" in (tmp_path / "reader.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("reader.json", None, "no reader checkpoint: reader.json is missing; train it first"),
        ("model.safetensors", None, "no reader checkpoint: model.safetensors is missing"),
        ("reader.json", lambda text: text[:30], "no whole JSON.*copy the folder again"),
        ("reader.json", lambda text: text.replace("linear", "gru"), "head.name: .*'gru'"),
        (
            "reader.json",
            lambda text: json.dumps(json.loads(text) | {"max_tokens": 0}),
            "max_tokens: .*train the model again",
        ),
        ("config.json", lambda text: text.replace("16", "24"), "size mismatch"),
    ],
)
def test_a_folder_that_is_no_whole_reader_is_one_message(
    reader_folder, tmp_path, name, change, said
):
    for path in reader_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    text = (tmp_path / name).read_text(encoding="utf-8", errors="replace")
    (tmp_path / name).unlink() if change is None else (tmp_path / name).write_text(change(text))
    with pytest.raises((FileNotFoundError, ValueError), match=said) as raised:
        ReaderModel.from_pretrained(tmp_path)
    assert str(tmp_path) in str(raised.value)
