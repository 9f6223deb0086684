"""Translation models: real ones of several families, tiny and random, and one that learnt a bit."""

import logging

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    AutoModelForSeq2SeqLM,
    BartConfig,
    BertConfig,
    BertModel,
    M2M100Config,
    MarianConfig,
    MBartConfig,
    NllbTokenizer,
    PreTrainedTokenizerFast,
    T5Config,
)

from klue_pipeline.training.generation.translation import (
    CUT_OFF,
    EMPTY,
    TOO_LONG,
    Direction,
    GenerationSettings,
    Translation,
    describe_direction,
    read_direction,
    translate_by_way_of,
)
from klue_pipeline.training.generation.translation_model import build_translators

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
LETTERS = "▁이순신은수군을끌었다서울E12."
MAX_SOURCE_TOKENS, POSITIONS = 40, 48
SIZES = {
    "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16,
    "max_position_embeddings": POSITIONS, "dropout": 0.0,
}  # fmt: skip
IDS = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0, "bos_token_id": 0}
# As real ones do, some force the last token, which would make a cut translation look whole.
RANDOM = {"vocab_size": len(LETTERS) + 3, **SIZES, **IDS, "forced_eos_token_id": 1, "init_std": 1.0}
CONFIGS = {
    "bart": BartConfig(**RANDOM),
    "marian": MarianConfig(**RANDOM),
    "mbart": MBartConfig(**RANDOM),
    "m2m_100": M2M100Config(**RANDOM),
    "t5": T5Config(
        vocab_size=RANDOM["vocab_size"], d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2,
        initializer_factor=6.0, **{k: v for k, v in IDS.items() if k != "bos_token_id"},
    ),
}  # fmt: skip
TEXTS = ["이순신은 수군을 이끌었다.", "E1", "서울 E2", "", "순신 " * 4, "은", "E1은 E2을 이끌었다."]
SETTINGS = GenerationSettings(num_beams=2, max_new_tokens=12, batch_size=3, device="cpu")


@pytest.fixture(scope="module")
def tokenizer():
    vocabulary = {token: i for i, token in enumerate([PAD, END, UNKNOWN, *LETTERS])}
    backend = Tokenizer(models.BPE(vocabulary, [], unk_token=UNKNOWN))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    backend.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token=PAD, eos_token=END, unk_token=UNKNOWN,
        model_max_length=MAX_SOURCE_TOKENS,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory, tokenizer):
    """A random model of each family, as somebody would have stored it."""
    root = tmp_path_factory.mktemp("translation")
    for number, (family, config) in enumerate(CONFIGS.items()):
        torch.manual_seed(number)
        AutoModelForSeq2SeqLM.from_config(config).save_pretrained(root / family)
        tokenizer.save_pretrained(root / family)
    return root


def translate(spelled, texts, settings=SETTINGS):
    steps = build_translators([read_direction(str(spelled))], settings)
    return translate_by_way_of(steps, texts)


def translate_alone(folder, tokenizer, text, num_beams):
    """What Transformers makes of one text without padding, other texts or our settings."""
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    model.generation_config.forced_eos_token_id = None
    inputs = tokenizer(text, return_tensors="pt", return_token_type_ids=False)
    ids = model.generate(**inputs, num_beams=num_beams, do_sample=False, max_new_tokens=12)[0]
    return ids.tolist(), tokenizer.decode(ids, skip_special_tokens=True).strip()


@pytest.mark.parametrize(
    ("family", "num_beams"), [("bart", 1), *((family, 3) for family in CONFIGS)]
)
def test_a_text_gets_what_its_model_makes_of_it_alone(folders, tokenizer, family, num_beams):
    settings = GenerationSettings(num_beams, max_new_tokens=12, batch_size=3, device="cpu")
    results = translate(folders / family, TEXTS, settings)
    for text, result in zip(TEXTS, results, strict=True):
        ids, alone = translate_alone(folders / family, tokenizer, text, num_beams)
        if END not in tokenizer.convert_ids_to_tokens(ids[1:]):
            assert result == Translation("", CUT_OFF)
        else:
            assert result == Translation(alone, "" if alone else EMPTY)


