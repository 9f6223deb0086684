"""The hook that keeps a quick look at some folds out of the results that all experiments share."""

from typing import Any

from kedro.framework.hooks import hook_impl

from klue_pipeline.runs import topology
from klue_pipeline.runs.parameters import OTHER_TASKS


class PartialRunHooks:
    """Take what only whole runs write out of the catalog of a run of some folds.

    Its nodes still make it, but nothing of it is stored: what a whole run left stays there.
    """

    @hook_impl(trylast=True)
    def after_context_created(self, context: Any) -> None:
        """Change the configuration, once the parameters have told which folds are run."""
        tasks = ("", *(task.prefix for task in OTHER_TASKS))
        partial = [task for task in tasks if not topology.runs_every_fold(task)]
        if not partial:
            return
        loader = context.config_loader
        entries = loader["catalog"]
        loader["catalog"] = {
            name: entry
            for name, entry in entries.items()
            if not (_is_of_whole_runs(entry) and _task_of(name) in partial)
        }


def _task_of(name: str) -> str:
    return next((task.prefix for task in OTHER_TASKS if task.owns(name)), "")


def _is_of_whole_runs(entry: Any) -> bool:
    metadata = entry.get("metadata") if isinstance(entry, dict) else None
    facts = (metadata or {}).get("klue") or {}
    return bool(facts.get("every_fold"))
