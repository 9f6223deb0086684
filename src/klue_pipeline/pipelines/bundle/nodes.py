"""Put all that a blend elsewhere needs of this experiment into one bundle; no weights."""

from typing import Any

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.score_bundles import ScoreBundle, ScoredExperiment, make_bundle
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
from klue_pipeline.relation.settings.training_params import RelationTrainingParams
from klue_pipeline.runs import topology
from klue_pipeline.runs.records.exported_experiment import describe_experiment
from klue_pipeline.training.params import EncoderParams, FoldsParams, LossParams


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
    training: RelationTrainingParams,
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
    experiment = ScoredExperiment(
        kind=topology.kind_of("single", target.name),
        labels=target_labels(labels, target),
        metrics=experiment_metrics,
        **describe_experiment(about, settings, run_record),
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
    experiment = ScoredExperiment(
        kind="composite",
        labels=labels,
        metrics=experiment_metrics,
        **describe_experiment(about, settings, run_record),
    )
    return make_bundle(experiment, out_of_fold, test_scores)
