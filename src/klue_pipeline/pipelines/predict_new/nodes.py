"""Label new rows with the models that an experiment left; nothing is trained."""

import logging
from pathlib import Path
from typing import Any

from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.relation.settings.params import IngestParams
from klue_pipeline.relation.settings.training_params import RelationTrainingParams
from klue_pipeline.text.records.raw_file import RawFile
from klue_pipeline.training.loading.checkpoint_files import REFIT_FOLDER

logger = logging.getLogger(__name__)


def predict_new(
    new_rows: RawFile,
    trained_classifier: Path,
    predict: PredictParams,
    ingest: IngestParams,
    training: RelationTrainingParams,
) -> Any:
    """Prepare the labelling of a file; rows are read and labelled as the result is written.

    Args:
        new_rows: The file, opened and not yet read.
        trained_classifier: Folder of the exported experiment, or of its graphs.
        predict: Format and columns of the file, which folds, rows in memory at a time.
        ingest: Format and columns of the training rows, where ``predict`` says nothing else.
        training: Device, precision and batch size; the rest comes with the models.

    Returns:
        A :class:`~klue_pipeline.relation.inference.batch_prediction.BatchPrediction`.
    """
    from klue_pipeline.relation.inference.batch_prediction import BatchPrediction
    from klue_pipeline.relation.inference.classifier import RelationClassifier
    from klue_pipeline.relation.ingest.parsing import choose_format

    logger.info("The models of %s label the rows", trained_classifier)
    classifier = RelationClassifier.from_pretrained(
        _folders(trained_classifier, predict),
        device=training.device if predict.runtime == "pytorch" else "cpu",
        precision=training.precision,
        batch_size=training.evaluation_batch_size,
        runtime=predict.runtime,
    )
    return BatchPrediction(
        new_rows,
        choose_format(new_rows, predict, ingest),
        classifier.classify,
        classifier.labels,
        predict,
    )


def _folders(trained_classifier: Path, predict: PredictParams) -> list[Path]:
    if predict.use == "refit":
        return [_refit(trained_classifier)]
    folds = predict.folds
    if folds is None:
        return [trained_classifier]
    chosen = [trained_classifier / f"fold_{fold}" for fold in folds]
    if all(folder.is_dir() for folder in chosen):
        return chosen
    there = sorted(path.name for path in trained_classifier.glob("fold_*"))
    raise ValueError(
        f"predict.folds is {folds}, but the exported model has {', '.join(there)}; choose among "
        "their numbers, or set predict.folds=null for all."
    )


def _refit(trained_classifier: Path) -> Path:
    folder = trained_classifier / REFIT_FOLDER
    if folder.is_dir():
        return folder
    raise ValueError(
        "predict.use is refit, but the exported model has folds only; train with "
        "training.refit=all_rows, or set predict.use=folds."
    )
