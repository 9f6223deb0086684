"""Guesses of a tiny masked language model that likes some nouns more than others."""

import shutil

import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, PreTrainedTokenizerFast

from klue_pipeline.relation.augmentation.words.mask_windows import hide_stems
from klue_pipeline.relation.augmentation.words.noun_tokens import NOUNS, find_nouns
from klue_pipeline.relation.augmentation.words.replacements import WordRequest
from klue_pipeline.relation.augmentation.words.word_guesses import load_guesses
from klue_pipeline.text.morphemes import analyse


@pytest.fixture(scope="module")
def load(language_model_folder):
    """Load the guesses of the tiny model, or of another folder."""

    def load(kinds=NOUNS, folder=language_model_folder, **changes):
        settings = {"method": "fill_mask", "top_k": 3, "batch_size": 4, "device": "cpu", **changes}
        return load_guesses(str(folder), kinds, **settings)

    return load


@pytest.fixture(scope="module")
def ask():
    """Ask for other words for all nouns of rows."""

    def ask(guesses, rows):
        morphemes = analyse(row.sentence for row in rows)
        stems = (guesses.find_stems(row, found) for row, found in zip(rows, morphemes, strict=True))
        return guesses.find_words(
            [WordRequest(row, tuple(each)) for row, each in zip(rows, stems, strict=True)]
        )

    return ask


def test_nouns_compounds_whole_at_the_start_of_free_words(load, mark):
    row = mark("[[이순신]] 장군은 <<조선>>시대 “국회의원과” 서울에서 3학년 노래했고 매우 컸다.")
    stems = load().find_stems(row, next(analyse([row.sentence])))
    assert [(stem.text, stem.tag) for stem in stems] == [
        ("장군", "NNG"), ("국회의원", "NNG"), ("서울", "NNP"), ("노래", "NNG"),
    ]  # fmt: skip
    common = load({"NNG"}).find_stems(row, next(analyse([row.sentence])))
    assert [stem.text for stem in common] == ["장군", "국회의원", "노래"]


def test_tokens_that_are_nouns(language_model_folder, noun_tokens):
    from klue_pipeline.training.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(str(language_model_folder))
    nouns = find_nouns(tokenizer)
    kinds = dict(zip(nouns.words, nouns.kinds.tolist(), strict=True))
    assert kinds == {word: NOUNS.index(tag) for word, tag in noun_tokens.items()}
    assert tokenizer.convert_ids_to_tokens(nouns.token_ids.tolist()) == nouns.words
    assert nouns.places == {w: n for n, w in enumerate(nouns.words)}


def test_one_mask_hides_a_compound_and_leaves_its_particle(load, mark):
    guesses = load()
    row = mark("[[이순신]]의 “국회의원은” <<조선>> 학교에서 컸다.")
    stems = guesses.find_stems(row, next(analyse([row.sentence])))
    tokenizer = guesses._tokenizer
    (encoding,) = tokenizer([row.sentence]).encodings
    ids, masks = hide_stems(encoding, stems, tokenizer.mask_token_id)
    tokens = tokenizer.convert_ids_to_tokens(ids)
    assert tokens == [
        "[CLS]", "이순신", "##의", "“", "[MASK]", "##은", "”", "조선", "[MASK]", "##에서",
        "[UNK]", ".", "[SEP]",
    ]  # fmt: skip
    assert masks == {0: 4, 1: 8}


def test_probabilities_are_those_of_the_model_itself(load, ask, mark, language_model_folder):
    guesses = load(top_k=4)
    tokenizer = guesses._tokenizer
    row = mark("[[이순신]]의 장군은 <<조선>> 학교에서 컸다.")
    other = mark("[[이순신]]은 <<조선>> 노래")
    found = ask(guesses, [row, other])[0]
    tokens = ["[CLS]", "이순신", "##의", "[MASK]", "##은", "조선", "[MASK]", "##에서", "[UNK]", "."]
    ids = torch.tensor([tokenizer.convert_tokens_to_ids([*tokens, "[SEP]"])])
    with torch.inference_mode():
        model = AutoModelForMaskedLM.from_pretrained(language_model_folder).eval()
        logits = model(ids).logits[0]  # (tokens, vocabulary)
    common = ["학교", "노래", "의원", "국회", "장군", "친구", "바다"]
    for place, hidden, choice in ((3, "장군", found[0]), (6, "학교", found[1])):
        allowed = [word for word in common if word != hidden]
        scores = logits[place, tokenizer.convert_tokens_to_ids(allowed)]
        best = scores.topk(4)
        wanted = zip(best.indices.tolist(), best.values.softmax(0).tolist(), strict=True)
        wanted = {allowed[index]: probability for index, probability in wanted}
        assert dict(zip(choice.words, choice.probabilities, strict=True)) == pytest.approx(wanted)


