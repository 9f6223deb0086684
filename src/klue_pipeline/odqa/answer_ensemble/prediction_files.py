"""Files of predictions as the ledger knows them: by the SHA-256 of their bytes."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.odqa.answer_ensemble.answer_bundle import PlainAnswers

logger = logging.getLogger(__name__)


def hash_predictions(predictions: Mapping[str, str]) -> str:
    """Return the SHA-256 of the file that predictions make: JSON in UTF-8, indented by two."""
    text = json.dumps(dict(predictions), ensure_ascii=False, indent=2)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def index_answers(
    files: Iterable[PlainAnswers], question_ids: Sequence[str]
) -> dict[str, NDArray[np.object_]]:
    """Key the answers of files by their SHA-256, for the ledger to compare them.

    Args:
        files: What each file holds.
        question_ids: Ids of all test questions in order.

    Returns:
        The answers in that order, of the files that answer these questions. Files about others,
        which a data folder has kept from before its test questions were others, are counted in the
        log: they can neither be compared nor submitted.
    """
    given, wanted = list(files), set(question_ids)
    fitting = [own for own in given if own.keys() == wanted]
    if len(fitting) < len(given):
        logger.warning(
            "%d of %d files of predictions are not about these %d test questions; make them again "
            "to submit them.",
            len(given) - len(fitting),
            len(given),
            len(wanted),
        )
    return {
        hash_predictions(own): np.array([own[name] for name in question_ids], dtype=object)
        for own in fitting
    }


def find_prediction_problems(
    content: bytes, question_ids: Sequence[str] | None
) -> tuple[PlainAnswers, list[str]]:
    """Find all that a contest would refuse in a file of predictions.

    An empty answer is no problem: it is how a question is left unanswered, on purpose or because
    nothing was retrieved for it.

    Args:
        content: The bytes of the file.
        question_ids: Ids of all test questions; None where they are not known.

    Returns:
        The answers, as far as there are some, and the problems.
    """
    try:
        pairs = json.loads(content, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        return {}, [f"It is no JSON in UTF-8: {error}."]
    if not isinstance(pairs, _Pairs):
        return {}, ["An object with an answer for each question id was wanted; found none."]
    texts = {question: text for question, text in pairs if isinstance(text, str)}
    counts = Counter(question for question, _ in pairs)
    problems = {
        "is answered more than once": [name for name, count in counts.items() if count > 1],
        "has another answer than a text": [name for name in counts if name not in texts],
    }
    if question_ids is not None:
        wanted = set(question_ids)
        problems["is no test question"] = [name for name in counts if name not in wanted]
        problems["is not answered"] = [name for name in question_ids if name not in counts]
    named = [(name, what) for what, names in problems.items() for name in names]
    return texts, [f"question {name!r} {what}" for name, what in named]


class _Pairs(list[tuple[str, object]]):
    """The fields of a JSON object, also those that it has twice."""
