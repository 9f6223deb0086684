"""Token ids and entity positions, for tokenizers of every family, any format and any text."""

import copy
from collections import Counter
from itertools import product

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.encoding.row_encoder import RowEncoder
from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.inputs.input_texts import InputText
from klue_pipeline.relation.inputs.markers import REPRESENTATIONS, strip_markers
from klue_pipeline.relation.inputs.queries import QUERIES, write_query
from klue_pipeline.relation.inputs.special_tokens import describe_tokens
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.text.written_texts import WrittenText
from klue_pipeline.training.tokenizer import add_special_tokens

TYPE_WORDS = {"PER": "사람", "ORG": "조직"}
TRICKY_WORDS = ["<subj>", "</obj>", "<S:PER>", "[SUBJ-PER]", "[SE]", "[SEP]", "</s>", "@ * 사람 *"]
TRICKY = "@#*^(은을 가나이순신李舜臣😀👨‍👩‍👧\u0301\u200b\u200d\ufeff\"'《》\n\tABC1①ﬁ㎡½\x00"
characters = st.one_of(st.sampled_from(TRICKY), st.characters(exclude_categories=["Cs"]))
chunks = st.one_of(st.text(characters, max_size=12), st.sampled_from(TRICKY_WORDS))
texts = st.one_of(
    st.text(characters, max_size=30),
    st.text(characters, max_size=400),
    st.lists(chunks, max_size=6).map("".join),
)
words = st.one_of(st.text(characters, min_size=1, max_size=60), st.sampled_from(TRICKY_WORDS))


@st.composite
def entity_rows(draw, object_types=("ORG", "NAVY", "NONE")):
    """A sentence of any text and its two entities, in either order and often with equal words."""
    first = draw(words)
    second = draw(st.one_of(st.just(first), words))
    before, between, after = draw(texts), draw(texts), draw(texts)
    start = len(before) + len(first) + len(between)
    entities = [
        Entity(first, len(before), len(before) + len(first), "PER"),
        Entity(second, start, start + len(second), draw(st.sampled_from(object_types))),
    ]
    return before + first + between + second + after, *draw(st.permutations(entities))


@st.composite
def inputs(draw):
    """A sentence with markers of typed punctuation, with or without a question."""
    return write(*draw(entity_rows(object_types=["ORG"])), draw(st.booleans()))


def write(sentence, subject, object_, with_query):
    return write_as(
        "typed_entity_marker_punct",
        "question" if with_query else "none",
        (sentence, subject, object_),
    )


def write_as(name, query, row):
    """Write a row in any format, as ``write_inputs`` does."""
    marked = REPRESENTATIONS[name](*row, TYPE_WORDS)
    asked = write_query(QUERIES["ko"][query], row[1], row[2], TYPE_WORDS)
    return InputText(marked.written, asked, marked)


def write_plain(sentence, subject, object_, with_query=True):
    places = [(word, sentence.index(word)) for word in (subject, object_)]
    entities = [Entity(word, start, start + len(word), "PER") for word, start in places]
    return write(sentence, *entities, with_query)


def encode(tokenizer, entry, max_tokens=512, position="after"):
    return RowEncoder(tokenizer, position, max_tokens).encode([entry])[0]


def spell(tokenizer, ids):
    """The text of tokens, without the blanks that tokenizers treat in different ways."""
    return "".join(tokenizer.decode(ids, clean_up_tokenization_spaces=False).split())


def test_xlm_roberta_frame_has_two_separators_and_one_segment(xlm_roberta_tokenizer):
    entry = write_plain("이순신은 수군을 이끌었다.", "이순신", "수군")
    tokens = encode(xlm_roberta_tokenizer, entry).tokens
    separator = xlm_roberta_tokenizer.sep_token_id
    middle = tokens.ids.index(separator)
    assert tokens.ids[0] == xlm_roberta_tokenizer.cls_token_id
    assert tokens.ids[middle : middle + 2] == [separator, separator]
    assert tokens.ids.count(separator) == 3
    assert set(tokens.types) == {0}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    entry=inputs(),
    max_tokens=st.sampled_from([32, 40, 512]),
    position=st.sampled_from(["before", "after"]),
)
@example(
    write_plain("이순신은 @ * 사람 * # ^ 조직 ^ 수군 # 수군을 이끌었다.", "이순신", "수군"),
    40,
    "after",
)
@example(write_plain("(이순신)수군#은 " * 40, "이순신", "수군"), 40, "before")
@example(write_plain("\x1f\x1f이순신은 수군을", "이순신", "수군"), 512, "after")
@example(write_plain("이순신<s>수군</s>[SEP]은", "이순신", "수군"), 512, "before")
@example(write_plain("이순신" * 90 + "《수군》을", "이순신" * 90, "수군"), 32, "after")
def test_both_positions_point_at_their_own_markers(any_tokenizer, entry, max_tokens, position):
    row = encode(any_tokenizer, entry, max_tokens, position)
    assert len(row.tokens.ids) == len(row.tokens.types) <= max_tokens
    for (start, end), place, marks in (
        (row.subject, entry.marked.subject, "@*"),
        (row.object, entry.marked.object, "#^"),
    ):
        word_start = place.word.start_char
        type_word = entry.sentence.text[place.block.start_char : word_start].split()[2]
        opening = f"{marks}{type_word}{marks[1]}"
        assert opening in spell(any_tokenizer, row.tokens.ids[start:end])
        assert marks[0] in spell(any_tokenizer, row.tokens.ids[start : start + 1])
        assert marks[0] in spell(any_tokenizer, row.tokens.ids[end - 1 : end])


