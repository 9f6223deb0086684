"""The text that each labelled question is read in: its gold passage, or its own context."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


def find_contexts(
    labelled: pd.DataFrame, gold: pd.DataFrame, passages: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Put labelled questions beside the text they are read in.

    A question is read in the first of its gold passages, with the places of its answers in it; an
    answer that stands in another part of the context is left out. A question without a gold
    passage, one that cannot be answered among them, is read in its own context.

    Args:
        labelled: Rows of schema ``Questions``.
        gold: Schema ``GoldPassages``.
        passages: Schema ``Passages``.

    Returns:
        The questions that have such a text, in their order, with ``passage_id`` (empty for one's
        own context) and with ``context``, ``answers`` and ``answer_starts`` of that text. Then
        counts: ``questions`` = ``in_gold_passage`` + ``in_own_context`` + ``without_text``;
        ``unanswerable`` of those with a text; ``answers`` = ``answers_in_text`` + those in another
        part of the context; and ``further_gold_passages``, which are not read.
    """
    own_gold = gold.loc[gold["question_id"].isin(labelled["question_id"])]
    first = own_gold.drop_duplicates("question_id").set_index("question_id")
    found = first.reindex(labelled["question_id"]).reset_index()
    is_linked = found["passage_id"].notna().to_numpy()
    texts = found["passage_id"].map(passages.set_index("passage_id")["text"])
    rows = labelled.assign(
        passage_id=found["passage_id"].fillna("").to_numpy(),
        context=np.where(is_linked, texts, labelled["context"]),
        shift=found["shift"].fillna(0).to_numpy(dtype=int),
    )
    rows = _move_answers(rows.loc[rows["context"].notna()])
    with_text = labelled.loc[rows.index]
    return rows, {
        "questions": len(labelled),
        "in_gold_passage": len(first),
        "in_own_context": len(rows) - len(first),
        "without_text": len(labelled) - len(rows),
        "unanswerable": int((with_text["answers"].map(len) == 0).sum()),
        "answers": int(with_text["answers"].map(len).sum()),
        "answers_in_text": int(rows["answers"].map(len).sum()),
        "further_gold_passages": len(own_gold) - len(first),
    }


def _move_answers(rows: pd.DataFrame) -> pd.DataFrame:
    """Count places in the text that is read, and leave out answers that do not stand there."""
    columns = (rows[name] for name in ("context", "answers", "answer_starts", "shift"))
    moved = [_standing(*row) for row in zip(*columns, strict=True)]
    changed: dict[str, Any] = {
        "answers": [[answer for answer, _ in pairs] for pairs in moved],
        "answer_starts": [[start for _, start in pairs] for pairs in moved],
    }
    return rows.drop(columns="shift").assign(**changed)


def _standing(
    text: str, answers: Sequence[str], starts: Sequence[int], shift: int
) -> list[tuple[str, int]]:
    """Return answers with their places, of those that stand in a text.

    >>> _standing("수군은 강했다", ["수군", "조선"], [10, 3], shift=10)
    [('수군', 0)]
    """
    places = ((answer, int(start) - shift) for answer, start in zip(answers, starts, strict=True))
    return [
        (answer, place) for answer, place in places if place >= 0 and text.startswith(answer, place)
    ]
