"""How right an answer is: exact match and F1, as the official scripts of KorQuAD and SQuAD count.

KorQuAD 1.0 (Lim, Kim & Lee 2019; script ``evaluate-v1.0.py``) compares characters, because words
in Korean end in particles. SQuAD 1.1 (Rajpurkar et al. 2016) compares words and leaves out English
articles. Of several gold answers the one counts that is met best.
"""

import re
import string
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

import pandas as pd

EXACT_MATCH, CHARACTER_F1 = "exact_match", "character_f1"
SQUAD_EXACT_MATCH, SQUAD_F1 = "squad_exact_match", "squad_f1"
ANSWER_METRICS = (EXACT_MATCH, CHARACTER_F1, SQUAD_EXACT_MATCH, SQUAD_F1)
"""Columns of :func:`score_answers`."""

_QUOTES = str.maketrans(dict.fromkeys("'\"《》<>〈〉()‘’", " "))
_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation))
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_REMEMBERED = 2**16
"""Answers of one run are compared again and again: by variants, by depths."""

Scores = tuple[float, ...]
"""One number for each of :data:`ANSWER_METRICS`."""


def normalise_answer(text: str) -> str:
    """Write an answer as KorQuAD compares it.

    Quotation marks and brackets become blanks, other ASCII punctuation vanishes, letters become
    small, blanks single.

    >>> normalise_answer("《토지》  (小說)"), normalise_answer("U.S.A.")
    ('토지 小說', 'usa')
    """
    # In the official order: a mark within a word parts it, a full stop does not.
    return " ".join(text.translate(_QUOTES).lower().translate(_PUNCTUATION).split())


def normalise_squad_answer(text: str) -> str:
    """Write an answer as SQuAD compares it.

    >>> normalise_squad_answer("The  Beatles!"), normalise_squad_answer("《토지》")
    ('beatles', '《토지》')
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(prediction: str, golds: Collection[str]) -> float:
    """Return 1 if an answer is one of the gold answers, as KorQuAD compares them, and else 0.

    >>> exact_match("박경리", ["박 경리"]), exact_match("〈토지〉", ["소설", "토지"])
    (0.0, 1.0)
    """
    return max(_score_pair(prediction, gold)[0] for gold in _require_golds(golds))


def character_f1(prediction: str, golds: Collection[str]) -> float:
    """Return the F1 of an answer's characters, 0 to 1: KorQuAD's.

    Characters are counted, wherever they stand; blanks are none.

    >>> character_f1("박경리가", ["박 경리"])
    0.8571428571428571
    """
    return max(_score_pair(prediction, gold)[1] for gold in _require_golds(golds))


def score_answers(predictions: Sequence[str], golds: Sequence[Collection[str]]) -> pd.DataFrame:
    """Score the answers of many questions.

    Args:
        predictions: An answer for each question; an empty text is wrong.
        golds: The gold answers of each; at least one.

    Returns:
        A row for each question, 0 to 1: ``exact_match``, ``character_f1``, ``squad_exact_match``
        and ``squad_f1``.

    Raises:
        ValueError: The numbers differ, or a question has no gold answer.
    """
    if len(predictions) != len(golds):
        raise ValueError(
            f"Found {len(predictions)} answers and gold answers of {len(golds)} questions; one "
            "for each question was wanted."
        )
    scores = [_best(prediction, own) for prediction, own in zip(predictions, golds, strict=True)]
    return pd.DataFrame(scores, columns=list(ANSWER_METRICS), dtype="float64")


def _best(prediction: str, golds: Collection[str]) -> Scores:
    scores = [_score_pair(prediction, gold) for gold in _require_golds(golds)]
    return tuple(map(max, zip(*scores, strict=True)))


def _require_golds(golds: Collection[str]) -> Collection[str]:
    if not len(golds):
        raise ValueError("Found a question without a gold answer; judge those that have one.")
    return golds


@lru_cache(_REMEMBERED)
def _score_pair(prediction: str, gold: str) -> Scores:
    """Return the four metrics of an answer and one gold answer."""
    own, wanted = normalise_answer(prediction), normalise_answer(gold)
    squad_own, squad_wanted = normalise_squad_answer(prediction), normalise_squad_answer(gold)
    return (
        float(own == wanted),
        _overlap_f1(own.replace(" ", ""), wanted.replace(" ", "")),
        float(squad_own == squad_wanted),
        _overlap_f1(squad_own.split(), squad_wanted.split()),
    )


def _overlap_f1(own: Iterable[str], wanted: Iterable[str]) -> float:
    """Return the F1 of two multisets; 0 where they share nothing, be it that both are empty."""
    counts, wanted_counts = Counter(own), Counter(wanted)
    shared = (counts & wanted_counts).total()
    return 2 * shared / (counts.total() + wanted_counts.total()) if shared else 0.0
