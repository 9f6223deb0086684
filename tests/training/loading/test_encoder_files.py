"""What is said of folders that hold no encoder, before any of their weights is read."""

import json
import pickle
import shutil

import pytest

from klue_pipeline.training.loading.encoder_files import require_encoder
from klue_pipeline.training.params import EncoderParams

DECODER = "no encoder of text that reads in both directions"
WITH_DECODER = "an encoder with a decoder"


def _set(**changes):
    def change(folder):
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def _write(name, content):
    def change(folder):
        (folder / name).write_bytes(content)

    return change


def _cut(length):
    def change(folder):
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:length])

    return change


class _Code:
    def __reduce__(self):
        return (pytest.fail, ("code ran",))


def _only_a_pickle(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Code()))


def _foreign(folder):
    _set(model_type="foreign", auto_map={"AutoConfig": "own.Own", "AutoModel": "own.Own"})(folder)
    (folder / "own.py").write_text("raise SystemExit('code ran')")


def _index(content):
    def change(folder):
        (folder / "model.safetensors").rename(folder.parent / "outside.safetensors")
        (folder / "model.safetensors.index.json").write_text(json.dumps(content))

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_set(model_type="gpt2"), DECODER),
        (_set(model_type="llama"), DECODER),
        (_set(model_type="vit"), DECODER),
        (_set(is_decoder=True), DECODER),
        (_write("config.json", b'{"model_type": "t5"}'), WITH_DECODER),
        (_set(model_type="bart"), WITH_DECODER),
        (_set(quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True}), "quant"),
        (_set(attn_implementation="kernels-community/flash-attn"), "foreign code and never run"),
        (_foreign, "needs code of its own, which is never run"),
        (_set(num_hidden_layers=-1), "num_hidden_layers=-1, which cannot be"),
        (_set(pad_token_id=99_999), "pad_token_id=99999"),
        (_set(model_type=["bert"]), "unhashable"),
        (_write("config.json", b"[]"), "config.json is a JSON list; wanted an object"),
        (_write("config.json", "{}".encode("utf-16")), "config.json is no JSON in UTF-8"),
        (_only_a_pickle, r"only there as a pickle \(pytorch_model.bin\)"),
        (_cut(0), "model.safetensors of 0 bytes is cut off"),
        (_cut(5_000), "model.safetensors of 5000 bytes is cut off"),
        (_write("model.safetensors", b"version https://git-lfs.github.com/spec/v1\n"), "cut off"),
        (
            _index({"weight_map": {"w": "../outside.safetensors"}}),
            "wanted are safetensors files in",
        ),
        (_index({"weight_map": {"w": "gone.safetensors"}}), "gone.safetensors, which is not there"),
        (_index([]), "index.json is a JSON list"),
    ],
)
def test_what_is_no_whole_encoder_is_one_message(
    encoder_folders, tmp_path, monkeypatch, change, reason
):
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked the user"))
    folder = tmp_path / "encoder"
    shutil.copytree(encoder_folders["bert"], folder)
    change(folder)
    with pytest.raises(ValueError, match=reason) as raised:
        require_encoder(EncoderParams(name=str(folder)), "adapt.encoder.name")
    assert f"The encoder {str(folder)!r} could not be loaded: " in str(raised.value)
    assert "Give adapt.encoder.name a folder with config.json and model.safetensors" in str(
        raised.value
    )
    assert "weights_only" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_encoder_is_taken(encoder_folder):
    config = require_encoder(EncoderParams(name=str(encoder_folder)))
    assert config.hidden_size == 16


def test_weights_in_several_files_are_taken(encoder_folders, tmp_path):
    folder = tmp_path / "encoder"
    shutil.copytree(encoder_folders["bert"], folder)
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    index = {
        "weight_map": {"embeddings.word_embeddings.weight": "model-00001-of-00001.safetensors"}
    }
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert require_encoder(EncoderParams(name=str(folder))).model_type == "bert"
