"""Blocks among tokens, read off character offsets."""

import numpy as np
import pytest

from klue_pipeline.relation.encoding.blocks import locate_block
from klue_pipeline.relation.encoding.windows import TokenBlock
from klue_pipeline.relation.inputs.markers import MarkedEntity
from klue_pipeline.text.written_texts import CharSpan


def locate(text, offsets, block, word):
    entity = MarkedEntity(CharSpan(*block), CharSpan(*word))
    return locate_block(text, np.array(offsets, dtype=np.int64).reshape(-1, 2), entity)


def test_markers_are_apart_from_the_word():
    offsets = [(0, 1), (2, 4), (5, 6), (6, 7)]
    assert locate("@ 세종 @은", offsets, (0, 6), (2, 4)) == TokenBlock(0, 1, 2, 3)


def test_piece_that_holds_a_marker_and_more_belongs_to_the_marker():
    offsets = [(0, 3), (3, 4), (4, 7)]
    assert locate("@ 세종 @은", offsets, (0, 6), (2, 4)) == TokenBlock(0, 1, 2, 3)


def test_entity_without_markers_is_its_own_words():
    text = "이순신은 수군을"
    offsets = [(0, 2), (2, 3), (3, 4), (4, 7), (7, 8)]
    assert locate(text, offsets, (0, 3), (0, 3)) == TokenBlock(0, 1, 2, 2)
    assert locate(text, offsets, (5, 7), (5, 7)) == TokenBlock(3, 4, 4, 4)


def test_several_tokens_of_one_character_are_all_its_own():
    assert locate("가나", [(0, 1), (0, 1), (1, 2)], (0, 1), (0, 1)) == TokenBlock(0, 1, 2, 2)


@pytest.mark.parametrize(
    ("offsets", "wanted"),
    [
        ([(0, 1), (3, 4)], TokenBlock(1, 2, 2, 2)),
        ([(0, 1)], TokenBlock(0, 1, 1, 1)),
        ([], TokenBlock(0, 0, 0, 0)),
    ],
    ids=["the next token", "the last token", "no token at all"],
)
def test_entity_whose_characters_are_dropped_gets(offsets, wanted):
    assert locate("가\x00\x01나", offsets, (1, 3), (1, 3)) == wanted


def test_one_token_for_the_whole_entity_has_no_word():
    # A token without width stands at the block's end, as SentencePiece's first blank may.
    offsets = [(0, 10), (10, 10), (10, 11)]
    assert locate("[SUBJ-PER]은", offsets, (0, 10), (10, 10)) == TokenBlock(0, 1, 1, 1)


def test_dropped_marker_is_refused():
    with pytest.raises(ValueError, match=r"No token holds the marker '@' at character 0"):
        locate("@ 세종 @", [(2, 4), (5, 6)], (0, 6), (2, 4))
