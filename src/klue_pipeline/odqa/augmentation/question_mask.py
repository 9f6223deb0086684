"""The mask token takes the place of some content words of a question."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from klue_pipeline.odqa.augmentation.question_row import NewRows, QuestionRow, draw_rows
from klue_pipeline.odqa.settings.reader_params import QuestionAugmentParams
from klue_pipeline.text.morphemes import Morpheme, analyse, separate
from klue_pipeline.text.written_texts import MASK_TEXT

_CONTENT_TAGS = frozenset({"NNG", "NNP", "VV", "VA"})
"""Nouns, verbs and adjectives. What asks is none of them: 누구, 언제 and 몇 stay."""
_LEAST_WORDS = 2


def mask_questions(rows: Sequence[QuestionRow], params: QuestionAugmentParams) -> NewRows:
    """Make a masked copy of a share of the questions.

    As many content words are masked as the settings allow, and never all of them. A question that
    spells the mask itself is left out, because nobody could tell it from a mask.
    """
    settings, made = params.question_mask, NewRows()
    drawn = draw_rows(rows, params.seed, "question_mask", settings.share)
    usable = [(row, generator) for row, generator in drawn if MASK_TEXT not in row.question]
    made.left_out[f"the question spells {MASK_TEXT}"] += len(drawn) - len(usable)
    analysed = analyse(row.question for row, _ in usable)
    for (row, generator), morphemes in zip(usable, analysed, strict=True):
        words = content_words(row.question, morphemes)
        if len(words) < _LEAST_WORDS:
            made.left_out[f"fewer than {_LEAST_WORDS} content words"] += 1
            continue
        n_masks = min(settings.max_words, len(words) - 1)
        chosen = np.sort(generator.choice(len(words), n_masks, replace=False))
        masked = _mask(row.question, [words[place] for place in chosen.tolist()])
        made.rows.append(replace(row, question=masked))
    return made


def content_words(question: str, morphemes: Sequence[Morpheme]) -> list[Morpheme]:
    """Return nouns and stems that share no letter with anything else.

    >>> question = "이순신이 거북선을 만든 해는 언제인가?"
    >>> [word.form for word in content_words(question, next(analyse([question])))]
    ['이순신', '거북선', '해']
    """
    return [word for word in separate(question, morphemes) if word.tag in _CONTENT_TAGS]


def _mask(question: str, words: Sequence[Morpheme]) -> str:
    """Put masks in the place of words, from the last to the first."""
    for word in reversed(words):
        question = question[: word.start_char] + MASK_TEXT + question[word.end_char :]
    return question
