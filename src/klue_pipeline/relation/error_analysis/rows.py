"""Scores, sentences and true labels of one set, brought together row by row."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, require_numbers, require_same_origin
from klue_pipeline.relation.metrics.targets import take_answered, target_labels
from klue_pipeline.relation.settings.params import TargetParams
from klue_pipeline.text.counts import counted

logger = logging.getLogger(__name__)

SetName = Literal["out_of_fold", "test"]

_ENTITY_COLUMNS = [
    f"{role}_{part}" for role in ("subject", "object") for part in ("text", "start", "end", "type")
]
TEXT_COLUMNS = ["row_id", "sentence", *_ENTITY_COLUMNS, "type_pair", "pair_key", "source"]
"""What a reader needs to see of a row, whether it was scored or not."""


@dataclass(frozen=True)
class ScoredRows:
    """The scored rows of one set; everything is in the order of ``scores``.

    Attributes:
        set_name: Which set it is.
        scores: For the labels of the target. A row that several folds held out stands here once
            for each of them.
        sentences: The rows' texts, index from 0.
        true_labels: In the labels of the target; missing where not known. Index from 0.
        fold_scores: Scores of the same rows by the model of each fold alone; none for out-of-fold
            rows, where ``scores`` already are those of single models.
    """

    set_name: SetName
    scores: ScoreTable
    sentences: pd.DataFrame
    true_labels: pd.Series
    fold_scores: tuple[ScoreTable, ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.scores)


def collect_rows(
    scores: ScoreTable,
    sentences: pd.DataFrame,
    gold: pd.Series,
    labels: LabelSet,
    target: TargetParams,
    fold_scores: Sequence[ScoreTable] | None = None,
) -> ScoredRows:
    """Look up the sentence and the true label of each scored row.

    Rows whose label is no answer to the target's question are left out and counted in the log, as
    in every other judgement of such a model.

    Args:
        scores: Out-of-fold scores, or test scores that are the average of ``fold_scores``.
        sentences: Texts of these rows at least; schema ``Sentences`` or ``TestSentences``.
        gold: Label names of the task, indexed by row id; test rows may have none.
        labels: The label set of the task.
        target: Which question the models answer.
        fold_scores: Scores of the test rows by the model of each fold; None says that the rows are
            out-of-fold rows.

    Raises:
        ValueError: A score is not a number, the labels are others, a row has no sentence, rows do
            not say which fold scored them, or scores of the folds are those of other rows.
    """
    _require_fold(scores, fold_scores)
    for table in (scores, *(fold_scores or ())):
        require_numbers(table)
    _require_labels(scores, target_labels(labels, target))
    answered, answers = take_answered(scores, gold, labels, target)
    if left_out := len(scores) - len(answered):
        logger.info(
            "%s without an answer to target %s: left out", counted(left_out, "row"), target.name
        )
    return ScoredRows(
        set_name="out_of_fold" if fold_scores is None else "test",
        scores=answered,
        sentences=_look_up(answered, sentences),
        true_labels=answers.reindex(answered.row_ids).reset_index(drop=True),
        fold_scores=tuple(_align(table, answered) for table in fold_scores or ()),
    )


def describe_rows(rows: ScoredRows) -> pd.DataFrame:
    """Return what was scored: the columns ``set`` to ``problem`` of the table of errors."""
    folds = pd.Series(rows.scores.folds, range(len(rows)), dtype="Int64")
    texts = rows.sentences[TEXT_COLUMNS[1:]]
    known = pd.DataFrame({"set": rows.set_name, "row_id": rows.scores.row_ids, "fold": folds})
    problem = rows.sentences.get("problem", pd.Series(pd.NA, range(len(rows))))
    known = known.astype({"set": "str", "row_id": "str"})
    return pd.concat([known, texts, problem.astype("str").rename("problem")], axis=1)


def _look_up(scores: ScoreTable, sentences: pd.DataFrame) -> pd.DataFrame:
    place = pd.Index(sentences["row_id"]).get_indexer(pd.Index(scores.row_ids))
    unknown = scores.row_ids[place < 0]
    if len(unknown):
        raise ValueError(
            f"Found {counted(len(unknown), 'scored row')} outside the {len(sentences)} sentences, "
            f"such as {unknown[:3].tolist()}; scores and sentences come from different runs, "
            "make both again."
        )
    found: pd.DataFrame = sentences.iloc[place].reset_index(drop=True)
    return found


def _align(table: ScoreTable, scores: ScoreTable) -> ScoreTable:
    require_same_origin(scores, table)
    return table.in_order_of(scores.row_ids.tolist())


def _require_fold(scores: ScoreTable, fold_scores: Sequence[ScoreTable] | None) -> None:
    if fold_scores is None and scores.folds is None:
        raise ValueError(
            "Found out-of-fold scores that do not say which fold scored which row; collect them "
            "again, or give the scores of each fold if these are test rows."
        )
    if fold_scores is not None and not fold_scores:
        raise ValueError("Found no fold that scored the test rows; predict with one at least.")


def _require_labels(scores: ScoreTable, labels: LabelSet) -> None:
    if list(scores.labels) != labels.names:
        raise ValueError(
            f"Scores are for {len(scores.labels)} labels {list(scores.labels)[:3]}…, wanted were "
            f"{len(labels.names)} {labels.names[:3]}…; score again with this label set and target."
        )
