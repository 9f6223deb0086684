"""Runs of the parts of a node: settings named as in the run above, closed however they end."""

from types import SimpleNamespace

import pytest

from klue_pipeline.tracking.part_runs import PartRuns
from klue_pipeline.tracking.tolerance import Tolerance
from klue_pipeline.training.progress import Part, open_part, report_progress


class Store:
    """Writes down what a tracking server would be told."""

    def __init__(self):
        self.told = []

    def start_child(self, parent_id, name, tags, parameters):
        self.told.append(("start", parent_id, name, parameters))
        return "child"

    def log_metrics(self, run_id, points):
        self.told += [("metric", run_id, point.name, point.value) for point in points]

    def set_tag(self, run_id, name, value):
        self.told.append(("tag", name, value))

    def finish_child(self, run_id, status):
        self.told.append(("end", run_id, status))


@pytest.fixture
def follow():
    store, parts = Store(), PartRuns(Tolerance())

    def start(node):
        parent = SimpleNamespace(run_id="parent", store=store)
        parts.start(parent, SimpleNamespace(name=node))
        return store.told

    yield start
    parts.stop()


@pytest.mark.parametrize(
    ("node", "setting", "called"),
    [
        ("search_settings", "training.epochs", "training.epochs"),
        ("odqa.search_reader_settings", "odqa.training.epochs", "training.epochs"),
        ("odqa.search_retriever_settings", "odqa.retrievers.bm25.k1", "retrievers.bm25.k1"),
    ],
)
def test_settings_are_called_as_in_the_run_above(follow, node, setting, called):
    told = follow(node)
    with open_part(Part("trial 3", {setting: 2})) as part:
        report_progress(5, {"loss": 0.5})
        part.metrics["value"] = 61.5
    assert told[0] == ("start", "parent", "trial 3", {called: "2"})
    assert {("metric", "child", "loss", 0.5), ("metric", "child", "value", 61.5)} <= set(told[1:])
    assert told[-1] == ("end", "child", "FINISHED")


def test_a_part_that_fails_says_why(follow):
    told = follow("search_settings")
    with pytest.raises(OSError, match="disk"), open_part(Part("trial 0", {})):
        raise OSError("the disk is full")
    assert told[-2:] == [
        ("tag", "klue.error", "OSError: the disk is full"),
        ("end", "child", "FAILED"),
    ]


def test_nodes_without_parts_have_no_runs_below(follow):
    told = follow("fold_0.train")
    with open_part(Part("trial 0", {})):
        pass
    assert told == []
