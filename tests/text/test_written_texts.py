"""Texts put together from pieces: special tokens are known by place, not by spelling."""

from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.text.written_texts import SpecialToken, WrittenText, cut_pieces, join_pieces

pieces = st.one_of(
    st.text(max_size=5), st.sampled_from(["<subj>", "[SEP]"]).map(SpecialToken), st.just("<subj>")
)


@given(st.lists(pieces, max_size=8))
def test_cutting_gives_back_the_special_tokens_and_all_characters(parts):
    written = join_pieces(*parts)
    cut = list(cut_pieces(written))
    assert "".join(piece for _, piece in cut) == written.text == "".join(parts)
    special = [piece for _, piece in cut if isinstance(piece, SpecialToken)]
    assert special == [part for part in parts if isinstance(part, SpecialToken)]
    assert all(piece for _, piece in cut)
    assert all(written.text[start:].startswith(piece) for start, piece in cut)


def test_plain_text_is_one_piece_whatever_it_spells():
    assert list(cut_pieces(WrittenText("<subj>가</subj>"))) == [(0, "<subj>가</subj>")]


def test_empty_text_has_no_piece():
    assert list(cut_pieces(WrittenText(""))) == []
