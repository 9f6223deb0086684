"""What the graph looks like: how many folds, which kind of experiment, which retrievers.

Kedro builds pipelines before it hands out parameters, so the answer has to come from somewhere
else: a hook tells this module the resolved settings of a run (with ``--params``), and commands
that make no context (``kedro registry list``) read the configuration of their environment here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from klue_pipeline.odqa.settings.export_params import AnswerNewParams
from klue_pipeline.odqa.settings.reader_params import (
    ReaderFoldsParams,
    ReaderParams,
    ReaderTrainingParams,
)
from klue_pipeline.odqa.settings.retriever_params import (
    ContrastiveParams,
    RerankParams,
    RetrievalParams,
    RetrieverParams,
)
from klue_pipeline.odqa.settings.tune_params import OdqaTuneParams, TunedPart
from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.relation.settings.training_params import RelationTrainingParams
from klue_pipeline.training.exporting.onnx_params import OnnxParams
from klue_pipeline.training.params import FoldsParams, KeepWeights, LossParams

Kind = Literal["single", "member", "composite"]
"""A ``single`` experiment trains a model of all labels; a ``member`` trains one of other labels,
which no blend can take; a ``composite`` joins the scores of other experiments."""


@dataclass(frozen=True)
class Retrieval:
    """Which nodes a search for passages has.

    Attributes:
        retrievers: Those of the experiment, whose runs are fused, by name.
        negatives: The retriever that hard negatives come from, where one is trained and another
            one finds them.
        rerank: Whether a cross-encoder orders the best passages anew, and which.
    """

    retrievers: Mapping[str, RetrieverParams]
    negatives: Mapping[str, RetrieverParams]
    rerank: RerankParams

    @property
    def searched(self) -> dict[str, RetrieverParams]:
        """Every retriever that makes a run."""
        return {**self.negatives, **self.retrievers}

    @property
    def trains_reranker(self) -> bool:
        """Whether the cross-encoder is trained here."""
        return self.rerank.is_trained

    @property
    def trains(self) -> bool:
        """Whether anything is trained, for which negatives and a tokenizer are wanted."""
        return bool(self.trained) or self.trains_reranker

    @property
    def trained(self) -> list[str]:
        """The retrievers whose encoder is trained first; they share it."""
        return [name for name, retriever in self.retrievers.items() if retriever.trained]


@dataclass(frozen=True)
class Reading:
    """Which nodes a reader has.

    Attributes:
        folds: The folds that are trained, ascending.
        n_splits: How many folds the split has.
        learns_from_run: Whether retrieved passages without the answer train too.
        keep_weights: Whose weights stay, and which of them are exported.
    """

    folds: tuple[int, ...] = ()
    n_splits: int = 0
    learns_from_run: bool = False
    keep_weights: KeepWeights = "all"


@dataclass(frozen=True)
class Tuning:
    """What a search for settings of open-domain QA reads.

    Attributes:
        part: Whose settings are searched.
        reads_run: Whether readers of trials learn from retrieved passages without the answer.
    """

    part: TunedPart = "reader"
    reads_run: bool = False


@dataclass(frozen=True)
class Graphs:
    """Which ONNX graphs are made of an exported model, and whether they are used.

    Attributes:
        int8: Whether those with weights of 8 bits are made, and used instead of the others.
        runtime: What labels new rows.
    """

    int8: bool = True
    runtime: Literal["pytorch", "onnx"] = "pytorch"

    def choose(self, of_pytorch: str, of_graphs: str, of_int8: str) -> str:
        """Return the dataset whose model is used."""
        if self.runtime == "pytorch":
            return of_pytorch
        return of_int8 if self.int8 else of_graphs


@dataclass(frozen=True)
class Shape:
    """The settings that decide which nodes there are."""

    folds: FoldsParams
    kind: Kind = "single"
    members: tuple[str, ...] = ()
    asked_to_clean: tuple[str, ...] = ()
    asked_to_augment: tuple[str, ...] = ()
    retrieval: Retrieval = Retrieval({}, {}, RerankParams(name="none"))
    reading: Reading = Reading()
    tuning: Tuning = Tuning()
    keep_weights: KeepWeights = "all"
    refits: bool = False
    graphs: Graphs = Graphs()
    teachers: tuple[str, ...] = ()
    reader_graphs: Graphs = Graphs()


_known: dict[str, Shape] = {}


def set_shape(shape: Shape) -> bool:
    """Remember the shape of this run's graph; tell whether it differs from the one known so far."""
    changed = _known.get("shape") != shape
    _known["shape"] = shape
    return changed


def forget_shape() -> None:
    """Forget what a run said, so that the next question reads the configuration."""
    _known.clear()


def folds_to_run() -> list[int]:
    """Return the numbers of the folds in the graph, ascending from 0.

    ``folds.run`` picks some of the ``folds.n_splits`` folds of the same split.
    """
    folds = _shape().folds
    return sorted(folds.run) if folds.run is not None else list(range(folds.n_splits))


def runs_every_fold(task: str = "") -> bool:
    """Tell whether the graph has all folds of the split, and not a part as for a quick look.

    Args:
        task: Whose folds: those of relation extraction, or of the task with this prefix.
    """
    if task:
        return len(reading().folds) == reading().n_splits
    return len(folds_to_run()) == _shape().folds.n_splits


