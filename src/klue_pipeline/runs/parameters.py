"""The check of all parameters of a run: a misspelt one fails before anything runs."""

from collections.abc import Mapping
from typing import Any, overload

from pydantic import ValidationError

from klue_pipeline.base_settings import explain_errors
from klue_pipeline.runs.relation_task import RELATION, Parameters
from klue_pipeline.runs.tasks import SettingsT, Task


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
        raise _refusal(explain_errors(error, task.model, prefix=task.path(""))) from None
    if conflicts := [task.path(conflict) for rule in task.rules for conflict in rule(checked)]:
        raise _refusal(conflicts)
    return checked


def _refusal(problems: list[str]) -> ValueError:
    lines = "\n".join(f"  {problem}" for problem in problems)
    return ValueError(f"Settings are wrong:\n{lines}")
