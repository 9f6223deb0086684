"""Settings of a trial: the run's own with some replaced, and what of them can be searched."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from klue_pipeline.base_settings import MethodSettings, Settings, explain_errors, suggest
from klue_pipeline.runs.parameters import RELATION, check_parameters, refuse_settings
from klue_pipeline.runs.tasks import Task
from klue_pipeline.training.tuning.tune_params import Dimension

SEARCHED_GROUPS = ("input", "encoder", "head", "loss", "training")
"""What a trial of relation extraction can vary; data, folds and added rows are those of the run."""

_STANDS_FOR = {"training.head_learning_rate": "training.learning_rate"}
"""What a setting is where it is left out."""

_DECIDED_ELSEWHERE = {
    "input.language": "text.language decides it",
    "training.seed": "all trials have the experiment's own, and finalists others as well",
}
"""Settings that no trial can vary, and why."""


def as_written(parameters: Any) -> Any:
    """Return parameters as a file says them: nodes get those that a model describes as models."""
    if isinstance(parameters, BaseModel):
        return parameters.model_dump(mode="json")
    if isinstance(parameters, Mapping):
        return {name: as_written(value) for name, value in parameters.items()}
    return parameters


def settings_of_trial(
    parameters: Mapping[str, Any], values: Mapping[str, Any], task: Task[Any] = RELATION
) -> dict[str, Any]:
    """Return all parameters with some settings of a task replaced.

    A method of another name keeps the settings that it has as well, and drops those that it has
    not.

    Args:
        parameters: All parameters of the run, resolved.
        values: What to replace, by whole name without the task's prefix; at most three parts.
        task: Whose settings they are.
    """
    settings = dict(task.settings_in(parameters))
    for group in {name.partition(".")[0] for name in values}:
        own = {name.partition(".")[2]: values[name] for name in values if _is_in(name, group)}
        settings[group] = _replace(task, group, settings[group], own)
    return task.put_into(parameters, settings)


def _is_in(name: str, group: str) -> bool:
    return name.startswith(f"{group}.")


def _replace(
    task: Task[Any], group: str, former: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    kept = dict(former)
    model = _model_of(task, group)
    if values.get("name", former.get("name")) != former.get("name"):
        kept = {**_shared_with(model, str(values["name"]), former), "name": values["name"]}
    for name, value in values.items():
        outer, _, inner = name.partition(".")
        kept[outer] = {**(kept.get(outer) or {}), inner: value} if inner else value
    return kept


def _shared_with(
    model: type[BaseModel], method: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings of a group without those that belong to other methods alone."""
    if not issubclass(model, MethodSettings):
        return dict(settings)
    tables = (model.fields_of, model.optional_fields_of)
    bound = frozenset().union(*(fields for table in tables for fields in table.values()))
    own = frozenset().union(*(table.get(method, frozenset()) for table in tables))
    return {name: value for name, value in settings.items() if name not in bound - own}


def _model_of(task: Task[Any], group: str) -> type[BaseModel]:
    model = task.model.model_fields[group].annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"{group} is no group of settings")
    return model


def usual_values(
    parameters: Mapping[str, Any], names: Sequence[str], task: Task[Any] = RELATION
) -> dict[str, Any]:
    """Return the experiment's own value of settings, by whole name; None for those it has not.

    A setting that is None because another decides it has that one's value: a rate of the head that
    nobody gives is the encoder's.
    """
    found = {}
    for name in names:
        value = _value_at(task.settings_in(parameters), name)
        if value is None and name in _STANDS_FOR:
            value = _value_at(task.settings_in(parameters), _STANDS_FOR[name])
        found[name] = value
    return found


def _value_at(settings: Mapping[str, Any], name: str) -> Any:
    value: Any = settings
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def require_space(
    parameters: Mapping[str, Any],
    space: Mapping[str, Dimension],
    groups: Sequence[str],
    task: Task[Any] = RELATION,
    where: str = "tune.space",
) -> None:
    """Refuse a space with a setting that there is not, or with a value that it cannot have.

    Each end of a range and each choice is tried alone, under the setting's own condition, as is
    each value of the condition. What does not go together in a trial is for the trial to find out.

    Args:
        parameters: All parameters of the run, resolved.
        space: What is searched.
        groups: The groups that a trial can vary.
        task: Whose settings they are.
        where: Where the space is set, for messages.

    Raises:
        ValueError: Listing every problem.
    """
    problems = list(_space_problems(parameters, space, groups, task))
    if problems:
        raise refuse_settings([f"{where}.{problem}" for problem in problems])