@settings(max_examples=60, deadline=None)
@given(entry=inputs())
def test_positions_of_whole_rows_are_those_the_tokenizer_itself_names(any_tokenizer, entry):
    """``char_to_token`` is computed inside ``tokenizers``, by other code than ours."""
    row = encode(any_tokenizer, entry, max_tokens=100_000)
    pair = [written.text for written in (entry.sentence, entry.query) if written is not None]
    wanted = any_tokenizer(*pair, split_special_tokens=True)
    assert row.tokens.ids == wanted["input_ids"]
    # After a dropped first character the offsets of tokenizers are wrong; see RowEncoder.
    assume(entry.sentence.text[0].isprintable())
    for (start, end), place in (
        (row.subject, entry.marked.subject),
        (row.object, entry.marked.object),
    ):
        assert start == wanted.char_to_token(0, place.block.start_char, 0)
        assert end - 1 == wanted.char_to_token(0, place.block.end_char - 1, 0)


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


def test_bare_row_is_cut_at_its_end_and_points_nowhere(any_tokenizer):
    sentence = "이순신은 수군을 이끌었다. " * 30
    row = encode(any_tokenizer, InputText(WrittenText(sentence), None, None), max_tokens=32)
    whole = any_tokenizer(sentence)["input_ids"]
    assert row.tokens.ids == [*whole[:31], whole[-1]]
    assert (row.subject, row.object, row.is_windowed) == ((0, 0), (0, 0), True)


def test_empty_bare_row_is_only_special_tokens(any_tokenizer):
    row = encode(any_tokenizer, InputText(WrittenText(""), None, None))
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


def add_all_tokens(tokenizer):
    """A copy of a tokenizer with the special tokens of every format and query."""
    tokenizer = copy.deepcopy(tokenizer)
    for name in REPRESENTATIONS:
        settings_ = InputParams(
            name=name,
            query="semantic_typing_marked",
            query_position="after",
            type_words=TYPE_WORDS,
        )
        add_special_tokens(tokenizer, describe_tokens(settings_))
    return tokenizer


@pytest.fixture(scope="module", params=["wordpiece", "klue_roberta", "xlm_roberta", "byte_level"])
def full_tokenizer(request):
    """Each tokenizer in turn, with all special tokens."""
    return add_all_tokens(request.getfixturevalue(f"{request.param}_tokenizer"))


def row_of(sentence, subject, object_):
    return (
        sentence,
        *(
            Entity(word, sentence.index(word), sentence.index(word) + len(word), type_)
            for word, type_ in ((subject, "PER"), (object_, "ORG"))
        ),
    )


def special_texts(written):
    return [written.text[span.start_char : span.end_char] for span in written.special]


def special_ids(tokenizer, written):
    return tokenizer.convert_tokens_to_ids(special_texts(written)) if written else []


def assert_holds_word(encoded, entity, span):
    """Check a span against the tokens that ``tokenizers`` itself names for the characters."""
    places = (encoded.char_to_token(0, c, 0) for c in range(entity.start_char, entity.end_char))
    if not (named := {place for place in places if place is not None}):
        return
    start, end = span
    # A byte-level tokenizer counts a blank as none of its token's characters, which may leave none.
    before = [encoded.token_to_chars(0, place) for place in range(start, min(named))]
    assert start <= min(named)
    assert all(characters.start == characters.end for characters in before)
    assert max(named) < end
    # It names one token per character; a piece of its own may hold some of the next one's, too.
    for place in range(start, end):
        characters = encoded.token_to_chars(0, place)
        assert characters.start < entity.end_char
        assert characters.end > entity.start_char


