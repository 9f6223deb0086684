"""Which tokens are masked, what hides them, and what chance depends on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertTokenizerFast, PreTrainedTokenizerFast

from klue_pipeline.training.pretraining.masking import (
    NO_WORD,
    MaskedRows,
    Masking,
    choose_tokens,
    encode_texts,
    hide_tokens,
    masking_for,
)

TEXTS = [
    "이순신은 조선의 무신이다.",
    "다온전자의 본사는 수원에 있다.",
    "조선의 수군을 이끈 이순신은 조선의 무신이다. 본사는 수원에 있다.",
]
SHARE = 0.15
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
OF_SENTENCEPIECE = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}


@pytest.fixture(scope="module")
def wordpiece():
    """BERT's words in pieces of one character."""
    characters = sorted({character for text in TEXTS for character in text} - {" "})
    pieces = [*SPECIAL, *characters, *(f"##{character}" for character in characters)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    return BertTokenizerFast(vocab=vocabulary, do_lower_case=False)


@pytest.fixture(scope="module", params=[True, False], ids=["split", "whole_text"])
def sentencepiece(request):
    """Pieces of one character that hold the blank before them; a text may be one word to it."""
    characters = sorted({character for text in TEXTS for character in text} - {" "})
    pieces = [*OF_SENTENCEPIECE.values(), "▁", *characters]
    pieces += [f"▁{character}" for character in characters]
    backend = Tokenizer(
        models.Unigram([(piece, -float(len(piece) == 1)) for piece in pieces], unk_id=2)
    )
    backend.pre_tokenizer = pre_tokenizers.Metaspace(split=request.param)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, **OF_SENTENCEPIECE)


def words_of(encoded, tokenizer, index=0):
    """The text of each numbered word of a row."""
    cells = slice(encoded.rows.offsets[index], encoded.rows.offsets[index + 1])
    words, ids = encoded.words[cells], encoded.rows.input_ids[cells]
    pieces = [
        tokenizer.convert_ids_to_tokens(ids[words == n].tolist()) for n in range(words.max() + 1)
    ]
    return ["".join(piece).replace("##", "").replace("▁", "") for piece in pieces]


def test_words_of_wordpiece_are_all_pieces_up_to_a_blank_or_a_mark(wordpiece):
    encoded = encode_texts(TEXTS, wordpiece, 64, whole_word=True)
    assert words_of(encoded, wordpiece) == ["이순신은", "조선의", "무신이다", "."]
    first = encoded.words[: encoded.rows.offsets[1]]
    assert (first[0], first[-1]) == (NO_WORD, NO_WORD)
    assert len(first) > 2 + 4


def test_words_of_sentencepiece_end_at_blanks(sentencepiece):
    """Neighbouring pieces have no gap between them, and a text may count as one word."""
    encoded = encode_texts(TEXTS, sentencepiece, 64, whole_word=True)
    assert words_of(encoded, sentencepiece) == ["이순신은", "조선의", "무신이다."]


def test_without_whole_words_every_token_is_one(wordpiece):
    encoded = encode_texts(TEXTS[:1], wordpiece, 64, whole_word=False)
    inner = encoded.words[1:-1]
    assert inner.tolist() == list(range(len(inner)))


def test_a_text_that_is_too_long_is_cut_and_counted(wordpiece):
    encoded = encode_texts(TEXTS, wordpiece, 16, whole_word=True)
    full = encode_texts(TEXTS, wordpiece, 64, whole_word=True)
    assert encoded.rows.lengths.max() == 16
    assert full.truncated == 0
    assert encoded.truncated == int((full.rows.lengths > 16).sum()) > 0


def test_unknown_tokens_are_no_words_and_texts_of_them_alone_are_counted(wordpiece):
    encoded = encode_texts(["Ω Ω", "이순신은 Ω 무신이다."], wordpiece, 64, whole_word=True)
    assert (len(encoded.rows), encoded.unusable) == (1, 1)
    assert words_of(encoded, wordpiece) == ["이순신은", "무신이다", "."]
    with pytest.raises(ValueError, match="None of 2 texts has a token"):
        encode_texts(["Ω Ω", "Ω"], wordpiece, 64, whole_word=True)


def test_a_tokenizer_without_a_mask_is_refused(wordpiece):
    maskless = PreTrainedTokenizerFast(tokenizer_object=wordpiece.backend_tokenizer)
    with pytest.raises(ValueError, match="has no mask token"):
        masking_for(maskless, SHARE, 1)