@pytest.mark.parametrize("batch_size", [1, 7])
def test_batches_and_chunks_change_nothing(folders, batch_size):
    settings = GenerationSettings(2, 12, batch_size, "cpu")
    steps = build_translators([Direction(str(folders / "bart"))], settings)
    whole = translate(folders / "bart", TEXTS)
    assert translate_by_way_of(steps, TEXTS) == whole
    assert translate_by_way_of(steps, TEXTS[::-1]) == whole[::-1]
    alone = [translate_by_way_of(steps, [text]) for text in TEXTS]
    assert [result for results in alone for result in results] == whole


def test_texts_beyond_the_model_are_given_up_whole(folders):
    longest = "은" * (MAX_SOURCE_TOKENS - 2)  # and the blank before it, and the end
    short, fits, long = translate(folders / "bart", ["E1", longest, longest + "은"])
    assert long == Translation("", TOO_LONG)
    assert TOO_LONG not in {short.problem, fits.problem}


def test_no_model_is_loaded_before_there_is_a_text():
    assert translate("there/is-no-such-model", []) == []


def test_a_model_is_loaded_once_for_all_steps_and_chunks(folders, caplog):
    directions = [Direction(str(folders / "bart"))] * 2
    steps = build_translators(directions, SETTINGS)
    with caplog.at_level(logging.INFO, logger="klue_pipeline"):
        translate_by_way_of(steps, TEXTS)
        translate_by_way_of(steps, TEXTS)
    assert caplog.text.count("Translating with") == 1


def test_a_chain_hands_on_what_has_no_problem():
    def first(texts):
        assert texts == ["가", "나", "다"]
        yield {2: Translation("", "too long")}
        yield {1: Translation("NA"), 0: Translation("GA")}

    def second(texts):
        assert texts == ["GA", "NA"]
        yield {0: Translation("", "lost"), 1: Translation("나!")}

    results = translate_by_way_of([first, second], ["가", "나", "다"])
    assert results == [
        Translation("", "lost"),
        Translation("나!"),
        Translation("", "too long"),
    ]


# ---- what cannot be used ----------------------------------------------------------------------


def test_a_model_that_is_not_there_is_named(tmp_path):
    wanted = r"no-such-model' could not be loaded: .+ in augment\.back_translation\.models"
    with pytest.raises(ValueError, match=wanted):
        translate(tmp_path / "no-such-model", ["가"])
    with pytest.raises(ValueError, match="could not be loaded"):
        translate(tmp_path, ["가"])


def test_an_encoder_is_no_translation_model(tmp_path, tokenizer):
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = BertConfig(vocab_size=30, intermediate_size=8, **sizes)
    BertModel(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="could not be loaded: Unrecognized configuration class"):
        translate(tmp_path, ["가"])


def test_missing_weights_are_refused(tmp_path, tokenizer):
    small, large = (BartConfig(**{**RANDOM, "decoder_layers": n}) for n in (1, 2))
    AutoModelForSeq2SeqLM.from_config(small).save_pretrained(tmp_path)
    large.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"lacks \d+ weights .*decoder\.layers\.1"):
        translate(tmp_path, ["가"])


def test_translations_longer_than_the_positions_are_refused(folders):
    settings = GenerationSettings(2, POSITIONS + 1, 3, "cpu")
    with pytest.raises(ValueError, match=f"max_new_tokens is {POSITIONS + 1}, .* to {POSITIONS} "):
        translate(folders / "bart", ["가"], settings)
    translate(folders / "bart", ["가"], GenerationSettings(2, POSITIONS, 3, "cpu"))


# ---- models of many languages -----------------------------------------------------------------

KOREAN, JAPANESE = "kor_Hang", "jpn_Jpan"
LEARNT = {
    ("E1은 E2.", KOREAN, JAPANESE): "E1 E2 을.",
    ("E1은 E2.", KOREAN, KOREAN): "E1은 E2.",
    ("E1 E2 을.", JAPANESE, KOREAN): "E2을 E1.",
    ("E1 E2 을.", KOREAN, KOREAN): "서울.",
}


