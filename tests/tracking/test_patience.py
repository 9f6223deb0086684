"""One budget of time for an MLflow that fails or hangs."""

import logging
import socket
import time

import pytest

from klue_pipeline.tracking import tolerance
from klue_pipeline.tracking.mlflow_client import RunStore
from klue_pipeline.tracking.patience import GivenUpError, Patience
from klue_pipeline.tracking.tolerance import Tolerance


@pytest.fixture
def frozen_server():
    """An address that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def fail():
    raise OSError("http://u:SECRET@h refused")


def test_a_frozen_server_is_given_up_after_the_budget_and_not_asked_again(frozen_server):
    store = RunStore(frozen_server, Patience(seconds=0.2))
    with pytest.raises(GivenUpError, match="no answer"):
        store.set_tag("run", "name", "value")
    with pytest.raises(GivenUpError):
        store.patience.wait_for(fail)
    assert store.patience.is_over
    store.patience.grant(1.0)
    assert not store.patience.is_over


def test_failures_use_up_the_budget_and_what_works_does_not():
    patience = Patience(seconds=1e-5)
    assert patience.wait_for(lambda: time.sleep(0.01) or "slow", n_bytes=10**9) == "slow"
    with pytest.raises(OSError, match=r"http://u:\*\*\*@h"):
        patience.wait_for(fail, n_bytes=10**9)
    assert patience.is_over


def test_trouble_is_told_once_and_again_after_a_quiet_time(caplog, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(tolerance.time, "monotonic", lambda: clock[0])
    tolerating = Tolerance()

    def trouble(after_seconds):
        clock[0] += after_seconds
        with tolerating("log values"):
            raise OSError("http://u:SECRET@h refused")
        return [record.message for record in caplog.records if record.levelno >= logging.WARNING]

    assert len(trouble(0)) == 1
    assert len(trouble(500)) == len(trouble(500)) == 1
    told = trouble(601)
    assert len(told) == 2
    assert "SECRET" not in "".join(told)


def test_the_end_of_patience_is_told_once_after_trouble_was_told(caplog):
    tolerating = Tolerance()
    with caplog.at_level(logging.WARNING):
        for error in (OSError("locked"), GivenUpError("no answer"), GivenUpError("no answer")):
            with tolerating("log values"):
                raise error
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "goes on without tracking" in caplog.records[-1].message
