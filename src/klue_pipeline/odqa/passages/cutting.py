"""Where documents are cut into passages."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import tee

from klue_pipeline.odqa.ingest.documents import RawDocument
from klue_pipeline.odqa.settings.ingest_params import PassagesParams
from klue_pipeline.text.blanks import blank_out_breaks, without_blanks
from klue_pipeline.text.morphemes import split_sentences
from klue_pipeline.text.written_texts import CharSpan

_PARAGRAPH = re.compile(r"[^\n]{1,10000}")
"""At most so many characters at a time: over more, Kiwi takes longer than in proportion."""

CutDocuments = Iterator[tuple[RawDocument, list[CharSpan]]]
"""Documents, each with the places of its passages in the order of the text."""


def leave_whole(documents: Iterable[RawDocument], _: PassagesParams) -> CutDocuments:
    """Make one passage of each document."""
    for document in documents:
        yield document, [CharSpan(0, len(document.text))]


def cut_characters(documents: Iterable[RawDocument], params: PassagesParams) -> CutDocuments:
    """Cut after so many characters, each passage sharing some with the one before it."""
    for document in documents:
        size = params.max_characters or len(document.text)
        spans = windows(len(document.text), size, params.overlap_characters or 0)
        yield document, _without_margins(document.text, spans)


def cut_sentences(documents: Iterable[RawDocument], params: PassagesParams) -> CutDocuments:
    """Put sentences together as long as they fit; one that is too long is cut by characters.

    Kiwi finds the sentences on all cores, a few documents ahead. It gets a paragraph at a time: a
    quotation mark that is never closed would make one sentence of all that follows.
    """
    documents, ahead = tee(documents)
    found = split_sentences(
        paragraph for document in ahead for _, paragraph in _paragraphs(document.text)
    )
    for document in documents:
        sentences = [
            CharSpan(begin + span.start_char, begin + span.end_char)
            for (begin, _), spans in zip(_paragraphs(document.text), found, strict=False)
            for span in spans
        ]
        size = params.max_characters or len(document.text)
        yield document, _without_margins(document.text, pack(sentences, size))


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the stretches between line breaks with their places."""
    for match in _PARAGRAPH.finditer(blank_out_breaks(text)):
        yield match.start(), match.group()


def windows(n_characters: int, size: int, overlap: int) -> list[CharSpan]:
    """Return stretches of at most ``size`` characters that cover a text.

    >>> [(span.start_char, span.end_char) for span in windows(10, size=4, overlap=1)]
    [(0, 4), (3, 7), (6, 10)]
    """
    last = max(n_characters - overlap, 1)
    starts = range(0, last, size - overlap)
    return [CharSpan(start, min(start + size, n_characters)) for start in starts]


def pack(sentences: Iterable[CharSpan], size: int) -> Iterator[CharSpan]:
    """Join neighbours up to a size.

    >>> spans = [CharSpan(0, 3), CharSpan(4, 7), CharSpan(8, 20)]
    >>> [(span.start_char, span.end_char) for span in pack(spans, size=8)]
    [(0, 7), (8, 16), (16, 20)]
    """
    start = end = 0
    for sentence in sentences:
        if sentence.end_char - start > size:
            yield from _cut_long(start, end, size)
            start = sentence.start_char
        end = sentence.end_char
    yield from _cut_long(start, end, size)


def _cut_long(start: int, end: int, size: int) -> Iterator[CharSpan]:
    for span in windows(end - start, size, overlap=0) if start < end else ():
        yield CharSpan(start + span.start_char, start + span.end_char)


def _without_margins(text: str, spans: Iterable[CharSpan]) -> list[CharSpan]:
    """Take blanks off both ends; what is blank altogether is no passage."""
    trimmed: dict[CharSpan, None] = {}
    for span in spans:
        piece = text[span.start_char : span.end_char]
        start = span.start_char + len(piece) - len(piece.lstrip())
        if without_blanks(piece):
            trimmed[CharSpan(start, start + len(piece.strip()))] = None
    return list(trimmed)


CUTTERS: dict[str, Callable[[Iterable[RawDocument], PassagesParams], CutDocuments]] = {
    "none": leave_whole,
    "characters": cut_characters,
    "sentences": cut_sentences,
}
"""Every way to cut, by its name."""
