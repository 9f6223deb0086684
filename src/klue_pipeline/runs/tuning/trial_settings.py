"""Settings of a trial: the run's own with some replaced, and what of them can be searched."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from klue_pipeline.base_settings import MethodSettings, explain_errors, suggest
from klue_pipeline.runs.parameters import RELATION, check_parameters, refuse_settings
from klue_pipeline.runs.tasks import Task
from klue_pipeline.training.tuning.objective import Attempt, RefusedError
from klue_pipeline.training.tuning.space import Space
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
        values: What to replace, by whole name; at most two parts behind its group.
        task: Whose settings they are.
    """
    settings = dict(task.settings_in(parameters))
    by_group: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        group, setting = _split(task.own_name(name), task)
        by_group.setdefault(group, {})[setting] = value
    for group, own in by_group.items():
        table, _, method = group.partition(".")
        replaced = _replace(_model_of(task, group), _value_at(settings, group), own)
        settings[table] = {**settings[table], method: replaced} if method else replaced
    return task.put_into(parameters, settings)


def _split(name: str, task: Task[Any]) -> tuple[str, str]:
    """Split a setting into its group and the rest; in a table, each method is a group."""
    parts = name.split(".")
    field = task.model.model_fields.get(parts[0])
    depth = 2 if field is not None and get_origin(field.annotation) is dict else 1
    return ".".join(parts[:depth]), ".".join(parts[depth:])


def _model_of(task: Task[Any], group: str) -> type[BaseModel]:
    annotation = task.model.model_fields[group.partition(".")[0]].annotation
    model = get_args(annotation)[1] if get_origin(annotation) is dict else annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"{group} is no group of settings")
    return model


def _replace(
    model: type[BaseModel], former: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    kept = dict(former)
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


def usual_values(
    parameters: Mapping[str, Any], names: Sequence[str], task: Task[Any] = RELATION
) -> dict[str, Any]:
    """Return the experiment's own value of settings, by whole name; None for those it has not.

    A setting that is None because another decides it has that one's value: a rate of the head that
    nobody gives is the encoder's.
    """
    found = {}
    for name in names:
        value = _value_at(parameters, name)
        if value is None and task.own_name(name) in _STANDS_FOR:
            value = _value_at(parameters, task.path(_STANDS_FOR[task.own_name(name)]))
        found[name] = value
    return found


def space_of(
    parameters: Mapping[str, Any], dimensions: Mapping[str, Dimension], task: Task[Any] = RELATION
) -> Space:
    """Return what trials are drawn from, with the experiment's own values.

    Args:
        parameters: All parameters of the run, resolved.
        dimensions: What is searched.
        task: Whose settings they are.
    """
    names = {*dimensions, *(other for each in dimensions.values() for other in each.when)}
    return Space(dimensions, usual_values(parameters, sorted(names), task))


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
            if problem := _find_unknown(asked, groups, task.settings_in(parameters), task):
                yield f"{name}: {problem}"
                break
        else:
            yield from _value_problems(parameters, name, dimension, task)


def _find_unknown(
    name: str, groups: Sequence[str], settings: Mapping[str, Any], task: Task[Any]
) -> str:
    if task.own_name(name) in _DECIDED_ELSEWHERE:
        return f"cannot be searched: {_DECIDED_ELSEWHERE[task.own_name(name)]}"
    group, setting = _split(task.own_name(name), task)
    table, _, method = group.partition(".")
    if table not in groups:
        known = ", ".join(map(task.path, groups))
        return f"a trial varies settings of {known}; found {name}. Run one search for each value"
    if method and method not in settings[table]:
        return f"there is no {task.path(group)}. {suggest(method, settings[table])}"
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
    group, setting = _split(task.own_name(name), task)
    model = _model_of(task, group)
    settings = _value_at(task.settings_in(settings_of_trial(parameters, values, task)), group)
    try:
        model.model_validate(settings)
    except ValidationError as error:
        mine = [line for line in explain_errors(error, model) if line.startswith(f"{setting}:")]
        return mine[0].removeprefix(f"{setting}: ") if mine else ""
    return ""


def check_attempt(
    parameters: Mapping[str, Any], attempt: Attempt, seed: str, task: Task[Any] = RELATION
) -> Any:
    """Return the checked settings of an attempt, whose seed is added to the experiment's.

    Args:
        parameters: All parameters of the run, resolved.
        attempt: What it sets otherwise.
        seed: The whole name of the setting with the seed of the training; empty where none is.
        task: Whose settings they are.

    Raises:
        RefusedError: They do not go together; the message says which.
    """
    own = {seed: _value_at(parameters, seed) + attempt.seed} if seed else {}
    try:
        return check_trial(parameters, {**attempt.settings, **own}, task)
    except ValueError as error:
        raise RefusedError(str(error)) from error


def check_trial(
    parameters: Mapping[str, Any], values: Mapping[str, Any], task: Task[Any] = RELATION
) -> Any:
    """Return the checked settings of a trial.

    Raises:
        ValueError: They do not go together; the message says which.
    """
    return check_parameters(settings_of_trial(parameters, values, task), task)
