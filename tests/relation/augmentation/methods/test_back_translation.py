"""Back translation: from a file, by pretended translators, and by a model that learnt a bit."""

import re
from collections import Counter

import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.methods.back_translation import (
    build_back_translation,
    reword_by_models,
)
from klue_pipeline.relation.settings.augment_params import BackTranslationParams
from klue_pipeline.training.generation.translation import CUT_OFF, TOO_LONG, Translation


@pytest.fixture(scope="session")
def params(settings_of):
    def write(**own):
        default = {"source": "file", "models": [], "num_beams": 2, "max_new_tokens": 30}
        device = {"batch_size": 4, "device": "cpu"}
        return BackTranslationParams(**settings_of(**{**default, **device, **own}))

    return write


def word_by_word(change):
    """A translator that changes each text on its own, the last one first."""

    def translate(texts):
        for place in reversed(range(len(texts))):
            yield {place: Translation(change(texts[place]))}

    return translate


unchanged = word_by_word(lambda text: text)
backwards = word_by_word(lambda text: " ".join(text.split()[::-1]))
without_codes = word_by_word(lambda text: re.sub(r"[EXQZ]\d+", "", text))
all_twice = word_by_word(lambda text: f"{text} {text}")


# ---- pretended translators --------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_entities_survive_translators_that_keep_codes(example_lists, data):
    rows, skipped = data.draw(example_lists), Counter()
    for steps in ([unchanged], [backwards], [backwards, backwards]):
        new_rows = list(reword_by_models(rows, steps, skipped))
        assert not skipped
        assert [row.row_id for row in new_rows] == [row.row_id for row in rows]
        for row, origin in zip(new_rows, rows, strict=True):
            row.require_words_at_spans()
            assert (row.label, row.weight, row.fold_key) == (
                origin.label, origin.weight, origin.fold_key,
            )  # fmt: skip
            assert (row.subject.text, row.subject.type) == (
                origin.subject.text, origin.subject.type,
            )  # fmt: skip
            assert (row.object.text, row.object.type) == (origin.object.text, origin.object.type)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_row_is_there_or_counted(example_lists, data):
    rows = data.draw(example_lists)
    for translator in (without_codes, all_twice):
        skipped = Counter()
        assert list(reword_by_models(rows, [translator], skipped)) == []
        assert skipped.total() == len(rows)


def test_reasons_are_told_apart(mark):
    rows = [
        mark(f"[[이순신]]은 <<수군>>을 이끌었다{number}.", row_id=str(number))
        for number in range(6)
    ]
    answers = [
        Translation("E1은 E2를 거느렸다."),
        Translation("E1은 거느렸다."),
        Translation("", TOO_LONG),
        Translation("E1은 E2를 E1은"),
        Translation("", CUT_OFF),
        Translation("거느렸다."),
    ]
    skipped = Counter()
    new = list(reword_by_models(rows, [lambda _: [dict(enumerate(answers))]], skipped))
    assert new == [mark("[[이순신]]은 <<수군>>을 거느렸다.", row_id="0")]
    assert skipped == {
        "object lost": 1, TOO_LONG: 1, "subject more than once": 1, CUT_OFF: 1, "subject lost": 1,
    }  # fmt: skip


def test_translators_see_codes_and_never_the_entities(mark):
    seen = []

    def look(texts):
        seen.extend(texts)
        yield dict(enumerate(map(Translation, texts)))

    list(reword_by_models([mark("[[이순신]]은 E1면의 <<수군>>을")], [look], Counter()))
    assert seen == ["X1은 E1면의 X2을"]


# ---- from a file ------------------------------------------------------------------------------


def reword(params, make_context, rows, table, chunks=None):
    context = make_context("back_translation", originals=rows, translations=pd.DataFrame(table))
    augment = build_back_translation(params(), context)
    new_rows = [row for chunk in chunks or [rows] for row in augment(chunk)]
    return new_rows, dict(context.skipped)


