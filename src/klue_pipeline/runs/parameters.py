"""Every parameter of the project as one model: a misspelt one fails before anything runs."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError

from klue_pipeline.base_settings import Settings
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE
from klue_pipeline.relation.settings.augment_params import AugmentParams, SelectParams
from klue_pipeline.relation.settings.clean_params import CleanParams
from klue_pipeline.relation.settings.compatibility import (
    ModelSettings,
    find_conflicts,
    find_member_conflicts,
)
from klue_pipeline.relation.settings.data_compatibility import DataSettings, find_data_conflicts
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.exploration_params import ExploreParams, LabelAuditParams
from klue_pipeline.relation.settings.export_params import AboutParams, ExportParams
from klue_pipeline.relation.settings.params import (
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
from klue_pipeline.relation.settings.predict_params import PredictParams
from klue_pipeline.reporting.ledger.rules import LedgerParams
from klue_pipeline.runs.experiments import entry_of, suggest
from klue_pipeline.training.params import EncoderParams, FoldsParams, LossParams, TrainingParams
from klue_pipeline.training.pretraining.adapt_params import AdaptParams

_FOLDER_NAME = r"^[\w.+-]+$"
_TYPES_IN_PAIR = 2


class RunParams(Settings):
    """What tells two runs of the same experiment apart."""

    name: str | None = Field(default=None, pattern=_FOLDER_NAME)
    """Gives a variant its own folder and its own MLflow run name."""


class TrackingOverrides(Settings):
    """Tracking settings that the command line may override; the values live in mlflow.yml."""

    enabled: bool | None = None
    tracking_uri: str | None = None
    experiment: str | None = None
    artifact_location: str | None = None
    log_models: bool | None = None


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
    training: TrainingParams
    augment: AugmentParams
    composite: CompositeParams


class Parameters(ExperimentDefaults):
    """All parameters of a run, after the experiment was resolved."""

    experiment: str = Field(pattern=_FOLDER_NAME)
    kind: Literal["single", "composite"]
    members: list[str]
    about: AboutParams
    run: RunParams
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
    eda: ExploreParams
    label_audit: LabelAuditParams
    export: ExportParams
    mlflow: TrackingOverrides = TrackingOverrides()
    experiment_defaults: ExperimentDefaults
    experiments: dict[str, ExperimentEntry]


def check_parameters(parameters: Mapping[str, Any]) -> Parameters:
    """Check all parameters of a run at once.

    Raises:
        ValueError: Listing every wrong setting: what was found, what is legal, what is near.
    """
    try:
        checked = Parameters.model_validate(parameters)
    except ValidationError as error:
        lines = [f"  {_explain(problem)}" for problem in error.errors()]
        raise ValueError("Settings are wrong:\n" + "\n".join(lines)) from None
    if conflicts := [conflict for check in _CHECKS for conflict in check(checked)]:
        raise ValueError("Settings are wrong:\n" + "\n".join(f"  {line}" for line in conflicts))
    return checked


def unread_settings(parameters: Parameters, runtime: Mapping[str, Any]) -> list[str]:
    """Say which settings of the command line nothing reads, and what would make them count.

    Args:
        parameters: The checked parameters of the run.
        runtime: The nested settings of the command line.
    """
    raw = runtime.get("raw") or {}
    return [
        *_unread_of(parameters.clean, "clean", "clean.rules", runtime),
        *_unread_of(parameters.augment, "augment", "augment.methods", runtime),
        *_unread_words(parameters.text.language, runtime),
        *_unread_negative(parameters, runtime),
        *(
            f"raw.{name} is not read: {what} reads it"
            for name, (what, is_read) in _readers_of_tables(parameters).items()
            if raw.get(name) and not is_read
        ),
    ]


def _unread_of(
    group: Settings, name: str, chosen_by: str, runtime: Mapping[str, Any]
) -> Iterator[str]:
    unread = group.unread_fields()
    for field in runtime.get(name) or {}:
        if field in unread:
            yield f"{name}.{field} is not read: {field} is not among {chosen_by}"


def _unread_words(language: str, runtime: Mapping[str, Any]) -> Iterator[str]:
    for name in (runtime.get("text") or {}).get("type_words") or {}:
        if name != language:
            yield f"text.type_words.{name} is not read: text.language is {language}"


def _unread_negative(parameters: Parameters, runtime: Mapping[str, Any]) -> Iterator[str]:
    given = "negative" in (runtime.get("labels") or {})
    if given and not _data_settings(parameters).has_own_labels:
        yield "labels.negative is not read: the label set has its own; see labels.names"


def _readers_of_tables(parameters: Parameters) -> dict[str, tuple[str, bool]]:
    """Return what reads each table of the user's, and whether it does now."""
    augment = parameters.augment
    return {
        "synonyms": (
            "augment.methods=[eda] with augment.eda.synonyms=table and "
            "augment.eda.operations=[synonym,insert]",
            "eda" in augment.methods and augment.eda.synonyms == "table",
        ),
        "translations": (
            "augment.methods=[back_translation] with augment.back_translation.source=file",
            "back_translation" in augment.methods and augment.back_translation.source == "file",
        ),
    }