def _space_problems(
    parameters: Mapping[str, Any],
    space: Mapping[str, Dimension],
    groups: Sequence[str],
    task: Task[Any],
) -> Iterator[str]:
    for name, dimension in space.items():
        for asked in (name, *dimension.when):
            if problem := _find_unknown(asked, groups, task):
                yield f"{name}: {problem}"
                break
        else:
            yield from _value_problems(parameters, name, dimension, task)


def _find_unknown(name: str, groups: Sequence[str], task: Task[Any]) -> str:
    if name in _DECIDED_ELSEWHERE:
        return f"cannot be searched: {_DECIDED_ELSEWHERE[name]}"
    group, _, setting = name.partition(".")
    if group not in groups:
        known = ", ".join(groups)
        return f"a trial varies settings of {known}; found {name}. Run one search for each value"
    fields = _model_of(task, group).model_fields
    if setting.partition(".")[0] not in fields:
        return f"there is no setting {name}. {suggest(setting, fields)}"
    return ""


def _value_problems(
    parameters: Mapping[str, Any], name: str, dimension: Dimension, task: Task[Any]
) -> Iterator[str]:
    wanted = {
        other: value if isinstance(value, list) else [value]
        for other, value in dimension.when.items()
    }
    for other, values in wanted.items():
        for value in values:
            if problem := _problem_of(parameters, {other: value}, other, task):
                yield f"{name}: when {other}: {problem}"
                return
    condition = {other: values[0] for other, values in wanted.items()}
    for value in dimension.choices or [dimension.low, dimension.high]:
        if problem := _problem_of(parameters, {**condition, name: value}, name, task):
            yield f"{name}: {problem}"
            return


def _problem_of(
    parameters: Mapping[str, Any], values: Mapping[str, Any], name: str, task: Task[Any]
) -> str:
    """Say what is wrong with one setting of a trial; other fields are for the trial to judge."""
    group, _, setting = name.partition(".")
    model = _model_of(task, group)
    settings = task.settings_in(settings_of_trial(parameters, values, task))[group]
    try:
        model.model_validate(settings)
    except ValidationError as error:
        mine = [line for line in explain_errors(error, model) if line.startswith(f"{setting}:")]
        return mine[0].removeprefix(f"{setting}: ") if mine else ""
    return ""


def check_trial(
    parameters: Mapping[str, Any], values: Mapping[str, Any], task: Task[Any] = RELATION
) -> Any:
    """Return the checked settings of a trial.

    Raises:
        ValueError: They do not go together; the message says which.
    """
    return check_parameters(settings_of_trial(parameters, values, task), task)


def entry_of_trial(
    parameters: Mapping[str, Any], values: Mapping[str, Any], task: Task[Any] = RELATION
) -> dict[str, Any]:
    """Return what a lab-book entry has to say so that an experiment is what a trial was.

    That is all that differs from the defaults of all experiments: what the experiment's own entry
    says, what the command line said, and the trial's values.
    """
    checked, usual = check_trial(parameters, values, task), _without_entry(parameters, task)
    entry: dict[str, Any] = {}
    for group in task.groups:
        own: Settings = getattr(checked, group)
        differing = _differences(
            getattr(usual, group).model_dump(mode="json"), own.model_dump(mode="json")
        )
        if group in task.chosen_by_name and "name" in differing:
            differing = _set_fields(own)  # another name starts from nothing
        read = {
            name: value
            for name, value in differing.items()
            if name not in own.results_do_not_depend_on
        }
        if read:
            entry[group] = read
    return entry


def _without_entry(parameters: Mapping[str, Any], task: Task[Any]) -> Any:
    """Return the settings of an experiment that says nothing itself."""
    settings = dict(task.settings_in(parameters))
    for group in task.groups:
        defaults = settings["experiment_defaults"][group]
        settings[group] = {
            name: value
            for name, value in defaults.items()
            if f"{group}.{name}" != "input.language"  # of a model's, not of a file
        }
    return task.model.model_validate(task.complete(settings, {}))


def _differences(usual: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is to be said where settings are merged name by name."""
    return {
        name: _differences(usual[name], value)
        if isinstance(value, Mapping) and isinstance(usual.get(name), Mapping)
        else value
        for name, value in own.items()
        if usual.get(name) != value
    }


def _set_fields(settings: Settings) -> dict[str, Any]:
    return {name: value for name, value in settings.model_dump(mode="json").items()
            if value is not None}  # fmt: skip
