"""Other ways to choose from what was read: fewer passages, particles left on, no retrieval score.

All come from the candidates on disk, so that no passage is read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from klue_pipeline.odqa.answering.choosing import Choice, choose_in_gold, rank_answers
from klue_pipeline.odqa.answering.pooled_spans import pool_spans
from klue_pipeline.odqa.metrics.answer_judgement import JudgedQuestions
from klue_pipeline.odqa.settings.reader_params import AnswerParams
from klue_pipeline.text.counts import counted

DEPTHS = (1, 3, 5, 10, 20, 50, 100, 200, 500)
"""How many of the best passages are tried, as far as so many were read."""

GIVEN_GOLD, END_TO_END = "given_gold_passage", "end_to_end"
SETTINGS = {GIVEN_GOLD: "given the gold passage", END_TO_END: "end to end"}
"""Where an answer may come from, and what that is called."""


@dataclass(frozen=True)
class Variant:
    """One way to choose an answer.

    Attributes:
        depth: How many passages count; None for the gold passage alone.
        trimmed: Whether particles are cut off.
        weighted: Whether the retrieval score counts.
        is_joined: Whether all passages were read as one text.
    """

    depth: int | None
    trimmed: bool
    weighted: bool = False
    is_joined: bool = False

    @property
    def setting(self) -> str:
        """Where the answer comes from, one of :data:`SETTINGS`."""
        return GIVEN_GOLD if self.depth is None else END_TO_END

    @property
    def name(self) -> str:
        """What the variant is called.

        >>> Variant(1, trimmed=True, weighted=True).name
        '1 passage, particles cut, with retrieval score'
        >>> Variant(None, trimmed=False).name
        'gold passage, particles left'
        """
        passages = "gold passage" if self.depth is None else counted(self.depth, "passage")
        parts = [
            f"{passages} joined" if self.is_joined else passages,
            "particles cut" if self.trimmed else "particles left",
        ]
        return ", ".join([*parts, "with retrieval score"] if self.weighted else parts)


@dataclass(frozen=True, eq=False)
class ReadPassages:
    """What was read of the passages of the judged questions.

    Attributes:
        candidates: Schema ``Candidates``.
        run: Schema ``Run``.
        gold_passages: Schema ``GoldPassages``.
        weights: Weight of the retrieval score by question, as it was fitted without the question.
    """

    candidates: pd.DataFrame
    run: pd.DataFrame
    gold_passages: pd.DataFrame
    weights: pd.Series

    @classmethod
    def of(
        cls,
        questions: JudgedQuestions,
        candidates: pd.DataFrame,
        run: pd.DataFrame,
        gold_passages: pd.DataFrame,
        weights: pd.Series,
    ) -> "ReadPassages":
        """Keep what is about the judged questions."""
        ids = questions.table["question_id"]
        return cls(
            _about(candidates, ids),
            _about(run, ids),
            _about(gold_passages, ids),
            weights.astype("float64"),
        )

    def answer(self, variants: Sequence[Variant]) -> dict[Variant, pd.DataFrame]:
        """Choose the best answer of each question in several ways.

        Returns:
            By variant schema ``NBest`` with rank 1 alone.
        """
        by_pool: dict[Variant, list[Variant]] = {}
        for variant in variants:
            by_pool.setdefault(replace(variant, weighted=False), []).append(variant)
        answers: dict[Variant, pd.DataFrame] = {}
        for pool, own in by_pool.items():
            # Putting spans together takes most of the time, and no weight changes what they are.
            answers |= self._answer_in_gold(pool) if pool.depth is None else self._answer(pool, own)
        return {variant: answers[variant] for variant in variants}

    def _answer_in_gold(self, variant: Variant) -> dict[Variant, pd.DataFrame]:
        choice = Choice(trimmed=variant.trimmed, n_best=1)
        return {variant: choose_in_gold(self.candidates, self.gold_passages, choice)}

    def _answer(self, pool: Variant, variants: Sequence[Variant]) -> dict[Variant, pd.DataFrame]:
        pooled = pool_spans(
            self.candidates,
            self.run,
            depth=pool.depth,
            trimmed=pool.trimmed,
            is_joined=pool.is_joined,
        )
        weights = self.weights.reindex(pooled.question_ids).fillna(0.0).to_numpy()
        return {
            variant: rank_answers(pooled, weights * variant.weighted, 1) for variant in variants
        }


def _about(table: pd.DataFrame, question_ids: pd.Series | pd.Index) -> pd.DataFrame:
    return table[table["question_id"].isin(question_ids)]


def chosen_variant(answer: AnswerParams, *, has_weight: bool) -> Variant:
    """Return the way in which the experiment chooses."""
    weighted = has_weight and _can_weigh(answer, answer.top_k)
    return Variant(answer.top_k, answer.trim_josa, weighted, answer.passages == "joined")


def list_variants(answer: AnswerParams, *, has_weight: bool) -> list[Variant]:
    """List the ways to choose that what was read allows.

    Args:
        answer: How the experiment answers. What was read as one text cannot be parted again.
        has_weight: Whether the retrieval score counts in it.

    Returns:
        Those given the gold passage first, then end to end by depth.
    """
    is_joined = answer.passages == "joined"
    smaller = [depth for depth in DEPTHS if depth < answer.top_k and not is_joined]
    return [
        *(Variant(None, trimmed) for trimmed in (False, True)),
        *(
            Variant(depth, trimmed, weighted, is_joined)
            for depth in (*smaller, answer.top_k)
            for weighted in ([False, True] if has_weight and _can_weigh(answer, depth) else [False])
            for trimmed in (False, True)
        ),
    ]


def _can_weigh(answer: AnswerParams, depth: int) -> bool:
    """Say whether the retrieval score can change an answer: not that of one text."""
    return answer.passages == "separate" and depth > 1