def first_token_of_sentence(tokenizer, entry, whole, position):
    """Where a sentence without markers starts in a row that was not shortened."""

    def count(written):
        ids = tokenizer(written.text, split_special_tokens=True, add_special_tokens=False)
        return len(ids["input_ids"])

    if entry.query is None or position == "before":
        return len(whole.tokens.ids) - 1 - count(entry.sentence)
    return 1 + sum(count(text) + 1 for text in entry.prefix)


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_row_is_what_the_tokenizer_makes_of_its_texts_in_their_order(full_tokenizer, name):
    """The tokenizer finds the special tokens by itself in a sentence that spells none."""
    for query, position in product(QUERIES["ko"], ["before", "after"]):
        entry = write_as(name, query, row_of("이순신은 (수군을) 이끌었다.", "이순신", "수군"))
        row = encode(full_tokenizer, entry, position=position)
        prefix = [text.text for text in entry.prefix]
        asked = [] if entry.query is None else [entry.query.text]
        before, after = (asked, []) if position == "before" else ([], asked)
        first, second = [*prefix, *before], [entry.sentence.text]
        if after:
            first, second = [*first, *second], after
        pair = [full_tokenizer.sep_token.join(texts) for texts in (first, second) if texts]
        wanted = full_tokenizer(*pair, return_token_type_ids=True)
        assert row.tokens.ids == wanted["input_ids"]
        assert row.tokens.types == wanted["token_type_ids"]
        assert not row.is_windowed


formats = st.tuples(
    st.sampled_from([*QUERIES["ko"]]), st.sampled_from(["before", "after"]), st.integers(48, 120)
)


