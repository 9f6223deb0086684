"""Settings of retrievers, of their training, and of how their runs become one."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from klue_pipeline.base_settings import MethodSettings, Seed, Settings
from klue_pipeline.training.params import TrainingParams

TokenizerName = Literal["whitespace", "kiwi", "kiwi_content", "character_bigram", "wordpiece"]
Bm25Variant = Literal["robertson", "lucene", "atire", "bm25l", "bm25+", "bm25p"]
RetrievalScore = Literal[
    "recall_at_1", "recall_at_5", "recall_at_10", "recall_at_20", "recall_at_100", "mrr"
]

RetrieverName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]
"""Part of the names of nodes, datasets and folders."""

TRAINED = "trained"
"""In place of a model's name: it is trained in this run."""

FUSION, RERANKED = COMBINED = ("fusion", "reranked")
"""What reports call a run that is made of several, and one that was ordered anew."""

_SPARSE = frozenset({"tokens", "title"})
_DENSE = frozenset(
    {
        "title", "trained", "pooling", "similarity", "question_prefix", "passage_prefix",
        "max_question_tokens", "max_passage_tokens", "batch_size", "index",
    }
)  # fmt: skip


class RetrieverParams(MethodSettings):
    """One retriever: a method, and what it needs."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"batch_size", "url"})

    fields_of: ClassVar[Mapping[str, frozenset[str]]] = {
        "bm25": _SPARSE | {"variant", "k1", "b", "delta"},
        "tfidf": _SPARSE | {"max_ngram"},
        "dense": _DENSE,
        "elasticsearch": frozenset({"title", "ranking"}),
        "experiment": frozenset({"experiment"}),
    }
    optional_fields_of: ClassVar[Mapping[str, frozenset[str]]] = {
        "tfidf": frozenset({"max_features"}),
        "dense": frozenset({"question_encoder", "passage_encoder"}),
        "elasticsearch": frozenset({"url"}),
    }

    name: Literal["bm25", "tfidf", "dense", "external", "elasticsearch", "experiment"]
    """The method; it decides which of the other settings there are."""
    title: bool | None = None
    """Whether a passage is found by its document's title too."""
    tokens: TokenizerName | None = None
    """What a text is taken apart into."""
    variant: Bm25Variant | None = None
    """``bm25p`` ranks as BM25Plus of rank_bm25, which is ATIRE's BM25 with another idf."""
    k1: float | None = Field(default=None, ge=0)
    """How slowly a token's frequency in a passage saturates."""
    b: float | None = Field(default=None, ge=0, le=1)
    """How far a passage's length counts; 0 not at all."""
    delta: float | None = Field(default=None, ge=0)
    """Added for a token that occurs, by bm25l and bm25+; the other variants do not read it."""
    max_ngram: int | None = Field(default=None, ge=1, le=5)
    """Longest sequence of tokens that is a feature."""
    max_features: int | None = Field(default=None, ge=1)
    """Most frequent features to keep; None keeps all. 50,000 cost 5 to 14 points of recall."""
    trained: bool | None = None
    """Whether ``odqa.encoder`` is trained on the training questions first."""
    question_encoder: str | None = None
    """A folder or hub id in place of ``odqa.encoder.name``, where a retriever has two encoders."""
    passage_encoder: str | None = None
    """As ``question_encoder``."""
    pooling: Literal["mean", "cls"] | None = None
    """What of the encoder's states becomes the vector of a text."""
    similarity: Literal["cosine", "dot"] | None = None
    """``cosine`` brings vectors to length 1 before their product is taken."""
    question_prefix: str | None = None
    """Written before a question, as encoders of the E5 family want it: ``query: ``."""
    passage_prefix: str | None = None
    """Written before a passage: ``passage: ``."""
    max_question_tokens: int | None = Field(default=None, ge=8)
    """Longest question; the end of a longer one is cut off."""
    max_passage_tokens: int | None = Field(default=None, ge=16)
    """Longest passage, title included; the end of a longer one is cut off."""
    batch_size: int | None = Field(default=None, ge=1)
    """Texts that are embedded at a time."""
    index: Literal["exact", "faiss"] | None = None
    """``faiss`` searches approximately (extra ``faiss``), for several hundred thousand passages."""
    ranking: Literal["BM25", "DFR", "IB", "LM"] | None = None
    """The similarity that Elasticsearch ranks by."""
    url: str | None = None
    """Address of the Elasticsearch server; None for that in ELASTICSEARCH_URL."""

    experiment: str | None = None
    """An experiment that was run before, whose run is taken as it is on disk."""

    @model_validator(mode="after")
    def _check_encoders(self) -> Self:
        own = [self.question_encoder, self.passage_encoder]
        if self.trained and any(own):
            raise ValueError(
                "a trained retriever starts from odqa.encoder; leave question_encoder and "
                "passage_encoder out, or set trained to false"
            )
        if any(own) and not all(own):
            raise ValueError("question_encoder and passage_encoder go together; set both or none")
        return self


