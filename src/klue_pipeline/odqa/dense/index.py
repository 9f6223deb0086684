"""The index of a dense retriever: vectors on disk, and what embeds the questions."""

import json
import logging
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from klue_pipeline.odqa.dense.embedding import (
    Embeddings,
    embed_passages,
    embed_questions,
    read_shard,
)
from klue_pipeline.odqa.dense.encoder import (
    BEST_PLACE,
    Placement,
    TextEncoder,
    choose_encoders,
    load_encoder,
)
from klue_pipeline.odqa.dense.encoder_folders import FAISS_FILE
from klue_pipeline.odqa.dense.faiss_index import (
    build_faiss,
    read_faiss,
    search_faiss,
    share_found,
    write_faiss,
)
from klue_pipeline.odqa.dense.search import search_exactly
from klue_pipeline.odqa.passages.run_table import make_run
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.training.params import EncoderParams

logger = logging.getLogger(__name__)

_ABOUT_FILE, _PASSAGES_FILE = "dense.json", "passages.parquet"
_TRUSTED_SHARE = 0.9
"""Below it, a warning says how much of exact search faiss misses."""
_COMPARED_QUESTIONS = 200
"""On so many faiss is compared with exact search."""


@dataclass
class DenseIndex:
    """What a dense retriever searches.

    Attributes:
        embeddings: Vectors of all passages.
        params: How texts become vectors.
        encoder: What embeds questions.
        source: What tells that encoder from others, as ``TextEncoder.source``.
        placement: Where and in which precision questions are embedded.
        approximate: An index of faiss over the same vectors; None searches exactly.
        report: What the last search has to say of itself: ``index``, and for faiss
            ``recall_against_exact``, the share of the exact top k that it found on the first
            ``compared_questions``.
        held: The loaded encoder of questions; None loads it for every search.
    """

    method: ClassVar[str] = "dense"

    embeddings: Embeddings
    params: RetrieverParams
    encoder: EncoderParams
    source: str
    placement: Placement
    approximate: Any = None
    report: dict[str, Any] = field(default_factory=dict)
    held: TextEncoder | None = None

    @property
    def n_bytes(self) -> int:
        """Size of the vectors on disk; faiss's copy of them is as large again."""
        size = sum(shard.stat().st_size for shard in self.embeddings.shards)
        return size * (1 if self.approximate is None else 2)

    def search(
        self,
        questions: pd.DataFrame,
        top_k: int,
        tokenizer: Any = None,  # noqa: ARG002 (retrievers that count tokens read it)
    ) -> pd.DataFrame:
        """Find the passages whose vectors are most like those of the questions.

        Passages of equal score are ordered as in the table of passages.

        Args:
            questions: Schema ``Questions``.
            top_k: Passages of each question; all where there are fewer.
            tokenizer: Not read; the encoder has its own.

        Returns:
            Schema ``Run``.

        Raises:
            ValueError: The encoder is not the one that the index was made with, or a vector is not
                finite.
        """
        passage_ids = self.embeddings.passage_ids.tolist()
        if questions.empty:
            return make_run([], [], passage_ids)
        encoder = self.held or self._load_encoder()
        vectors = embed_questions(questions, encoder, self.params)
        _require_width(self.embeddings, vectors.shape[1])
        scores, places = self._find(vectors, top_k, encoder.device)
        # Of a question that faiss finds less for, the last places are -1.
        found = (
            (row[row >= 0], score[row >= 0]) for row, score in zip(places, scores, strict=True)
        )
        return make_run(questions["question_id"].tolist(), found, passage_ids)

    def _find(
        self, vectors: NDArray[np.float32], top_k: int, device: torch.device
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        if self.approximate is None:
            self.report = {"index": "exact"}
            return search_exactly(self.embeddings, vectors, top_k, device)
        scores, places = search_faiss(self.approximate, vectors, top_k)
        if self.held is not None:
            return scores, places
        _, exact = search_exactly(self.embeddings, vectors[:_COMPARED_QUESTIONS], top_k, device)
        share = share_found(places, exact)
        self.report = {
            "index": "faiss",
            "recall_against_exact": share,
            "compared_questions": len(exact),
        }
        level = logging.WARNING if share < _TRUSTED_SHARE else logging.INFO
        logger.log(level, "faiss found %.3f of what exact search finds", share)
        return scores, places

    def hold_encoder(self) -> None:
        """Load the encoder once, for many small searches; faiss is then not compared with exact.

        Raises:
            ValueError: The encoder is not the one that the index was made with.
        """
        self.held = self._load_encoder()

    def _load_encoder(self) -> TextEncoder:
        encoder = load_encoder(self.encoder, self.params, self.placement)
        if encoder.source != self.source:
            raise ValueError(
                f"The index was made with another encoder than what {self.encoder.name!r} holds "
                "now: vectors of two encoders cannot be compared. Make the index anew."
            )
        return encoder

    def save(self, folder: Path) -> None:
        """Write vectors, ids and faiss's index into a folder."""
        for number, shard in enumerate(self.embeddings.shards):
            _link(shard, folder / _shard_name(number))
        pd.DataFrame(
            {"passage_id": self.embeddings.passage_ids, "place": self.embeddings.places}
        ).to_parquet(folder / _PASSAGES_FILE, index=False)
        if self.approximate is not None:
            write_faiss(self.approximate, folder / FAISS_FILE)
        about = {
            "fingerprint": self.embeddings.fingerprint,
            "shards": len(self.embeddings.shards),
            "params": self.params.model_dump(exclude_none=True),
            "encoder": self.encoder.model_dump(exclude_none=True),
            "source": self.source,
            "placement": vars(self.placement),
        }
        text = json.dumps(about, ensure_ascii=False, indent=2)
        (folder / _ABOUT_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open a folder that :meth:`save` wrote; vectors stay on disk until they are searched.

        Raises:
            OSError: A file is missing.
            ImportError: It was made with faiss, which is not installed.
        """
        about = json.loads((folder / _ABOUT_FILE).read_text(encoding="utf-8"))
        table = pd.read_parquet(folder / _PASSAGES_FILE)
        params = RetrieverParams(**about["params"])
        return cls(
            embeddings=Embeddings(
                shards=tuple(folder / _shard_name(number) for number in range(about["shards"])),
                places=table["place"].to_numpy(dtype=np.int64),
                passage_ids=table["passage_id"].to_numpy(dtype=object),
                fingerprint=about["fingerprint"],
            ),
            params=params,
            encoder=EncoderParams(**about["encoder"]),
            source=about["source"],
            placement=Placement(**about["placement"]),
            approximate=read_faiss(folder / FAISS_FILE) if params.index == "faiss" else None,
        )


def build_dense_index(
    passages: pd.DataFrame,
    params: RetrieverParams,
    encoder: EncoderParams,
    cache_folder: Path,
    trained: Path | None = None,
    *,
    placement: Placement = BEST_PLACE,
) -> DenseIndex:
    """Embed all passages, and make the index that ``params.index`` names.

    Args:
        passages: Schema ``Passages``.
        params: A dense retriever.
        encoder: The experiment's encoder, for a retriever that has none of its own.
        cache_folder: Where the shards of vectors are kept; see :func:`embed_passages`.
        trained: Folder of the trained retriever, for one with ``trained``.
        placement: Where and in which precision texts are embedded.

    Raises:
        ValueError: An encoder cannot be used, there is no passage, or a vector is not finite.
        ImportError: faiss is wanted and not installed.
    """
    names = choose_encoders(params, encoder, trained)
    of_passages = load_encoder(names.passage, params, placement)
    same = names.question == names.passage
    source = (of_passages if same else load_encoder(names.question, params, placement)).source
    embeddings = embed_passages(passages, of_passages, params, cache_folder)
    approximate = build_faiss(embeddings) if params.index == "faiss" else None
    return DenseIndex(embeddings, params, names.question, source, placement, approximate)


def _require_width(embeddings: Embeddings, width: int) -> None:
    found = read_shard(embeddings.shards[0]).shape[1]
    if found != width:
        raise ValueError(
            f"The vectors of passages have {found} numbers and those of questions {width}: "
            "question_encoder and passage_encoder do not belong together; name two of one model."
        )


def _shard_name(number: int) -> str:
    return f"shard_{number:05}.npy"


def _link(source: Path, target: Path) -> None:
    """Give a shard a second name, or copy it where that cannot be; shards are never changed."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
