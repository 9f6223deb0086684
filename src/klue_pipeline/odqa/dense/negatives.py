"""Hard negatives: passages that a retriever took for right and that hold no answer."""

import logging

import pandas as pd

from klue_pipeline.odqa.dense.texts import titled_texts
from klue_pipeline.odqa.ingest.schema import TEST
from klue_pipeline.odqa.metrics.answer_strings import holds_answer, normalise_for_search

logger = logging.getLogger(__name__)


def mine_negatives(
    run: pd.DataFrame,
    examples: pd.DataFrame,
    gold: pd.DataFrame,
    passages: pd.DataFrame,
    groups: pd.DataFrame,
    depth: int,
) -> pd.DataFrame:
    """Choose the hard negatives of all labelled questions that have a gold passage.

    Of the first ``depth`` passages of a question those are left out that are of a gold passage's
    group, and those that hold an answer, as the report looks for it: over KLUE-MRC, five other
    passages hold the answer of a question on average.

    Args:
        run: Schema ``Run``.
        examples: Schema ``Questions``.
        gold: Schema ``GoldPassages``.
        passages: Schema ``Passages``.
        groups: Schema ``PassageGroups``.
        depth: How far down to look.

    Returns:
        ``question_id`` and ``passage_id``, best first, in the order of the run.
    """
    labelled = examples.loc[examples["part"] != TEST].set_index("question_id")
    labelled = labelled.loc[labelled.index.isin(gold["question_id"])]
    near = run.loc[run["rank"].le(depth) & run["question_id"].isin(labelled.index)]
    group_of = groups.set_index("passage_id")["group_id"]
    right = set(zip(gold["question_id"], gold["passage_id"].map(group_of), strict=True))
    found = zip(near["question_id"], near["passage_id"].map(group_of), strict=True)
    wrong = near.loc[[pair not in right for pair in found], ["question_id", "passage_id"]]
    kept = wrong.loc[_holds_no_answer(wrong, labelled["answers"], passages)]
    logger.info(
        "%d hard negatives for %d questions; left out: %d of a gold group, %d with an answer",
        len(kept),
        kept["question_id"].nunique(),
        len(near) - len(wrong),
        len(wrong) - len(kept),
    )
    return kept.reset_index(drop=True)


def _holds_no_answer(pairs: pd.DataFrame, answers: pd.Series, passages: pd.DataFrame) -> list[bool]:
    named = passages.loc[passages["passage_id"].isin(pairs["passage_id"])]
    texts = map(normalise_for_search, titled_texts(named))
    text_of = dict(zip(named["passage_id"], texts, strict=True))
    looked_for = {
        question: list(map(normalise_for_search, found)) for question, found in answers.items()
    }
    return [
        not holds_answer(text_of[passage], looked_for[question])
        for question, passage in zip(pairs["question_id"], pairs["passage_id"], strict=True)
    ]
