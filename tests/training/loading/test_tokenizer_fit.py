"""A tokenizer that is missing, of another model, or of another language."""

import json
import shutil

import pytest
from tokenizers_of_all_families import CORPUS

from klue_pipeline.training.params import EncoderParams
from klue_pipeline.training.tokenizer import prepare_tokenizer, train_tokenizer

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
OTHER_WORDS = ["Ελληνικά γράμματα μόνο, όχι κορεατικά.", "Καμία λέξη δεν είναι γνωστή εδώ."]


def _without_files(folder):
    for name in TOKENIZER_FILES:
        (folder / name).unlink(missing_ok=True)


def _without_vocabulary(folder):
    (folder / "tokenizer.json").unlink()
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def _without_padding(folder):
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in settings.items() if k != "pad_token"}))


def _of_a_smaller_model(folder):
    train_tokenizer(["a few words"], vocabulary_size=200).save_pretrained(folder)


def _of_a_larger_model(folder):
    more = "".join(map(chr, range(0xAC00, 0xAC00 + 1500)))
    train_tokenizer([" ".join(more)], vocabulary_size=5000).save_pretrained(folder)


def _padding_elsewhere(folder):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"pad_token_id": 0}))


@pytest.mark.parametrize(
    ("family", "change", "message"),
    [
        ("bert", _without_files, "holds no vocabulary .* every word would be unknown"),
        ("xlm_roberta", _without_files, "holds no vocabulary"),
        ("electra", _without_vocabulary, "cannot be used"),
        ("bert", _without_padding, "has no pad_token; name it in tokenizer_config.json"),
        ("bert", _of_a_smaller_model, r"vocabulary ends at id \d+, and the encoder has \d+ emb"),
        ("bert", _of_a_larger_model, r"vocabulary ends at id \d+, and the encoder has \d+ emb"),
        ("roberta", _padding_elsewhere, "pads with id 1, and config.json says 0"),
    ],
)
def test_a_tokenizer_that_is_not_the_encoders_is_refused(
    encoder_folders, tmp_path, family, change, message
):
    shutil.copytree(encoder_folders[family], tmp_path, dirs_exist_ok=True)
    change(tmp_path)
    with pytest.raises(ValueError, match=message) as raised:
        prepare_tokenizer(EncoderParams(name=str(tmp_path)), CORPUS)
    assert str(tmp_path) in str(raised.value)


def test_a_tokenizer_that_knows_no_word_of_the_texts_is_refused(encoder_folders):
    encoder = EncoderParams(name=str(encoder_folders["bert"]))
    with pytest.raises(ValueError, match=r"hardly a word: of \d+ tokens in the first 2 texts"):
        prepare_tokenizer(encoder, OTHER_WORDS)
