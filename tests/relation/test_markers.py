"""Marked sentences: exact strings, positions by construction, nothing lost."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klue_pipeline.relation.entities import Entity
from klue_pipeline.relation.markers import REPRESENTATIONS, strip_markers, typed_entity_marker_punct

TYPE_WORDS = {"PER": "사람", "ORG": "조직"}
TRICKY = "@#*^ 가나이순신李舜臣😀👨‍👩‍👧\u0301\u200b\u200d\ufeff\"'《》〈〉\n\tABC1①ﬁ㎡½"
texts = st.text(st.one_of(st.sampled_from(TRICKY), st.characters(exclude_categories=["Cs"])))


@st.composite
def entity_rows(draw):
    """A sentence of any text with two entities in either order, and often equal words."""
    first = draw(texts.filter(bool))
    second = draw(st.one_of(st.just(first), texts.filter(bool)))
    before, between, after = draw(texts), draw(texts), draw(texts)
    sentence = before + first + between + second + after
    start = len(before) + len(first) + len(between)
    entities = [
        Entity(first, len(before), len(before) + len(first), "PER"),
        Entity(second, start, start + len(second), "ORG"),
    ]
    return sentence, *draw(st.permutations(entities))


def mark(sentence, subject, object_, type_words=TYPE_WORDS):
    return typed_entity_marker_punct(sentence, subject, object_, type_words)


def entity(sentence, word, entity_type, start=None):
    start = sentence.index(word) if start is None else start
    return Entity(word, start, start + len(word), entity_type)


def test_markers_are_those_of_the_paper_and_the_particle_follows_at_once():
    sentence = "이순신은 수군을 이끌었다."
    subject, object_ = entity(sentence, "이순신", "PER"), entity(sentence, "수군", "ORG")
    marked = mark(sentence, subject, object_)
    assert marked.text == "@ * 사람 * 이순신 @은 # ^ 조직 ^ 수군 #을 이끌었다."
    reversed_roles = mark(sentence, object_, subject)
    assert reversed_roles.text == "# ^ 사람 ^ 이순신 #은 @ * 조직 * 수군 @을 이끌었다."


def test_neighbouring_entities_at_both_ends_of_the_sentence():
    subject, object_ = Entity("세종", 0, 2, "PER"), Entity("대왕", 2, 4, "POH")
    marked = mark("세종대왕", subject, object_, {"PER": "사람", "POH": "기타"})
    assert marked.text == "@ * 사람 * 세종 @# ^ 기타 ^ 대왕 #"


def test_second_of_two_equal_words_is_the_one_marked():
    sentence = "서울은 서울이다, @서울#."
    subject = entity(sentence, "서울", "LOC", start=4)
    object_ = entity(sentence, "서울", "LOC", start=11)
    marked = mark(sentence, subject, object_, {"LOC": "장소"})
    assert marked.text == "서울은 @ * 장소 * 서울 @이다, @# ^ 장소 ^ 서울 ##."


def test_type_without_a_word_shows_itself():
    marked = mark("가 나", Entity("가", 0, 1, "NAVY"), Entity("나", 2, 3, "ORG"))
    assert marked.text == "@ * NAVY * 가 @ # ^ 조직 ^ 나 #"


@pytest.mark.parametrize("representation", REPRESENTATIONS.values(), ids=REPRESENTATIONS)
@given(row=entity_rows())
@example(row=("@ * 사람 * 이순신 @", Entity("@", 0, 1, "PER"), Entity("* 이", 7, 10, "ORG")))
def test_every_representation_keeps_the_text_and_knows_its_places(representation, row):
    sentence, subject, object_ = row
    marked = representation(sentence, subject, object_, TYPE_WORDS)
    assert strip_markers(marked) == sentence
    for place, original in ((marked.subject, subject), (marked.object, object_)):
        assert marked.text[place.word.start_char : place.word.end_char] == original.text
        assert place.block.start_char < place.word.start_char
        assert place.word.end_char < place.block.end_char
    first, second = sorted(
        (marked.subject, marked.object), key=lambda place: place.block.start_char
    )
    assert first.block.end_char <= second.block.start_char
    assert (first is marked.subject) == (subject.start_char < object_.start_char)


@given(row=entity_rows())
def test_blocks_are_the_words_in_their_markers(row):
    sentence, subject, object_ = row
    marked = mark(sentence, subject, object_)
    blocks = [
        marked.text[place.block.start_char : place.block.end_char]
        for place in (marked.subject, marked.object)
    ]
    words = [TYPE_WORDS[subject.type], TYPE_WORDS[object_.type]]
    assert blocks == [f"@ * {words[0]} * {subject.text} @", f"# ^ {words[1]} ^ {object_.text} #"]


@pytest.mark.parametrize(
    ("subject", "object_"),
    [((0, 3), (2, 4)), ((0, 2), (0, 2)), ((1, 1), (2, 3)), ((-1, 1), (2, 3)), ((0, 1), (3, 9))],
    ids=["overlapping", "equal", "empty", "before the start", "behind the end"],
)
def test_unusable_spans_are_refused(subject, object_):
    with pytest.raises(ValueError, match="do not overlap"):
        mark("가나다라", Entity("가", *subject, "PER"), Entity("나", *object_, "ORG"))
