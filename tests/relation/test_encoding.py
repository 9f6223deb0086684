"""Token ids and entity positions, for tokenizers of every family and any text."""

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.encoding import RowEncoder
from klue_pipeline.relation.entities import Entity
from klue_pipeline.relation.inputs import InputText
from klue_pipeline.relation.markers import typed_entity_marker_punct
from klue_pipeline.relation.queries import question

TYPE_WORDS = {"PER": "사람", "ORG": "조직"}
TRICKY = "@#*^(은을 가나이순신李舜臣😀👨‍👩‍👧\u0301\u200b\u200d\ufeff\"'《》\n\tABC1①ﬁ㎡½\x00"
characters = st.one_of(st.sampled_from(TRICKY), st.characters(exclude_categories=["Cs"]))
texts = st.one_of(st.text(characters, max_size=30), st.text(characters, max_size=400))
words = st.text(characters, min_size=1, max_size=60)


@st.composite
def inputs(draw):
    """A marked sentence of any text, with or without a query; entities in either order."""
    first = draw(words)
    second = draw(st.one_of(st.just(first), words))
    before, between, after = draw(texts), draw(texts), draw(texts)
    start = len(before) + len(first) + len(between)
    entities = [
        Entity(first, len(before), len(before) + len(first), "PER"),
        Entity(second, start, start + len(second), "ORG"),
    ]
    subject, object_ = draw(st.permutations(entities))
    return write(before + first + between + second + after, subject, object_, draw(st.booleans()))


def write(sentence, subject, object_, with_query):
    marked = typed_entity_marker_punct(sentence, subject, object_, TYPE_WORDS)
    query = question(subject, object_, TYPE_WORDS) if with_query else None
    return InputText(marked.text, query, marked)


def write_plain(sentence, subject, object_, with_query=True):
    places = [(word, sentence.index(word)) for word in (subject, object_)]
    entities = [Entity(word, start, start + len(word), "PER") for word, start in places]
    return write(sentence, *entities, with_query)


def encode(tokenizer, entry, max_tokens=512, position="after"):
    return RowEncoder(tokenizer, position, max_tokens).encode([entry])[0]


def spell(tokenizer, ids):
    """The text of tokens, without the blanks that tokenizers treat in different ways."""
    return "".join(tokenizer.decode(ids, clean_up_tokenization_spaces=False).split())


@pytest.mark.parametrize("position", ["before", "after"])
def test_short_row_is_what_the_tokenizer_itself_makes_of_the_pair(any_tokenizer, position):
    entry = write_plain("이순신은 (수군을) 이끌었다.", "이순신", "수군")
    row = encode(any_tokenizer, entry, position=position)
    pair = [entry.text, entry.query] if position == "after" else [entry.query, entry.text]
    wanted = any_tokenizer(*pair, return_token_type_ids=True)
    assert row.tokens.ids == wanted["input_ids"]
    assert row.tokens.types == wanted["token_type_ids"]
    assert not row.is_windowed


def test_row_without_query_is_what_the_tokenizer_makes_of_one_text(any_tokenizer):
    entry = write_plain("이순신은 수군을 이끌었다.", "이순신", "수군", with_query=False)
    row = encode(any_tokenizer, entry)
    wanted = any_tokenizer(entry.text, return_token_type_ids=True)
    assert row.tokens.ids == wanted["input_ids"]
    assert row.tokens.types == wanted["token_type_ids"]


def test_klue_roberta_tokenizer_numbers_the_second_text_one(klue_roberta_tokenizer):
    entry = write_plain("이순신은 수군을 이끌었다.", "이순신", "수군")
    tokens = encode(klue_roberta_tokenizer, entry).tokens
    first = tokens.ids.index(klue_roberta_tokenizer.sep_token_id) + 1
    assert tokens.types == [0] * first + [1] * (len(tokens.ids) - first)


def test_xlm_roberta_frame_has_two_separators_and_one_segment(xlm_roberta_tokenizer):
    entry = write_plain("이순신은 수군을 이끌었다.", "이순신", "수군")
    tokens = encode(xlm_roberta_tokenizer, entry).tokens
    separator = xlm_roberta_tokenizer.sep_token_id
    middle = tokens.ids.index(separator)
    assert tokens.ids[0] == xlm_roberta_tokenizer.cls_token_id
    assert tokens.ids[middle : middle + 2] == [separator, separator]
    assert tokens.ids.count(separator) == 3
    assert set(tokens.types) == {0}


@pytest.mark.parametrize("position", ["before", "after"])
@pytest.mark.parametrize("max_tokens", [32, 40, 512])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entry=inputs())
@example(
    entry=write_plain("이순신은 @ * 사람 * # ^ 조직 ^ 수군 # 수군을 이끌었다.", "이순신", "수군")
)
@example(entry=write_plain("(이순신)수군#은 " * 40, "이순신", "수군"))
@example(entry=write_plain("\x1f\x1f이순신은 수군을", "이순신", "수군"))
@example(entry=write_plain("이순신<s>수군</s>[SEP]은", "이순신", "수군"))
@example(entry=write_plain("이순신" * 90 + "《수군》을", "이순신" * 90, "수군"))
def test_both_positions_point_at_their_own_markers(any_tokenizer, entry, max_tokens, position):
    row = encode(any_tokenizer, entry, max_tokens, position)
    assert len(row.tokens.ids) == len(row.tokens.types) <= max_tokens
    for (start, end), place, marks in (
        (row.subject, entry.marked.subject, "@*"),
        (row.object, entry.marked.object, "#^"),
    ):
        word_start = place.word.start_char
        type_word = entry.text[place.block.start_char : word_start].split()[2]
        opening = f"{marks}{type_word}{marks[1]}"
        assert opening in spell(any_tokenizer, row.tokens.ids[start:end])
        assert marks[0] in spell(any_tokenizer, row.tokens.ids[start : start + 1])
        assert marks[0] in spell(any_tokenizer, row.tokens.ids[end - 1 : end])