@pytest.mark.parametrize("name", REPRESENTATIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(row=entity_rows(), format_=formats)
@example(
    row=row_of("<subj>이순신</subj>은 <obj>수군</obj> [SUBJ-PER]", "이순신", "수군"),
    format_=("semantic_typing_marked", "before", 48),
)
@example(row=row_of("[SEP]<S:PER>수군", "[SEP]", "<S:PER>"), format_=("prompt2", "after", 48))
@example(row=row_of("\x1f\x1e", "\x1f", "\x1e"), format_=("none", "after", 48))
@example(row=row_of("\x1f이순신\x1e\x1d", "\x1f", "\x1e\x1d"), format_=("question", "before", 60))
@example(
    row=row_of("이순신" * 90 + "《수군》을", "이순신" * 90, "수군"), format_=("none", "after", 48)
)
@example(
    row=row_of("A" * 300 + "가" * 300, "A" * 300, "가" * 300), format_=("prompt4", "after", 50)
)
def test_positions_are_those_of_the_entities_in_every_format(full_tokenizer, name, row, format_):
    query, position, max_tokens = format_
    entry = write_as(name, query, row)
    encoded = encode(full_tokenizer, entry, max_tokens, position)
    ids, spans = encoded.tokens.ids, (encoded.subject, encoded.object)
    assert strip_markers(entry.marked) == row[0]
    assert len(ids) == len(encoded.tokens.types) <= max_tokens
    assert all(0 <= start < end <= len(ids) for start, end in spans)

    own = special_ids(full_tokenizer, entry.sentence)
    asked = special_ids(full_tokenizer, entry.query)
    places = [place for place, token in enumerate(ids) if token in own]
    borders = {border for start, end in spans for border in (start, end - 1)}
    assert places == (sorted(borders) if own else [])
    assert [ids[place] for place in places] == own
    assert [token for token in ids if token in asked] == asked
    if own:
        is_first = row[1].start_char < row[2].start_char
        opening = own[0] if is_first else own[len(own) // 2]
        assert ids[encoded.subject[0]] == opening
    if name.endswith("_punct"):
        for (start, end), mark in zip(spans, "@#", strict=True):
            assert mark in spell(full_tokenizer, ids[start : start + 1])
            assert mark in spell(full_tokenizer, ids[end - 1 : end])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(row=entity_rows(), format_=formats)
@example(row=row_of("이순신은 수군" + "을" * 200, "이순신", "수군"), format_=("none", "after", 48))
@example(
    row=(" 0 0", Entity(" 0", 0, 2, "PER"), Entity(" 0", 2, 4, "ORG")),
    format_=("none", "before", 48),
)
def test_entities_without_markers_are_found_at_their_own_words(full_tokenizer, row, format_):
    query, position, max_tokens = format_
    assume(row[0][0].isprintable())
    entry = write_as("pair_prefix", query, row)
    whole = encode(full_tokenizer, entry, 100_000, position)
    short = encode(full_tokenizer, entry, max_tokens, position)
    alone = full_tokenizer(row[0], split_special_tokens=True, add_special_tokens=False)
    first = first_token_of_sentence(full_tokenizer, entry, whole, position)
    for entity, span, left in (
        (row[1], whole.subject, short.subject),
        (row[2], whole.object, short.object),
    ):
        assert_holds_word(alone, entity, (span[0] - first, span[1] - first))
        tokens, kept = whole.tokens.ids[slice(*span)], short.tokens.ids[slice(*left)]
        tail = (len(kept) - 1) // 2
        assert kept[0] == tokens[0]
        assert len(kept) <= len(tokens)
        assert kept[len(kept) - tail :] == tokens[len(tokens) - tail :]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(row=entity_rows(), name=st.sampled_from([*REPRESENTATIONS]), format_=formats)
def test_windowed_row_of_every_format_keeps_tokens_in_their_order(
    full_tokenizer, row, name, format_
):
    query, position, max_tokens = format_
    entry = write_as(name, query, row)
    short = encode(full_tokenizer, entry, max_tokens, position)
    whole = encode(full_tokenizer, entry, 100_000, position).tokens.ids
    remaining = iter(whole)
    assert all(token in remaining for token in short.tokens.ids)
    assert len(short.tokens.ids) == min(len(whole), max_tokens)
    assert short.is_windowed == (len(whole) > max_tokens)
    separator = full_tokenizer.sep_token_id
    assert Counter(short.tokens.ids)[separator] <= Counter(whole)[separator]


def test_separators_and_markers_stay_when_a_long_prefix_is_cut(wordpiece_tokenizer):
    tokenizer = add_all_tokens(wordpiece_tokenizer)
    row = row_of(
        "이순신 " * 60 + "은 " + "수군 " * 40 + "을 이끌었다.", "이순신 " * 60, "수군 " * 40
    )
    encoded = encode(tokenizer, write_as("pair_prefix", "question", row), 48)
    tokens = tokenizer.convert_ids_to_tokens(encoded.tokens.ids)
    # 48 less 5 special tokens: 21 for two entities' names and the question, 22 for the sentence.
    assert [place for place, name in enumerate(tokens) if name == "[SEP]"] == [8, 16, 39, 47]
    assert tokens[1:8] == ["이순신"] * 7
    assert tokens[9:16] == ["수군"] * 7


def test_first_token_of_an_entity_without_markers_always_stays(wordpiece_tokenizer):
    row = row_of("조선의 이순신 은 수군 #을 이끌었다.", "이순신", "수군")
    entry = write_as("pair_prefix", "none", row)
    encoded = encode(wordpiece_tokenizer, entry, max_tokens=6)
    tokens = wordpiece_tokenizer.convert_ids_to_tokens(encoded.tokens.ids)
    assert tokens == ["[CLS]", "[SEP]", "[SEP]", "이순신", "수군", "[SEP]"]
    assert (encoded.subject, encoded.object) == ((3, 4), (4, 5))
    with pytest.raises(ValueError, match=r"training\.max_tokens"):
        encode(wordpiece_tokenizer, entry, max_tokens=5)


def test_dropped_entity_without_markers_points_at_the_next_token_or_the_last(wordpiece_tokenizer):
    row = ("\x00은 수군\x00", Entity("\x00", 0, 1, "PER"), Entity("\x00", 5, 6, "ORG"))
    encoded = encode(wordpiece_tokenizer, write_as("pair_prefix", "none", row))
    tokens = wordpiece_tokenizer.convert_ids_to_tokens(encoded.tokens.ids)
    assert tokens == ["[CLS]", "[SEP]", "[SEP]", "은", "수군", "[SEP]"]
    assert (encoded.subject, encoded.object) == ((3, 4), (4, 5))


def test_prefix_without_separator_token_is_refused(wordpiece_tokenizer):
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=wordpiece_tokenizer.backend_tokenizer)
    row = row_of("이순신은 수군을 이끌었다.", "이순신", "수군")
    with pytest.raises(ValueError, match=r"no separator token.*input\.name without prefix"):
        encode(tokenizer, write_as("pair_prefix", "none", row))


def test_formats_share_a_batch(wordpiece_tokenizer):
    tokenizer = add_all_tokens(wordpiece_tokenizer)
    row = row_of("이순신은 수군을 이끌었다.", "이순신", "수군")
    entries = [write_as(name, query, row) for name in REPRESENTATIONS for query in QUERIES["ko"]]
    batch = RowEncoder(tokenizer, "before", 64).encode(entries)
    assert batch == [encode(tokenizer, entry, 64, "before") for entry in entries]
