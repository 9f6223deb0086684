"""A study as a run sees it: its name, its address, what it is about, and who works on it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from klue_pipeline.runs.lineage import differing_fields, settings_of
from klue_pipeline.runs.process import ProcessIdentity, is_dead, this_process
from klue_pipeline.training.tuning.study import join_study, open_storage
from klue_pipeline.training.tuning.trials import Objective, Search, Workers
from klue_pipeline.training.tuning.tune_params import TuneParams

if TYPE_CHECKING:
    from optuna import Study

_SQLITE = "sqlite:///"
_REPEATS = " repeats"


def open_search(
    objective: Objective, params: TuneParams, name: str, about: Mapping[str, str]
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


def open_repeats(search: Search) -> Search:
    """Join the study in which the best trials of another one are repeated."""
    unwatched = search.params.model_copy(update={"pruner": "none", "rungs": "evaluations"})
    about: Mapping[str, str] = search.study.user_attrs.get("about", {})
    study = join_study(
        search.storage, f"{search.study.study_name}{_REPEATS}", unwatched,
        rises=search.objective.rises, about=about, differences=_differences,
    )  # fmt: skip
    return Search(study, search.storage, search.objective, unwatched, search.workers, name="repeat")


def load_study(params: TuneParams, name: str) -> "Study":
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
