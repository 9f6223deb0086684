"""Files of predictions as the ledger knows them: by the SHA-256 of their bytes."""

import hashlib
import json
import logging
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