def _explain(problem: Mapping[str, Any]) -> str:
    location = [str(part) for part in problem["loc"]]
    name = ".".join(location)
    if problem["type"] == "extra_forbidden":
        known = _fields_of(Parameters, location[:-1])
        return f"{name}: there is no such setting. {suggest(location[-1], known)}"
    if problem["type"] == "missing":
        return f"{name}: is missing; set it in conf/ or by --params {name}=..."
    message = problem["msg"].removeprefix("Value error, ")
    if isinstance(problem["input"], Mapping):  # the message of a check over several fields says all
        return f"{name}: {message}"
    return f"{name}: found {problem['input']!r}; {message}"


def _fields_of(model: type[BaseModel], location: list[str]) -> list[str]:
    """Return the field names of the model at a location, following fields and tables of models."""
    for part in location:
        field = model.model_fields.get(part)
        annotations = [] if field is None else [field.annotation, *get_args(field.annotation)]
        below = [a for a in annotations if isinstance(a, type) and issubclass(a, BaseModel)]
        model = below[0] if below else model
    return list(model.model_fields)


def _check_encoder(parameters: Parameters) -> list[str]:
    if parameters.encoder.name != "scratch" or parameters.encoder.scratch is not None:
        return []
    return [
        "encoder.scratch: is missing; encoder.name=scratch needs the sizes of the encoder to "
        "build, see experiment_defaults in conf/base."
    ]


def _check_model(parameters: Parameters) -> list[str]:
    if parameters.kind == "composite":
        return []
    settings = ModelSettings(
        input=parameters.input,
        target=parameters.target,
        head=parameters.head,
        loss=parameters.loss,
        training=parameters.training,
    )
    return find_conflicts(settings)


def _check_files(parameters: Parameters) -> list[str]:
    """Check that nobody is tested on what they learnt."""
    if parameters.raw.train != parameters.raw.test:
        return []
    return [
        f"raw.test: found {parameters.raw.test!r}, which is raw.train too; rows that the test file "
        "holds do not train. Put some rows aside in a file of their own"
    ]


def _check_members(parameters: Parameters) -> list[str]:
    """Check the members of a composite, and that nothing else has any."""
    if parameters.kind == "single":
        return [_members_of_single(parameters)] if parameters.members else []
    unknown = [name for name in parameters.members if name not in parameters.experiments]
    if unknown:
        return [
            f"members: there is no experiment {name!r}. {suggest(name, parameters.experiments)}"
            for name in unknown
        ]
    return find_member_conflicts(parameters.composite.name, _targets_of_members(parameters))


def _members_of_single(parameters: Parameters) -> str:
    return (
        f"members: found {parameters.members}, but {parameters.experiment} trains a model of its "
        "own; set kind: composite, or remove members"
    )