class RetrievalParams(Settings):
    """Which retrievers an experiment has, and how far they look."""

    retrievers: list[RetrieverName] = Field(min_length=1)
    """Names from ``odqa.retrievers``; several are fused."""
    top_k: int = Field(ge=1, le=1000)
    """Passages that every retriever returns for a question."""

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        if len(set(self.retrievers)) < len(self.retrievers):
            raise ValueError(f"retrievers names one twice: {self.retrievers}")
        return self


class FusionParams(MethodSettings):
    """How the runs of several retrievers become one; with one retriever nothing reads it."""

    fields_of: ClassVar[Mapping[str, frozenset[str]]] = {
        "reciprocal_rank": frozenset({"rank_constant"}),
        "weighted": frozenset({"normalise"}),
    }
    optional_fields_of: ClassVar[Mapping[str, frozenset[str]]] = {
        "weighted": frozenset({"weights"}),
    }

    name: Literal["reciprocal_rank", "weighted"]
    """By ranks alone, or by scores that are weighed."""
    rank_constant: int | None = Field(default=None, ge=1)
    """The k of 1 / (k + rank); the larger, the less the first places count (Cormack 2009: 60)."""
    normalise: Literal["min_max", "z_score"] | None = None
    """How the scores of a question are made comparable before they are weighed."""
    weights: dict[str, Annotated[float, Field(ge=0)]] | None = None
    """Weight of each retriever by name; None fits them on the training questions."""
    score_ratio: float | None = Field(default=None, gt=0, le=1)
    """Drop passages that score below this share of the question's best; None keeps all."""

    @model_validator(mode="after")
    def _check_scores(self) -> Self:
        if self.weights is not None and not any(self.weights.values()):
            raise ValueError(f"weights are {self.weights}; one of them has to be above 0")
        if self.score_ratio is not None and self.normalise == "z_score":
            raise ValueError(
                "score_ratio needs scores from 0 up, and z_score makes some negative; set "
                "normalise to min_max, or leave score_ratio out"
            )
        return self


class RerankParams(MethodSettings):
    """A cross-encoder that reads question and passage together and orders the best anew."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"batch_size"})

    fields_of: ClassVar[Mapping[str, frozenset[str]]] = {
        "cross_encoder": frozenset({"model", "top_n", "max_tokens", "batch_size"}),
    }

    name: Literal["none", "cross_encoder"]
    """Whether the best passages are ordered anew."""
    model: str | None = None
    """A folder or hub id of a model for sequence classification; ``trained`` trains
    ``odqa.encoder`` on gold passages against hard negatives."""
    top_n: int | None = Field(default=None, ge=2)
    """Passages of a question that are ordered anew; those behind stay in their order."""
    max_tokens: int | None = Field(default=None, ge=32)
    """Longest question and passage together."""
    batch_size: int | None = Field(default=None, ge=1)
    """Pairs that are read at a time."""

    @property
    def is_trained(self) -> bool:
        """Whether it learns from the training questions."""
        return self.model == TRAINED


class ContrastiveParams(Settings):
    """What a dense retriever learns from."""

    negatives_from: RetrieverName | None
    """The retriever whose wrong passages are hard negatives; None learns from the batch alone."""
    hard_negatives: int = Field(ge=0, le=32)
    """Hard negatives of each question, drawn anew each epoch from its ``negatives_depth`` best."""
    negatives_depth: int = Field(ge=1)
    """How far down the run negatives are drawn from."""
    temperature: float = Field(gt=0)
    """Similarities are divided by it before the softmax."""
    share_weights: bool
    """Whether one encoder reads questions and passages."""
    seed: Seed

    @model_validator(mode="after")
    def _check_negatives(self) -> Self:
        if (self.negatives_from is None) != (self.hard_negatives == 0):
            raise ValueError(
                "negatives_from and hard_negatives go together; found negatives_from="
                f"{self.negatives_from} and hard_negatives={self.hard_negatives}"
            )
        return self


class RetrieverTrainingParams(TrainingParams):
    """How a dense retriever is trained; ``max_tokens`` is that of a passage."""

    select_by: Literal["mrr", "loss"]  # type: ignore[assignment]

    @model_validator(mode="after")
    def _check_that_there_are_no_labels(self) -> Self:
        names = ("label_balance", "smote_neighbours", "tokens_per_batch", "group_by_length")
        if any(getattr(self, name) for name in names):
            raise ValueError(
                "label_balance, smote_neighbours, tokens_per_batch and group_by_length are of no "
                "use where the rows of a batch are chosen by their passages; leave them out, and "
                "group_by_length false"
            )
        return self
