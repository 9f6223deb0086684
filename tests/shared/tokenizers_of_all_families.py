"""A tokenizer of each family that encoders come with."""

import json
from array import array

import pytest

CORPUS = [
    "@ * 사람 * 이순신 @은 # ^ 조직 ^ 수군 #을 이끌었다.",
    "이순신과 수군의 관계는 무엇입니까? 李舜臣은 조선의 무신이다.",
    "〈Something〉는 조지 해리슨이 쓰고 1969년 앨범 《Abbey Road》에 담은 노래다.",
    "# ^ 장소 ^ 서울 #에서 @ * 조직 * 다온전자 @가 (주)새벽당과 만났다.",
]
# In the order of their ids.
ROBERTA = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}


@pytest.fixture(scope="session")
def wordpiece_tokenizer():
    """What ``encoder.name: scratch`` trains."""
    from klue_pipeline.training.tokenizer import train_tokenizer

    return train_tokenizer(CORPUS * 3, vocabulary_size=1000)


@pytest.fixture(scope="session")
def klue_roberta_tokenizer(wordpiece_tokenizer):
    """A BERT tokenizer, as klue/roberta ships: it numbers the second text 1 for any encoder."""
    from transformers import BertTokenizerFast

    return BertTokenizerFast(vocab=wordpiece_tokenizer.get_vocab(), do_lower_case=False)


@pytest.fixture(scope="session")
def xlm_roberta_tokenizer():
    """Unigram pieces that hold the blank before a word; one segment; ``<s> A </s></s> B </s>``."""
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.Unigram())
    backend.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(_charsmap_that_drops(0x1F)), normalizers.NFKC()]
    )
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    unknown = ROBERTA["unk_token"]
    trainer = trainers.UnigramTrainer(
        special_tokens=[*ROBERTA.values()], unk_token=unknown, show_progress=False
    )
    backend.train_from_iterator(CORPUS * 3, trainer)
    # Pieces that hold a marker together with text beside it, likelier than their parts.
    glued = [(piece, -1.0) for piece in ("(@", "▁(@", "@은", "#을", "@#", "#@", "##", "@)", "《#")]
    learnt = json.loads(backend.to_str())["model"]["vocab"]
    backend.model = models.Unigram([*map(tuple, learnt), *glued], unk_id=3)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, **ROBERTA)


def _charsmap_that_drops(byte):
    """SentencePiece's compiled character map with one rule: ``byte`` becomes nothing.

    A double-array trie of 256 units (root, the byte's node, its leaf), then the replacements.
    """
    root_offset, leaf = 32, 64
    node = root_offset ^ byte
    units = array("I", [0] * 256)
    units[0] = root_offset << 10
    units[node] = (node ^ leaf) << 10 | 1 << 8 | byte
    trie = units.tobytes()
    return len(trie).to_bytes(4, "little") + trie + b"\0"


@pytest.fixture(scope="session")
def byte_level_tokenizer():
    """RoBERTa's byte pairs: one character may be several tokens with the same offsets."""
    from tokenizers import ByteLevelBPETokenizer
    from tokenizers.processors import RobertaProcessing
    from transformers import PreTrainedTokenizerFast

    backend = ByteLevelBPETokenizer(add_prefix_space=True)
    special = [*ROBERTA.values()]
    backend.train_from_iterator(CORPUS, vocab_size=400, special_tokens=special, show_progress=False)
    backend._tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0))
    return PreTrainedTokenizerFast(tokenizer_object=backend._tokenizer, **ROBERTA)


@pytest.fixture(scope="session", params=["wordpiece", "klue_roberta", "xlm_roberta", "byte_level"])
def any_tokenizer(request):
    """Each of the above in turn."""
    return request.getfixturevalue(f"{request.param}_tokenizer")
