"""Tokenizers: trained the same everywhere, loaded with care."""

import json

import pytest
from tokenizers_of_all_families import CORPUS

from klue_pipeline.training.params import EncoderParams, ScratchEncoderParams
from klue_pipeline.training.tokenizer import (
    add_special_tokens,
    load_tokenizer,
    prepare_tokenizer,
    train_tokenizer,
)

TEXTS = [
    "@ * 사람 * 이순신 @은 # ^ 조직 ^ 수군 #을 이끌었다.",
    "이순신과 수군의 관계는 무엇입니까? Café 李舜臣",
    *(f"{a}{b}{c}{a} {c}{b}이다" for a in "강김박최윤" for b in "하나다라마" for c in "준서우진호"),
]
SCRATCH = ScratchEncoderParams(
    vocabulary_size=300,
    hidden_size=8,
    num_hidden_layers=1,
    num_attention_heads=1,
    intermediate_size=8,
    max_positions=96,
)


def as_json(tokenizer):
    return tokenizer.backend_tokenizer.to_str()


def test_pair_is_framed_and_numbered_as_bert_does(wordpiece_tokenizer):
    encoded = wordpiece_tokenizer("이순신", "수군")
    assert encoded.tokens() == ["[CLS]", "이순신", "[SEP]", "수군", "[SEP]"]
    assert encoded["token_type_ids"] == [0, 0, 0, 1, 1]
    assert wordpiece_tokenizer.pad_token_id == 0


def test_case_accents_and_combining_characters_stay():
    tokenizer = train_tokenizer(["Café CAFÉ cafe cafe\u0301"] * 3, vocabulary_size=200)
    spelled = [
        tokenizer.decode(tokenizer(word)["input_ids"][1:-1]) for word in ("Café", "cafe\u0301")
    ]
    assert spelled == ["Café", "cafe\u0301"]


def test_markers_and_type_words_are_tokens_of_their_own():
    tokens = train_tokenizer(TEXTS, 300).tokenize("(@ * 사람 * 이순신 @은# ^")
    assert tokens == ["[UNK]", "@", "*", "사람", "*", "이순신", "@", "은", "#", "^"]


@pytest.mark.parametrize("size", [200, 260, 5000])
def test_vocabulary_size_is_never_exceeded(size):
    many_characters = [
        "".join(chr(0xAC00 + 7 * i) for i in range(row, row + 40)) for row in range(900)
    ]
    assert len(train_tokenizer([*TEXTS, *many_characters], size)) <= size


def test_special_tokens_come_first_and_tokens_of_the_corpus_are_not_special():
    tokenizer = train_tokenizer(TEXTS, 300)
    first = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert tokenizer.convert_ids_to_tokens(range(5)) == first
    assert sorted(tokenizer.all_special_tokens) == sorted(first)
    assert sorted(tokenizer.get_vocab().values()) == list(range(len(tokenizer)))


def test_same_texts_give_the_same_tokenizer():
    """The library's trainer breaks ties by hash order, which changes from one map to the next."""
    tokenizers = {as_json(train_tokenizer(iter(TEXTS), 260)) for _ in range(8)}
    assert len(tokenizers) == 1


def test_prepare_trains_for_an_encoder_from_scratch():
    tokenizer = prepare_tokenizer(EncoderParams(name="scratch", scratch=SCRATCH), TEXTS)
    assert as_json(tokenizer) == as_json(train_tokenizer(TEXTS, 300))
    assert tokenizer.model_max_length == 96


def test_prepare_loads_what_belongs_to_an_encoder(encoder_folders):
    folder = str(encoder_folders["bert"])
    tokenizer = prepare_tokenizer(EncoderParams(name=folder), CORPUS)
    assert as_json(tokenizer) == as_json(load_tokenizer(folder))


def test_special_tokens_are_added_behind_the_others_in_order_and_once():
    encoder = EncoderParams(name="scratch", scratch=SCRATCH)
    tokens = ["<subj>", "</subj>", "<S:PER>", "[SUBJ]"]
    plain = prepare_tokenizer(encoder, TEXTS)
    tokenizer = prepare_tokenizer(encoder, TEXTS, tokens)
    assert tokenizer.convert_ids_to_tokens(range(len(plain), len(tokenizer))) == tokens
    before = as_json(tokenizer)
    add_special_tokens(tokenizer, reversed(tokens))
    assert as_json(tokenizer) == before


def test_special_token_is_one_token_where_it_is_meant_and_text_where_it_is_not():
    tokenizer = train_tokenizer(TEXTS, 300)
    add_special_tokens(tokenizer, ["<subj>"])
    added = tokenizer.convert_tokens_to_ids("<subj>")
    assert added in tokenizer("이순신<subj>은")["input_ids"]
    assert added not in tokenizer("이순신<subj>은", split_special_tokens=True)["input_ids"]
    assert tokenizer.decode(tokenizer("<subj>")["input_ids"], skip_special_tokens=True) == ""


def test_special_tokens_come_back_with_a_saved_tokenizer(tmp_path, any_tokenizer):
    any_tokenizer.save_pretrained(tmp_path / "plain")
    tokenizer = load_tokenizer(str(tmp_path / "plain"))
    add_special_tokens(tokenizer, ["<subj>", "[OBJ-ORG]"])
    tokenizer.save_pretrained(tmp_path / "added")
    again = load_tokenizer(str(tmp_path / "added"))
    add_special_tokens(again, ["<subj>"])
    assert as_json(again) == as_json(tokenizer)
    assert len(again) == len(any_tokenizer) + 2


@pytest.mark.parametrize("name", ["./nowhere", "../shared/models/nowhere", "/nowhere", "a/b/c"])
def test_missing_folder_is_not_looked_up_on_the_hub(name):
    with pytest.raises(OSError, match=r"There is no folder .*set encoder.name"):
        load_tokenizer(name)


def test_hub_failure_names_the_model_and_the_way_out(monkeypatch):
    import transformers

    def unreachable(*args, **kwargs):
        raise OSError("We couldn't connect to 'https://huggingface.co'")

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", unreachable)
    with pytest.raises(OSError, match=r"'klue/roberta-large'.*give a folder"):
        load_tokenizer("klue/roberta-large", "main")


def test_empty_folder_is_an_os_error_or_value_error(tmp_path):
    with pytest.raises((OSError, ValueError), match=r"encoder\.name|tokenizer\.json"):
        load_tokenizer(str(tmp_path))


def test_broken_tokenizer_file_is_refused(tmp_path, wordpiece_tokenizer):
    wordpiece_tokenizer.save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text('{"version": "1.0", "model": {')
    with pytest.raises(ValueError, match="cannot be used"):
        load_tokenizer(str(tmp_path))


def test_slow_tokenizer_is_refused(tmp_path):
    from transformers import ByT5Tokenizer

    ByT5Tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"ByT5Tokenizer.* is a slow one"):
        load_tokenizer(str(tmp_path))


def test_code_in_a_model_folder_is_never_run(tmp_path):
    (tmp_path / "own.py").write_text("raise SystemExit('ran')")
    config = {"tokenizer_class": "Own", "auto_map": {"AutoTokenizer": ["own.Own", "own.Own"]}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises((OSError, ValueError), match="tokenizer"):
        load_tokenizer(str(tmp_path))
