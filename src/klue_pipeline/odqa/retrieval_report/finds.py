"""Which questions are found by one retriever alone: what each adds to the others."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.odqa.metrics.retrieval import Ranks, is_within
from klue_pipeline.odqa.metrics.task_scores import depth_of
from klue_pipeline.odqa.metrics.truth import Mask, RetrievalTruth

_DEPTH_WITHOUT_ONE = 10
"""How far is looked where the deciding score has no depth."""
_MOST_SHOWN = 10


def report_finds(
    ranks: Mapping[str, Ranks], truth: RetrievalTruth, rows: Mask, select_by: str
) -> dict[str, Any]:
    """Count what several retrievers find together and apart.

    Args:
        ranks: Rank of the gold passage of each question, by single retriever.
        truth: The questions.
        rows: Which of them count.
        select_by: The score that decides; its depth is how far is looked.

    Returns:
        ``depth``; ``questions``; ``any`` and ``all``, the share of them (0 to 100) that some and
        that all retrievers find: no order of their passages finds more than ``any`` at that depth
        of each; ``found``, how many each finds; ``alone``, how many it alone finds; ``examples``,
        by retriever up to ten of the latter with ``question_id``, ``question`` and ``rank``.
    """
    depth = depth_of(select_by) or _DEPTH_WITHOUT_ONE
    found = np.column_stack([is_within(own[rows], depth) for own in ranks.values()])
    alone = found & (found.sum(axis=1) == 1)[:, None]
    questions = truth.questions.loc[rows, ["question_id", "question"]]
    return {
        "depth": depth,
        "questions": len(found),
        "any": PERCENT * float(found.any(axis=1).mean()),
        "all": PERCENT * float(found.all(axis=1).mean()),
        "found": dict(zip(ranks, found.sum(axis=0).tolist(), strict=True)),
        "alone": dict(zip(ranks, alone.sum(axis=0).tolist(), strict=True)),
        "examples": {
            name: questions[own].assign(rank=given[rows][own])[:_MOST_SHOWN].to_dict("records")
            for (name, given), own in zip(ranks.items(), alone.T, strict=True)
        },
    }
