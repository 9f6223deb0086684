"""Easy data augmentation on words outside of the entities (Wei & Zou, 2019), for Korean.

Where the paper has English words, there are two things here. A synonym takes the place of a stem,
and the particle behind it is made to fit; whole words between blanks, particle included, are
swapped and deleted.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from klue_pipeline.relation.augmentation.rows.context import Augment, AugmentContext
from klue_pipeline.relation.augmentation.rows.edits import Edit, apply_edits
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.words.free_words import (
    count_of,
    free_words,
    mark_places,
    maskable_words,
)
from klue_pipeline.relation.augmentation.words.replacements import WordSource, draw_replacements
from klue_pipeline.relation.augmentation.words.stems import Stem, replace_stem
from klue_pipeline.relation.augmentation.words.synonyms import read_synonyms
from klue_pipeline.relation.settings.augment_params import EdaParams
from klue_pipeline.text.written_texts import CharSpan

NO_CHANGE = {
    "synonym": "synonym: no word outside of the entities has one",
    "insert": "insert: no word outside of the entities has a synonym",
    "swap": "swap: no two words outside of the entities to swap",
    "delete": "delete: no word outside of the entities to spare",
}
"""Why an operation could not change a row."""

_UP_TO_LAST_BLANK = re.compile(r".*\s", re.DOTALL)
_GUESSES_OF_A_WORD = 10
_ROWS_PER_BATCH = 32


NewWord = tuple[Stem, str]
"""A stem, and the word that could take its place."""


class _Copy(NamedTuple):
    """A new row in the making: where it starts, what happens to it, where its chance comes from."""

    example: Example
    operation: str
    generator: np.random.Generator


def build_eda(params: EdaParams, context: AugmentContext) -> Augment:
    """Gather the words that may come in and return the method.

    Of each row, ``copies`` new ones are made; each undergoes one drawn operation, which changes
    ``alpha`` of the words outside of the entities, at least one. A copy whose operation finds
    nothing to change is counted and left out. What a copy becomes does not depend on how many there
    are.

    ``synonyms: table`` reads the user's table; ``synonyms: model`` takes the likeliest common nouns
    that a masked language model sees in a noun's place, which fit the sentence but need not mean
    the same.

    Args:
        params: Operations, shares, and where words come from.
        context: The user's table, and where chance comes from.

    Raises:
        OSError: There is no tokenizer to load.
        ValueError: The table is missing or lacks something, or the model cannot be used.
    """
    source = None if params.synonyms is None else SYNONYM_SOURCES[params.synonyms](params, context)
    return lambda chunk: _make_rows(chunk, params, source, context)


def _table(params: EdaParams, context: AugmentContext) -> WordSource:  # noqa: ARG001
    return read_synonyms(context.resources.synonyms)


def _model(params: EdaParams, context: AugmentContext) -> WordSource:  # noqa: ARG001
    from klue_pipeline.relation.augmentation.words.noun_tokens import COMMON_NOUN
    from klue_pipeline.relation.augmentation.words.word_guesses import load_guesses

    return load_guesses(
        str(params.model),
        {COMMON_NOUN},
        method="eda",
        top_k=_GUESSES_OF_A_WORD,
        batch_size=_ROWS_PER_BATCH,
        device="auto",
    )


SYNONYM_SOURCES: dict[str, Callable[[EdaParams, AugmentContext], WordSource]] = {
    "table": _table,
    "model": _model,
}
"""Where synonyms come from, by ``augment.eda.synonyms``."""


def _make_rows(
    chunk: Sequence[Example], params: EdaParams, source: WordSource | None, context: AugmentContext
) -> Iterator[Example]:
    copies = [copy for row in chunk for copy in _draw_copies(row, params, context)]
    replacements = {} if source is None else _find_replacements(copies, params.alpha, source)
    for place, (row, operation, generator) in enumerate(copies):
        if operation in NEW_WORD_OPERATIONS:
            edits = NEW_WORD_OPERATIONS[operation](row, replacements[place], generator)
        else:
            edits = REARRANGING_OPERATIONS[operation](row, params.alpha, generator)
        if edits:
            yield apply_edits(row, edits)
        else:
            context.skipped[NO_CHANGE[operation]] += 1


def _draw_copies(row: Example, params: EdaParams, context: AugmentContext) -> Iterator[_Copy]:
    for generator in context.generator(row.row_id).spawn(params.copies):
        operation = params.operations[generator.integers(len(params.operations))]
        yield _Copy(row, operation, generator)


def _find_replacements(
    copies: Sequence[_Copy], alpha: float, source: WordSource
) -> dict[int, list[NewWord]]:
    """Draw the replacements of each copy that needs any; returned by the copy's place."""
    needy = {n: copy for n, copy in enumerate(copies) if copy.operation in NEW_WORD_OPERATIONS}
    rows = [copy.example for copy in needy.values()]
    generators = [copy.generator for copy in needy.values()]
    drawn = draw_replacements(rows, generators, alpha, source)
    return {
        n: [(stem, word) for stem, word in replacements if word is not None]
        for n, replacements in zip(needy, drawn, strict=True)
    }