@settings(max_examples=60, deadline=None)
@given(entry=inputs())
def test_positions_of_whole_rows_are_those_the_tokenizer_itself_names(any_tokenizer, entry):
    """``char_to_token`` is computed inside ``tokenizers``, by other code than ours."""
    row = encode(any_tokenizer, entry, max_tokens=100_000)
    pair = [entry.text] if entry.query is None else [entry.text, entry.query]
    wanted = any_tokenizer(*pair, split_special_tokens=True)
    assert row.tokens.ids == wanted["input_ids"]
    # After a dropped first character the offsets of tokenizers are wrong; see RowEncoder.
    assume(entry.text[0].isprintable())
    for (start, end), place in (
        (row.subject, entry.marked.subject),
        (row.object, entry.marked.object),
    ):
        assert start == wanted.char_to_token(0, place.block.start_char, 0)
        assert end - 1 == wanted.char_to_token(0, place.block.end_char - 1, 0)


@settings(max_examples=30, deadline=None)
@given(entry=inputs(), max_tokens=st.integers(32, 200))
def test_windowed_row_keeps_tokens_in_their_order(any_tokenizer, entry, max_tokens):
    row = encode(any_tokenizer, entry, max_tokens)
    whole = encode(any_tokenizer, entry, 100_000).tokens.ids
    remaining = iter(whole)
    assert all(token in remaining for token in row.tokens.ids)
    assert len(row.tokens.ids) == min(len(whole), max_tokens)
    assert row.is_windowed == (len(whole) > max_tokens)


@pytest.mark.parametrize("name", ["wordpiece", "klue_roberta", "byte_level"])
def test_special_token_written_in_a_sentence_is_text(request, name):
    """Not so for Unigram: ``tokenizers`` gives it ``</s>`` as a piece like any other."""
    tokenizer = request.getfixturevalue(f"{name}_tokenizer")
    separator = tokenizer.sep_token
    row = encode(tokenizer, write_plain(f"이순신은{separator}수군을 이끌었다.", "이순신", "수군"))
    plain = encode(tokenizer, write_plain("이순신은 수군을 이끌었다.", "이순신", "수군"))
    special = tokenizer.sep_token_id
    assert row.tokens.ids.count(special) == plain.tokens.ids.count(special)
    assert len(row.tokens.ids) > len(plain.tokens.ids) + 1


def test_rows_with_and_without_query_share_a_batch(wordpiece_tokenizer):
    asking = write_plain("이순신은 수군을 이끌었다.", "이순신", "수군")
    silent = write_plain("수군은 이순신을 따랐다.", "이순신", "수군", with_query=False)
    other = write_plain("조선의 수군은 이순신을 따랐다.", "조선", "수군")
    batch = RowEncoder(wordpiece_tokenizer, "after", 64).encode([asking, silent, other])
    assert batch == [encode(wordpiece_tokenizer, entry, 64) for entry in (asking, silent, other)]


def test_bare_row_is_cut_at_its_end_and_points_at_the_first_token(any_tokenizer):
    sentence = "이순신은 수군을 이끌었다. " * 30
    row = encode(any_tokenizer, InputText(sentence, None, None), max_tokens=32)
    whole = any_tokenizer(sentence)["input_ids"]
    assert row.tokens.ids == [*whole[:31], whole[-1]]
    assert (row.subject, row.object, row.is_windowed) == ((0, 1), (0, 1), True)


def test_empty_bare_row_is_only_special_tokens(any_tokenizer):
    row = encode(any_tokenizer, InputText("", None, None))
    assert row.tokens.ids == any_tokenizer("")["input_ids"]


def test_markers_that_do_not_fit_name_the_setting(byte_level_tokenizer):
    subject, object_ = Entity("가", 0, 1, "아주긴유형" * 9), Entity("나", 1, 2, "ORG")
    entry = write("가나", subject, object_, with_query=False)
    with pytest.raises(ValueError, match=r"training\.max_tokens"):
        encode(byte_level_tokenizer, entry, max_tokens=32)


def test_tokenizer_that_drops_markers_is_refused(wordpiece_tokenizer):
    from tokenizers import Tokenizer, normalizers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer.from_str(wordpiece_tokenizer.backend_tokenizer.to_str())
    backend.normalizer = normalizers.Replace("#", "")
    forgetful = PreTrainedTokenizerFast(tokenizer_object=backend)
    with pytest.raises(ValueError, match="No token holds the marker '#'"):
        encode(forgetful, write_plain("이순신은 수군을 이끌었다.", "이순신", "수군"))
