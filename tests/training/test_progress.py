"""Live values: who listens, and that a listener never outlives its call."""

import threading

import pytest

from klue_pipeline.training.progress import listening, report_progress, set_listener


@pytest.fixture
def seen():
    return []


@pytest.fixture
def listener(seen):
    return lambda step, values: seen.append((step, dict(values)))


def test_the_inner_listener_hears_and_the_outer_returns(seen, listener):
    inner = []
    with listening(listener):
        with listening(lambda step, _: inner.append(step)):
            report_progress(1, {"train_loss": 0.5})
        report_progress(2, {"train_loss": 0.4})
    assert inner == [1]
    assert seen == [(2, {"train_loss": 0.4})]


def test_listening_ends_on_an_error_too(seen, listener):
    with pytest.raises(RuntimeError), listening(listener):
        raise RuntimeError
    report_progress(3, {"train_loss": 0.1})
    assert seen == []


def test_a_set_listener_stays_until_it_is_cleared(seen, listener):
    set_listener(listener)
    report_progress(1, {"train_loss": 0.5})
    set_listener(None)
    report_progress(2, {"train_loss": 0.4})
    assert seen == [(1, {"train_loss": 0.5})]


def test_another_thread_does_not_report_to_this_one(seen, listener):
    """Two folds trained in two threads keep their values apart."""
    with listening(listener):
        other = threading.Thread(target=report_progress, args=(1, {"train_loss": 0.5}))
        other.start()
        other.join()
    assert seen == []


def test_an_error_of_the_listener_is_not_hidden(listener):
    def broken(step, values):
        raise OSError("the disk is full")

    with listening(broken), pytest.raises(OSError, match="the disk is full"):
        report_progress(1, {})
