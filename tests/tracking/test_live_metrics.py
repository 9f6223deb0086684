"""Gathering of live values into batches."""

import pytest

from klue_pipeline.tracking import live_metrics
from klue_pipeline.tracking.live_metrics import LiveMetrics


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until the test moves it."""
    now = [100.0]
    monkeypatch.setattr(live_metrics.time, "monotonic", lambda: now[0])
    return now


class Sink:
    """Receives batches; refuses them while ``up`` is False."""

    def __init__(self):
        self.batches, self.up = [], True

    def __call__(self, points):
        if self.up:
            self.batches.append([(point.step, point.value) for point in points])
        return self.up


def test_values_wait_for_fifty_of_them_or_two_seconds(clock):
    sink = Sink()
    live = LiveMetrics(sink)
    for step in range(1, 50):
        live(step, {"loss": step})
    assert sink.batches == []
    live(50, {"loss": 50})
    assert sink.batches == [[(step, float(step)) for step in range(1, 51)]]
    live(51, {"loss": 51})
    clock[0] += 2
    live(52, {"loss": 52})
    assert sink.batches[1:] == [[(51, 51.0), (52, 52.0)]]


def test_refused_values_are_kept_and_not_offered_at_every_step(clock):
    sink, offers = Sink(), []
    live = LiveMetrics(lambda points: offers.append(len(points)) or sink(points))
    sink.up = False
    for step in range(1, 200):
        live(step, {"loss": step})
    assert offers == [50]
    sink.up = True
    clock[0] += live_metrics.PAUSE_AFTER_FAILURE_SECONDS
    live(200, {"loss": 200})
    assert sink.batches == [[(step, float(step)) for step in range(1, 201)]]


def test_final_values_repeat_nothing_that_the_curve_already_ends_on():
    live = LiveMetrics(Sink())
    live(10, {"validation_micro_f1": 60.0, "validation_loss": 0.5})
    live(12, {"train_loss": 0.1})
    final = live.final_points({"validation_micro_f1": 60.0, "micro_f1": 61.0})
    assert [(p.name, p.step, p.value) for p in final] == [
        ("validation_micro_f1", 12, 60.0),
        ("micro_f1", 12, 61.0),
    ]
    live(12, {"validation_micro_f1": 60.0})
    assert [p.name for p in live.final_points({"validation_micro_f1": 60.0})] == []


def test_nothing_is_sent_when_nothing_waits():
    sink = Sink()
    LiveMetrics(sink).flush()
    assert sink.batches == []
