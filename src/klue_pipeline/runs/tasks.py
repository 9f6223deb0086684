"""What a task is to a run: a table of the groups that its experiments decide, settings, a lab book.

Both tasks are resolved and checked by the same functions (:mod:`~klue_pipeline.runs.experiments`,
:mod:`~klue_pipeline.runs.parameters`). One has its settings at the top level of the parameters, any
other a subtree of its name with a lab book of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

SettingsT = TypeVar("SettingsT", bound=BaseModel)

Completion = Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Task(Generic[SettingsT]):
    """One task of the project.

    Attributes:
        model: Its settings, resolved; every name and value is checked by it.
        groups: What an experiment decides; each becomes a group of the resolved settings.
        chosen_by_name: Groups whose other fields belong to the chosen ``name``: another name starts
            from nothing.
        entry_fields: What an entry of the lab book says outside of groups, and what it is where it
            says nothing.
        prefix: The subtree of the parameters that holds its settings; empty for the top level.
        lab_book: The file of its experiments.
        complete: Adds to resolved settings what follows from others; gets those of the command line
            too.
        rules: Each returns what does not go together in checked settings, with what to change.
    """

    model: type[SettingsT]
    groups: tuple[str, ...]
    chosen_by_name: frozenset[str] = frozenset()
    entry_fields: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""
    lab_book: str = "parameters_experiments.yml"
    complete: Completion = lambda settings, _: settings
    rules: tuple[Callable[[SettingsT], list[str]], ...] = ()

    def path(self, setting: str) -> str:
        """Return the whole name of a setting, as on the command line."""
        return f"{self.prefix}.{setting}" if self.prefix else setting

    def settings_in(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return this task's part of all parameters."""
        if not self.prefix:
            return parameters
        part: Mapping[str, Any] = parameters.get(self.prefix) or {}
        return part

    def put_into(
        self, parameters: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return all parameters with this task's part replaced."""
        return {**parameters, **({self.prefix: settings} if self.prefix else settings)}
