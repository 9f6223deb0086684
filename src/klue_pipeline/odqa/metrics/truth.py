"""What counts as found: for each labelled question its gold passages and its answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.metrics.answer_strings import normalise_for_search

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class RetrievalTruth:
    """The questions that can be judged, and the passages that are searched.

    A question can be judged by its gold passages if it has any, and by its answers if it has any; a
    question with neither is not among these.

    Attributes:
        questions: Rows of ``Questions`` that can be judged, in their order, numbered from 0.
        passages: All passages, schema ``Passages``, numbered from 0.
        group_of_passage: Number of the group of each passage. Shape: (passages,).
        gold: Number of the question and of the passage of each known pair. Shape of each: (pairs,).
        n_given: Number of questions of each part, with those that cannot be judged.
    """

    questions: pd.DataFrame
    passages: pd.DataFrame
    group_of_passage: NDArray[np.int64]
    gold: tuple[NDArray[np.int64], NDArray[np.int64]]
    n_given: Mapping[str, int]

    @classmethod
    def of(
        cls,
        examples: pd.DataFrame,
        gold: pd.DataFrame,
        groups: pd.DataFrame,
        passages: pd.DataFrame,
    ) -> "RetrievalTruth":
        """Put together what is known.

        Args:
            examples: Schema ``Questions``; those that cannot be judged are left out.
            gold: Schema ``GoldPassages``.
            groups: Schema ``PassageGroups``; a passage that it does not have is a group of its own.
            passages: Schema ``Passages``.

        Raises:
            ValueError: A gold passage is not among the passages.
        """
        has_answers = examples["answers"].map(len) > 0
        is_known = has_answers | examples["question_id"].isin(gold["question_id"])
        questions = examples[is_known].reset_index(drop=True)
        searched = passages.reset_index(drop=True)
        group_of_passage = _number_groups(searched["passage_id"], groups)
        pairs = _pair_gold(gold, questions, searched)
        n_given = {str(part): int(count) for part, count in examples["part"].value_counts().items()}
        return cls(questions, searched, group_of_passage, pairs, n_given)

    def __len__(self) -> int:
        """Return the number of questions that can be judged."""
        return len(self.questions)

    @cached_property
    def has_gold(self) -> Mask:
        """Which questions have a gold passage. Shape: (questions,)."""
        marks = np.zeros(len(self), dtype=np.bool_)
        marks[self.gold[0]] = True
        return marks

    @cached_property
    def has_answers(self) -> Mask:
        """Which questions have an answer. Shape: (questions,)."""
        return np.array([bool(answers) for answers in self.answers], dtype=np.bool_)

    @cached_property
    def answers(self) -> list[list[str]]:
        """The answers of each question, normalised for search."""
        return [
            [text for text in map(normalise_for_search, answers) if text]
            for answers in self.questions["answers"]
        ]

    def text_of(self, passage: int) -> str:
        """Return the text of a passage, normalised for search.

        Runs look at few of many passages, and at these again and again.
        """
        if passage not in self._texts:
            self._texts[passage] = normalise_for_search(self.passages["text"].array[passage])
        return self._texts[passage]

    @cached_property
    def _texts(self) -> dict[int, str]:
        return {}

    def number_passages(self, passage_ids: pd.Series) -> NDArray[np.int64]:
        """Return the numbers of passages by their ids; -1 for one that is not known."""
        return np.asarray(self._passage_index.get_indexer(pd.Index(passage_ids)), dtype=np.int64)

    def number_questions(self, question_ids: pd.Series) -> NDArray[np.int64]:
        """Return the numbers of questions by their ids; -1 for one that cannot be judged."""
        return np.asarray(self._question_index.get_indexer(pd.Index(question_ids)), dtype=np.int64)

    @cached_property
    def _passage_index(self) -> pd.Index:
        index: pd.Index = pd.Index(self.passages["passage_id"])
        return index

    @cached_property
    def _question_index(self) -> pd.Index:
        index: pd.Index = pd.Index(self.questions["question_id"])
        return index

    def key(self, questions: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Write pairs of a question and a group as one number each."""
        return questions * (len(self.passages) + 1) + groups

    @cached_property
    def gold_keys(self) -> NDArray[np.int64]:
        """The pairs of a question and a gold passage's group as one number each."""
        questions, passages = self.gold
        return self.key(questions, self.group_of_passage[passages])

    @cached_property
    def first_gold(self) -> NDArray[np.int64]:
        """The number of each question's first gold passage; -1 without one. Shape: (questions,)."""
        first = np.full(len(self), -1, dtype=np.int64)
        # Written backwards, so that the first of several stays.
        first[self.gold[0][::-1]] = self.gold[1][::-1]
        return first

    @cached_property
    def units(self) -> NDArray[np.int64]:
        """What is drawn together in a bootstrap, by question. Shape: (questions,).

        Questions about one passage, or about passages of one group, are found or missed together
        more often than others, and are no independent evidence. One with several gold passages goes
        with the first of them, one without any is drawn alone.
        """
        alone = -1 - np.arange(len(self), dtype=np.int64)
        return np.where(self.has_gold, self.group_of_passage[self.first_gold], alone)


def _number_groups(passage_ids: pd.Series, groups: pd.DataFrame) -> NDArray[np.int64]:
    group_of = dict(zip(groups["passage_id"], groups["group_id"], strict=True))
    named = np.array([group_of.get(passage, passage) for passage in passage_ids], dtype=object)
    return np.asarray(pd.factorize(named)[0], dtype=np.int64)


def _pair_gold(
    gold: pd.DataFrame, questions: pd.DataFrame, passages: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    passage = pd.Index(passages["passage_id"]).get_indexer(pd.Index(gold["passage_id"]))
    if (passage < 0).any():
        unknown = gold.loc[passage < 0, "passage_id"]
        raise ValueError(
            f"Found {len(unknown)} gold passages that are not among the {len(passages)} passages, "
            f"such as {unknown.iloc[0]}; link questions to these passages again."
        )
    question = pd.Index(questions["question_id"]).get_indexer(pd.Index(gold["question_id"]))
    known = question >= 0
    return question[known].astype(np.int64), passage[known].astype(np.int64)
