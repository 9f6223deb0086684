"""The user's table of synonyms."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.words.replacements import WordChoice, WordRequest
from klue_pipeline.relation.augmentation.words.stems import Stem, find_runs, make_stem
from klue_pipeline.text.csv_lines import hint_at_header
from klue_pipeline.text.morphemes import Morpheme
from klue_pipeline.text.shortened import list_shortly, shorten
from klue_pipeline.text.written_texts import CharSpan

TABLE_COLUMNS = ("word", "synonym")
# What is not inflected: nouns, adverbs, roots as in 깨끗하다, words in Latin and Hanja letters.
_WORD_TAGS = frozenset({"NNG", "NNP", "NNB", "NR", "MAG", "XR", "SL", "SH"})
_AFFIX_TAGS = frozenset({"XPN", "XSN"})


class SynonymTable:
    """The user's own synonyms, all of a word equally likely.

    A word of the table may be a compound that the analysis takes apart (국회의원). Parts of
    compounds stay (the 회장 of 명예회장), but prefixes and suffixes may be left over (the 들 of
    회장들). A line works in one direction.

    Args:
        synonyms: Word -> its synonyms.
    """

    def __init__(self, synonyms: Mapping[str, Sequence[str]]) -> None:
        self._choices = {
            word: WordChoice(tuple(others), (1 / len(others),) * len(others))
            for word, others in synonyms.items()
        }

    def find_stems(self, example: Example, morphemes: Sequence[Morpheme]) -> list[Stem]:
        """Return the stems that the table knows: at most one for each free word."""
        words = find_runs(example, morphemes, _WORD_TAGS | _AFFIX_TAGS)
        found = (self._find_known(example, word, runs) for word, runs in words)
        return [stem for stem in found if stem]

    def find_words(self, requests: Sequence[WordRequest]) -> list[list[WordChoice]]:
        """Return the synonyms of each stem of each request."""
        return [[self._choices[stem.text] for stem in request.stems] for request in requests]

    def _find_known(
        self, example: Example, word: CharSpan, runs: Sequence[Sequence[Morpheme]]
    ) -> Stem | None:
        spellings = (each for run in runs for each in (run, _without_affixes(run)) if each)
        stems = (make_stem(example, word, spelling) for spelling in spellings)
        return next((stem for stem in stems if stem.text in self._choices), None)


def _without_affixes(run: Sequence[Morpheme]) -> Sequence[Morpheme]:
    kept = [place for place, morpheme in enumerate(run) if morpheme.tag not in _AFFIX_TAGS]
    return run[kept[0] : kept[-1] + 1] if kept else ()


def read_synonyms(table: pd.DataFrame | None) -> SynonymTable:
    """Read the user's table of synonyms.

    Args:
        table: A row ``word``, ``synonym`` for each pair, by line; other columns are not read.

    Raises:
        ValueError: There is no table, columns are missing, or a line lacks one of the two.
    """
    if table is None:
        raise ValueError(
            "augment.eda.synonyms is table, but there is no table; set raw.synonyms to a CSV with "
            "the columns word and synonym, or leave synonym and insert out of "
            "augment.eda.operations."
        )
    _require_columns(table)
    synonyms: dict[str, list[str]] = defaultdict(list)
    pairs = table[list(TABLE_COLUMNS)].itertuples(index=False)
    for line, pair in zip(table.index, pairs, strict=True):
        word, synonym = (_tidy(value) for value in pair)
        if not word or not synonym:
            raise ValueError(
                f"Line {line} of raw.synonyms holds word {shorten(repr(pair[0]))} and synonym "
                f"{shorten(repr(pair[1]))}; "
                "give both, or delete the line."
            )
        if synonym not in (word, *synonyms[word]):
            synonyms[word].append(synonym)
    return SynonymTable({word: others for word, others in synonyms.items() if others})


def _require_columns(table: pd.DataFrame) -> None:
    missing = [column for column in TABLE_COLUMNS if column not in table.columns]
    if missing or table.empty:
        raise ValueError(
            f"raw.synonyms has {len(table)} rows of the columns {list_shortly(table.columns)}; "
            "wanted are word and synonym in the first line, and a row for each pair below it."
            f"{hint_at_header(table.columns, missing)}"
        )


def _tidy(value: Any) -> str:
    return "" if pd.isna(value) else " ".join(str(value).split())
