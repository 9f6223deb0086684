"""Put the models of all folds together, with their temperature and a card that explains them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.inference.model_card import CardFacts, write_model_card
from klue_pipeline.relation.inference.model_export import ExportedModel
from klue_pipeline.relation.settings.augment_params import AugmentParams
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.export_params import ExportParams
from klue_pipeline.relation.settings.params import HeadParams, InputParams, RawParams, TargetParams
from klue_pipeline.runs.dataset_names import fold_numbers
from klue_pipeline.runs.kept_weights import choose_checkpoints
from klue_pipeline.training.loading.checkpoint_files import REFIT_FOLDER
from klue_pipeline.training.params import EncoderParams, LossParams


def export_model(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    clean_sentences: pd.DataFrame,
    fold_report: dict[str, Any],
    labels: LabelSet,
    calibration: dict[str, Any],
    experiment_metrics: dict[str, Any],
    per_label: pd.DataFrame,
    about: AboutParams,
    raw: RawParams,
    input_params: InputParams,
    encoder: EncoderParams,
    head: HeadParams,
    loss: LossParams,
    augment: AugmentParams,
    target: TargetParams,
    max_tokens: int,
    evaluation: EvaluationParams,
    export: ExportParams,
    select_by: str | None = None,
    refit: Path | None = None,
    refit_metrics: Mapping[str, float] | None = None,
    **folds: Any,
) -> ExportedModel:
    """Gather what leaves the project: every fold's checkpoint, the temperature, the card.

    A model of another target than ``all`` is exported in its own labels.

    Args:
        clean_sentences: The training rows.
        fold_report: The split.
        labels: The label set of the task.
        calibration: What node ``calibrate`` found.
        experiment_metrics: The scores.
        per_label: The scores of each label.
        about: The experiment.
        raw: Where the rows came from that were learnt from.
        input_params: How they were written.
        encoder: What the training started from.
        head: What scores the labels.
        loss: What was minimised, and of a student its teachers.
        augment: What was added to the training rows.
        target: Which question the models answer.
        max_tokens: Longest input.
        evaluation: How intervals were drawn.
        export: Licences.
        select_by: What the best fold is found by, where it is exported alone.
        refit: The folder of the model that learnt from all rows, where there is one.
        refit_metrics: What its training left.
        folds: The folder of each fold's checkpoint, named after its fold, and what the best one is
            found by.
    """
    temperature = _known_temperature(calibration)
    checkpoints = choose_checkpoints(folds, select_by)
    facts = CardFacts(
        about=about,
        training_source=raw.train,
        unlabelled_source=raw.unlabelled if loss.teachers else None,
        input_params=input_params,
        encoder=encoder,
        head=head,
        loss=loss,
        augmentation=augment.methods,
        target=target,
        max_tokens=max_tokens,
        export=export,
        confidence=evaluation.confidence,
        labels=labels,
        sentences=clean_sentences,
        fold_report=fold_report,
        folds=fold_numbers(checkpoints),
        trained_folds=fold_numbers(experiment_metrics["folds"]),
        chosen_by=select_by,
        refit=refit_metrics,
        metrics=experiment_metrics,
        per_label=per_label,
        temperature=temperature,
    )
    if refit is not None:
        checkpoints = {**checkpoints, REFIT_FOLDER: refit}
    return ExportedModel(checkpoints, temperature, write_model_card(facts))


def _known_temperature(calibration: Mapping[str, Any]) -> float:
    """Return the fitted temperature; 1 changes nothing where none was fitted."""
    found = calibration.get("temperature")
    return 1.0 if found is None else float(found)