def replace_words(
    example: Example,
    replacements: Sequence[NewWord],
    generator: np.random.Generator,  # noqa: ARG001
) -> list[Edit]:
    """Put each word in the place of its stem."""
    return [replace_stem(example, stem, word) for stem, word in replacements]


def insert_words(
    example: Example, replacements: Sequence[NewWord], generator: np.random.Generator
) -> list[Edit]:
    """Put each word somewhere else: before a drawn word, but not inside an entity."""
    places = mark_places(example)
    count = min(len(places), len(replacements))
    chosen = generator.choice(len(places), size=count, replace=False)
    pairs = zip((places[place] for place in chosen), replacements, strict=False)
    return [Edit(place, place, f"{word} ") for place, (_, word) in pairs]


def swap_words(example: Example, alpha: float, generator: np.random.Generator) -> list[Edit]:
    """Let words change places in pairs, so that ``alpha`` of the free words move, or else two.

    The marks around words stay where they are. So does the sentence's last word: what stands before
    a Korean predicate may change places, the predicate may not.
    """
    waiting = [_spell(example, word) for word in _words_before_last(example)]
    generator.shuffle(waiting)
    edits: list[Edit] = []
    for _ in range(count_of(alpha / 2, len(free_words(example)))):
        pair = _take_pair(waiting)
        edits += (
            [Edit(*pair[0][:2], pair[1].text), Edit(*pair[1][:2], pair[0].text)] if pair else []
        )
    return edits


def _take_pair(waiting: list[Edit]) -> tuple[Edit, Edit] | None:
    """Take the first word off a list, and the next one that is another word."""
    while waiting:
        first = waiting.pop(0)
        for place, second in enumerate(waiting):
            if second.text != first.text:
                return first, waiting.pop(place)
    return None


def delete_words(example: Example, alpha: float, generator: np.random.Generator) -> list[Edit]:
    """Drop ``alpha`` of the free words, at least one, each with the blank behind it.

    At least one free word stays. So do words with a mark at them, such as half of a pair of quotes,
    and the sentence's last word, which is its predicate.
    """
    free = free_words(example)
    words = [word for word in _words_before_last(example) if word in free]
    count = min(count_of(alpha, len(free)), len(words), len(free) - 1)
    if count < 1:
        return []
    chosen = generator.choice(len(words), size=count, replace=False).tolist()
    return [_delete(example, words[place]) for place in chosen]


def _delete(example: Example, word: CharSpan) -> Edit:
    rest = example.sentence[word.end_char :]
    next_word = len(example.sentence) - len(rest.lstrip())
    borders = [entity.start_char for entity in example.entities]
    # An entity of the raw file may start with a blank.
    end = min([next_word, *(border for border in borders if border >= word.end_char)])
    return Edit(word.start_char, end, "")


def _words_before_last(example: Example) -> list[CharSpan]:
    before_last = _UP_TO_LAST_BLANK.match(example.sentence.rstrip())
    last_start = before_last.end() if before_last else 0
    return [word for word in maskable_words(example) if word.start_char < last_start]


def _spell(example: Example, word: CharSpan) -> Edit:
    text = example.sentence[word.start_char : word.end_char]
    return Edit(word.start_char, word.end_char, text)


NEW_WORD_OPERATIONS: dict[
    str, Callable[[Example, Sequence[NewWord], np.random.Generator], list[Edit]]
] = {"synonym": replace_words, "insert": insert_words}
"""Operations that bring in words, by name."""

REARRANGING_OPERATIONS: dict[str, Callable[[Example, float, np.random.Generator], list[Edit]]] = {
    "swap": swap_words,
    "delete": delete_words,
}
"""Operations on the words that are there, by name."""
