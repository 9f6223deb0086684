"""A search of cheap trials in a database of its own."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest
from sqlalchemy.event import listen

from klue_pipeline.training.tuning.objective import Objective, Workers
from klue_pipeline.training.tuning.space import Space
from klue_pipeline.training.tuning.study import join_study, open_storage, queue_first
from klue_pipeline.training.tuning.trials import Search
from klue_pipeline.training.tuning.tune_params import TuneParams

PLAIN = {
    "trials": 4, "storage": "sqlite:///x.db", "folds": [0], "sampler": "random",
    "startup_trials": 2, "pruner": "none", "spared_trials": 0, "reduction_factor": 3,
    "rungs": "evaluations", "row_shares": [0.25, 1.0], "seed": 42, "finalists": 2,
    "finalist_seeds": 2,
    "space": {"training.rate": {"low": 0.0, "high": 1.0}, "training.batch_size": [16, 32, 64]},
}  # fmt: skip
USUAL = {"training.rate": 0.5, "training.batch_size": 16}


def _wait_for_no_disk(connection, _):
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA journal_mode=MEMORY")


@dataclass
class World:
    """One database, the processes that work at it, and what their trials did."""

    file: Path
    empty: bytes
    dead: set[str] = field(default_factory=set)
    attempts: list = field(default_factory=list)

    @cached_property
    def storage(self):
        """What all processes of a test share: to connect takes longer than a trial."""
        self.file.write_bytes(self.empty)
        storage = open_storage(f"sqlite:///{self.file}")
        storage.engine.dispose()
        listen(storage.engine, "connect", _wait_for_no_disk)
        return storage

    def another(self):
        """Make an empty database beside this one."""
        return World(self.file.with_name(f"_{self.file.name}"), self.empty)

    def params(self, **changes):
        return TuneParams.model_validate({**PLAIN, **changes})

    def search(
        self, evaluate=None, process="first", *, usual=USUAL, rises=True, live_rises=True, **changes
    ):
        """Let a process join the study, whose trials are written down before they begin."""
        params = self.params(**changes)

        def noted(attempt):
            self.attempts.append(attempt)
            return attempt.settings["training.rate"] if evaluate is None else evaluate(attempt)

        study = join_study(
            self.storage, "study", params, rises=rises, about={}, differences=lambda *_: []
        )
        objective = Objective(noted, "validation_x", rises=rises, live_rises=live_rises)
        workers = Workers(process, self.dead.__contains__)
        return Search(study, self.storage, objective, params, workers, Space(params.space, usual))

    def run(self, evaluate=None, process="first", **changes):
        """Search until the study has enough, and return its trials."""
        search = self.search(evaluate, process, **changes)
        search.run(queue_first(search.study, search.space, search.params))
        return search.study.trials


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """The bytes of a database with Optuna's tables, which take most of a second to make."""
    file = tmp_path_factory.mktemp("optuna") / "empty.db"
    open_storage(f"sqlite:///{file}").engine.dispose()
    return file.read_bytes()


@pytest.fixture
def world(tmp_path, empty_database):
    """An empty database of studies."""
    return World(tmp_path / "optuna.db", empty_database)
