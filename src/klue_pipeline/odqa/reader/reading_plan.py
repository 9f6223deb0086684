"""Which passages a fold reads for which questions."""

import numpy as np
import pandas as pd

from klue_pipeline.odqa.ingest.schema import TEST, VALIDATION
from klue_pipeline.odqa.settings.reader_params import PassageReading, ReaderFoldStrategy

UNSEEN_PARTS: dict[ReaderFoldStrategy, tuple[str, ...]] = {
    "group": (VALIDATION, TEST),
    "holdout": (VALIDATION, TEST),
    "validation": (TEST,),
    "all": (TEST,),
}
"""The parts that no fold holds out and none learns from, which every fold reads."""

_PAIR = ["question_id", "passage_id"]


def choose_questions(
    examples: pd.DataFrame, fold_members: pd.DataFrame, fold: int, strategy: ReaderFoldStrategy
) -> pd.Series:
    """Return the ids of the questions that a fold reads: none that it has learnt from.

    Args:
        examples: Schema ``Questions``.
        fold_members: Which questions each fold holds out: ``fold`` and ``row_id``.
        fold: Number of the fold.
        strategy: What the folds were made by.
    """
    held_out = fold_members.loc[fold_members["fold"] == fold, "row_id"]
    is_read = examples["question_id"].isin(held_out) | examples["part"].isin(UNSEEN_PARTS[strategy])
    return examples.loc[is_read, "question_id"].reset_index(drop=True)


def plan_reading(
    question_ids: pd.Series,
    run: pd.DataFrame,
    gold_passages: pd.DataFrame,
    top_k: int,
    how: PassageReading,
) -> pd.DataFrame:
    """Choose the passages of each question, and which of them are read as one text.

    Those are its ``top_k`` of the run, and its first gold passage, which is read alone.

    Args:
        question_ids: What to read passages for.
        run: Schema ``Run``.
        gold_passages: Schema ``GoldPassages``.
        top_k: Passages of a question, best first.
        how: Whether they are read one by one, or joined.

    Returns:
        ``question_id``, ``passage_id``, ``is_joined`` and ``text``, the number of the text that the
        passage is read in. Rows are in the order of the questions, those of a text adjacent and by
        rank. A question without passages has none.
    """
    is_joined = how == "joined"
    found = run.loc[run["rank"] <= top_k, [*_PAIR, "rank"]].assign(is_joined=is_joined)
    gold = gold_passages.drop_duplicates("question_id")[_PAIR]
    behind = gold.assign(rank=top_k + 1, is_joined=False)  # of equal rows the one of the run stays
    rows = pd.concat([found, behind]).drop_duplicates([*_PAIR, "is_joined"])
    rows["question"] = pd.Index(question_ids).get_indexer(pd.Index(rows["question_id"]))
    rows = rows[rows["question"] >= 0].sort_values(["question", "rank"], ignore_index=True)
    with_the_one_above = rows["is_joined"] & (rows["question"].diff() == 0)
    return rows[[*_PAIR, "is_joined"]].assign(
        text=np.cumsum(~with_the_one_above.to_numpy(dtype=bool)) - 1
    )
