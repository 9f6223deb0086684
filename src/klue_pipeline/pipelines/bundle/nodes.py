"""Put all that a blend elsewhere needs of this experiment into one bundle; no weights."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from klue_pipeline.base_settings import AboutParams, Settings
from klue_pipeline.evaluation.bundles import ExperimentDescription, ScoreBundle, make_bundle
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.metrics.targets import target_labels
from klue_pipeline.relation.settings.augment_params import AugmentParams
from klue_pipeline.relation.settings.clean_params import CleanParams
from klue_pipeline.relation.settings.params import (
    CompositeParams,
    HeadParams,
    InputParams,
    TargetParams,
)
from klue_pipeline.runs import topology
from klue_pipeline.runs.records.run_records import RunRecord
from klue_pipeline.training.params import EncoderParams, FoldsParams, LossParams, TrainingParams
from klue_pipeline.version import __version__


def export_bundle(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    out_of_fold: ScoreTable,
    test_scores: ScoreTable,
    experiment_metrics: dict[str, Any],
    labels: LabelSet,
    run_record: dict[str, Any] | None,
    about: AboutParams,
    clean: CleanParams,
    folds: FoldsParams,
    target: TargetParams,
    input_params: InputParams,
    encoder: EncoderParams,
    head: HeadParams,
    loss: LossParams,
    training: TrainingParams,
    augment: AugmentParams,
) -> ScoreBundle:
    """Bundle the scores of an experiment that trains a model.

    A model of another target than ``all`` is bundled in its own labels. No blend takes it;
    the blend names the reason.
    """
    settings = {
        "clean": clean,
        "folds": folds,
        "target": target,
        "input": input_params,
        "encoder": encoder,
        "head": head,
        "loss": loss,
        "training": training,
        "augment": augment,
    }
    experiment = ExperimentDescription(
        kind=topology.kind_of("single", target.name),
        labels=target_labels(labels, target),
        metrics=experiment_metrics,
        **_describe(about, settings),
        **_trace_run(run_record),
    )
    return make_bundle(experiment, out_of_fold, test_scores)


def export_composite_bundle(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    out_of_fold: ScoreTable,
    test_scores: ScoreTable,
    experiment_metrics: dict[str, Any],
    labels: LabelSet,
    run_record: dict[str, Any] | None,
    about: AboutParams,
    clean: CleanParams,
    folds: FoldsParams,
    composite: CompositeParams,
) -> ScoreBundle:
    """Bundle the scores of an experiment that joins others; its members are named, not bundled."""
    settings = {"clean": clean, "folds": folds, "composite": composite}
    experiment = ExperimentDescription(
        kind="composite",
        labels=labels,
        metrics=experiment_metrics,
        **_describe(about, settings),
        **_trace_run(run_record),
    )
    return make_bundle(experiment, out_of_fold, test_scores)


def _describe(about: AboutParams, settings: Mapping[str, Settings]) -> dict[str, Any]:
    read = {
        name: group.model_dump(mode="json", exclude=set(group.unread_fields()))
        for name, group in settings.items()
    }
    return {
        **about.model_dump(),
        "settings": read,
        "code_version": __version__,
        "created_at": datetime.now(UTC).replace(microsecond=0),
    }


def _trace_run(run_record: dict[str, Any] | None) -> dict[str, str | None]:
    """Name the run that made the scores, where it left a record."""
    if run_record is None:
        return {}
    record = RunRecord.model_validate(run_record)
    run_id = None if record.maker.mlflow is None else record.maker.mlflow.run_id
    return {"mlflow_run_id": run_id, "git_commit": record.maker.git_commit}
