"""Passages for new questions, found by the indexes and the code that the run was made with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd

from klue_pipeline.odqa.dense.encoder import Placement
from klue_pipeline.odqa.dense.index import DenseIndex
from klue_pipeline.odqa.fusion.fusing import fuse
from klue_pipeline.odqa.inference.answerer_folder import (
    RERANKER,
    TOKENIZER,
    SearchSettings,
    index_folder,
)
from klue_pipeline.odqa.inference.index_folders import RetrievalIndex, open_index
from klue_pipeline.odqa.reranking.cross_encoder import Reranker
from klue_pipeline.odqa.reranking.rerank import open_reranker, order_anew
from klue_pipeline.training.tokenizer import Tokenizer, load_tokenizer

_NOBODY = (
    pd.DataFrame(columns=["question_id", "part"], dtype="str"),
    pd.DataFrame(columns=["question_id", "passage_id"], dtype="str"),
    pd.DataFrame(columns=["passage_id", "group_id"], dtype="str"),
)
"""Questions, gold passages and groups to fit weights on, where they were fitted before."""


@dataclass(frozen=True, eq=False)
class Searcher:
    """Finds passages; several threads may ask, one at a time is answered.

    Attributes:
        settings: How the run of the experiment was made.
        indexes: The index of each retriever, in the order in which runs are fused.
        passages: ``title`` and ``text`` by ``passage_id``, for a cross-encoder.
        tokenizer: Of an index of an encoder's tokens.
        reranker: What orders the best anew.
        lock: Tokenizers and analysers keep settings of their last call.
    """

    settings: SearchSettings
    indexes: Mapping[str, RetrievalIndex]
    passages: pd.DataFrame
    tokenizer: Tokenizer | None = None
    reranker: Reranker | None = None
    lock: Any = field(default_factory=Lock)

    def search(self, questions: pd.DataFrame) -> pd.DataFrame:
        """Find the passages of some questions.

        Args:
            questions: With ``question_id`` and ``question``.

        Returns:
            Schema ``Run``; a question may have no row.

        Raises:
            RuntimeError: An index or a model fails, whatever was asked.
        """
        try:
            with self.lock:
                return self._order_anew(self._fuse(self._find(questions)), questions)
        except ValueError as error:
            raise RuntimeError(str(error)) from error

    def _find(self, questions: pd.DataFrame) -> dict[str, pd.DataFrame]:
        top_k = self.settings.top_k
        return {
            name: index.search(questions, top_k, self.tokenizer)
            for name, index in self.indexes.items()
        }

    def _fuse(self, runs: dict[str, pd.DataFrame]) -> pd.DataFrame:
        if len(runs) == 1 or all(run.empty for run in runs.values()):
            return next(iter(runs.values()))
        return fuse(runs, self.settings.fusion, *_NOBODY, self.settings.top_k)[0]

    def _order_anew(self, run: pd.DataFrame, questions: pd.DataFrame) -> pd.DataFrame:
        if self.reranker is None or run.empty:
            return run
        found = self.passages.loc[run["passage_id"].unique()].reset_index(names="passage_id")
        return order_anew(run, questions, found, self.settings.rerank, self.reranker)


def open_searcher(
    folder: Path, settings: SearchSettings, passages: pd.DataFrame, placement: Placement
) -> Searcher:
    """Open everything that an exported answerer searches with.

    Args:
        folder: The exported answerer.
        settings: What it says of searching.
        passages: ``title`` and ``text`` by ``passage_id``.
        placement: Where questions are embedded, and how.

    Raises:
        ValueError: An index is damaged, or was made with another encoder than there is.
    """
    place, reranker = folder / TOKENIZER, None
    if settings.rerank.name != "none":
        own = folder / RERANKER
        reranker = open_reranker(settings.rerank, own if own.is_dir() else None, placement.device)
    return Searcher(
        settings,
        {name: _open_index(folder, name, placement) for name in settings.retrievers},
        passages,
        load_tokenizer(str(place)) if place.is_dir() else None,
        reranker,
    )


def _open_index(folder: Path, retriever: str, placement: Placement) -> RetrievalIndex:
    index = open_index(folder / index_folder(retriever))
    if not isinstance(index, DenseIndex):
        return index
    name = index.encoder.name
    if (folder / name).is_dir():  # the export wrote its place below the folder
        name = str((folder / name).resolve())
    encoder = index.encoder.model_copy(update={"name": name})
    dense = replace(index, encoder=encoder, placement=placement)
    dense.hold_encoder()
    return dense
