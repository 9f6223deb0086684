"""All settings of open-domain question answering as one model: the lab book, and what a run reads.

They stand below ``odqa:`` in the parameters.
"""

from typing import Any, ClassVar

from pydantic import Field

from klue_pipeline.base_settings import AboutParams, Seed, Settings
from klue_pipeline.odqa.settings.export_params import AnswerNewParams, OdqaExportParams
from klue_pipeline.odqa.settings.ingest_params import (
    OdqaIngestParams,
    OdqaRawParams,
    PartsParams,
    PassagesParams,
)
from klue_pipeline.odqa.settings.reader_params import (
    AnswerEnsembleParams,
    AnswerParams,
    AnswerScore,
    QuestionAugmentParams,
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
    ReaderTrainingParams,
)
from klue_pipeline.odqa.settings.retriever_params import (
    ContrastiveParams,
    FusionParams,
    RerankParams,
    RetrievalParams,
    RetrievalScore,
    RetrieverName,
    RetrieverParams,
    RetrieverTrainingParams,
)
from klue_pipeline.odqa.settings.tune_params import OdqaTuneParams
from klue_pipeline.reporting.ledger.rules import LedgerParams
from klue_pipeline.text.folder_names import EntryName
from klue_pipeline.training.exporting.onnx_params import OnnxParams
from klue_pipeline.training.params import EncoderParams


class OdqaEvaluationParams(Settings):
    """How retrieval is judged."""

    # Runs on disk stay what they are however they are judged.
    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset(
        {"n_resamples", "confidence", "seed", "select_by", "select_answers_by"}
    )

    n_resamples: int = Field(ge=100)
    """Draws of the bootstrap."""
    confidence: float = Field(gt=0.5, lt=1)
    """Share of the draws inside an interval."""
    seed: Seed
    select_by: RetrievalScore
    """What retrieval is ranked by."""
    select_answers_by: AnswerScore
    """What answers are ranked by."""


class OdqaEntry(Settings):
    """One entry of the lab book: its hypothesis and what differs from the defaults."""

    why: str
    """The hypothesis, in a sentence that a team mate understands."""
    retrieval: dict[str, Any] = Field(default_factory=dict)
    fusion: dict[str, Any] = Field(default_factory=dict)
    rerank: dict[str, Any] = Field(default_factory=dict)
    encoder: dict[str, Any] = Field(default_factory=dict)
    contrastive: dict[str, Any] = Field(default_factory=dict)
    retriever_training: dict[str, Any] = Field(default_factory=dict)
    folds: dict[str, Any] = Field(default_factory=dict)
    augment: dict[str, Any] = Field(default_factory=dict)
    reader: dict[str, Any] = Field(default_factory=dict)
    head: dict[str, Any] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)
    answer: dict[str, Any] = Field(default_factory=dict)


class OdqaDefaults(Settings):
    """What every experiment has unless its entry says otherwise."""

    retrieval: RetrievalParams
    fusion: FusionParams
    rerank: RerankParams
    encoder: EncoderParams
    contrastive: ContrastiveParams
    retriever_training: RetrieverTrainingParams
    folds: ReaderFoldsParams
    augment: QuestionAugmentParams
    reader: ReaderParams
    head: ReaderHeadParams
    training: ReaderTrainingParams
    answer: AnswerParams


class OdqaParams(OdqaDefaults):
    """The settings of a run, after its experiment was resolved."""

    experiment: str
    about: AboutParams
    raw: OdqaRawParams
    ingest: OdqaIngestParams
    passages: PassagesParams
    parts: PartsParams
    evaluation: OdqaEvaluationParams
    ensemble: AnswerEnsembleParams
    ledger: LedgerParams
    tune: OdqaTuneParams
    questions: str | None
    """Questions to answer by an exported experiment (pipeline ``odqa_answer_new``)."""
    answer_new: AnswerNewParams
    export: OdqaExportParams
    onnx: OnnxParams
    retrievers: dict[RetrieverName, RetrieverParams]
    experiment_defaults: OdqaDefaults
    experiments: dict[EntryName, OdqaEntry]

    @property
    def tuned_part_learns(self) -> bool:
        """Whether what ``tune.part`` names is trained, and has a seed."""
        if self.tune.part == "reader":
            return True
        return any(self.retrievers[name].trained for name in self.retrieval.retrievers)

    @property
    def model_folders(self) -> dict[str, str]:
        """Models beside ``encoder`` that nodes load, by the settings that nodes read them from."""
        named = {
            f"odqa.retrievers.{name}": self.retrievers[name].passage_encoder
            for name in self.retrieval.retrievers
        }
        named["odqa.rerank"] = self.rerank.model
        named["odqa.reader"] = self.reader.name
        return {setting: model for setting, model in named.items() if model is not None}