def test_a_file_rewords_rows(mark, params, make_context):
    rows = [
        mark("[[이순신]]은 <<수군>>을 이끌었다.", "per:employee_of", row_id="0", fold_key=(1,)),
        mark("[[서울]]은 <<한국>>의 수도다.", types="LOC:LOC", row_id="1"),
        mark("[[부산]]은 <<한국>>의 도시다.", row_id="2"),
    ]
    table = {
        "origin_id": ["1", "0", "0", "9", "1", "1"],
        "text": [
            "[O]의 수도는 [S]다.", "수군의 장수 이순신", "[S]가 수군을", "누구?", "서울은 수도다.",
            "",
        ],
    }  # fmt: skip
    new_rows, skipped = reword(params, make_context, rows, table)
    assert new_rows == [
        mark("<<수군>>의 장수 [[이순신]]", "per:employee_of", row_id="0", fold_key=(1,)),
        mark("[[이순신]]이 <<수군>>을", "per:employee_of", row_id="0", fold_key=(1,)),
        mark("<<한국>>의 수도는 [[서울]]이다.", types="LOC:LOC", row_id="1"),
    ]
    assert skipped == {
        "translation of an unknown row": 1, "object lost": 1, "no text": 1,
        "no translation in the file": 1,
    }  # fmt: skip


def test_cells_of_other_kinds_than_text(mark, params, make_context):
    """A table that was read without ``dtype: str``."""
    rows = [mark("[[이순신]]은 <<수군>>을", row_id="7")]
    table = {"origin_id": [7, 7, 8], "text": ["수군의 이순신", None, float("nan")]}
    new_rows, skipped = reword(params, make_context, rows, table)
    assert new_rows == [mark("<<수군>>의 [[이순신]]", row_id="7")]
    assert skipped == {"no text": 1, "translation of an unknown row": 1}


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_a_file_gives_does_not_depend_on_chunks(example_lists, params, make_context, data):
    rows = data.draw(example_lists)
    words = st.sampled_from(
        ["[S]", "[O]", "은 ", "😀", *(e.text for r in rows for e in r.entities)]
    )
    texts = data.draw(st.lists(st.lists(words, max_size=6).map("".join), max_size=8))
    ids = [data.draw(st.sampled_from([*(row.row_id for row in rows), "x"])) for _ in texts]
    table = {"origin_id": ids, "text": texts}
    whole, skipped = reword(params, make_context, rows, table)
    assert reword(params, make_context, rows, table, [[row] for row in rows]) == (whole, skipped)
    missing = skipped.pop("no translation in the file", 0)
    assert missing == len({row.row_id for row in rows}.difference(ids))
    assert len(whole) + sum(skipped.values()) == len(texts)
    for row in whole:
        row.require_words_at_spans()


def test_without_a_file_the_setting_is_named(params, make_context):
    with pytest.raises(ValueError, match=r"raw\.translations"):
        build_back_translation(params(), make_context())


def test_a_file_with_other_columns_is_refused(params, make_context):
    table = pd.DataFrame({"row_id": ["0"], "text": ["가"]})
    wanted = r"raw\.translations has the columns \['row_id', 'text'\] and lacks origin_id\."
    with pytest.raises(ValueError, match=wanted):
        build_back_translation(params(), make_context(translations=table))


# ---- by models --------------------------------------------------------------------------------

LEARNT = {
    "E1은 E2을 이끌었다.": "E1 led E2.",
    "E1 led E2.": "E2를 이끈 것은 E1이다.",
    "E1의 수도는 E2다.": "E2 of E1.",
    "E2 of E1.": "E2는 E1의 수도다.",
    "E1은 E2에서 났다.": "E1 was.",
    "E1 was.": "E1은 났다.",
}
PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"


