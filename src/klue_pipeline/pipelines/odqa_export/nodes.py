"""Put together what answers questions: readers, passages, indexes, settings, a card."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.odqa.settings.export_params import OdqaExportParams
from klue_pipeline.odqa.settings.ingest_params import OdqaRawParams
from klue_pipeline.odqa.settings.reader_params import (
    AnswerParams,
    QuestionAugmentParams,
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
)
from klue_pipeline.odqa.settings.retriever_params import (
    FusionParams,
    RerankParams,
    RetrievalParams,
)
from klue_pipeline.runs.dataset_names import fold_numbers
from klue_pipeline.runs.kept_weights import choose_checkpoints

INDEX = "index_"
"""What the arguments with indexes begin with; the retriever's name follows."""


def export_answerer(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    passages: pd.DataFrame,
    examples: pd.DataFrame,
    answer_fit: dict[str, Any],
    answer_report: dict[str, Any],
    fusion_report: dict[str, Any],
    about: AboutParams,
    raw: OdqaRawParams,
    folds: ReaderFoldsParams,
    augment: QuestionAugmentParams,
    reader: ReaderParams,
    head: ReaderHeadParams,
    max_tokens: int,
    answer: AnswerParams,
    retrieval: RetrievalParams,
    fusion: FusionParams,
    rerank: RerankParams,
    export: OdqaExportParams,
    tokenizer: Any = None,
    reranker: Path | None = None,
    select_by: str | None = None,
    **parts: Any,
) -> Any:
    """Gather what leaves the project.

    Args:
        passages: What is searched.
        examples: The questions of all parts.
        answer_fit: What was fitted for choosing.
        answer_report: The scores.
        fusion_report: How the runs of several retrievers became one.
        about: The experiment.
        raw: Where questions and documents came from.
        folds: Which questions each reader learnt from.
        augment: What was added to them.
        reader: What the readers started from, and their windows.
        head: Their head.
        max_tokens: Longest window.
        answer: How passages become an answer.
        retrieval: Which retrievers there are.
        fusion: How their runs become one.
        rerank: How the best passages are ordered anew.
        export: Licences.
        tokenizer: Of an index of an encoder's tokens.
        reranker: Folder of a cross-encoder that was trained here.
        select_by: What the best fold is found by, where it is exported alone.
        parts: The folder of each fold's reader, by its fold's name, what the best one is found by,
            and the index of each retriever that has one.

    Returns:
        An :class:`~klue_pipeline.odqa.inference.answerer_export.ExportedAnswerer`.
    """
    from klue_pipeline.odqa.inference.answerer_export import ExportedAnswerer, find_reranker
    from klue_pipeline.odqa.inference.answerer_folder import AnswererSettings, describe_search
    from klue_pipeline.odqa.inference.model_card import CardFacts, write_answerer_card

    indexes = _indexes(parts)
    checkpoints = choose_checkpoints(parts, select_by)
    search, no_search = describe_search(retrieval, fusion, fusion_report, rerank, list(indexes))
    weight = {"retrieval_weight": float(answer_fit["retrieval_weight"])}
    settings = AnswererSettings(
        experiment=about.folder,
        answer=answer.model_copy(update=weight),
        fit=answer_fit,
        search=search,
        no_search=no_search,
    )
    card = write_answerer_card(
        CardFacts(
            about=about,
            training_source=raw.train,
            documents_source=raw.documents,
            folds=folds,
            exported_folds=fold_numbers(checkpoints),
            trained_folds=fold_numbers(parts),
            chosen_by=select_by,
            augmentation=augment.methods,
            reader=reader,
            head=head,
            max_tokens=max_tokens,
            settings=settings,
            indexes=indexes,
            n_passages=len(passages),
            n_questions=int((examples["part"] == "train").sum()),
            report=answer_report,
            export=export,
        )
    )
    return ExportedAnswerer(
        checkpoints=checkpoints,
        settings=settings,
        passages=passages,
        card=card,
        indexes=indexes,
        tokenizer=tokenizer,
        reranker=reranker or find_reranker(rerank),
    )


def _indexes(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the index of each retriever."""
    return {
        name.removeprefix(INDEX): index for name, index in parts.items() if name.startswith(INDEX)
    }
