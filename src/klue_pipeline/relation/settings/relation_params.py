"""All settings of relation extraction as one model: the lab book, and what a run reads of it."""

from typing import Any, Literal

from pydantic import Field

from klue_pipeline.base_settings import AboutParams, Settings
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.settings.augment_params import AugmentParams
from klue_pipeline.relation.settings.clean_params import CleanParams
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.exploration_params import ExploreParams, LabelAuditParams
from klue_pipeline.relation.settings.export_params import ExportParams, PredictParams
from klue_pipeline.relation.settings.params import (
    OWN_LABELS_FORMAT,
    CompositeParams,
    EnsembleParams,
    HeadParams,
    IngestParams,
    InputParams,
    LabelsParams,
    RawParams,
    TargetParams,
    TextParams,
)
from klue_pipeline.relation.settings.training_params import RelationTrainingParams
from klue_pipeline.reporting.ledger.rules import LedgerParams
from klue_pipeline.text.folder_names import EntryName
from klue_pipeline.training.exporting.onnx_params import OnnxParams
from klue_pipeline.training.params import EncoderParams, FoldsParams, LossParams
from klue_pipeline.training.pretraining.adapt_params import AdaptParams
from klue_pipeline.training.tuning.tune_params import TuneParams


class ExperimentEntry(Settings):
    """One entry of the lab book: its hypothesis and what differs from the defaults."""

    why: str
    """The hypothesis, in a sentence that a team mate understands."""
    kind: Literal["single", "composite"] = "single"
    """``composite`` trains no model: it joins the scores of its ``members``."""
    members: list[str] = Field(default_factory=list)
    """The experiments whose scores a composite joins, by name."""
    target: dict[str, Any] = Field(default_factory=dict)
    input: dict[str, Any] = Field(default_factory=dict)
    encoder: dict[str, Any] = Field(default_factory=dict)
    head: dict[str, Any] = Field(default_factory=dict)
    loss: dict[str, Any] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)
    augment: dict[str, Any] = Field(default_factory=dict)
    composite: dict[str, Any] = Field(default_factory=dict)


class ExperimentDefaults(Settings):
    """What every experiment has unless its entry says otherwise."""

    target: TargetParams
    input: InputParams
    encoder: EncoderParams
    head: HeadParams
    loss: LossParams
    training: RelationTrainingParams
    augment: AugmentParams
    composite: CompositeParams


class RelationParams(ExperimentDefaults):
    """The settings of a run, after its experiment was resolved."""

    experiment: str
    kind: Literal["single", "composite"]
    members: list[str]
    about: AboutParams
    raw: RawParams
    text: TextParams
    ingest: IngestParams
    labels: LabelsParams
    label_sets: dict[str, LabelSet]
    entity_types: list[str] = Field(min_length=1)
    clean: CleanParams
    folds: FoldsParams
    evaluation: EvaluationParams
    ensemble: EnsembleParams
    ledger: LedgerParams
    predict: PredictParams
    adapt: AdaptParams
    tune: TuneParams
    eda: ExploreParams
    label_audit: LabelAuditParams
    export: ExportParams
    onnx: OnnxParams
    experiment_defaults: ExperimentDefaults
    experiments: dict[EntryName, ExperimentEntry]

    @property
    def targets_of_members(self) -> dict[str, str]:
        """What each known member answers: its ``target.name``, or ``composite``."""
        known = (name for name in self.members if name in self.experiments)
        return {name: self.answer_of(name) for name in known}

    def answer_of(self, experiment: str) -> str:
        """Return what an entry of the lab book answers: its ``target.name``, or ``composite``."""
        entry = self.experiments[experiment]
        usual = self.experiment_defaults.target.name
        return "composite" if entry.kind == "composite" else entry.target.get("name", usual)

    @property
    def targets(self) -> frozenset[str]:
        """What the models of this run answer, members' included."""
        own = {self.target.name} if self.kind == "single" else set()
        return frozenset({*own, *self.targets_of_members.values()})

    @property
    def reads_unlabelled(self) -> bool:
        """Whether rows without labels can teach anything: only where a teacher says what."""
        return self.kind == "single" and self.loss.name == "distillation"

    @property
    def has_own_labels(self) -> bool:
        """Whether labels are the user's own, and not one of the known lists."""
        if self.labels.names is not None:
            return True
        return self.ingest.label_set == "auto" and self.ingest.format == OWN_LABELS_FORMAT

    @property
    def known_labels(self) -> frozenset[str] | None:
        """The labels that rows may have, as far as settings tell; None for those of the file."""
        if not self.has_own_labels:
            return frozenset(name for each in self.label_sets.values() for name in each.names)
        names = self.labels.names
        return frozenset(names) if isinstance(names, list) else None

    @property
    def lacks_negative(self) -> bool:
        """Whether every label is a relation, for sure."""
        if self.has_own_labels:
            return self.labels.negative is None
        chosen = self.label_sets.get(self.ingest.label_set)
        return chosen is not None and chosen.negative is None
