"""Answer new questions with what an experiment left; nothing is trained."""

import logging
from pathlib import Path
from typing import Any

from klue_pipeline.odqa.ingest.raw_questions import RawQuestions
from klue_pipeline.odqa.settings.export_params import AnswerNewParams
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams
from klue_pipeline.odqa.settings.reader_params import ReaderTrainingParams

logger = logging.getLogger(__name__)


def answer_new(
    new_questions: RawQuestions | None,
    trained_answerer: Path,
    answer_new: AnswerNewParams,
    ingest: OdqaIngestParams,
    training: ReaderTrainingParams,
) -> Any:
    """Prepare the answers to a file; questions are answered as the result is written.

    Args:
        new_questions: The questions; None where no file is named.
        trained_answerer: Folder of the exported experiment.
        answer_new: What is written, questions in memory at a time.
        ingest: Format and columns of the file.
        training: Device, precision and batch size; the rest comes with the readers.

    Returns:
        A :class:`~klue_pipeline.odqa.inference.batch_answers.BatchAnswers`.

    Raises:
        ValueError: No file is named.
    """
    from klue_pipeline.odqa.inference.answerer import QuestionAnswerer
    from klue_pipeline.odqa.inference.batch_answers import BatchAnswers

    if new_questions is None:
        raise ValueError(
            "There is nothing to answer. Name a file with --params odqa.questions=<file>."
        )
    logger.info("The readers of %s answer the questions", trained_answerer)
    answerer = QuestionAnswerer.from_pretrained(
        trained_answerer,
        device=training.device if answer_new.runtime == "pytorch" else "cpu",
        precision=training.precision,
        batch_size=training.evaluation_batch_size,
        runtime=answer_new.runtime,
    )
    return BatchAnswers(new_questions.pick("test", "validation"), ingest, answerer, answer_new)