def _targets_of_members(parameters: Parameters) -> dict[str, str]:
    """Return what each member answers: its ``target.name``, or ``composite``."""
    usual = parameters.experiment_defaults.target.name
    known = (name for name in parameters.members if name in parameters.experiments)
    entries = {name: parameters.experiments[name] for name in known}
    return {
        name: "composite" if entry.kind == "composite" else entry.target.get("name", usual)
        for name, entry in entries.items()
    }


def _check_earlier(parameters: Parameters) -> list[str]:
    """Check the experiments whose scores cleaning or augmentation reads."""
    asked = {"clean.contradictory_duplicates.previous": parameters.clean.previous}
    for method, select in _selections(parameters):
        asked[f"augment.{method}.select.mistakes_of"] = select.mistakes_of
    return [
        f"{setting}: there is no experiment {name!r}. {suggest(name, parameters.experiments)}"
        for setting, name in asked.items()
        if name is not None and entry_of(name) not in parameters.experiments
    ]


def _check_data(parameters: Parameters) -> list[str]:
    return find_data_conflicts(_data_settings(parameters))


def _data_settings(parameters: Parameters) -> DataSettings:
    targets = {parameters.target.name} if parameters.kind == "single" else set()
    return DataSettings(
        ingest=parameters.ingest,
        labels=parameters.labels,
        label_sets=parameters.label_sets,
        targets=frozenset({*targets, *_targets_of_members(parameters).values()}),
        target_prior=parameters.evaluation.target_prior,
        ensemble=parameters.ensemble,
    )


def _check_selected_labels(parameters: Parameters) -> list[str]:
    """Check that rows can have the labels that augmentation starts from."""
    known = _data_settings(parameters).known_labels
    if known is None:
        return []
    return [
        f"augment.{method}.select.labels: no label set has {label!r}. {suggest(label, known)}"
        for method, select in _selections(parameters)
        for label in select.labels or ()
        if label not in known
    ]


def _check_selected_types(parameters: Parameters) -> list[str]:
    """Check that rows can have the type pairs that augmentation starts from."""
    known = None if parameters.ingest.format == "table" else {*parameters.entity_types, NO_TYPE}
    shown = "Types are free" if known is None else f"Types are {', '.join(sorted(known))}"
    return [
        f"augment.{method}.select.types: found {pair!r}; two entity types joined by a colon were "
        f"wanted, such as PER:ORG. {shown}."
        for method, select in _selections(parameters)
        for pair in select.types or ()
        if len(types := pair.split(":")) != _TYPES_IN_PAIR
        or (known is not None and not known.issuperset(types))
    ]


def _selections(parameters: Parameters) -> Iterator[tuple[str, SelectParams]]:
    for method in parameters.augment.methods:
        yield method, parameters.augment.settings_of(method).select


def _check_language(parameters: Parameters) -> list[str]:
    """Check that augmentation does not look for Korean nouns in text of another language."""
    augment, language = parameters.augment, parameters.text.language
    if language == "ko" or parameters.kind == "composite":
        return []
    conflicts = []
    if "fill_mask" in augment.methods:
        conflicts.append(
            "augment.methods: fill_mask finds and writes Korean nouns only, but text.language is "
            f"{language}; leave it out, or take mask_words, which hides words of any language"
        )
    if "eda" in augment.methods and augment.eda.synonyms == "model":
        conflicts.append(
            "augment.eda.synonyms: found 'model', which finds Korean nouns only, but text.language "
            f"is {language}; set augment.eda.model=null and augment.eda.synonyms=table (with "
            "raw.synonyms), or null with augment.eda.operations=[swap,delete]"
        )
    return conflicts


_CHECKS = (
    _check_encoder,
    _check_files,
    _check_model,
    _check_members,
    _check_earlier,
    _check_data,
    _check_selected_labels,
    _check_selected_types,
    _check_language,
)
"""Every rule about settings of several groups: each returns what is wrong, with what to change."""
