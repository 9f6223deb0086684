"""All parameters of a run as one model, the tasks there are, and the check of a task."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, ClassVar, overload

from pydantic import ValidationError

from klue_pipeline.base_settings import Settings, explain_errors, merge_settings, suggest
from klue_pipeline.odqa.settings.odqa_params import OdqaDefaults, OdqaParams
from klue_pipeline.odqa.settings.odqa_rules import ODQA_RULES
from klue_pipeline.relation.settings.compatibility import MODEL_RULES
from klue_pipeline.relation.settings.data_compatibility import DATA_RULES
from klue_pipeline.relation.settings.relation_params import ExperimentDefaults, RelationParams
from klue_pipeline.runs.dataset_names import entry_of
from klue_pipeline.runs.tasks import SettingsT, Task
from klue_pipeline.text.folder_names import VariantName


class RunParams(Settings):
    """What tells two runs of the same experiment apart."""

    name: VariantName | None = None
    """Gives a variant its own folder and its own MLflow run name."""


class TrackingOverrides(Settings):
    """Tracking settings that the command line may override; the values live in tracking.yml."""

    enabled: bool | None = None
    tracking_uri: str | None = None
    experiment: str | None = None
    artifact_location: str | None = None
    log_models: bool | None = None


class CsvParams(Settings):
    """How CSV files that people open are written."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"escape_formulas"})

    escape_formulas: bool
    """Whether cells that a spreadsheet would take for a formula get an apostrophe before them."""


class Parameters(RelationParams):
    """All parameters of a run, after the experiment was resolved."""

    run: RunParams
    csv: CsvParams
    odqa: OdqaParams
    mlflow: TrackingOverrides = TrackingOverrides()


def input_in_language(settings: Mapping[str, Any], text: Any) -> dict[str, Any]:
    """Add the language of the text to the settings of ``input``, with its words for entity types.

    Words that ``settings`` has itself win. A language that ``text`` has no words for is left to the
    check of all parameters to refuse.

    Args:
        settings: The group ``input``, merged from its layers.
        text: The group ``text``: the only place where the language is said.

    Raises:
        ValueError: ``settings`` says a language too.

    >>> text = {"language": "en", "type_words": {"en": {"PER": "person", "ORG": "organization"}}}
    >>> input_in_language({"type_words": {"ORG": "company"}}, text)
    {'language': 'en', 'type_words': {'PER': 'person', 'ORG': 'company'}}
    """
    if "language" in settings:
        raise ValueError(
            f"Settings are wrong:\n  input.language: found {settings['language']!r}, but what "
            "decides the language of a run is text.language; set that instead"
        )
    match text:
        case {"language": str(language), "type_words": {**words}} if language in words:
            usual = {"language": language, "type_words": words[language]}
            return merge_settings(usual, settings)
    return dict(settings)


