"""A study as a run sees it: its name, its address, what it is about, and who works on it."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import BaseModel

from klue_pipeline.runs.lineage import differing_fields, settings_of
from klue_pipeline.runs.process import ProcessIdentity, is_dead, this_process
from klue_pipeline.text.counts import counted
from klue_pipeline.training.tuning.finalists import queue_repeats, tabulate_repeats
from klue_pipeline.training.tuning.objective import Objective, Workers
from klue_pipeline.training.tuning.report import tabulate_trials
from klue_pipeline.training.tuning.space import Space
from klue_pipeline.training.tuning.study import as_records, join_study, open_storage, queue_first
from klue_pipeline.training.tuning.trials import Search
from klue_pipeline.training.tuning.tune_params import SearchParams

if TYPE_CHECKING:
    from optuna import Study

logger = logging.getLogger(__name__)

_SQLITE = "sqlite:///"
_REPEATS = " repeats"


def open_search(
    objective: Objective, params: SearchParams, name: str, about: Mapping[str, str]
) -> Search:
    """Join the study of a run, or begin it.

    Args:
        objective: What its trials do.
        params: How it is searched.
        name: Its name where ``params`` gives none.
        about: What its trials have in common.

    Raises:
        ValueError: A study of the name is about something else, or the storage cannot be used.
    """
    storage = open_storage(storage_address(params.storage))
    study = join_study(
        storage, params.study or name, params,
        rises=objective.rises, about=about, differences=_differences,
    )  # fmt: skip
    return Search(study, storage, objective, params, _workers())


def run_search(search: Search, space: Space) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run trials until the study has enough, then train the best of them with other seeds.

    Where other processes are still at trials of the study, the last of them names the winner.

    Args:
        search: The study, and what its trials do.
        space: What they are drawn from.

    Returns:
        All trials of the study, and the finalists.
    """
    search.space = space
    search.run(queue_first(search.study, space, search.params))
    return tabulate_trials(as_records(search.study)), _repeat_best(search)


def _repeat_best(search: Search) -> pd.DataFrame:
    """Train the best trials again; nothing as long as other processes are at trials."""
    params, repeats = search.params, open_repeats(search)
    if (others := search.running_elsewhere()) and params.finalist_seeds:
        under_way = counted(others, "trial is", "trials are")
        logger.info("Elsewhere %s under way; whoever ends last names the winner", under_way)
    elif params.finalist_seeds:
        count = queue_repeats(search.study, repeats.study, params.finalists, params.finalist_seeds)
        repeats.run(count)
    return tabulate_repeats(search.study, repeats.study)


def open_repeats(search: Search) -> Search:
    """Join the study in which the best trials of another one are repeated."""
    unwatched = search.params.model_copy(update={"pruner": "none", "rungs": "evaluations"})
    about: Mapping[str, str] = search.study.user_attrs.get("about", {})
    study = join_study(
        search.storage, f"{search.study.study_name}{_REPEATS}", unwatched,
        rises=search.objective.rises, about=about, differences=_differences,
    )  # fmt: skip
    return Search(study, search.storage, search.objective, unwatched, search.workers, name="repeat")


def load_study(params: SearchParams, name: str) -> "Study":
    """Return the study of a run, to look at.

    Raises:
        ValueError: There is none.
    """
    import optuna

    study = params.study or name
    try:
        return optuna.load_study(
            study_name=study, storage=open_storage(storage_address(params.storage))
        )
    except KeyError:
        raise ValueError(
            f"There is no study {study!r}; make it with kedro run --pipelines tune."
        ) from None


def storage_address(address: str) -> str:
    """Return the address of a storage; a relative file lies in the project, wherever we are."""
    from klue_pipeline.runs.configuration import project_path

    if not address.startswith(_SQLITE) or ":memory:" in address:
        return address
    file = project_path() / address.removeprefix(_SQLITE)
    file.parent.mkdir(parents=True, exist_ok=True)
    return f"{_SQLITE}{Path(file)}"


def about_study(
    parameters: BaseModel, groups: Sequence[str], searched: Sequence[str], facts: Mapping[str, str]
) -> dict[str, str]:
    """Return what the trials of a study have in common: every setting that is not searched.

    Args:
        parameters: The checked parameters of the run.
        groups: The groups of settings that a trial reads.
        searched: Settings that differ from trial to trial.
        facts: What else decides a value, such as a hash of the rows.
    """
    read: dict[str, str] = {}
    for group in groups:
        read |= settings_of(parameters, group)
    return {name: text for name, text in read.items() if name not in searched} | dict(facts)


def _differences(found: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    return differing_fields(dict(found), dict(wanted))


def _workers() -> Workers:
    return Workers(json.dumps(this_process()), _is_dead)


def _is_dead(text: str) -> bool:
    return is_dead(ProcessIdentity(*json.loads(text)))
