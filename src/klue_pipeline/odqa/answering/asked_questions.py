"""The questions that were asked, which of them were read, and what of them may be learnt from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from klue_pipeline.odqa.answering.held_out import HeldOut
from klue_pipeline.odqa.ingest.schema import TEST, VALIDATION


@dataclass(frozen=True, eq=False)
class AskedQuestions:
    """All questions, and what is known of them.

    Attributes:
        examples: Schema ``Questions``.
        gold_passages: Schema ``GoldPassages``.
        passage_groups: Schema ``PassageGroups``.
        held_out_ids: The questions that the trained folds held out.
    """

    examples: pd.DataFrame
    gold_passages: pd.DataFrame
    passage_groups: pd.DataFrame
    held_out_ids: pd.Series

    @cached_property
    def held_out(self) -> HeldOut:
        """What may be fitted on."""
        tables = self.examples, self.gold_passages, self.passage_groups
        return HeldOut.of(*tables, self.held_out_ids)

    def list_read(self, candidates: pd.DataFrame) -> pd.DataFrame:
        """List the questions that were read.

        Those are what folds held out, and whole parts that no fold held out or learnt from: the
        test questions, and any part of which another question was read. One for which nothing was
        retrieved is among them, though it has no candidates.

        Args:
            candidates: Schema ``Candidates``.

        Returns:
            ``question_id``, ``part`` and ``is_held_out``, in the order of the examples.
        """
        listed = self.examples[["question_id", "part"]].assign(
            is_held_out=self.examples["question_id"].isin(self.held_out_ids)
        )
        has_candidates = listed["question_id"].isin(candidates["question_id"].unique())
        whole = {TEST, *listed.loc[has_candidates & ~listed["is_held_out"], "part"]}
        is_read = has_candidates | listed["is_held_out"] | listed["part"].isin(whole)
        return listed[is_read].reset_index(drop=True)

    def describe_fit(self) -> dict[str, Any]:
        """Say for JSON how many questions of which parts may be fitted on.

        ``nested`` says whether judged questions are among them: what was fitted for one of them was
        fitted without it.
        """
        is_used = self.examples["question_id"].isin(self.held_out.question_ids)
        parts = self.examples.loc[is_used, "part"].value_counts()
        return {
            "held_out": {str(part): int(count) for part, count in parts.items()},
            "nested": VALIDATION in parts,
        }
