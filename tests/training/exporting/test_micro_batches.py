"""Requests that wait at the same time: what is answered together, and whose fault is whose."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from klue_pipeline.training.exporting import micro_batches
from klue_pipeline.training.exporting.micro_batches import MicroBatches


class Model:
    """Doubles numbers; holds its first batch back until it is told to go on."""

    def __init__(self):
        self.batches, self.is_busy, self.go_on = [], Event(), Event()
        self.error = ValueError

    def answer(self, rows):
        self.batches.append(list(rows))
        if len(self.batches) == 1:
            self.is_busy.set()
            assert self.go_on.wait(60)
        if any(row < 0 for row in rows):
            raise self.error(f"cannot answer {list(rows)}")
        return [2 * row for row in rows]


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def ask(model):
    """Ask from threads of their own, all but the first while the model is busy with it."""
    with ThreadPoolExecutor(16) as threads:

        def ask_all(batches, first, *others):
            calls = [threads.submit(batches.ask, first)]
            assert model.is_busy.wait(60)
            for rows in others:
                waiting = len(batches._waiting)
                calls.append(threads.submit(batches.ask, rows))
                until(lambda n=waiting, call=calls[-1]: len(batches._waiting) > n or call.done())
            model.go_on.set()
            return calls

        yield ask_all


def until(is_so):
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_those_who_wait_are_answered_together_in_their_order(model, ask):
    calls = ask(MicroBatches(model.answer, 8), [1], [2], [3, 4], [5])
    assert [call.result() for call in calls] == [[2], [4], [6, 8], [10]]
    assert model.batches == [[1], [2, 3, 4, 5]]


def test_a_batch_has_no_more_rows_than_it_may(model, ask):
    calls = ask(MicroBatches(model.answer, 3), [1], [2, 3], [4, 5], [6], [7])
    assert [call.result() for call in calls] == [[2], [4, 6], [8, 10], [12], [14]]
    assert model.batches == [[1], [2, 3], [4, 5, 6], [7]]


@pytest.mark.parametrize(("max_rows", "rows"), [(3, [2, 3, 4, 5]), (3, []), (0, [2])])
def test_nobody_waits_for_who_asks_for_too_much_or_nothing(model, ask, max_rows, rows):
    batches = MicroBatches(model.answer, max_rows)
    held, quick = ask(batches, [1], rows)
    assert (held.result(), quick.result()) == ([2], [2 * row for row in rows])
    assert model.batches == [[1], rows]


def test_a_row_that_fails_costs_only_who_asked_for_it(model, ask):
    calls = ask(MicroBatches(model.answer, 8), [1], [2], [-3], [4])
    assert [calls[number].result() for number in (0, 1, 3)] == [[2], [4], [8]]
    with pytest.raises(ValueError, match=r"cannot answer \[-3\]"):
        calls[2].result()


def test_a_model_that_fails_reaches_everybody_as_an_error_of_their_own(model, ask):
    calls = ask(MicroBatches(model.answer, 8), [-1], [-2], [-3])
    errors = [call.exception(timeout=60) for call in calls]
    assert [str(error) for error in errors] == [f"cannot answer [{-n}]" for n in (1, 2, 3)]
    assert model.batches == [[-1], [-2, -3], [-2], [-3]]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_thread_that_is_stopped_while_it_answers_leaves_nobody_behind(model, ask, stop):
    model.error = stop
    batches = MicroBatches(model.answer, 3)
    calls = ask(batches, [1], [-2], [3, 4], [5])
    assert isinstance(calls[1].exception(timeout=60), stop)
    assert [calls[number].result(timeout=60) for number in (0, 2, 3)] == [[2], [6, 8], [10]]
    assert batches.ask([6]) == [12]


def test_a_thread_that_is_stopped_while_it_waits_is_not_waited_for(model, ask, monkeypatch):
    class Interrupted(Event):
        def wait(self, timeout=None):
            if model.is_busy.is_set() and not model.go_on.is_set():
                raise KeyboardInterrupt
            return super().wait(timeout)

    class Request(micro_batches._Request):
        def __init__(self, rows):
            super().__init__(rows, Interrupted())

    monkeypatch.setattr(micro_batches, "_Request", Request)
    batches = MicroBatches(model.answer, 8)
    first, gone = ask(batches, [1], [2])
    assert isinstance(gone.exception(timeout=60), KeyboardInterrupt)
    assert (first.result(), batches.ask([3])) == ([2], [6])
    assert model.batches == [[1], [3]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_waits_for_nobody_of_its_parent(model):
    batches = MicroBatches(model.answer, 8)
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(batches.ask, [1])
        assert model.is_busy.wait(60)
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(0 if batches.ask([2]) == [4] else 1)
        model.go_on.set()
        assert call.result(timeout=60) == [2]
    assert os.waitpid(child, 0)[1] == 0


def test_what_is_no_longer_needed_is_not_kept_for_a_fork(model):
    import gc
    import weakref

    kept = weakref.ref(MicroBatches(model.answer, 8))
    gc.collect()
    assert kept() is None