def _complete(settings: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    written = input_in_language(settings["input"], settings.get("text"))
    return _without_other_prior({**settings, "input": written}, given)


def _without_other_prior(settings: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out shares of labels that a file gives for another test file than this run's.

    That they are is told where scores are.
    """
    evaluation = settings.get("evaluation") or {}
    prior = evaluation.get("target_prior") or {}
    from_command = (given.get("evaluation") or {}).get("target_prior")
    test = (settings.get("raw") or {}).get("test")
    if not isinstance(prior, Mapping):  # for the check of all parameters to refuse
        return settings
    if from_command or prior.get("source") != "given" or prior.get("given_for") in {None, test}:
        return settings
    silent = {"source": "none", "negative_share": None, "shares": None}
    return {**settings, "evaluation": {**evaluation, "target_prior": {**prior, **silent}}}


def _unknown_earlier_experiments(parameters: Parameters) -> list[str]:
    """Find experiments that are not in the lab book among those whose results a stage reads."""
    named = [("clean.contradictory_duplicates.previous", parameters.clean.previous)]
    for method, select in parameters.augment.selections:
        named.append((f"augment.{method}.select.mistakes_of", select.mistakes_of))
    named += [("loss.teachers", name) for name in parameters.loss.teachers or ()]
    return [
        f"{setting}: there is no experiment {name!r}. {suggest(name, parameters.experiments)}"
        for setting, name in named
        if name is not None and entry_of(name) not in parameters.experiments
    ]


def _teachers_of_other_labels(parameters: Parameters) -> list[str]:
    """Find teachers without a model of their own, or of a part of the labels."""
    answers = {
        name: parameters.answer_of(entry_of(name))
        for name in parameters.loss.teachers or ()
        if entry_of(name) in parameters.experiments
    }
    return [
        f"loss.teachers: {name} is of target.name={answer}; a teacher has to know all labels"
        if answer != "composite"
        else f"loss.teachers: {name} is a composite, which has no model of its own to read new rows"
        for name, answer in answers.items()
        if answer != "all"
    ]


def _experiments_that_differ_in_case(parameters: Parameters) -> list[str]:
    """Most disks of Windows and macOS would keep them in one folder."""
    names = sorted(parameters.experiments, key=str.lower)
    return [
        f"experiments: found {first!r} and {second!r}, which are one folder where a disk does not "
        "tell capitals from small letters; choose another name for one of them"
        for first, second in pairwise(names)
        if first.lower() == second.lower()
    ]


_ELSEWHERE = {
    "data_root": "is decided by the environment; write it into conf/<name>/globals.yml and run "
    "with --env <name>. run.name=... keeps one run's results apart too",
    **dict.fromkeys(
        ("env", "pipeline", "pipelines", "nodes", "runner", "conf_source"),
        "is an option of the command and no setting, as in kedro run --env klue --pipelines eda",
    ),
}
"""What is looked for among the settings and stands elsewhere."""


RELATION = Task(
    model=Parameters,
    groups=tuple(ExperimentDefaults.model_fields),
    chosen_by_name=frozenset({"encoder", "head", "loss", "composite"}),
    entry_fields={"kind": "single", "members": []},
    complete=_complete,
    rules=(
        *MODEL_RULES,
        *DATA_RULES,
        _unknown_earlier_experiments,
        _teachers_of_other_labels,
        _experiments_that_differ_in_case,
    ),
)
"""Its settings stand at the top level of the parameters."""

ODQA = Task(
    model=OdqaParams,
    groups=tuple(OdqaDefaults.model_fields),
    chosen_by_name=frozenset({"encoder", "fusion", "rerank", "head"}),
    prefix="odqa",
    lab_book="parameters_odqa_experiments.yml",
    rules=ODQA_RULES,
    record="odqa.record",
    job="odqa",
)
"""Open-domain question answering."""

OTHER_TASKS: tuple[Task[Any], ...] = (ODQA,)
"""Tasks beside relation extraction, which ``kedro run`` alone does not do."""


def task_of(nodes: Iterable[str]) -> Task[Any]:
    """Return the task whose nodes these are, by their names; relation extraction if it has any.

    >>> task_of(["odqa.search_bm25"]).prefix
    'odqa'
    >>> task_of(["odqa.search_bm25", "parse_train"]) is RELATION
    True
    """
    names = list(nodes)
    return next((task for task in OTHER_TASKS if names and all(map(task.owns, names))), RELATION)


@overload
def check_parameters(parameters: Mapping[str, Any]) -> Parameters: ...
@overload
def check_parameters(parameters: Mapping[str, Any], task: Task[SettingsT]) -> SettingsT: ...
def check_parameters(parameters: Mapping[str, Any], task: Task[Any] = RELATION) -> Any:
    """Check all settings of a task at once.

    Args:
        parameters: All parameters of the run, resolved.
        task: Whose settings are checked.

    Raises:
        ValueError: Listing every wrong setting: what was found, what is legal, what is near.
    """
    try:
        checked = task.model.model_validate(task.settings_in(parameters))
    except ValidationError as error:
        problems = explain_errors(error, task.model, prefix=task.path(""))
        raise refuse_settings([_say_where_it_belongs(problem) for problem in problems]) from None
    if conflicts := [task.path(conflict) for rule in task.rules for conflict in rule(checked)]:
        raise refuse_settings(conflicts)
    return checked


def _say_where_it_belongs(problem: str) -> str:
    """Say of what is no setting but may be taken for one where it is decided."""
    name = problem.partition(":")[0]
    return f"{name}: {_ELSEWHERE[name]}" if name in _ELSEWHERE else problem


def refuse_settings(problems: list[str]) -> ValueError:
    """Return the error that lists what is wrong with settings."""
    lines = "\n".join(f"  {problem}" for problem in problems)
    return ValueError(f"Settings are wrong:\n{lines}")
