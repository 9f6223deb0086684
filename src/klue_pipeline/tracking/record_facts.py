"""What a run record says as the run begins, and what the graph tells of the scores a run makes."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline

from klue_pipeline.passwords import without_passwords
from klue_pipeline.runs.dataset_facts import facts_of
from klue_pipeline.runs.parameters import task_of
from klue_pipeline.runs.process import git_state, this_process
from klue_pipeline.runs.records.run_records import RunRecord, TrackedRun
from klue_pipeline.runs.topology import kind_of
from klue_pipeline.tracking.parent_run import EXPERIMENT_VARIABLE, invited_to
from klue_pipeline.tracking.run_tags import selection_of
from klue_pipeline.tracking.tracking_params import read_tracking_params


def begin_record(
    context: Any,
    parameters: Mapping[str, Any],
    run_params: Mapping[str, Any],
    pipeline: Pipeline,
    catalog: Any,
    *,
    scored: bool,
) -> RunRecord:
    """Describe a run that begins now.

    Args:
        context: The Kedro context of the run.
        parameters: The run's resolved parameters.
        run_params: Kedro's record of the command.
        pipeline: The nodes that the command chose.
        catalog: The catalog of the run.
        scored: Whether it goes on from scores that are all there.
    """
    project_path = Path(context.project_path)
    git = git_state(project_path)
    return RunRecord(
        **_describe_experiment(parameters, pipeline),
        selection=selection_of(run_params),
        scores_every_fold=_scores_every_fold(pipeline, catalog),
        scored=scored,
        started_at=datetime.now(UTC),
        process=this_process(),
        mlflow=_find_tracked_run(context),
        git_commit=None if git is None else git.commit,
        git_dirty=None if git is None else git.dirty,
    )


def makes_scores(pipeline: Pipeline, catalog: Any) -> bool:
    """Tell whether a run trains, predicts, composes or collects scores of its experiment."""
    return any(facts_of(catalog, name).scores for name in pipeline.all_outputs())


def lacks_scores(pipeline: Pipeline, catalog: Any) -> bool:
    """Tell whether a resumed run has scores to make: it skips nodes whose outputs are all there."""
    scoring = [
        node for node in pipeline.nodes if any(facts_of(catalog, n).scores for n in node.outputs)
    ]
    return not all(catalog.exists(name) for node in scoring for name in node.outputs)


def _scores_every_fold(pipeline: Pipeline, catalog: Any) -> bool:
    """Tell whether out-of-fold scores are collected, none of them from an earlier run's folds."""
    made = {facts_of(catalog, name).scores for name in pipeline.all_outputs()}
    read = {facts_of(catalog, name).scores for name in pipeline.inputs()}
    return "out_of_fold" in made and "fold_validation" not in read


def _describe_experiment(parameters: Mapping[str, Any], pipeline: Pipeline) -> dict[str, Any]:
    task = task_of(node.name for node in pipeline.nodes)
    settings = task.settings_in(parameters)
    name = settings["experiment"]
    is_relation = not task.prefix
    return {
        "experiment": name,
        "run_name": parameters["run"]["name"],
        "why": settings["experiments"][name]["why"],
        "kind": kind_of(settings["kind"], settings["target"]["name"]) if is_relation else "single",
    }


def _find_tracked_run(context: Any) -> TrackedRun | None:
    """Return the MLflow run that tracking has opened for this command."""
    params = read_tracking_params(context)
    run_id = invited_to()
    if not params.enabled or run_id is None:  # the environment may be that of an outer run
        return None
    return TrackedRun(
        tracking_uri=without_passwords(params.tracking_uri),
        experiment=params.experiment,
        run_id=run_id,
        experiment_id=os.environ.get(EXPERIMENT_VARIABLE) or None,
    )
