"""An adaptation from texts to a folder that fine-tuning starts from."""

import dataclasses
import json

import pytest
import torch
from tokenizers_of_all_families import CORPUS
from transformers import AutoModel

from klue_pipeline.training.encoder import build_encoder
from klue_pipeline.training.fingerprint import hash_encoder_folder
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.training.pretraining.adapt_params import AdaptParams
from klue_pipeline.training.pretraining.adaptation import RECORD_FILE, adapt
from klue_pipeline.training.pretraining.adaptation_texts import AdaptationTexts
from klue_pipeline.training.tokenizer import load_tokenizer
from klue_pipeline.training.workspace import FoldWorkspace

pytestmark = pytest.mark.slow

SCRATCH = {
    "vocabulary_size": 300, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
    "intermediate_size": 8, "max_positions": 64,
}  # fmt: skip
PLAIN = {
    "encoder": {"name": "scratch", "scratch": SCRATCH}, "include_test_text": False,
    "whole_word": True, "mask_share": 0.15, "held_out_share": 0.2, "epochs": 1,
    "learning_rate": 0.01, "batch_size": 8, "evaluation_batch_size": 8, "accumulation_steps": 1,
    "max_tokens": 40, "weight_decay": 0.0, "adam_beta1": 0.9, "adam_beta2": 0.98,
    "adam_epsilon": 1e-6, "warmup_share": 0.1, "max_gradient_norm": 1.0, "precision": "fp32",
    "device": "cpu", "seed": 5, "log_every_steps": 1,
}  # fmt: skip


def settings(**changes):
    return AdaptParams(**{**PLAIN, **changes})


@pytest.fixture(scope="module")
def texts(small_table):
    sentences = small_table["sentence"].tolist()
    return AdaptationTexts(tuple(sentences[:20]), tuple(sentences[20:]), transductive=False)


SPELLABLE = AdaptationTexts(tuple(CORPUS * 5), tuple(CORPUS), transductive=False)
"""What the tokenizers of the tiny encoders know the words of."""


@pytest.fixture(scope="module")
def run(texts, tmp_path_factory):
    """Adapt, and store the encoder in a folder of its own."""

    def run(texts=texts, **changes):
        root = tmp_path_factory.mktemp("adapted")
        adapted = adapt(texts, settings(**changes), FoldWorkspace(0, root / "scratch"))
        folder = root / "adapted"
        folder.mkdir()
        adapted.encoder.save_pretrained(folder)
        return adapted, folder

    return run


@pytest.fixture(scope="module")
def adapted(run):
    """What the plain settings make; only looked at."""
    return run()


@pytest.mark.parametrize("family", ["bert", "roberta", "electra"])
def test_the_folder_gives_fine_tuning_exactly_the_trained_weights(run, encoder_folders, family):
    encoder_folder = encoder_folders[family]
    adapted, folder = run(SPELLABLE, encoder={"name": str(encoder_folder)})
    start = AutoModel.from_pretrained(encoder_folder).state_dict()
    tokenizer = load_tokenizer(str(folder))
    encoder = build_encoder(EncoderParams(name=str(folder)), len(tokenizer), tokenizer.pad_token_id)
    found, trained = encoder.state_dict(), adapted.encoder.encoder.state_dict()
    assert found.keys() == trained.keys() == {n for n in start if not n.startswith("pooler.")}
    assert all(torch.equal(found[name], trained[name]) for name in found)
    assert {value.dtype for value in found.values()} == {torch.float32}
    assert not any(torch.equal(found[n], start[n]) for n in found if n.endswith("query.weight"))
    sentence = "이순신은 조선의 무신이다."
    assert tokenizer(sentence)["input_ids"] == adapted.encoder.tokenizer(sentence)["input_ids"]
    assert {"config.json", "model.safetensors", "tokenizer.json", RECORD_FILE} <= {
        path.name for path in folder.iterdir()
    }


def test_the_report_says_what_was_done(adapted):
    report = adapted[0].report
    assert (report["encoder"], report["head"], report["transductive"]) == ("scratch", "new", False)
    assert [report["texts"][part]["rows"] for part in ("training", "held_out")] == [20, 4]
    assert report["steps"] == 3
    assert report["held_out_perplexity_after"] < report["held_out_perplexity_before"]
    assert set(adapted[0].history["step"]) == {1, 2, 3}
    json.dumps(report, allow_nan=False)


def test_a_tokenizer_from_scratch_has_not_seen_what_is_held_out(run, texts):
    strange = dataclasses.replace(texts, held_out=(*texts.held_out, "꿿꿿 조선의 꿿꿿"))
    tokenizer = run(texts=strange)[0].encoder.tokenizer
    assert tokenizer.unk_token in tokenizer.tokenize("꿿꿿")


def test_same_settings_and_texts_make_the_same_folder_whatever_the_machine(run, adapted):
    found = run(checkpoint_every_steps=2)
    for name in ("model.safetensors", RECORD_FILE, "config.json"):
        assert (found[1] / name).read_bytes() == (adapted[1] / name).read_bytes()
    assert found[0].report == adapted[0].report


def test_fingerprints_tell_other_settings_and_texts_apart(run, adapted, texts):
    """Weights of the same size are not hashed; the record beside them is."""
    others = [
        run(whole_word=False),
        run(texts=dataclasses.replace(texts, training=texts.training[1:])),
        run(texts=dataclasses.replace(texts, transductive=True)),
    ]
    folders = [adapted[1], *(folder for _, folder in others)]
    assert len(set(map(hash_encoder_folder, folders))) == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_tokens": 65}, r"^adapt\.max_tokens is 65, .*; set adapt\.max_tokens to 64"),
        ({"precision": "fp16"}, r"^adapt\.precision=fp16 needs a GPU"),
        ({"encoder": {"name": "./nowhere"}}, r"set adapt\.encoder\.name to a folder"),
    ],
)
def test_messages_name_our_settings_not_those_of_fine_tuning(run, changes, message):
    with pytest.raises((ValueError, OSError), match=message):
        run(**changes)


def test_an_encoder_whose_tokenizer_has_no_mask_is_refused(run, encoder_folders):
    with pytest.raises(ValueError, match="has no mask token"):
        run(encoder={"name": str(encoder_folders["xlm_roberta"])})


def test_names_of_weights_in_messages_stay(run, encoder_folders, tmp_path):
    from shutil import copytree

    from safetensors.torch import load_file, save_file

    copytree(encoder_folders["bert"], tmp_path / "broken")
    file = tmp_path / "broken" / "model.safetensors"
    weights = load_file(file)
    del weights["encoder.layer.0.output.dense.weight"]
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"among them encoder\.layer\.0\.output"):
        run(SPELLABLE, encoder={"name": str(tmp_path / "broken")})
