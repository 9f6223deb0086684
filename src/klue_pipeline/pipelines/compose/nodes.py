"""Join the scores of other experiments, one fold at a time."""

from typing import Any

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.composites.member_scores import MemberScores
from klue_pipeline.relation.composites.methods import compose_fold
from klue_pipeline.relation.metrics.evaluation import Metrics, evaluate_scores
from klue_pipeline.relation.metrics.run_rows import RunRows
from klue_pipeline.relation.settings.params import CompositeParams
from klue_pipeline.runs.dataset_names import member_datasets


def compose(
    clean_sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    clean_test_sentences: pd.DataFrame,
    labels: LabelSet,
    workspace: Any,
    composite: CompositeParams,
    **scores: ScoreTable,
) -> tuple[Metrics, ScoreTable, ScoreTable]:
    """Join what the members say about the rows that a fold holds out, and about the test rows.

    Args:
        clean_sentences: Training rows with their true labels.
        fold_members: The rows that each fold holds out.
        clean_test_sentences: Test rows.
        labels: The label set to score.
        workspace: Which fold this is.
        composite: How to join.
        scores: Validation scores of every member and fold, and test scores of every member by
            this fold's model; each argument is named after its dataset.

    Returns:
        The fold's metrics, its validation scores and its test scores.
    """
    run = RunRows(clean_sentences, fold_members, clean_test_sentences, labels)
    members = {
        name: MemberScores(
            validation={
                part.fold: scores[part.name] for part in parts if part.part == "validation"
            },
            test=next(scores[part.name] for part in parts if part.part == "test"),
        )
        for name, parts in member_datasets(scores).items()
    }
    validation, test = compose_fold(members, run, workspace.fold, composite)
    return evaluate_scores(run.label(validation)), validation, test
