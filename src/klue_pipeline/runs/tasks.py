"""What a task is to a run: a table of the groups that its experiments decide, settings, a lab book.

Both tasks are resolved and checked by the same functions (:mod:`~klue_pipeline.runs.experiments`,
:mod:`~klue_pipeline.runs.parameters`). One has its settings at the top level of the parameters, any
other a subtree of its name with a lab book of its own.
"""

from collections.abc import Callable, Iterable, Mapping
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
        record: The dataset with the record of an experiment's latest run.
        job: The pipeline that is the whole job; empty for what a run without ``--pipelines`` does.
    """

    model: type[SettingsT]
    groups: tuple[str, ...]
    chosen_by_name: frozenset[str] = frozenset()
    entry_fields: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""
    lab_book: str = "parameters_experiments.yml"
    complete: Completion = lambda settings, _: settings
    rules: tuple[Callable[[SettingsT], list[str]], ...] = ()
    record: str = "run_record"
    job: str = ""

    def path(self, setting: str) -> str:
        """Return the whole name of a setting, as on the command line."""
        return f"{self.prefix}.{setting}" if self.prefix else setting

    def own_name(self, setting: str) -> str:
        """Return the name of a setting within the task; nothing for one that is not the task's.

        >>> Task(BaseModel, (), prefix="odqa").own_name("odqa.head.dropout")
        'head.dropout'
        """
        before = f"{self.prefix}." if self.prefix else ""
        return setting.removeprefix(before) if setting.startswith(before) else ""

    def settings_in(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return this task's part of all parameters."""
        if not self.prefix:
            return parameters
        part: Mapping[str, Any] = parameters.get(self.prefix) or {}
        return part

    def settings_of(self, parameters: BaseModel) -> Any:
        """Return this task's part of all parameters, once they are checked."""
        return getattr(parameters, self.prefix) if self.prefix else parameters

    def put_into(
        self, parameters: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return all parameters with this task's part replaced."""
        return {**parameters, **({self.prefix: settings} if self.prefix else settings)}

    def described(self, parameters: Mapping[str, Any], read: Iterable[str]) -> dict[str, Any]:
        """Return what tells runs of this task apart, with its groups at the top level.

        Args:
            parameters: All parameters of the run, resolved.
            read: The inputs of its nodes; of a table of methods, those that they read stay.
        """
        settings = {**self.settings_in(parameters), "run": parameters.get("run") or {}}
        prefix = f"params:{self.path('retrievers')}."
        named = {name.removeprefix(prefix) for name in read if name.startswith(prefix)}
        if "retrievers" in settings:
            chosen = {name: settings["retrievers"][name] for name in sorted(named)}
            settings["retrievers"] = chosen
        return settings

    def groups_in(self, read: Iterable[str]) -> set[str]:
        """Return the groups of settings among the inputs of nodes."""
        prefix = f"params:{self.prefix}." if self.prefix else "params:"
        groups = (name.removeprefix(prefix) for name in read if name.startswith(prefix))
        return {group.partition(".")[0] for group in groups}

    def owns(self, node: str) -> bool:
        """Tell whether a node is one of this task's, by its name."""
        return bool(self.prefix) and node.startswith(f"{self.prefix}.")
