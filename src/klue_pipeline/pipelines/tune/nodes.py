"""Search for settings, train the best ones again, and say what was found.

Figures are not annotated as such: Kedro resolves the annotations of every node, and importing
matplotlib for them would slow every command down.
"""

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.splits.fingerprints import folds_fingerprint
from klue_pipeline.runs.parameters import Parameters, check_parameters
from klue_pipeline.runs.tuning.lab_book_entry import entry_of_trial, tuned_name, write_tables
from klue_pipeline.runs.tuning.studies import about_study, load_study, open_search, run_search
from klue_pipeline.runs.tuning.trial_settings import (
    SEARCHED_GROUPS,
    as_written,
    check_attempt,
    space_of,
)
from klue_pipeline.training.tuning import report
from klue_pipeline.training.tuning.objective import Attempt, Objective
from klue_pipeline.training.tuning.tune_params import TuneParams

if TYPE_CHECKING:
    from klue_pipeline.relation.model.fold_training import ClassifierParams
    from klue_pipeline.relation.tuning.trials import RelationTrials

logger = logging.getLogger(__name__)


def search_settings(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    training_sentences: pd.DataFrame,
    train_features: Any,
    fold_members: pd.DataFrame,
    tokenizer: Any,
    labels: LabelSet,
    scratch: Path,
    parameters: Mapping[str, Any],
    tune: TuneParams,
    evaluation: EvaluationParams,
    about: AboutParams,
    *read: object,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run trials until the study has enough, then train the best of them with other seeds.

    Where other processes are still at trials of the study, the last of them names the winner.

    Args:
        training_sentences: Rows with labels, augmented ones included.
        train_features: The same, encoded as the experiment says.
        fold_members: The split.
        tokenizer: What encoded them.
        labels: The label set of the task.
        scratch: Where resume states live meanwhile.
        parameters: All parameters of the run; a trial replaces some.
        tune: How it is searched.
        evaluation: By what a trial is judged.
        about: Names the study where ``tune`` does not.
        read: Settings that are taken from ``parameters``, so that lineage knows of them.

    Returns:
        All trials of the study, and the finalists.
    """
    from klue_pipeline.relation.tuning.trials import RelationTrials

    del read
    parameters = as_written(parameters)
    own = check_parameters(parameters)
    trials = RelationTrials(
        training_sentences, fold_members, labels, evaluation, tune.folds, scratch, tune.seed
    )
    trials.remember(_classifier(own), (tokenizer, train_features))
    search = open_search(
        Objective(partial(_evaluate, trials, parameters), f"validation_{own.training.select_by}",
                  live_rises=own.training.select_by != "loss"),
        tune, about.folder, _about(own, tune, train_features, fold_members),
    )  # fmt: skip
    return run_search(search, space_of(parameters, tune.space))


def _evaluate(trials: "RelationTrials", parameters: Mapping[str, Any], attempt: Attempt) -> float:
    settings = check_attempt(parameters, attempt, "training.seed")
    return trials.score(_classifier(settings), attempt.row_share, attempt.name)


def _classifier(settings: Parameters) -> "ClassifierParams":
    from klue_pipeline.relation.model.fold_training import ClassifierParams

    return ClassifierParams(
        settings.target, settings.input, settings.encoder, settings.head, settings.loss,
        settings.training,
    )  # fmt: skip


def _about(
    own: Parameters, tune: TuneParams, train_features: Any, fold_members: pd.DataFrame
) -> dict[str, str]:
    facts = {
        "rows": train_features.fingerprint["rows"][:16],
        "folds": folds_fingerprint(fold_members)[:16],
        "tune.folds": str(tune.folds),
        "evaluation.select_by": own.evaluation.select_by,
        "evaluation.target_prior": own.evaluation.target_prior.model_dump_json(),
    }
    groups = ("target", "augment", *SEARCHED_GROUPS)
    return about_study(own, groups, list(tune.space), facts)


def report_search(
    trials: pd.DataFrame,
    finalists: pd.DataFrame,
    parameters: Mapping[str, Any],
    tune: TuneParams,
    evaluation: EvaluationParams,
    about: AboutParams,
) -> tuple[dict[str, Any], str]:
    """Say whether the search found more than noise, and write the entry of what won.

    Returns:
        The report for JSON, and the entry as it stands in a lab book.
    """
    parameters, score = as_written(parameters), evaluation.select_by
    usual = space_of(parameters, tune.space).usual_values()
    found = report.report_search(trials, finalists, usual, score)
    entry = {
        "why": f"Found by a search that started from {about.folder}. "
        + report.describe_verdict(found, score),
        **entry_of_trial(parameters, report.winning_values(found)),
    }
    return found, write_tables({"experiments": {tuned_name(about.folder): entry}})


def draw_search(
    trials: pd.DataFrame, evaluation: EvaluationParams, tune: TuneParams, about: AboutParams
) -> tuple[Any, Any, Any, Any]:
    """Draw the study: its history, what mattered, slices, and parallel coordinates."""
    from klue_pipeline.training.tuning import figures

    logger.info("Drawing %d trials", len(trials))
    drawn = figures.draw_study(load_study(tune, about.folder), evaluation.select_by)
    return drawn["history"], drawn["importance"], drawn["slices"], drawn["parallel"]