@pytest.fixture(scope="session")
def translator(tmp_path_factory):
    """The folder of a tiny model that learnt six sentences by heart."""
    from transformers import AutoModelForSeq2SeqLM, BartConfig

    tokenizer = _train_tokenizer()
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=len(tokenizer), d_model=32, encoder_layers=1, decoder_layers=1, dropout=0.0,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, max_position_embeddings=48, pad_token_id=0, eos_token_id=1,
        bos_token_id=0, decoder_start_token_id=0, forced_eos_token_id=1,
    )  # fmt: skip
    model = AutoModelForSeq2SeqLM.from_config(config)
    _learn_by_heart(model, tokenizer)
    folder = tmp_path_factory.mktemp("translator")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def _train_tokenizer():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        special_tokens=[PAD, END, UNKNOWN], unk_token=UNKNOWN, show_progress=False
    )
    backend.train_from_iterator([*LEARNT, *LEARNT.values()], trainer)
    backend.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, 1)]
    )
    special = {"pad_token": PAD, "eos_token": END, "unk_token": UNKNOWN}
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=48, **special)


def _learn_by_heart(model, tokenizer):
    given_ids = tokenizer(list(LEARNT), padding=True, return_tensors="pt")
    wanted = tokenizer(list(LEARNT.values()), padding=True, return_tensors="pt")["input_ids"]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(120):
        loss = model(
            input_ids=given_ids["input_ids"],
            attention_mask=given_ids["attention_mask"],
            labels=wanted.masked_fill(wanted == 0, -100),
        ).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.fixture
def rows(mark):
    return [
        mark("[[이순신]]은 <<수군>>을 이끌었다.", "per:employee_of", row_id="0", fold_key=(0,)),
        mark("[[한국]]의 수도는 <<서울>>이다.", row_id="1"),
        mark("[[한국]]의 수도는 <<서울시>>다.", types="LOC:LOC", row_id="2"),
        mark("[[정약용]]은 <<강진>>에서 났다.", row_id="3"),
        mark("[[유관순]]은 <<만세꾼>>을 이끌었다.", row_id="4"),
    ]


@pytest.fixture
def translated(mark):
    """What the model makes of the rows, but for the second, of which it learnt nothing."""
    return [
        mark("<<수군>>을 이끈 것은 [[이순신]]이다.", "per:employee_of", row_id="0", fold_key=(0,)),
        mark("<<서울시>>는 [[한국]]의 수도다.", types="LOC:LOC", row_id="2"),
        mark("<<만세꾼>>을 이끈 것은 [[유관순]]이다.", row_id="4"),
    ]  # fmt: skip


@pytest.fixture
def by_models(translator, params, make_context):
    def run(rows, chunks=None, **settings):
        folder = settings.pop("cache_folder", None)
        context = make_context("back_translation", originals=rows, cache_folder=folder)
        chosen = params(source="models", models=[translator] * 2, **settings)
        augment = build_back_translation(chosen, context)
        new_rows = [row for chunk in chunks or [rows] for row in augment(chunk)]
        return new_rows, dict(context.skipped)

    return run


def test_models_reword_rows(by_models, rows, translated):
    new_rows, skipped = by_models(rows)
    assert [row for row in new_rows if row.row_id != "1"] == translated
    assert skipped["object lost"] >= 1
    assert len(new_rows) + sum(skipped.values()) == len(rows)


def test_chunks_batches_and_the_cache_change_nothing(by_models, rows, tmp_path):
    whole = by_models(rows)
    assert by_models(rows, [rows[:2], rows[2:]]) == whole
    assert by_models(rows, [[row] for row in rows], batch_size=1) == whole
    assert by_models(rows, [rows[2:], rows[:2]], cache_folder=tmp_path)[1] == whole[1]
    assert by_models(rows, cache_folder=tmp_path) == whole


def test_cached_rows_need_no_model(by_models, rows, tmp_path, monkeypatch):
    whole = by_models(rows, cache_folder=tmp_path)

    def refuse(*_, **__):
        raise AssertionError("loaded")

    monkeypatch.setattr(
        "klue_pipeline.training.generation.translation_model.load_translation_model", refuse
    )
    assert by_models(rows, cache_folder=tmp_path) == whole
    assert by_models(rows, cache_folder=tmp_path, batch_size=1) == whole
    with pytest.raises(AssertionError, match="loaded"):
        by_models(rows, cache_folder=tmp_path, num_beams=1)


def test_without_a_folder_nothing_is_kept(by_models, rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    by_models(rows)
    assert list(tmp_path.iterdir()) == []
