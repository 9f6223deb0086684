"""Which questions a retriever learns from and is judged on, and with which passages they go."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from klue_pipeline.odqa.dense.contrastive_rows import QuestionPassages, Ragged
from klue_pipeline.odqa.dense.texts import encode_rows, passage_texts, question_texts
from klue_pipeline.odqa.ingest.schema import TRAIN, VALIDATION
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams

logger = logging.getLogger(__name__)

_HELD_OUT_SHARE = 0.1
_SMALL_CORPUS = 1000
"""Up to so many passages, held-out questions are judged over all of them."""


@dataclass(frozen=True)
class TrainingTables:
    """What a retriever learns from.

    Attributes:
        examples: Schema ``Questions``.
        passages: Schema ``Passages``.
        gold_passages: Schema ``GoldPassages``.
        passage_groups: Schema ``PassageGroups``.
        hard_negatives: ``question_id`` and ``passage_id``, best first; None learns from the batch
            alone.
    """

    examples: pd.DataFrame
    passages: pd.DataFrame
    gold_passages: pd.DataFrame
    passage_groups: pd.DataFrame
    hard_negatives: pd.DataFrame | None = None


@dataclass(frozen=True)
class TextEncoding:
    """How texts become rows.

    Attributes:
        tokenizer: A fast tokenizer.
        retriever: A dense retriever: prefixes, and the longest question.
        max_passage_tokens: Longest passage while it learns.
    """

    tokenizer: PreTrainedTokenizerBase
    retriever: RetrieverParams
    max_passage_tokens: int


def split_questions(tables: TrainingTables, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the questions to learn from and those to be judged on, all with a gold passage.

    Where no question is for validation, a tenth of the others is held out by groups of gold
    passages.

    Args:
        tables: Questions and gold passages.
        seed: Draws what is held out.

    Raises:
        ValueError: There is no question to learn from, or none to be judged on.
    """
    examples = tables.examples
    linked = examples["question_id"].isin(tables.gold_passages["question_id"])
    training, validation = (examples.loc[examples["part"] == part] for part in (TRAIN, VALIDATION))
    unlinked = int((~linked.loc[training.index]).sum() + (~linked.loc[validation.index]).sum())
    if unlinked:
        logger.info("%d labelled questions have no gold passage and are left out", unlinked)
    training, validation = (part.loc[linked.loc[part.index]] for part in (training, validation))
    if validation.empty and len(training) > 1:
        held = _draw_groups(training, tables, seed)
        training, validation = training.loc[~held], training.loc[held]
    if training.empty or validation.empty:
        raise ValueError(
            f"A retriever learns from questions whose gold passage is known, and is judged on "
            f"others; found {len(training)} to learn from and {len(validation)} to be judged on, "
            f"and {unlinked} without a gold passage. See gold_report.json; "
            "odqa.passages.add_contexts=true makes passages of contexts that no passage holds."
        )
    return training, validation


def _draw_groups(questions: pd.DataFrame, tables: TrainingTables, seed: int) -> NDArray[np.bool_]:
    """Tell which questions are held out: those of groups that are drawn until they are enough."""
    positives = _first_gold(questions, tables)
    groups = positives.map(tables.passage_groups.set_index("passage_id")["group_id"])
    sizes = groups.value_counts(sort=False)
    drawn = sizes.iloc[np.random.default_rng(seed).permutation(len(sizes))]
    before = drawn.cumsum() - drawn
    chosen = drawn.index[before < _HELD_OUT_SHARE * len(questions)]
    return groups.isin(chosen).to_numpy()


def _first_gold(questions: pd.DataFrame, tables: TrainingTables) -> pd.Series:
    """Return the first gold passage of each question, in their order."""
    first = tables.gold_passages.drop_duplicates("question_id").set_index("question_id")
    return questions["question_id"].map(first["passage_id"])


def pair_questions(
    questions: pd.DataFrame, tables: TrainingTables, encoding: TextEncoding, *, judged: bool
) -> QuestionPassages:
    """Encode questions and the passages they go with: gold ones and hard negatives.

    Args:
        questions: Rows of the examples, all with a gold passage.
        tables: What they go with.
        encoding: How texts become rows.
        judged: Whether they are ranked, among all passages where these are few.
    """
    ids = questions["question_id"]
    gold, negatives = (
        table.loc[table["question_id"].isin(ids)]
        for table in (tables.gold_passages, _negatives(tables))
    )
    everything = judged and len(tables.passages) <= _SMALL_CORPUS
    named = pd.concat([gold["passage_id"], negatives["passage_id"]])
    passages = tables.passages
    if not everything:
        passages = passages.loc[passages["passage_id"].isin(named)]
    place_of = pd.Series(np.arange(len(passages)), index=passages["passage_id"].to_numpy())
    numbers, _ = pd.factorize(tables.passage_groups["group_id"])
    group_of = pd.Series(numbers, index=tables.passage_groups["passage_id"].to_numpy())
    retriever = encoding.retriever
    return QuestionPassages(
        questions=encode_rows(
            question_texts(questions, retriever),
            encoding.tokenizer,
            int(retriever.max_question_tokens or 0),
        ),
        passages=encode_rows(
            passage_texts(passages, retriever), encoding.tokenizer, encoding.max_passage_tokens
        ),
        groups=group_of.loc[passages["passage_id"]].to_numpy(dtype=np.int64),
        positives=place_of.loc[_first_gold(questions, tables)].to_numpy(dtype=np.int64),
        gold_groups=_by_question(gold, group_of, ids),
        negatives=_by_question(negatives, place_of, ids),
    )


def _negatives(tables: TrainingTables) -> pd.DataFrame:
    if tables.hard_negatives is None:
        return pd.DataFrame({"question_id": [], "passage_id": []}, dtype=str)
    return tables.hard_negatives


def _by_question(pairs: pd.DataFrame, value_of: pd.Series, ids: pd.Series) -> Ragged:
    """Return, for each question, the values of its passages in the order of the pairs."""
    values = value_of.loc[pairs["passage_id"]].to_numpy(dtype=np.int64)
    found = pd.Series(values).groupby(pairs["question_id"].to_numpy(), sort=False)
    by_id = {question: part.to_numpy() for question, part in found}
    nothing = np.empty(0, dtype=np.int64)
    return [by_id.get(question, nothing) for question in ids]