def test_guesses_are_of_the_same_kind_and_neither_the_word_nor_an_entity(load, ask, mark):
    guesses = load(top_k=99)
    row = mark("[[조선]]의 <<노래>>와 장군은 서울에서 컸다.")
    common, proper = ask(guesses, [row])[0]
    assert set(common.words) == {"학교", "의원", "국회", "친구", "바다"}
    assert set(proper.words) == {"부산", "이순신"}


def test_no_other_noun_of_a_kind_gives_no_words(load, ask, mark):
    row = mark("[[부산]]과 <<이순신>>의 조선이 컸다.")
    nothing = mark("[[부산]]과 <<이순신>>이 매우 컸다.")
    guesses = load({"NNP"}, top_k=1)
    assert [choice.words for choice in ask(guesses, [row])[0]] == [("서울",)]
    assert ask(guesses, [nothing]) == [[]]
    assert ask(guesses, []) == []


def test_rows_beside_each_other_do_not_matter(load, ask, mark):
    rows = [mark(f"[[이순신]]의 장군은 {'매우 ' * n}<<조선>> 학교에서 컸다.") for n in range(9)]
    together = ask(load(batch_size=5), rows)
    alone = [ask(load(batch_size=1), [row])[0] for row in rows]
    for found, wanted in zip(together, alone, strict=True):
        for one, other in zip(found, wanted, strict=True):
            assert one.words == other.words
            assert one.probabilities == pytest.approx(other.probabilities, rel=1e-4)


def test_rows_longer_than_the_model_are_seen_through_windows(load, ask, mark):
    words = "학교에서 매우 컸다 " * 40
    row = mark(f"{words}[[이순신]]의 {words}<<조선>> {words}장군은 컸다.")
    (found,) = ask(load(), [row])
    assert len(found) == 121
    assert all(len(choice.words) == 3 for choice in found)


def test_a_model_without_a_trained_head_is_refused(load, language_model_folder, tmp_path):
    shutil.copytree(language_model_folder, tmp_path, dirs_exist_ok=True)
    AutoModel.from_pretrained(tmp_path).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"no trained head .* random; set augment\.eda\.model"):
        load(folder=tmp_path, method="eda")


def test_a_tokenizer_of_another_model_is_refused(load, language_model_folder, tmp_path):
    from klue_pipeline.training.tokenizer import load_tokenizer

    shutil.copytree(language_model_folder, tmp_path, dirs_exist_ok=True)
    tokenizer = load_tokenizer(str(tmp_path))
    tokenizer.add_tokens(["봄날"])
    tokenizer.save_pretrained(str(tmp_path))
    with pytest.raises(ValueError, match=r"has \d+ tokens, but the model knows \d+: .*fill_mask"):
        load(folder=tmp_path)


def test_a_tokenizer_without_mask_is_refused(load, language_model_folder, tmp_path):
    shutil.copytree(language_model_folder, tmp_path, dirs_exist_ok=True)
    whole = PreTrainedTokenizerFast.from_pretrained(tmp_path)
    bare = PreTrainedTokenizerFast(tokenizer_object=whole.backend_tokenizer)
    bare.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"has no mask token.*; set augment\.fill_mask\.model"):
        load(folder=tmp_path)


def test_a_vocabulary_without_korean_nouns_is_refused(load, make_language_model):
    folder = make_language_model(["the", "school", "##학교", "은", "했다"])
    with pytest.raises(ValueError, match=r"holds no Korean noun"):
        load(folder=folder)


@pytest.mark.parametrize(
    ("folder", "changes", "message"),
    [
        ("./nowhere", {}, r"no folder '\./nowhere'; set augment\.fill_mask\.model to"),
        (None, {"device": "cuda:64"}, r"augment\.fill_mask\.device is cuda:64"),
    ],
)
def test_messages_name_the_settings_of_the_method(load, folder, changes, message):
    given_folder = {} if folder is None else {"folder": folder}
    with pytest.raises((ValueError, OSError), match=message):
        load(**given_folder, **changes)
