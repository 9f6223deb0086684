"""All settings of open-domain question answering as one model: the lab book, and what a run reads.

They stand below ``odqa:`` in the parameters.
"""

from typing import Any, ClassVar

from pydantic import Field

from klue_pipeline.base_settings import AboutParams, Seed, Settings, suggest
from klue_pipeline.odqa.settings.ingest_params import (
    OdqaIngestParams,
    OdqaRawParams,
    PartsParams,
    PassagesParams,
)
from klue_pipeline.odqa.settings.retriever_params import (
    COMBINED,
    ContrastiveParams,
    FusionParams,
    RerankParams,
    RetrievalParams,
    RetrievalScore,
    RetrieverName,
    RetrieverParams,
    RetrieverTrainingParams,
)
from klue_pipeline.text.folder_names import VARIANT_MARK, EntryName
from klue_pipeline.training.params import EncoderParams


class OdqaEvaluationParams(Settings):
    """How retrieval is judged."""

    # Runs on disk stay what they are however they are judged.
    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset(
        {"n_resamples", "confidence", "seed", "select_by"}
    )

    n_resamples: int = Field(ge=100)
    """Draws of the bootstrap."""
    confidence: float = Field(gt=0.5, lt=1)
    """Share of the draws inside an interval."""
    seed: Seed
    select_by: RetrievalScore
    """What experiments are ranked by."""


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


class OdqaDefaults(Settings):
    """What every experiment has unless its entry says otherwise."""

    retrieval: RetrievalParams
    fusion: FusionParams
    rerank: RerankParams
    encoder: EncoderParams
    contrastive: ContrastiveParams
    retriever_training: RetrieverTrainingParams


class OdqaParams(OdqaDefaults):
    """The settings of a run, after its experiment was resolved."""

    experiment: str
    about: AboutParams
    raw: OdqaRawParams
    ingest: OdqaIngestParams
    passages: PassagesParams
    parts: PartsParams
    evaluation: OdqaEvaluationParams
    retrievers: dict[RetrieverName, RetrieverParams]
    experiment_defaults: OdqaDefaults
    experiments: dict[EntryName, OdqaEntry]

    @property
    def model_folders(self) -> dict[str, str]:
        """Models beside ``encoder`` that nodes load, by the settings that nodes read them from."""
        named = {
            f"odqa.retrievers.{name}": self.retrievers[name].passage_encoder
            for name in self.retrieval.retrievers
        }
        named["odqa.rerank"] = self.rerank.model
        return {setting: model for setting, model in named.items() if model is not None}


def unknown_retrievers(params: OdqaParams) -> list[str]:
    """Find retrievers that an experiment names and that the table does not have."""
    named = dict.fromkeys(params.retrieval.retrievers, "retrieval.retrievers")
    if params.contrastive.negatives_from is not None:
        named[params.contrastive.negatives_from] = "contrastive.negatives_from"
    return [
        f"{setting}: there is no retriever {name!r}. {suggest(name, params.retrievers)}"
        for name, setting in named.items()
        if name not in params.retrievers
    ]


def encoders_without_training(params: OdqaParams) -> list[str]:
    """Find dense retrievers that would take an encoder from scratch as it is."""
    return [
        f"encoder.name: found scratch, and retriever {name} takes the encoder as it is, which "
        "would be random numbers; give a folder or a hub id, or train it (odqa.experiment="
        "dense_trained)"
        for name in params.retrieval.retrievers
        if (retriever := params.retrievers.get(name)) is not None
        and retriever.name == "dense"
        and not (retriever.trained or retriever.passage_encoder)
        and params.encoder.name == "scratch"
    ]


def unknown_experiments(params: OdqaParams) -> list[str]:
    """Find earlier experiments that are not in the lab book."""
    return [
        f"retrievers.{name}.experiment: there is no experiment {earlier!r}. "
        f"{suggest(earlier, params.experiments)}"
        for name, retriever in params.retrievers.items()
        if (earlier := retriever.experiment) is not None
        and earlier.partition(VARIANT_MARK)[0] not in params.experiments
    ]


def names_of_combined(params: OdqaParams) -> list[str]:
    """Find retrievers that are called like what is made of several."""
    return [
        f"retrievers.{name}: reports call what is made of several retrievers like that; choose "
        "another name"
        for name in params.retrievers
        if name in COMBINED
    ]


def several_trained(params: OdqaParams) -> list[str]:
    """Find more than one retriever to train: the settings of an experiment are those of one."""
    trained = [
        name
        for name in params.retrieval.retrievers
        if name in params.retrievers and params.retrievers[name].trained
    ]
    if len(trained) <= 1:
        return []
    return [f"retrieval.retrievers: found {trained}, both to be trained; choose one of them"]


def external_without_run(params: OdqaParams) -> list[str]:
    """Find an external retriever without a file that it could read."""
    external = [
        name
        for name in params.retrieval.retrievers
        if (retriever := params.retrievers.get(name)) and retriever.name == "external"
    ]
    if not external or params.raw.run is not None:
        return []
    return [f"raw.run: retriever {external[0]} reads the run of another engine; name its file"]


def reranker_without_negatives(params: OdqaParams) -> list[str]:
    """Find a cross-encoder to train that would see no wrong passage."""
    if not params.rerank.is_trained or params.contrastive.negatives_from is not None:
        return []
    return [
        "contrastive.negatives_from: found None, and a cross-encoder that is trained learns to "
        "tell gold passages from hard negatives; set it to a retriever, and hard_negatives to 1 or "
        "more"
    ]


def score_beyond_top_k(params: OdqaParams) -> list[str]:
    """Find a score that looks further down than runs go."""
    score, top_k = params.evaluation.select_by, params.retrieval.top_k
    if score == "mrr" or int(score.rpartition("_")[2]) <= top_k:
        return []
    return [
        f"evaluation.select_by: {score} looks at more passages than retrieval.top_k={top_k}; raise "
        "retrieval.top_k, or select by recall at fewer"
    ]


def weights_of_other_retrievers(params: OdqaParams) -> list[str]:
    """Find weights of a fusion that are not those of the experiment's retrievers."""
    weights, wanted = params.fusion.weights, params.retrieval.retrievers
    if weights is None or len(wanted) == 1 or set(weights) == set(wanted):
        return []
    return [
        f"fusion.weights: found {', '.join(weights)}; one for each of {', '.join(wanted)} was "
        "wanted. Leave weights out to fit them"
    ]


ODQA_RULES = (
    unknown_retrievers,
    unknown_experiments,
    encoders_without_training,
    names_of_combined,
    several_trained,
    external_without_run,
    reranker_without_negatives,
    score_beyond_top_k,
    weights_of_other_retrievers,
)
"""Each returns what does not go together in checked settings, with what to change."""
