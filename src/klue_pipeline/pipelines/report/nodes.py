"""Judge the scores of this experiment and draw what a reader should see."""

import logging
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.calibration import report_calibration
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.relation.error_analysis.slices import tabulate_slices
from klue_pipeline.relation.metrics.evaluation import (
    confusion_counts,
    evaluate_by_fold,
    evaluate_known_rows,
    evaluate_scores,
    per_label_table,
)
from klue_pipeline.relation.metrics.run_rows import describe_part
from klue_pipeline.relation.metrics.targets import label_answered, take_answered, target_labels
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.exploration_params import ExploreParams
from klue_pipeline.relation.settings.params import TargetParams
from klue_pipeline.relation.shift import density
from klue_pipeline.relation.shift.density import TextShift
from klue_pipeline.relation.shift.prior import TargetPrior, resolve_prior, warn_of_prior
from klue_pipeline.relation.shift.report import report_shift
from klue_pipeline.relation.shift.sensitivity import tabulate_sensitivity
from klue_pipeline.relation.splits.leakage import pair_is_seen

logger = logging.getLogger(__name__)

NOT_ITS_ROWS = "nobody knows which test rows have a relation, and only these are asked which"
"""Why nothing is predicted of a model of the relations alone."""


def weigh_texts(
    clean_sentences: pd.DataFrame, clean_test_sentences: pd.DataFrame, eda: ExploreParams
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Find out how much rarer each training row's like is in training than in the test.

    Returns:
        The density ratios, and a report for JSON of what training lacks.
    """
    return density.weigh_texts(clean_sentences, clean_test_sentences, eda.adversarial)


def resolve_target_prior(
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    labels: LabelSet,
    target: TargetParams,
    test_scores: ScoreTable,
    evaluation: EvaluationParams,
) -> dict[str, Any]:
    """Find out how often each label occurs where this experiment's submission will be judged.

    Returns:
        For JSON; :meth:`~klue_pipeline.relation.shift.prior.TargetPrior.from_json` reads it.
    """
    judged = label_answered(out_of_fold, clean_sentences, labels, target)
    params = evaluation.for_target(target.name)
    if params.target_prior.source == "none" and params.target_prior.given_for:
        logger.info(
            "No shift-aware scores: no shares of labels are given for this run's raw.test (only "
            "for %s); %s ranks. To give them, see docs/scores.md#which-prior.",
            params.target_prior.given_for, params.ranking_score(has_target=False),
        )  # fmt: skip
    prior = resolve_prior(judged, test_scores, target_labels(labels, target), params)
    warn_of_prior(prior, params, "the experiment")
    return prior.as_json()


def evaluate(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    fold_report: dict[str, Any],
    target_prior: dict[str, Any],
    density_ratios: pd.DataFrame,
    text_shift: dict[str, Any],
    test_scores: ScoreTable,
    test_gold: pd.DataFrame,
    labels: LabelSet,
    target: TargetParams,
    evaluation: EvaluationParams,
    **fold_scores: ScoreTable,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Judge out-of-fold scores overall and by fold, and test scores where their labels are known.

    A model of another target than ``all`` is judged on the rows that have an answer to its
    question, in its own labels.

    Args:
        out_of_fold: Scores of training rows by models that did not see them.
        clean_sentences: The training rows with their labels.
        fold_report: The split, with the leak rate of each fold.
        target_prior: By :func:`resolve_target_prior`.
        density_ratios: By :func:`weigh_texts`.
        text_shift: The same.
        test_scores: The average of the folds' scores of test rows.
        test_gold: True labels of the test rows; empty if there are none.
        labels: The label set of the task.
        target: Which question the models answer.
        evaluation: How intervals are drawn.
        fold_scores: Test scores of each fold's model; each argument is named after its fold.

    Returns:
        ``out_of_fold`` and ``intervals``; ``shift_aware``, ``prior``, ``averaging_gain``,
        ``predicted``, ``not_predicted``, ``witnesses`` and ``text_shift`` (see
        :func:`~klue_pipeline.relation.shift.report.report_shift`); ``folds`` (by
        name, with the leak rate of each), ``leak_rate`` of the split from 0 to 1, and ``test``
        (None without true labels); ``partial`` says which folds alone were trained, and is there
        only then. Twice: once for the latest run, once for the experiment's own folder.
    """
    judged = label_answered(out_of_fold, clean_sentences, labels, target)
    prior = TargetPrior.from_json(target_prior)
    texts = TextShift.from_tables(density_ratios, text_shift)
    test_set = take_answered(test_scores, gold_by_row(test_gold), labels, target)
    leak_rates = {f"fold_{fold['fold']}": fold["leak_rate"] for fold in fold_report["folds"]}
    by_fold = evaluate_by_fold(judged)
    metrics = {
        "out_of_fold": evaluate_scores(judged),
        **report_shift(judged, [*fold_scores.values()], prior, texts, evaluation),
        "folds": {name: {**fold, "leak_rate": leak_rates[name]} for name, fold in by_fold.items()},
        "leak_rate": fold_report["leak_rate"],
        "test": evaluate_known_rows(*test_set, target_labels(labels, target)),
    }
    if target.name == "positive":
        metrics |= {"predicted": {}, "not_predicted": NOT_ITS_ROWS}
    if part := describe_part(out_of_fold.folds, (fold["fold"] for fold in fold_report["folds"])):
        metrics["partial"] = part
    return metrics, metrics


def render_prediction(experiment_metrics: dict[str, Any], about: AboutParams) -> str:
    """Show what the submission will score, every estimator's answer, and what training lacks."""
    from klue_pipeline.relation.shift.page import render_prediction

    return render_prediction(experiment_metrics, about.folder)


def calibrate(
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    labels: LabelSet,
    target: TargetParams,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Measure how far the models' confidence can be believed, and the temperature that mends it."""
    return report_calibration(label_answered(out_of_fold, clean_sentences, labels, target))


def plot_reliability(reliability: pd.DataFrame, about: AboutParams) -> Any:
    """Draw how sure the models are against how often they are right.

    Returns:
        A matplotlib figure. Not annotated as one: Kedro resolves the annotations of every node,
        and importing matplotlib for that would slow down every command.
    """
    from klue_pipeline.reporting.reliability_figure import draw_reliability

    return draw_reliability(reliability, f"{about.folder}, out-of-fold predictions")


def slice_scores(
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    labels: LabelSet,
    target: TargetParams,
    evaluation: EvaluationParams,
) -> pd.DataFrame:
    """Judge parts of the rows: by label, types, source, distance, length, and seen pairs."""
    judged = label_answered(out_of_fold, clean_sentences, labels, target)
    seen = pair_is_seen(judged.table, clean_sentences, fold_members)
    return tabulate_slices(judged, clean_sentences, seen, evaluation)


def trace_sensitivity(
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    labels: LabelSet,
    target: TargetParams,
    evaluation: EvaluationParams,
) -> pd.DataFrame:
    """Judge the scores under every share of rows without a relation that the target may have."""
    judged = label_answered(out_of_fold, clean_sentences, labels, target)
    return tabulate_sensitivity(judged, evaluation)


def plot_sensitivity(
    shift_sensitivity: pd.DataFrame, target_prior: dict[str, Any], about: AboutParams
) -> Any:
    """Draw the score against the share of rows without a relation.

    Returns:
        A matplotlib figure.
    """
    from klue_pipeline.relation.shift.figure import draw_sensitivity

    prior = target_prior["report"]
    marks = {"training": prior.get("training_negative_share"), "target": prior["negative_share"]}
    shares = {name: share for name, share in marks.items() if share is not None}
    title = f"{about.folder}, out-of-fold scores, re-weighted"
    return draw_sensitivity(shift_sensitivity, shares, title)


def tabulate_labels(
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    labels: LabelSet,
    target: TargetParams,
) -> pd.DataFrame:
    """Judge each label apart on the out-of-fold scores."""
    return per_label_table(label_answered(out_of_fold, clean_sentences, labels, target))


def plot_confusion_matrix(
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    labels: LabelSet,
    target: TargetParams,
    about: AboutParams,
) -> Any:
    """Draw which labels the out-of-fold models take for which.

    Returns:
        A matplotlib figure.
    """
    from klue_pipeline.relation.metrics.confusion_figure import draw_confusion_matrix

    judged = label_answered(out_of_fold, clean_sentences, labels, target)
    names = judged.table.labels
    title = f"{about.folder}, out-of-fold predictions"
    return draw_confusion_matrix(confusion_counts(judged), names, title)


def plot_learning_curves(about: AboutParams, **histories: pd.DataFrame) -> Any:
    """Draw the training histories of all folds; each further argument is named after its fold.

    Returns:
        A matplotlib figure.
    """
    from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
    from klue_pipeline.reporting.learning_curves import draw_learning_curves

    return draw_learning_curves(histories, RELATION_SCORES.find("micro_f1"), about.folder)
