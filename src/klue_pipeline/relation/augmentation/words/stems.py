"""The parts of free words that other words may take the place of.

A free word keeps its particle or ending (학교에서, 발표했다): only the stem before it changes.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from klue_pipeline.relation.augmentation.rows.edits import Edit
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.words.free_words import count_of, free_words
from klue_pipeline.text.josa import refit_josa
from klue_pipeline.text.morphemes import Morpheme, separate
from klue_pipeline.text.written_texts import CharSpan


class Stem(NamedTuple):
    """A stretch of a free word that another word may take the place of.

    Attributes:
        text: How the sentence spells it.
        tag: Part of speech of its last morpheme, which is its head in Korean.
        start_char: Place of its first character in the sentence, counted from 0.
        end_char: Place after its last one.
        word_end_char: Place after the last character of the word that it is a part of.
    """

    text: str
    tag: str
    start_char: int
    end_char: int
    word_end_char: int


def find_runs(
    example: Example, morphemes: Sequence[Morpheme], tags: Collection[str]
) -> Iterator[tuple[CharSpan, list[list[Morpheme]]]]:
    """Yield every free word with its runs of morphemes that belong to some parts of speech.

    The morphemes of a run stand side by side and touch no others (학교 of 학교에서, 국회 and 의원
    of 국회의원은). Entities and the words that they are a part of are left out.

    Args:
        example: The row.
        morphemes: The morphemes of its sentence.
        tags: Parts of speech that count.
    """
    replaceable = separate(example.sentence, morphemes)
    starts = [morpheme.start_char for morpheme in replaceable]
    for word in free_words(example):
        first, last = (bisect_left(starts, place) for place in (word.start_char, word.end_char))
        inside = (each for each in replaceable[first:last] if each.end_char <= word.end_char)
        yield word, _join_neighbours(each for each in inside if each.tag in tags)


def _join_neighbours(morphemes: Iterator[Morpheme]) -> list[list[Morpheme]]:
    runs: list[list[Morpheme]] = []
    for morpheme in morphemes:
        if runs and runs[-1][-1].end_char == morpheme.start_char:
            runs[-1].append(morpheme)
        else:
            runs.append([morpheme])
    return runs


def make_stem(example: Example, word: CharSpan, run: Sequence[Morpheme]) -> Stem:
    """Return a run of morphemes of a free word as one stem."""
    start, end = run[0].start_char, run[-1].end_char
    return Stem(example.sentence[start:end], run[-1].tag, start, end, word.end_char)


def replace_stem(example: Example, stem: Stem, text: str) -> Edit:
    """Return the change that puts another word in a stem's place, with the particle that fits it.

    >>> from klue_pipeline.relation.augmentation.rows.edits import apply_edits
    >>> from klue_pipeline.relation.ingest.entities import Entity
    >>> row = Example("0", "이순신은 조선의 장군을 만났다.", Entity("이순신", 0, 3, "PER"),
    ...               Entity("조선", 5, 7, "LOC"), "no_relation")
    >>> stem = Stem("장군", "NNG", 9, 11, 12)
    >>> apply_edits(row, [replace_stem(row, stem, "친구")]).sentence
    '이순신은 조선의 친구를 만났다.'
    """
    ending = example.sentence[stem.end_char : stem.word_end_char]
    new = text + refit_josa(ending, stem.text, text)
    return Edit(stem.start_char, stem.word_end_char, new)


def draw_stems(
    example: Example, stems: Sequence[Stem], share: float, generator: np.random.Generator
) -> list[Stem]:
    """Draw so many stems that a share of the row's free words changes, and at least one.

    Args:
        example: The row.
        stems: What can change in it, at most one stem for each free word.
        share: Share of the free words, with and without a stem.
        generator: Where chance comes from.

    Returns:
        Stems from left to right; all of them if they are fewer, none if there are none.
    """
    count = min(len(stems), count_of(share, len(free_words(example))))
    places = sorted(generator.choice(len(stems), size=count, replace=False)) if count else []
    return [stems[place] for place in places]
