"""One trial of a retriever: trained if it learns, its run of validation questions, one score."""

import logging
import shutil
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from klue_pipeline.odqa.dense.index import build_dense_index
from klue_pipeline.odqa.dense.negatives import mine_negatives
from klue_pipeline.odqa.dense.pairing import TrainingTables
from klue_pipeline.odqa.dense.training import RetrieverSettings, train_retriever
from klue_pipeline.odqa.ingest.schema import TEST, TRAIN, VALIDATION
from klue_pipeline.odqa.metrics.retrieval import find_first_gold, score_gold_ranks
from klue_pipeline.odqa.metrics.truth import RetrievalTruth
from klue_pipeline.odqa.retrieval_report.refusal import explain_no_gold
from klue_pipeline.odqa.settings.odqa_params import OdqaParams
from klue_pipeline.odqa.settings.retriever_params import RetrievalScore, RetrieverParams
from klue_pipeline.odqa.sparse.methods import SPARSE
from klue_pipeline.odqa.tokens.passage_tokens import PassageTokens, tokenise_passages
from klue_pipeline.odqa.tuning.drawn_questions import draw_questions
from klue_pipeline.odqa.tuning.kept import Kept
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.training.tokenizer import prepare_tokenizer
from klue_pipeline.training.tuning.scratch import trial_folder
from klue_pipeline.training.workspace import FoldWorkspace

logger = logging.getLogger(__name__)


@dataclass
class RetrieverTrials:
    """What the trials of one search have in common.

    Attributes:
        tables: Questions and passages, without hard negatives.
        score: By what a trial is judged.
        seed: Draws the questions of a share.
        cache: Where tokens, and vectors of encoders as they are, lie from run to run.
        folder: Where a trial keeps its models meanwhile.
        negatives_run: What the retriever of hard negatives found; None searches here.
    """

    tables: TrainingTables
    score: RetrievalScore
    seed: int
    cache: Path
    folder: Path
    negatives_run: pd.DataFrame | None = None
    _tokenizers: Kept[Any] = field(default_factory=lambda: Kept(2), init=False)
    _tokens: Kept[PassageTokens] = field(default_factory=lambda: Kept(2), init=False)
    _negatives: Kept[pd.DataFrame] = field(default_factory=lambda: Kept(4), init=False)
    _scores: dict[str, float] = field(default_factory=dict, init=False)

    def remember(self, encoder: EncoderParams, tokenizer: Any) -> None:
        """Take the tokenizer of an encoder that was prepared already."""
        self._tokenizers.put(_tokenizer_key(encoder), tokenizer)

    def require_questions(self) -> None:
        """Refuse to search where nothing can be judged.

        Raises:
            ValueError: No validation question has a gold passage.
        """
        if not self._truth.has_gold.any():
            raise ValueError(explain_no_gold(f"{len(self._judged):,} validation", self._truth))

    def evaluate(self, params: OdqaParams, row_share: float, name: str) -> float:
        """Make the run of a retriever, and say how good it is.

        Args:
            params: The trial's settings, with one retriever.
            row_share: Share of the questions that it learns from, if it does.
            name: Names the scratch folder, so that a trial which is tried again goes on.

        Returns:
            0 to 100.
        """
        retriever = params.retrievers[params.retrieval.retrievers[0]]
        if retriever.trained:
            return self._judge(self._train_and_search(params, retriever, row_share, name))
        # The same settings always find the same.
        key = repr((retriever, params.encoder))
        if key not in self._scores:
            self._scores[key] = self._judge(self._search(params, retriever, self._judged))
        return self._scores[key]

    @cached_property
    def _judged(self) -> pd.DataFrame:
        examples = self.tables.examples
        return examples[examples["part"] == VALIDATION].reset_index(drop=True)

    @cached_property
    def _truth(self) -> RetrievalTruth:
        tables = self.tables
        return RetrievalTruth.of(
            self._judged, tables.gold_passages, tables.passage_groups, tables.passages
        )

    def _judge(self, run: pd.DataFrame) -> float:
        ranks = find_first_gold(run, self._truth)
        return score_gold_ranks(ranks[self._truth.has_gold])[self.score]

    def _search(
        self, params: OdqaParams, retriever: RetrieverParams, questions: pd.DataFrame
    ) -> pd.DataFrame:
        """Make the run of a retriever that learns nothing."""
        top_k = params.retrieval.top_k
        if retriever.name not in SPARSE:
            index = build_dense_index(
                self.tables.passages, retriever, params.encoder, self.cache / "embeddings"
            )
            return index.search(questions, top_k)
        tokenizer = self._tokenizer(params) if retriever.tokens == "wordpiece" else None
        tokens = self._tokens.get(
            (retriever.tokens, tokenizer and _tokenizer_key(params.encoder)),
            lambda: self._tokenise(retriever, tokenizer),
        )
        return SPARSE[retriever.name](tokens, retriever).search(questions, top_k, tokenizer)

    def _tokenise(self, retriever: RetrieverParams, tokenizer: Any) -> PassageTokens:
        name = retriever.tokens
        if name is None:
            raise ValueError(f"{retriever.name} counts tokens, and none are named")
        return tokenise_passages(
            self.tables.passages, name, self.cache / f"tokens_{name}", tokenizer
        )

    def _train_and_search(
        self, params: OdqaParams, retriever: RetrieverParams, row_share: float, name: str
    ) -> pd.DataFrame:
        with trial_folder(self.folder / name) as folder:
            trained = self._train(params, retriever, row_share, folder / "training")
            encoders = folder / "encoders"
            shutil.rmtree(encoders, ignore_errors=True)  # of one that was killed here
            trained.save_pretrained(encoders)
            index = build_dense_index(
                self.tables.passages, retriever, params.encoder, folder / "embeddings", encoders
            )
            return index.search(self._judged, params.retrieval.top_k)

    def _train(
        self, params: OdqaParams, retriever: RetrieverParams, row_share: float, folder: Path
    ) -> Any:
        examples = self.tables.examples
        learnt = examples["part"] == TRAIN
        drawn = draw_questions(examples.loc[learnt, "question_id"], row_share, self.seed)
        shown = examples[~learnt | examples["question_id"].isin(drawn)]
        tables = replace(self.tables, examples=shown, hard_negatives=self._mine(params))
        settings = RetrieverSettings(
            retriever, params.encoder, params.contrastive, params.retriever_training
        )
        tokenizer = self._tokenizer(params)
        return train_retriever(tables, tokenizer, settings, FoldWorkspace(0, folder)).encoders

    def _mine(self, params: OdqaParams) -> pd.DataFrame | None:
        source, depth = params.contrastive.negatives_from, params.contrastive.negatives_depth
        if source is None:
            return None
        return self._negatives.get((source, depth), lambda: self._mine_from(params, source, depth))

    def _mine_from(self, params: OdqaParams, source: str, depth: int) -> pd.DataFrame:
        tables = self.tables
        run = self.negatives_run
        if run is None:
            labelled = tables.examples[tables.examples["part"] != TEST]
            run = self._search(params, params.retrievers[source], labelled)
        return mine_negatives(
            run, tables.examples, tables.gold_passages, tables.passages, tables.passage_groups,
            depth,
        )  # fmt: skip

    def _tokenizer(self, params: OdqaParams) -> Any:
        return self._tokenizers.get(
            _tokenizer_key(params.encoder),
            lambda: prepare_tokenizer(params.encoder, self.tables.passages["text"]),
        )


def _tokenizer_key(encoder: EncoderParams) -> str:
    return repr((encoder.name, encoder.revision, encoder.scratch))
