"""Marked sentences: exact strings, positions by construction, nothing lost."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.inputs.markers import (
    REPRESENTATIONS,
    strip_markers,
    typed_entity_marker_punct,
)
from klue_pipeline.relation.settings.params import InputParams

TYPE_WORDS = {"PER": "사람", "ORG": "조직"}
TRICKY = "@#*^ 가나이순신李舜臣😀👨‍👩‍👧\u0301\u200b\u200d\ufeff\"'《》〈〉\n\tABC1①ﬁ㎡½"
texts = st.text(st.one_of(st.sampled_from(TRICKY), st.characters(exclude_categories=["Cs"])))


@st.composite
def entity_rows(draw, types=("PER", "ORG")):
    """A sentence of any text with two entities in either order, and often equal words."""
    first = draw(texts.filter(bool))
    second = draw(st.one_of(st.just(first), texts.filter(bool)))
    before, between, after = draw(texts), draw(texts), draw(texts)
    sentence = before + first + between + second + after
    start = len(before) + len(first) + len(between)
    entities = [
        Entity(first, len(before), len(before) + len(first), types[0]),
        Entity(second, start, start + len(second), types[1]),
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


def test_second_of_two_equal_words_is_the_one_marked():
    sentence = "서울은 서울이다, @서울#."
    subject = entity(sentence, "서울", "LOC", start=4)
    object_ = entity(sentence, "서울", "LOC", start=11)
    marked = mark(sentence, subject, object_, {"LOC": "장소"})
    assert marked.text == "서울은 @ * 장소 * 서울 @이다, @# ^ 장소 ^ 서울 ##."


def test_type_without_a_word_shows_itself():
    marked = mark("가 나", Entity("가", 0, 1, "NAVY"), Entity("나", 2, 3, "ORG"))
    assert marked.text == "@ * NAVY * 가 @ # ^ 조직 ^ 나 #"


@pytest.mark.parametrize(
    ("name", "text", "prefix"),
    [
        ("pair_prefix", "수군은 이순신을 따랐다.", ("이순신", "수군")),
        ("entity_marker", "<obj>수군</obj>은 <subj>이순신</subj>을 따랐다.", ()),
        (
            "entity_marker_with_prefix",
            "<obj>수군</obj>은 <subj>이순신</subj>을 따랐다.",
            ("이순신-수군",),
        ),
        ("typed_entity_marker", "<O:ORG>수군</O:ORG>은 <S:PER>이순신</S:PER>을 따랐다.", ()),
        ("entity_marker_punct", "# 수군 #은 @ 이순신 @을 따랐다.", ()),
        ("typed_entity_marker_punct", "# ^ 조직 ^ 수군 #은 @ * 사람 * 이순신 @을 따랐다.", ()),
        ("entity_mask", "[OBJ-ORG]은 [SUBJ-PER]을 따랐다.", ()),
    ],
)
def test_every_representation_writes_its_own_string(name, text, prefix):
    sentence = "수군은 이순신을 따랐다."
    subject, object_ = entity(sentence, "이순신", "PER"), entity(sentence, "수군", "ORG")
    marked = REPRESENTATIONS[name](sentence, subject, object_, TYPE_WORDS)
    assert (marked.text, marked.prefix) == (text, prefix)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("typed_entity_marker", "<S>가</S> <O>나</O>"),
        ("entity_mask", "[SUBJ] [OBJ]"),
    ],
)
def test_type_without_a_token_gets_the_one_for_any_type(name, text):
    entities = Entity("가", 0, 1, "NAVY"), Entity("나", 2, 3, "PER:X")
    assert REPRESENTATIONS[name]("가 나", *entities, TYPE_WORDS).text == text


@pytest.mark.parametrize(
    ("name", "neither", "no_subject_type", "no_object_type"),
    [
        ("typed_entity_marker_punct", "@ 가 @ # 나 #", "@ 가 @ # ^ 조직 ^ 나 #",
         "@ * 사람 * 가 @ # 나 #"),
        ("typed_entity_marker", "<S>가</S> <O>나</O>", "<S>가</S> <O:ORG>나</O:ORG>",
         "<S:PER>가</S:PER> <O>나</O>"),
        ("entity_mask", "[SUBJ] [OBJ]", "[SUBJ] [OBJ-ORG]", "[SUBJ-PER] [OBJ]"),
    ],
)  # fmt: skip
def test_an_entity_without_a_type_gets_untyped_markers(
    name, neither, no_subject_type, no_object_type
):
    def text(*types):
        entities = Entity("가", 0, 1, types[0]), Entity("나", 2, 3, types[1])
        return REPRESENTATIONS[name]("가 나", *entities, TYPE_WORDS).text

    assert text("NONE", "NONE") == neither
    assert text("NONE", "ORG") == no_subject_type
    assert text("PER", "NONE") == no_object_type


def test_a_user_may_give_rows_without_types_a_word():
    entities = Entity("가", 0, 1, "NONE"), Entity("나", 2, 3, "ORG")
    marked = mark("가 나", *entities, TYPE_WORDS | {"NONE": "미상"})
    assert marked.text == "@ * 미상 * 가 @ # ^ 조직 ^ 나 #"


def test_settings_offer_exactly_the_representations_there_are():
    offered = InputParams.model_json_schema()["properties"]["name"]["enum"]
    assert sorted(offered) == sorted(REPRESENTATIONS)


@pytest.mark.parametrize("name", REPRESENTATIONS)
@given(row=st.one_of(entity_rows(), entity_rows(("NONE", "ORG")), entity_rows(("NONE", "NONE"))))
@example(row=("@ * 사람 * 이순신 @", Entity("@", 0, 1, "PER"), Entity("* 이", 7, 10, "ORG")))
@example(row=("<subj>[SUBJ-PER]", Entity("<subj>", 0, 6, "PER"), Entity("[SUBJ-PER]", 6, 16, "X")))
def test_every_representation_keeps_the_text_and_knows_its_places(name, row):
    sentence, subject, object_ = row
    marked = REPRESENTATIONS[name](sentence, subject, object_, TYPE_WORDS)
    assert strip_markers(marked) == sentence
    for place, original in ((marked.subject, subject), (marked.object, object_)):
        word = marked.text[place.word.start_char : place.word.end_char]
        assert (word, place.hidden_word) in [(original.text, ""), ("", original.text)]
        assert (place.block == place.word) == (name == "pair_prefix")
        assert place.block.start_char <= place.word.start_char
        assert place.word.end_char <= place.block.end_char
    first, second = sorted(
        (marked.subject, marked.object), key=lambda place: place.block.start_char
    )
    assert first.block.end_char <= second.block.start_char
    assert (first is marked.subject) == (subject.start_char < object_.start_char)


@pytest.mark.parametrize(
    "name", ["entity_marker", "entity_marker_with_prefix", "typed_entity_marker", "entity_mask"]
)
@given(row=entity_rows())
def test_special_tokens_stand_at_the_borders_of_the_blocks_and_nowhere_else(name, row):
    sentence, subject, object_ = row
    marked = REPRESENTATIONS[name](sentence, subject, object_, TYPE_WORDS)
    borders = set()
    for place in (marked.subject, marked.object):
        borders |= {
            (place.block.start_char, place.word.start_char),
            (place.word.end_char, place.block.end_char),
        }
    wanted = sorted(border for border in borders if border[0] < border[1])
    assert [(span.start_char, span.end_char) for span in marked.special] == wanted


@pytest.mark.parametrize(
    "name", ["pair_prefix", "entity_marker_punct", "typed_entity_marker_punct"]
)
def test_plain_representations_have_no_special_tokens(name):
    entities = Entity("<subj>", 0, 6, "PER"), Entity("나", 7, 8, "ORG")
    assert REPRESENTATIONS[name]("<subj> 나", *entities, TYPE_WORDS).special == ()


@given(row=st.one_of(entity_rows(), entity_rows(("NONE", "NONE"))))
@example(row=("@ 가 @나", Entity("가", 2, 3, "NONE"), Entity("@", 4, 5, "NONE")))
def test_blocks_are_the_words_in_their_markers(row):
    sentence, subject, object_ = row
    marked = mark(sentence, subject, object_)
    blocks = [
        marked.text[place.block.start_char : place.block.end_char]
        for place in (marked.subject, marked.object)
    ]
    types = [TYPE_WORDS.get(entity.type) for entity in (subject, object_)]
    inside = [
        f"* {types[0]} * " if types[0] else "",
        f"^ {types[1]} ^ " if types[1] else "",
    ]
    assert blocks == [f"@ {inside[0]}{subject.text} @", f"# {inside[1]}{object_.text} #"]


@pytest.mark.parametrize(
    ("subject", "object_"),
    [((0, 3), (2, 4)), ((0, 2), (0, 2)), ((1, 1), (2, 3)), ((-1, 1), (2, 3)), ((0, 1), (3, 9))],
    ids=["overlapping", "equal", "empty", "before the start", "behind the end"],
)
def test_unusable_spans_are_refused(subject, object_):
    with pytest.raises(ValueError, match="do not overlap"):
        mark("가나다라", Entity("가", *subject, "PER"), Entity("나", *object_, "ORG"))
