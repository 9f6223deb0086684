"""Runs that work on the same results do not run together; all others do."""

import os
import re

import pytest

from klue_pipeline.runs.disk.running import Claim, announce
from klue_pipeline.runs.process import this_process

PARENT = this_process()._replace(pid=os.getppid(), start=None)
FOLD_0 = {"06_models/a/fold_0": "fold_0.model"}
FOLD_1 = {"06_models/a/fold_1": "fold_1.model"}


def claim(writes=(), reads=(), shared=(), process=None):
    return Claim(
        experiment="a",
        process=process or this_process(),
        writes=dict(writes),
        reads=dict(reads),
        shared=dict(shared),
    )


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ((FOLD_0,), (FOLD_0,), "same results (fold_0.model)"),
        ((FOLD_0,), (FOLD_1,), None),
        ((FOLD_0,), ({}, FOLD_0), "same results (fold_0.model)"),
        (({}, FOLD_0), (FOLD_0,), "same results (fold_0.model)"),
        (({}, FOLD_0), ({}, FOLD_0), None),
        (({}, {}, {"labels": "x"}), ({}, {}, {"labels": "y"}), "with other settings (labels)"),
        (({}, {}, {"labels": "x"}), ({}, {}, {"labels": "x", "sentences": "y"}), None),
    ],
)
def test_who_may_run_beside_whom(tmp_path, first, second, said):
    theirs = announce(tmp_path, claim(*first, process=PARENT))
    if said is None:
        ours = announce(tmp_path, claim(*second))
        assert {path.name for path in tmp_path.glob("*.json")} == {theirs.name, ours.name}
        return
    with pytest.raises(ValueError, match=re.escape(said)) as raised:
        announce(tmp_path, claim(*second))
    for word in (
        "experiment a",
        f"process {PARENT.pid} on {PARENT.host}",
        "started 20",
        "run.name",
    ):
        assert word in str(raised.value)
    assert "Nobody here can tell" not in str(raised.value)
    assert list(tmp_path.glob("*.json")) == [theirs]


@pytest.mark.parametrize(
    "dead",
    [
        this_process()._replace(pid=2**22 + 1),  # above Linux's largest pid
        PARENT._replace(start="1"),  # its number belongs to another process now
        PARENT._replace(boot="an earlier one"),
        this_process(),  # an interrupted run of this notebook
    ],
)
def test_what_the_dead_left_holds_nobody_up(tmp_path, dead):
    announce(tmp_path, claim(FOLD_0, process=dead))
    (tmp_path / "torn.json").write_text('{"experiment": ')
    ours = announce(tmp_path, claim(FOLD_0))
    assert list(tmp_path.glob("*.json")) == [ours]


def test_a_process_of_another_host_may_live(tmp_path):
    theirs = announce(tmp_path, claim(FOLD_0, process=PARENT._replace(host="elsewhere")))
    message = f"whether a process of elsewhere still runs; if it does not, remove {theirs}"
    with pytest.raises(ValueError, match=re.escape(message)):
        announce(tmp_path, claim(FOLD_0))


def test_a_data_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "data").write_text("a file where the folder was wanted")
    with pytest.raises(OSError, match=r"The data folder .*data cannot be written"):
        announce(tmp_path / "data/.running", claim(FOLD_0))