def experiment_kind() -> Kind:
    """Return which kind of experiment the graph is for."""
    return _shape().kind


def members() -> tuple[str, ...]:
    """Return the experiments whose scores the composite joins; none for the other kinds."""
    return _shape().members


def earlier(stage: Literal["clean", "augment"]) -> tuple[str, ...]:
    """Return the experiments, trained before, whose out-of-fold scores a stage reads."""
    shape = _shape()
    return {"clean": shape.asked_to_clean, "augment": shape.asked_to_augment}[stage]


def teachers() -> tuple[str, ...]:
    """Return the experiments, trained before, whose models teach this one; mostly none."""
    return _shape().teachers


def retrieval() -> Retrieval:
    """Return which nodes the search for passages has."""
    return _shape().retrieval


def reading() -> Reading:
    """Return which nodes the reader of retrieved passages has."""
    return _shape().reading


def tuning() -> Tuning:
    """Return what a search for settings of open-domain QA reads."""
    return _shape().tuning


def keep_weights(task: str = "") -> KeepWeights:
    """Return whose weights stay: of relation extraction, or of the task with this prefix."""
    return reading().keep_weights if task else _shape().keep_weights


def refits() -> bool:
    """Tell whether one more model learns from all rows."""
    return _shape().refits


def graphs(task: str = "") -> Graphs:
    """Return which graphs are made of exported models, and whether they are used.

    Args:
        task: Whose models: those of relation extraction, or of the task with this prefix.
    """
    return _shape().reader_graphs if task else _shape().graphs


def exports(task: str = "") -> bool:
    """Tell whether a model is left to export: of relation extraction, or of another task."""
    return keep_weights(task) != "none" or (not task and refits())


def shape_of(parameters: Mapping[str, Any]) -> Shape:
    """Return the shape of the graph for the resolved parameters of a run."""
    from klue_pipeline.relation.settings.augment_params import AugmentParams
    from klue_pipeline.relation.settings.clean_params import CleanParams

    training = RelationTrainingParams.model_validate(parameters["training"])
    previous = CleanParams.model_validate(parameters["clean"]).previous
    return Shape(
        folds=FoldsParams.model_validate(parameters["folds"]),
        kind=kind_of(parameters["kind"], parameters["target"]["name"]),
        members=tuple(parameters["members"]),
        asked_to_clean=() if previous is None else (previous,),
        asked_to_augment=AugmentParams.model_validate(parameters["augment"]).earlier_experiments,
        retrieval=_retrieval_of(parameters["odqa"]),
        reading=_reading_of(parameters["odqa"]),
        tuning=_tuning_of(parameters["odqa"]),
        keep_weights=training.keep_weights,
        refits=training.refit is not None,
        graphs=Graphs(
            OnnxParams.model_validate(parameters["onnx"]).int8,
            PredictParams.model_validate(parameters["predict"]).runtime,
        ),
        teachers=tuple(LossParams.model_validate(parameters["loss"]).teachers or ()),
        reader_graphs=Graphs(
            OnnxParams.model_validate(parameters["odqa"]["onnx"]).int8,
            AnswerNewParams.model_validate(parameters["odqa"]["answer_new"]).runtime,
        ),
    )


def _retrieval_of(settings: Mapping[str, Any]) -> Retrieval:
    chosen = RetrievalParams.model_validate(settings["retrieval"]).retrievers
    retrievers = {
        name: RetrieverParams.model_validate(settings["retrievers"][name]) for name in chosen
    }
    rerank = RerankParams.model_validate(settings["rerank"])
    learns = rerank.is_trained or any(each.trained for each in retrievers.values())
    source = ContrastiveParams.model_validate(settings["contrastive"]).negatives_from
    found = settings["retrievers"][source] if learns and source else None
    negatives = {} if found is None else {str(source): RetrieverParams.model_validate(found)}
    return Retrieval(retrievers, negatives, rerank)


def _reading_of(settings: Mapping[str, Any]) -> Reading:
    folds = ReaderFoldsParams.model_validate(settings["folds"])
    reader = ReaderParams.model_validate(settings["reader"])
    return Reading(
        tuple(folds.numbers),
        folds.n_splits,
        learns_from_run=reader.hard_passages > 0,
        keep_weights=ReaderTrainingParams.model_validate(settings["training"]).keep_weights,
    )


def _tuning_of(settings: Mapping[str, Any]) -> Tuning:
    tune = OdqaTuneParams.model_validate(settings["tune"])
    learns = _reading_of(settings).learns_from_run
    return Tuning(tune.part, learns or "odqa.reader.hard_passages" in tune.space)


def kind_of(kind: str, target: str) -> Kind:
    """Return the kind of graph for an entry's ``kind`` and its ``target.name``.

    >>> kind_of("single", "all"), kind_of("single", "binary"), kind_of("composite", "all")
    ('single', 'member', 'composite')
    """
    if kind == "composite":
        return "composite"
    return "single" if target == "all" else "member"


def _shape() -> Shape:
    return _known.get("shape") or _configured_shape()


def _configured_shape() -> Shape:
    from klue_pipeline.runs.configuration import read_configuration
    from klue_pipeline.runs.experiments import resolve_run

    return shape_of(resolve_run(read_configuration()["parameters"], {}))
