"""Passages are pieces of their document that leave out nothing but blanks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.odqa.ingest.documents import RawDocument
from klue_pipeline.odqa.passages.cutting import CUTTERS
from klue_pipeline.odqa.settings.ingest_params import PassagesParams
from klue_pipeline.text.blanks import without_blanks

WORDS = ["서울은 수도다. ", "한강이 흐른다!\\n\\n", "가" * 30, '"그래?"']
PIECES = [*WORDS, "😀", "漢字", " ", "\n", "\u1100\u1161"]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=15).map("".join)


def params(name, **given):
    return PassagesParams(name=name, near_duplicate_similarity=0.8, add_contexts=False, **given)


def cut(text, chosen):
    ((document, spans),) = CUTTERS[chosen.name]([RawDocument(1, "d", text=text)], chosen)
    return [document.text[span.start_char : span.end_char] for span in spans], spans


@pytest.mark.parametrize(
    "chosen",
    [
        params("none"),
        params("characters", max_characters=20, overlap_characters=0),
        params("characters", max_characters=25, overlap_characters=24),
        params("sentences", max_characters=20),
        params("sentences", max_characters=200),
    ],
    ids=lambda chosen: f"{chosen.name} {chosen.max_characters}",
)
@settings(max_examples=20, deadline=None)
@given(text=TEXTS.filter(without_blanks))
def test_every_letter_is_in_a_passage_of_the_wanted_size(chosen, text):
    pieces, spans = cut(text, chosen)
    covered = {place for span in spans for place in range(span.start_char, span.end_char)}
    left = "".join(letter for place, letter in enumerate(text) if place not in covered)
    assert not without_blanks(left)
    assert all(without_blanks(piece) for piece in pieces)
    assert len(set(spans)) == len(spans)
    assert [span.start_char for span in spans] == sorted(span.start_char for span in spans)
    if chosen.name == "none":
        assert pieces == [text]
    else:
        assert max(map(len, pieces)) <= chosen.max_characters
        assert [piece.strip() for piece in pieces] == pieces


def test_characters_overlap_and_sentences_stay_whole():
    text = "서울은 대한민국의 수도다. 부산은 항구다. 대전은 과학의 도시다."
    pieces, _ = cut(text, params("characters", max_characters=20, overlap_characters=10))
    assert [piece[:4] for piece in pieces] == ["서울은 ", "수도다.", "구다. "]
    pieces, _ = cut(text, params("sentences", max_characters=26))
    assert pieces == ["서울은 대한민국의 수도다. 부산은 항구다.", "대전은 과학의 도시다."]


def test_a_quotation_mark_that_is_never_closed_spoils_its_own_paragraph_alone():
    sentences = ["서울은 대한민국의 수도다.", "부산은 항구다.", "대전은 과학의 도시다."]
    text = '그는 "서울이라고 말했다.\\n\\n' + " ".join(sentences)
    pieces, _ = cut(text, params("sentences", max_characters=20))
    assert pieces[-3:] == sentences


def test_documents_are_cut_one_by_one_each_with_its_own_sentences():
    texts = ["서울은 수도다. 부산은 항구다.", "한 줄", "대전은 도시다.\n\n한강은 강이다."]
    documents = [RawDocument(n, f"d{n}", text=text) for n, text in enumerate(texts, start=1)]
    found = CUTTERS["sentences"](documents, params("sentences", max_characters=500))
    for (document, spans), text in zip(found, texts, strict=True):
        assert document.text == text
        assert [text[span.start_char : span.end_char] for span in spans] == [text]