@pytest.fixture(scope="module")
def nllb(tmp_path_factory):
    """A tiny model with NLLB's tokenizer, which learnt four sentences by heart."""
    vocabulary = {t: i for i, t in enumerate(["<s>", PAD, END, UNKNOWN, *LETTERS])}
    tokenizer = NllbTokenizer(vocab=vocabulary, extra_special_tokens=[KOREAN, JAPANESE])
    torch.manual_seed(0)
    ids = {"pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2}
    sizes = {**SIZES, "d_model": 32, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
    never = {"attention_dropout": 0.0, "encoder_layerdrop": 0.0, "decoder_layerdrop": 0.0}
    model = AutoModelForSeq2SeqLM.from_config(
        M2M100Config(vocab_size=len(tokenizer), **sizes, **never, **ids)
    )
    batches = [_encode_pair(tokenizer, *key, text) for key, text in LEARNT.items()]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(60):
        loss = sum(model(input_ids=source, labels=target).loss for source, target in batches)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    folder = tmp_path_factory.mktemp("nllb")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _encode_pair(tokenizer, text, source, target, translation):
    tokenizer.src_lang = source
    source_ids = tokenizer(text, return_tensors="pt")["input_ids"]
    tokenizer.src_lang = target
    return source_ids, tokenizer(translation, return_tensors="pt")["input_ids"]


@pytest.mark.parametrize(("key", "wanted"), LEARNT.items())
def test_the_languages_decide(nllb, key, wanted):
    text, source, target = key
    assert translate(f"{nllb} {source}>{target}", [text]) == [Translation(wanted)]


def test_one_model_goes_there_and_back(nllb):
    spelled = (f"{nllb} {KOREAN}>{JAPANESE}", f"{nllb} {JAPANESE}>{KOREAN}")
    steps = build_translators([read_direction(text) for text in spelled], SETTINGS)
    assert translate_by_way_of(steps, ["E1은 E2."] * 2) == [Translation("E2을 E1.")] * 2


@pytest.mark.parametrize(
    ("languages", "message"),
    [
        ("", "many languages; say which"),
        (" kor_Hang>xx", "knows no language 'xx'"),
        (" ko>jpn_Jpan", "knows no language 'ko'"),
    ],
)
def test_languages_that_do_not_fit_are_refused(nllb, languages, message):
    with pytest.raises(ValueError, match=message):
        translate(f"{nllb}{languages}", ["E1"])


def test_a_model_of_one_direction_takes_no_languages(folders):
    with pytest.raises(ValueError, match="one way only; leave the languages away"):
        translate(f"{folders / 'bart'} ko>ja", ["E1"])


@pytest.mark.parametrize(
    ("spelled", "wanted"),
    [
        ("Helsinki-NLP/opus-mt-ko-en", Direction("Helsinki-NLP/opus-mt-ko-en")),
        (" a/b  ko_KR>ja_XX ", Direction("a/b", "ko_KR", "ja_XX")),
        ("my models/a ko>ja", Direction("my models/a", "ko", "ja")),
        ("my models/ko-ja", Direction("my models/ko-ja")),
    ],
)
def test_directions_are_read(spelled, wanted):
    assert read_direction(spelled) == wanted


# ---- what a translation depends on ------------------------------------------------------------


def test_settings_that_decide_a_translation_describe_it():
    direction = Direction("a/b", "ko", "ja")
    described = describe_direction(direction, SETTINGS)
    same = GenerationSettings(2, 12, batch_size=99, device="cuda")
    assert describe_direction(direction, same) == described
    others = [
        describe_direction(Direction("a/b", "ko", "en"), SETTINGS),
        describe_direction(Direction("a/b", "en", "ja"), SETTINGS),
        describe_direction(Direction("a/c", "ko", "ja"), SETTINGS),
        describe_direction(direction, GenerationSettings(3, 12, 3, "cpu")),
        describe_direction(direction, GenerationSettings(2, 13, 3, "cpu")),
    ]
    assert described not in others


def test_a_folder_is_described_by_what_is_in_it(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"1")
    before = describe_direction(Direction(str(tmp_path)), SETTINGS)
    assert describe_direction(Direction(str(tmp_path)), SETTINGS) == before
    (tmp_path / "model.safetensors").write_bytes(b"2")  # of the same size
    assert describe_direction(Direction(str(tmp_path)), SETTINGS) != before
