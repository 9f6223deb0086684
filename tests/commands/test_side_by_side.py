"""Experiments at once: how many, what waits for what, and how they end together."""

import signal
import threading
import time

import pytest

from klue_pipeline.commands.child_run import Ended
from klue_pipeline.commands.jobs import Job, Request
from klue_pipeline.commands.outcomes import JobOutcome
from klue_pipeline.commands.side_by_side import Plan, SideBySide

BINARY, POSITIVE, RBERT = Job("binary"), Job("positive"), Job("rbert")
CASCADE = Job("cascade", members=("binary", "positive"))


class Runs:
    """Runs that only pretend, and end when a test lets them."""

    def __init__(self, **errors):
        self.errors, self.order, self.at_once, self.most = errors, [], 0, 0
        self.lock, self.go_on = threading.Lock(), threading.Event()
        self.go_on.set()
        self.terminated = False

    def run(self, arguments, log_file):
        name = log_file.parent.name
        with self.lock:
            self.order.append((name, arguments))
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        self.go_on.wait(60)
        time.sleep(0.05)
        with self.lock:
            self.at_once -= 1
            self.order.append((name, "ended"))
        return Ended(1.0, self.errors.get(name))

    def terminate(self):
        self.terminated = True
        self.go_on.set()


def plan(job):
    if job is RBERT:
        return Plan(job, "single", ("--only-missing-outputs",))
    return Plan(job, "composite" if job.members else "member", ())


def side_by_side(runs, tmp_path, workers=2, prepare=plan):
    return SideBySide(Request("test", ("training.epochs=2",)), runs, workers, prepare, tmp_path)


def statuses(outcomes):
    return {name: outcome.status for name, outcome in outcomes.items()}


def test_as_many_run_at_once_as_there_are_workers_and_a_composite_waits(tmp_path, capsys):
    runs, outcomes = Runs(), {}
    jobs = [BINARY, POSITIVE, CASCADE, RBERT]
    assert side_by_side(runs, tmp_path).run(jobs, outcomes) is False
    assert statuses(outcomes) == {job.folder: "trained" for job in jobs}
    assert runs.most == 2
    names = [name for name, _ in runs.order]
    began = names.index("cascade")
    assert began > max(runs.order.index((member, "ended")) for member in ("binary", "positive"))
    shown = capsys.readouterr().out
    assert f"=== binary: running; its log is {tmp_path}/binary/run.log\n" in shown
    assert "=== cascade: trained in 1 s\n" in shown


def test_each_makes_what_is_its_own_on_the_cluster(tmp_path):
    runs = Runs()
    side_by_side(runs, tmp_path).run([RBERT, CASCADE], {})
    found = {name: arguments for name, arguments in runs.order if arguments != "ended"}
    assert found["rbert"] == [
        "--env", "test", "--params", "training.epochs=2,experiment=rbert",
        "--only-missing-outputs", "--pipelines",
        "augment,tokenize,train,predict,report,errors,export",
        "--runner", "klue_pipeline.runners.DaskRunner",
    ]  # fmt: skip
    assert "compose,report,errors" in found["cascade"]


def test_a_composite_falls_with_its_member_and_nobody_else_does(tmp_path):
    outcomes = {}
    runs = Runs(binary="out of memory")
    side_by_side(runs, tmp_path).run([BINARY, POSITIVE, CASCADE, RBERT], outcomes)
    assert statuses(outcomes) == {
        "binary": "failed", "positive": "trained", "cascade": "failed", "rbert": "trained",
    }  # fmt: skip
    assert outcomes["cascade"].error == "its member binary failed"


def test_what_needs_no_run_and_what_was_refused_before_start_none(tmp_path):
    def prepare(job):
        return JobOutcome(job, "finished before")

    runs, outcomes = Runs(), {"positive": JobOutcome(POSITIVE, "failed", error="epochs: found 0")}
    side_by_side(runs, tmp_path, prepare=prepare).run([BINARY, POSITIVE, CASCADE], outcomes)
    assert runs.order == []
    assert statuses(outcomes) == {
        "positive": "failed", "binary": "finished before", "cascade": "failed",
    }  # fmt: skip


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
def test_ctrl_c_ends_all_that_run_and_starts_no_other(tmp_path):
    runs, outcomes = Runs(), {}
    runs.go_on.clear()

    def interrupt_once_both_run():
        while runs.at_once < 2:
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    threading.Thread(target=interrupt_once_both_run).start()
    jobs = [BINARY, POSITIVE, CASCADE, RBERT]
    assert side_by_side(runs, tmp_path).run(jobs, outcomes) is True
    assert runs.terminated
    assert statuses(outcomes) == {"binary": "interrupted", "positive": "interrupted"}
