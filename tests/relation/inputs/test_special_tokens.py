"""Special tokens: which there are, in which order, and what they stand for."""

import copy
from itertools import product

import pytest

from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.inputs.markers import REPRESENTATIONS
from klue_pipeline.relation.inputs.queries import QUERIES, write_query
from klue_pipeline.relation.inputs.special_tokens import ROLE_WORDS, describe_tokens, describing_ids
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.training.tokenizer import add_special_tokens

TYPE_WORDS = {"PER": "사람", "ORG": "조직"}
TYPED = [
    *("<S>", "</S>", "<S:PER>", "</S:PER>", "<S:ORG>", "</S:ORG>"),
    *("<O>", "</O>", "<O:PER>", "</O:PER>", "<O:ORG>", "</O:ORG>"),
]
MASKS = ["[SUBJ]", "[SUBJ-PER]", "[SUBJ-ORG]", "[OBJ]", "[OBJ-PER]", "[OBJ-ORG]"]


def settings(name, query="none", type_words=TYPE_WORDS, language="ko"):
    return InputParams(
        name=name, query=query, query_position="after", type_words=type_words, language=language
    )


def with_tokens(tokenizer, params):
    tokenizer = copy.deepcopy(tokenizer)
    add_special_tokens(tokenizer, describe_tokens(params))
    return tokenizer


@pytest.mark.parametrize(
    ("name", "query", "tokens"),
    [
        ("typed_entity_marker_punct", "question", []),
        ("entity_marker_punct", "none", []),
        ("pair_prefix", "punct_relation", []),
        ("entity_marker", "none", ["<subj>", "</subj>", "<obj>", "</obj>"]),
        ("entity_marker_with_prefix", "none", ["<subj>", "</subj>", "<obj>", "</obj>"]),
        ("typed_entity_marker", "none", TYPED),
        ("entity_mask", "none", MASKS),
        ("pair_prefix", "semantic_typing_marked", ["[SE]", "[/SE]", "[OE]", "[/OE]"]),
        ("entity_mask", "semantic_typing_marked", [*MASKS, "[SE]", "[/SE]", "[OE]", "[/OE]"]),
    ],
)
def test_tokens_of_a_format_and_a_query_in_their_order(name, query, tokens):
    assert list(describe_tokens(settings(name, query))) == tokens


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_every_special_token_that_is_written_is_described(name):
    for language, query in product(QUERIES, QUERIES["ko"]):
        described = describe_tokens(settings(name, query, language=language))
        for types in product(["PER", "NAVY", "NONE"], repeat=2):
            entities = Entity("가", 0, 1, types[0]), Entity("나", 1, 2, types[1])
            marked = REPRESENTATIONS[name]("가나", *entities, TYPE_WORDS).written
            asked = write_query(QUERIES[language][query], *entities, TYPE_WORDS)
            for written in [marked] if asked is None else [marked, asked]:
                for span in written.special:
                    assert written.text[span.start_char : span.end_char] in described


def test_tokens_of_one_format_are_described_each_in_its_own_words():
    for name in REPRESENTATIONS:
        described = describe_tokens(settings(name, "semantic_typing_marked")).items()
        own = [word for token, word in described if token not in ("[SE]", "[/SE]", "[OE]", "[/OE]")]
        assert len(set(own)) == len(own)
    typed = describe_tokens(settings("typed_entity_marker"))
    assert (typed["<S:PER>"], typed["</O:ORG>"]) == ("주체 사람", "대상 조직 끝")


def test_describing_words_are_those_of_the_language():
    assert set(ROLE_WORDS) == set(QUERIES)
    words = {"PER": "person"}
    typed = describe_tokens(settings("typed_entity_marker", "none", words, "en"))
    assert typed == {
        "<S>": "subject", "</S>": "subject end",
        "<S:PER>": "subject person", "</S:PER>": "subject person end",
        "<O>": "object", "</O>": "object end",
        "<O:PER>": "object person", "</O:PER>": "object person end",
    }  # fmt: skip
    masks = describe_tokens(settings("entity_mask", "none", words, "en"))
    assert masks["[OBJ-PER]"] == "object person"
    asked = describe_tokens(settings("pair_prefix", "semantic_typing_marked", words, "en"))
    assert asked["[/OE]"] == "object end"


def test_describing_ids_are_those_of_the_words_pieces(any_tokenizer):
    words = {"PER": "이순신", "ORG": "수군"}
    params = settings("typed_entity_marker", type_words=words)
    tokenizer = with_tokens(any_tokenizer, params)
    ids = describing_ids(tokenizer, params)
    assert list(ids) == tokenizer.convert_tokens_to_ids(list(describe_tokens(params)))
    pieces = tokenizer("주체 이순신", add_special_tokens=False)["input_ids"]
    known = [token_id for token_id in pieces if token_id != tokenizer.unk_token_id]
    assert ids[tokenizer.convert_tokens_to_ids("<S:PER>")] == known
    assert all(found and set(found).isdisjoint(ids) for found in ids.values())


def test_words_that_cannot_be_spelled_give_way_to_the_type_and_then_to_the_unknown_token(
    wordpiece_tokenizer,
):
    params = settings("entity_mask", type_words={"Something": "鷄", "Ω": "鷄"})
    tokenizer = with_tokens(wordpiece_tokenizer, params)
    by_token = {
        tokenizer.convert_ids_to_tokens(token_id): tokenizer.convert_ids_to_tokens(ids)
        for token_id, ids in describing_ids(tokenizer, params).items()
    }
    assert by_token["[SUBJ-Something]"] == ["Something"]
    assert by_token["[SUBJ-Ω]"] == ["[UNK]"]
    assert by_token["[OBJ]"] == ["[UNK]"]


def test_tokenizer_that_can_spell_nothing_is_refused(byte_level_tokenizer):
    from tokenizers import Tokenizer, normalizers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer.from_str(byte_level_tokenizer.backend_tokenizer.to_str())
    backend.normalizer = normalizers.Replace("주체", "")
    mute = PreTrainedTokenizerFast(tokenizer_object=backend)
    params = settings("entity_mask", type_words={})
    add_special_tokens(mute, describe_tokens(params))
    with pytest.raises(ValueError, match="no token of '주체' and has no unknown token"):
        describing_ids(mute, params)


def test_tokenizer_without_the_tokens_is_refused(wordpiece_tokenizer):
    with pytest.raises(ValueError, match=r"no special token '<subj>'.*prepare_tokenizer"):
        describing_ids(wordpiece_tokenizer, settings("entity_marker"))
