"""Questions that a reader has answered without having learnt from them: what may be fitted on.

Whatever is fitted for one of them is fitted without it: they are cut into parts, and each part is
served by the others. Questions that hang together by a context or passages are in one part.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.ingest.parsing.raw_question import UNANSWERABLE
from klue_pipeline.odqa.metrics.answers import normalise_answer
from klue_pipeline.odqa.passages.parts import connected_questions

FEWEST_QUESTIONS = 20
"""With fewer, chance decides what is fitted, so nothing is."""

_PARTS = 5

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out questions of which it is known what would be right.

    Attributes:
        question_ids: Their ids.
        golds: The gold answers of each, normalised; none if the right answer is none.
        part: The part of each. Shape: (questions,).
    """

    question_ids: pd.Index
    golds: list[frozenset[str]]
    part: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        examples: pd.DataFrame,
        gold_passages: pd.DataFrame,
        passage_groups: pd.DataFrame,
        held_out_ids: pd.Series,
    ) -> "HeldOut":
        """Take those of the questions that folds held out that have an answer, or have none.

        Args:
            examples: Schema ``Questions``.
            gold_passages: Schema ``GoldPassages``.
            passage_groups: Schema ``PassageGroups``.
            held_out_ids: What folds held out.
        """
        is_known = (examples["answers"].map(len) > 0) | (examples["kind"] == UNANSWERABLE)
        is_used = (is_known & examples["question_id"].isin(held_out_ids)).to_numpy(bool)
        units = connected_questions(examples, gold_passages, passage_groups)[is_used]
        used = examples[is_used]
        golds = [frozenset(map(normalise_answer, texts)) for texts in used["answers"]]
        return cls(pd.Index(used["question_id"]), golds, _deal(units))

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.question_ids)

    @property
    def parts(self) -> list[int]:
        """The numbers of the parts."""
        numbers: list[int] = np.unique(self.part).tolist()
        return numbers

    def outside(self, part: int) -> Mask:
        """Say which questions may be fitted on for a part. Shape: (questions,)."""
        return np.asarray(self.part != part)

    def are_right(self, texts: pd.Series) -> Mask:
        """Say which answers are right: equal to a gold answer after normalisation.

        Args:
            texts: Answers by question; a missing one is wrong.
        """
        given = texts.reindex(self.question_ids)
        return np.array(
            [
                isinstance(text, str) and normalise_answer(text) in golds
                for text, golds in zip(given, self.golds, strict=True)
            ],
            dtype=bool,
        )


def _deal(units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Deal units into parts with as many questions each as can be."""
    from sklearn.model_selection import GroupKFold

    part = np.zeros(len(units), dtype=np.int64)
    n_parts = min(_PARTS, len(np.unique(units)))
    if n_parts > 1:
        for number, (_, own) in enumerate(GroupKFold(n_parts).split(units, groups=units)):
            part[own] = number
    return part
