"""Runs on two machines with one bucket know of each other."""

import re

import pytest

from klue_pipeline.runs.disk import running
from klue_pipeline.runs.disk.mirror.address import local_folder
from klue_pipeline.runs.disk.mirror.sending import remote_sizes
from klue_pipeline.runs.disk.mirror.store import RemoteError
from klue_pipeline.runs.disk.running import Claim, announce, runs_under_way, withdraw
from klue_pipeline.runs.process import ProcessIdentity, this_process

ELSEWHERE = ProcessIdentity("elsewhere", 7, "1")
DEAD = this_process()._replace(pid=2**22 + 1)


def claim(process=None):
    return Claim(
        experiment="a",
        process=process or this_process(),
        writes={"06_models/a/fold_0": "fold_0.model"},
        reads={},
        shared={},
    )


@pytest.fixture
def folders(bucket, tmp_path):
    """Where two project folders keep what runs say of themselves."""
    return [tmp_path / name / local_folder(bucket) / ".running" for name in ("one", "two")]


def test_a_run_elsewhere_is_in_the_way_until_its_end(folders, bucket):
    theirs, ours = folders
    own = announce(theirs, claim(ELSEWHERE))
    said = rf"process 7 on elsewhere.*remove {re.escape(bucket)}/\.running/elsewhere-7-1\.json"
    with pytest.raises(ValueError, match=re.compile(said, re.DOTALL)):
        announce(ours, claim())
    assert [claim.process for claim in runs_under_way(ours)] == [ELSEWHERE]
    withdraw(own)
    withdraw(announce(ours, claim()))
    assert remote_sizes(ours) == {}
    assert not list(theirs.glob("*.json"))


def test_what_a_dead_process_left_in_the_bucket_is_removed(folders):
    announce(folders[0], claim(DEAD))
    withdraw(announce(folders[1], claim()))
    assert remote_sizes(folders[1]) == {}


def test_of_two_that_start_at_once_neither_overlooks_the_other(folders, monkeypatch):
    theirs, ours = folders
    send, first = running.send_file, [True]

    def send_just_after_the_other(path):
        if first.pop() if first else False:
            announce(theirs, claim(ELSEWHERE))  # has looked before this process says anything
        send(path)

    monkeypatch.setattr(running, "send_file", send_just_after_the_other)
    with pytest.raises(ValueError, match="process 7 on elsewhere"):
        announce(ours, claim())
    assert [claim.process for claim in runs_under_way(theirs)] == [ELSEWHERE]


def test_a_network_that_is_gone_at_the_end_is_told_and_no_error(folders, monkeypatch, caplog):
    own = announce(folders[0], claim())

    def refuse(_):
        raise RemoteError("no network")

    monkeypatch.setattr(running, "send_file", refuse)
    withdraw(own)
    assert re.search(r"Others may think .* remove .*\.running/.*\.json \(no network\)", caplog.text)
