"""What answers questions, to hand out: readers, passages, indexes, settings, a card, a manifest.

Weights and indexes are not copied where they can be linked. Where the folder goes is left to its
caller.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from klue_pipeline.odqa.dense.index import DenseIndex
from klue_pipeline.odqa.inference.answerer_folder import (
    RERANKER,
    TOKENIZER,
    AnswererSettings,
    encoder_folder,
    index_folder,
    write_settings,
)
from klue_pipeline.odqa.inference.index_folders import RetrievalIndex, write_index
from klue_pipeline.odqa.reader.reader_model import read_reader_config
from klue_pipeline.odqa.settings.retriever_params import RerankParams
from klue_pipeline.odqa.sparse.search import SparseIndex
from klue_pipeline.reporting.model_card import without_folders
from klue_pipeline.training.exporting.export_manifest import write_manifest
from klue_pipeline.training.exporting.linked_folders import CARD_FILE, link_folder
from klue_pipeline.training.loading.checkpoint_files import READER_FILE
from klue_pipeline.training.tokenizer import Tokenizer

PIPELINE, SETTING = "odqa_export", "odqa.experiment"


@dataclass(frozen=True)
class ExportedAnswerer:
    """What goes into the folder of an exported answerer.

    Attributes:
        checkpoints: The folder of each fold's reader, by the fold's name.
        settings: How questions are answered.
        passages: Schema ``Passages``.
        card: The card, in Markdown.
        indexes: The index of each retriever; written only where all have one.
        tokenizer: Of an index of an encoder's tokens.
        reranker: The folder of a cross-encoder; None where there is none, or it is on the hub.
    """

    checkpoints: Mapping[str, Path]
    settings: AnswererSettings
    passages: pd.DataFrame
    card: str
    indexes: Mapping[str, RetrievalIndex] = field(default_factory=dict)
    tokenizer: Tokenizer | None = None
    reranker: Path | None = None

    def save_pretrained(self, folder: Path) -> None:
        """Write everything into ``folder``; what it is made of stays as it is.

        Raises:
            FileNotFoundError: A checkpoint is not whole.
            ValueError: A checkpoint was made by another version of this project.
        """
        for name, checkpoint in self.checkpoints.items():
            link_folder(checkpoint, folder / name)
            _forget_encoder_folder(checkpoint, folder / name)
        write_settings(self.settings, self.passages, folder)
        if self.settings.search is not None:
            self._write_search(folder)
        parts = sorted(path.name for path in folder.iterdir() if path.is_dir())
        write_manifest(folder, parts, PIPELINE, SETTING)
        (folder / CARD_FILE).write_text(self.card, encoding="utf-8")

    def _write_search(self, folder: Path) -> None:
        for name, index in self.indexes.items():
            _write_index(index, folder, name)
        if self.tokenizer is not None:
            self.tokenizer.save_pretrained(str(folder / TOKENIZER))
        if self.reranker is not None:
            link_folder(self.reranker, folder / RERANKER)


def find_reranker(rerank: RerankParams) -> Path | None:
    """Return the folder of a cross-encoder that settings name; None for one on the hub."""
    folder = Path(rerank.model or "")
    return folder if rerank.model and folder.is_dir() else None


def _forget_encoder_folder(checkpoint: Path, folder: Path) -> None:
    """Leave out of a reader's description where on this machine its encoder came from."""
    config = read_reader_config(checkpoint)
    reader = config.reader.model_copy(update={"name": without_folders(config.reader.name)})
    described = config.model_copy(update={"reader": reader}).model_dump(mode="json")
    place = folder / READER_FILE
    place.unlink()  # never written through, whatever it is linked to
    place.write_text(json.dumps(described, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _write_index(index: RetrievalIndex, folder: Path, retriever: str) -> None:
    place = folder / index_folder(retriever)
    if isinstance(index, SparseIndex) and index.header.folder is not None:
        link_folder(index.header.folder, place)
        return
    place.mkdir()
    if isinstance(index, DenseIndex):
        index = _with_own_encoder(index, folder, retriever)
    write_index(index, place)


def _with_own_encoder(index: DenseIndex, folder: Path, retriever: str) -> DenseIndex:
    """Take the encoder's folder along, and name it by its place below the answerer's."""
    name, source = encoder_folder(retriever), Path(index.encoder.name)
    params = index.params.model_copy(update={"question_encoder": None, "passage_encoder": None})
    if not source.is_dir():
        return replace(index, params=params)
    link_folder(source, folder / name)
    encoder = index.encoder.model_copy(update={"name": name})
    return replace(index, params=params, encoder=encoder)
