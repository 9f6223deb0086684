"""One study that several processes work on, one of which is killed; in a real PostgreSQL, too."""

import multiprocessing
import os
import signal
import time
from collections import Counter

import optuna
import pytest

from klue_pipeline.runs.tuning.studies import open_search
from klue_pipeline.training.tuning.objective import Objective
from klue_pipeline.training.tuning.space import Space
from klue_pipeline.training.tuning.study import open_storage, queue_first
from klue_pipeline.training.tuning.tune_params import TuneParams

PARAMS = {
    "trials": 18, "study": "rbert", "folds": [0], "sampler": "random", "startup_trials": 4,
    "pruner": "none", "spared_trials": 2, "reduction_factor": 3, "rungs": "evaluations",
    "row_shares": [1.0], "seed": 42, "finalists": 1, "finalist_seeds": 0,
    "space": {"training.learning_rate": {"low": 1e-5, "high": 1e-3, "log": True}},
}  # fmt: skip
USUAL = {"training.learning_rate": 1e-4}


def work(address, log, barrier=None, trials=18, dies_at=None, in_trial=lambda: None):
    """Take part in the study until it has enough trials, or die in the middle of one."""
    params = TuneParams(**{**PARAMS, "storage": address, "trials": trials})
    tried = Counter()

    def evaluate(attempt):
        tried["trials"] += 1
        time.sleep(0.02)
        in_trial()
        if tried["trials"] == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        with log.open("a") as file:
            file.write(f"{attempt.number} {attempt.settings['training.learning_rate']!r}\n")
        return attempt.settings["training.learning_rate"]

    if barrier is not None:
        barrier.wait()
    search = open_search(Objective(evaluate, "validation_f1"), params, "rbert", {"rows": "x"})
    search.space = Space(params.space, USUAL)
    search.run(queue_first(search.study, search.space, params))


def trials_at(address):
    return optuna.load_study(study_name="rbert", storage=open_storage(address)).trials


def start(*arguments, **options):
    process = multiprocessing.get_context("fork").Process(
        target=work, args=arguments, kwargs=options
    )
    process.start()
    return process


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    """An empty database for studies."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/optuna.db"
    return request.getfixturevalue("postgres").new_database()


def test_of_three_processes_one_is_killed_and_no_trial_is_lost_or_done_twice(address, tmp_path):
    log = tmp_path / "done"
    barrier = multiprocessing.get_context("fork").Barrier(3)
    started = [start(address, log, barrier, dies_at=at) for at in (None, 3, None)]
    for process in started:
        process.join(60)
    newcomer = start(address, log, trials=24)
    newcomer.join(60)
    assert [process.exitcode for process in (*started, newcomer)] == [0, -signal.SIGKILL, 0, 0]

    trials = trials_at(address)
    states = Counter(trial.state.name for trial in trials)
    assert (states["COMPLETE"], states["FAIL"], states["RUNNING"]) == (24, 1, 0)
    (killed,) = [trial for trial in trials if trial.state.name == "FAIL"]
    assert killed.user_attrs["reason"] == "its process was killed"
    again = [t for t in trials if t.system_attrs.get("failed_trial") == killed.number]
    assert [(trial.state.name, trial.params) for trial in again] == [("COMPLETE", killed.params)]

    done = [line.split() for line in log.read_text().splitlines()]
    assert len({number for number, _ in done}) == len({value for _, value in done}) == 24
    assert len(done) == 24
    assert sum(value == repr(1e-4) for _, value in done) == 1


def test_a_trial_whose_process_died_as_it_was_drawn_is_not_lost(address, tmp_path):
    study = optuna.create_study(storage=open_storage(address), study_name="rbert")
    study.ask()
    work(address, tmp_path / "done", trials=3)
    states = Counter(trial.state.name for trial in trials_at(address))
    assert states == {"FAIL": 1, "COMPLETE": 3}


def test_a_database_that_is_stopped_in_mid_trial_is_told(postgres, tmp_path):
    try:
        with pytest.raises(ConnectionError, match=r"'rbert' does not answer .* same command again"):
            work(postgres.new_database(), tmp_path / "done", in_trial=postgres.stop)
    finally:
        postgres.start()