@st.composite
def numbered_words(draw):
    """Word numbers of a row: words of some tokens, special tokens before, after and between."""
    words = [NO_WORD]
    for number, size in enumerate(draw(st.lists(st.integers(1, 4), min_size=1, max_size=12))):
        words += [number] * size + [NO_WORD] * draw(st.integers(0, 1))
    return np.array([*words, NO_WORD], dtype=np.int32)


@given(numbered_words(), st.floats(0.01, 0.99), st.integers(0, 2**32))
def test_words_are_masked_whole_or_not_at_all_and_at_least_one_is(words, share, seed):
    chosen = choose_tokens(words, share, np.random.default_rng(seed))
    assert not chosen[words == NO_WORD].any()
    assert chosen.any()
    for number in range(words.max() + 1):
        assert len(set(chosen[words == number])) == 1


def test_the_share_of_masked_words():
    words = np.arange(100_000, dtype=np.int32)
    chosen = choose_tokens(words, SHARE, np.random.default_rng(1))
    assert chosen.mean() == pytest.approx(SHARE, abs=0.005)


def test_chosen_tokens_are_hidden_as_in_bert():
    masking = Masking(SHARE, mask_id=4, ordinary_ids=np.arange(5, 1000), seed=0)
    generator = np.random.default_rng(1)
    ids = generator.integers(5, 1000, 100_000)
    chosen = generator.random(100_000) < 0.5
    hidden = hide_tokens(ids, chosen, masking, generator)
    assert (hidden[~chosen] == ids[~chosen]).all()
    seen, true = hidden[chosen], ids[chosen]
    assert (seen == 4).mean() == pytest.approx(0.8, abs=0.01)
    assert (seen == true).mean() == pytest.approx(0.1, abs=0.01)
    others = seen[(seen != 4) & (seen != true)]
    assert len(others) / len(seen) == pytest.approx(0.1, abs=0.01)
    assert others.min() >= 5


def masked_rows(tokenizer, seed=3, *, whole_word=True):
    encoded = encode_texts(TEXTS, tokenizer, 64, whole_word=whole_word)
    return MaskedRows(encoded, masking_for(tokenizer, 0.3, seed))


def batch_of(rows, indices, epoch=0):
    rows.set_epoch(epoch)
    return rows.__getitems__(indices)


def test_a_batch_names_the_places_and_their_true_tokens(wordpiece):
    rows = masked_rows(wordpiece)
    encoded = encode_texts(TEXTS, wordpiece, 64, whole_word=True).rows
    for epoch in range(30):
        batch, plain = batch_of(rows, [2, 0], epoch), encoded.__getitems__([2, 0])
        true = plain["input_ids"].flatten()
        assert batch["labels"].tolist() == true[batch["places"]].tolist()
        assert not set(batch["labels"].tolist()) & set(wordpiece.all_special_ids)
        changed = (batch["input_ids"].flatten() != true).nonzero().flatten()
        assert set(changed.tolist()) <= set(batch["places"].tolist())
        assert batch["attention_mask"].equal(plain["attention_mask"])
        assert batch["weights"].tolist() == [1.0] * len(batch["places"])


def test_ordinary_tokens_alone_stand_in(wordpiece):
    ordinary = masking_for(wordpiece, SHARE, 1).ordinary_ids.tolist()
    assert sorted([*ordinary, *wordpiece.all_special_ids]) == list(range(len(wordpiece)))


def row_of_batch(batch, place):
    length = int(batch["attention_mask"][place].sum())
    return batch["input_ids"][place, :length].tolist()


def test_masks_are_a_function_of_seed_epoch_and_row(wordpiece):
    """Whatever batch a row comes in, and whether earlier epochs took place in this process."""
    alone = batch_of(masked_rows(wordpiece), [2], epoch=5)
    used = masked_rows(wordpiece)
    for epoch in range(5):
        batch_of(used, [0, 1, 2], epoch)
    assert row_of_batch(batch_of(used, [0, 2, 1], epoch=5), 1) == row_of_batch(alone, 0)
    others = [
        batch_of(masked_rows(wordpiece), [2], epoch=6),
        batch_of(masked_rows(wordpiece, seed=4), [2], epoch=5),
    ]
    for other in others:
        assert other["places"].tolist() != alone["places"].tolist()
