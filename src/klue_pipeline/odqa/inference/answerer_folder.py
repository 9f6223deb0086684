"""The folder of an exported answerer: what lies where in it, and its settings.

==================== =============================================================================
``fold_<k>/``        the reader of a fold
``answering/``       settings, what was fitted, and the passages
``index_<name>/``    the index of a retriever
``encoder_<name>/``  the encoder of a dense retriever's questions, where it was a folder
``tokenizer/``       of an index of an encoder's tokens
``reranker/``        the cross-encoder, where it was a folder
``export.json``      what all of these held when they were written
``README.md``        the card
==================== =============================================================================
"""

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict

from klue_pipeline.odqa.settings.reader_params import AnswerParams
from klue_pipeline.odqa.settings.retriever_params import (
    TRAINED,
    FusionParams,
    RerankParams,
    RetrievalParams,
)
from klue_pipeline.training.exporting.export_manifest import require_whole_export
from klue_pipeline.training.loading.checkpoint_files import read_description

ANSWERING, TOKENIZER, RERANKER = "answering", "tokenizer", "reranker"
"""Folders in the folder."""
SETTINGS_FILE, PASSAGES_FILE = "answering.json", "passages.parquet"

_FOLD = re.compile(r"fold_(\d+)")


class SearchSettings(BaseModel):
    """How passages are found for a question, as the run of the experiment found them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retrievers: tuple[str, ...]
    """Names of those of the experiment, in the order in which their runs are fused; each has an
    index, which knows how it is searched."""
    top_k: int
    """Passages that each of them returns."""
    fusion: FusionParams
    """How several become one; weights are those that were fitted."""
    rerank: RerankParams
    """How the best are ordered anew."""


class AnswererSettings(BaseModel):
    """What an exported answerer must know beside its readers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: str
    """Its folder in the project."""
    answer: AnswerParams
    """How passages become an answer; the weight is the one that was fitted."""
    fit: dict[str, Any]
    """What was fitted for choosing, as ``answer_fit.json`` has it."""
    search: SearchSettings | None
    """None where questions can only be answered from a context."""
    no_search: str
    """Why that is; empty where passages are searched."""


def describe_search(
    retrieval: RetrievalParams,
    fusion: FusionParams,
    fusion_report: Mapping[str, Any],
    rerank: RerankParams,
    indexed: Collection[str],
) -> tuple[SearchSettings | None, str]:
    """Say how new questions are searched for, or why they cannot be.

    Args:
        retrieval: Which retrievers the experiment has.
        fusion: How their runs become one.
        fusion_report: The weights that were fitted, if any were.
        rerank: How the best passages are ordered anew.
        indexed: The retrievers that have an index.
    """
    without = [name for name in retrieval.retrievers if name not in indexed]
    if without:
        return None, (
            f"retriever {', '.join(without)} has no index to hand out, as runs of other engines, "
            "of Elasticsearch and of earlier experiments have none."
        )
    weights = fusion_report.get("weights")
    if weights is not None:
        fusion = fusion.model_copy(update={"weights": dict(weights)})
    if rerank.model is not None and Path(rerank.model).is_dir():
        rerank = rerank.model_copy(update={"model": TRAINED})
    names = tuple(retrieval.retrievers)
    return SearchSettings(retrievers=names, top_k=retrieval.top_k, fusion=fusion, rerank=rerank), ""


def index_folder(retriever: str) -> str:
    """Return the folder of a retriever's index."""
    return f"index_{retriever}"


def encoder_folder(retriever: str) -> str:
    """Return the folder of the encoder that embeds a retriever's questions."""
    return f"encoder_{retriever}"


def write_settings(settings: AnswererSettings, passages: pd.DataFrame, folder: Path) -> None:
    """Write settings and passages into the folder of an answerer."""
    place = folder / ANSWERING
    place.mkdir()
    text = json.dumps(settings.model_dump(mode="json"), ensure_ascii=False, indent=2)
    (place / SETTINGS_FILE).write_text(f"{text}\n", encoding="utf-8")
    passages[["passage_id", "title", "text"]].to_parquet(place / PASSAGES_FILE, index=False)


def read_settings(folder: Path) -> AnswererSettings:
    """Read what an answerer says of itself, once nothing of it is missing or changed.

    Raises:
        FileNotFoundError: There is no such folder, or it is none of an answerer.
        ValueError: It is not what was exported, or of another version.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f"There is no folder {folder} (seen from {Path.cwd()}); give the folder of an exported "
            "experiment, such as data/06_models/odqa/<experiment>/exported. Nothing is looked up "
            "on the hub."
        )
    if not (folder / ANSWERING / SETTINGS_FILE).is_file():
        raise FileNotFoundError(
            f"{folder} is no exported answerer: {ANSWERING}/{SETTINGS_FILE} is missing. Make one "
            "with kedro run --pipelines odqa_export, with the same --env and --params "
            "odqa.experiment=... as the training."
        )
    require_whole_export(folder)
    return read_description(folder / ANSWERING / SETTINGS_FILE, AnswererSettings)


def read_passages(folder: Path) -> pd.DataFrame:
    """Read the passages of an answerer: ``title`` and ``text`` by ``passage_id``."""
    return pd.read_parquet(folder / ANSWERING / PASSAGES_FILE).set_index("passage_id")


def find_readers(folder: Path) -> dict[int, Path]:
    """Return the folder of each fold's reader, ascending.

    Raises:
        FileNotFoundError: There is none.
    """
    found = {
        int(match[1]): path for path in folder.iterdir() if (match := _FOLD.fullmatch(path.name))
    }
    if not found:
        raise FileNotFoundError(f"{folder} holds no reader (fold_0, fold_1, …); export it again.")
    return dict(sorted(found.items()))
