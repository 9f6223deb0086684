"""Which tokens count as nouns, in the vocabularies of three families."""

import pytest
from tokenizers import ByteLevelBPETokenizer, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from klue_pipeline.relation.augmentation.words.noun_tokens import find_nouns


@pytest.mark.parametrize("family", ["wordpiece", "byte_level", "unigram"])
def test_every_noun_is_what_its_vocabulary_writes_after_a_blank(family, wordpiece_tokenizer):
    tokenizer = {"wordpiece": lambda: wordpiece_tokenizer, **TRAINED}[family]()
    nouns = find_nouns(tokenizer)
    assert {"조직", "관계"} <= set(nouns.words)
    for token_id, word in zip(nouns.token_ids.tolist(), nouns.words, strict=True):
        assert tokenizer(f"@ {word}", add_special_tokens=False)["input_ids"][-1] == token_id


def _train_byte_level():
    backend = ByteLevelBPETokenizer(add_prefix_space=True)
    texts = ["조직 조직은 관계 관계의 @"] * 9
    backend.train_from_iterator(texts, vocab_size=400, show_progress=False)
    return PreTrainedTokenizerFast(tokenizer_object=backend._tokenizer)


def _make_unigram():
    pieces = ["▁조직", "▁관계", "관계", "조직", "은", "의", "▁은", "▁", "@", "▁매우", "a", "▁a"]
    backend = Tokenizer(models.Unigram([("<unk>", 0.0), *((p, -1.0) for p in pieces)], unk_id=0))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    return PreTrainedTokenizerFast(tokenizer_object=backend)


TRAINED = {"byte_level": _train_byte_level, "unigram": _make_unigram}
