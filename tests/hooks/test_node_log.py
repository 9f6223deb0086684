"""One line per node, by its full name."""

import logging

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.logging import RichHandler
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset

from klue_pipeline.hooks import node_log
from klue_pipeline.hooks.node_log import NodeLogHooks


def double(number):
    return 2 * number


def fail(number):
    raise ValueError(f"{number} is no good")


FOLD = Pipeline([node(double, "a", "b", name="train")], namespace="fold_1", inputs={"a"})
REST = Pipeline([node(double, "fold_1.b", "c", name="collect")])


@pytest.fixture(autouse=True)
def listen(caplog):
    caplog.set_level(logging.INFO)


def run(pipeline, *, resumed=False, **stored):
    hooks, manager = NodeLogHooks(), _create_hook_manager()
    manager.register(hooks)
    catalog = DataCatalog({"a": MemoryDataset(1), **stored})
    hooks.before_pipeline_run({"only_missing_outputs": resumed}, pipeline, catalog)
    SequentialRunner().run(pipeline, catalog, manager, only_missing_outputs=resumed)
    return hooks


def our_lines(caplog):
    return [entry.getMessage() for entry in caplog.records if entry.name == node_log.__name__]


def test_nodes_are_numbered_and_called_by_their_full_name(caplog):
    run(FOLD + REST)
    assert our_lines(caplog) == ["[1/2] fold_1.train", "[2/2] collect"]


def test_a_resumed_run_counts_the_nodes_that_it_does_not_skip(caplog, tmp_path):
    number = JSONDataset(filepath=str(tmp_path / "c.json"))
    last = Pipeline([node(double, "c", "d", name="last")])
    run(FOLD + REST + last, resumed=True, c=number)
    assert our_lines(caplog) == ["[1/2] fold_1.train", "[2/2] collect"]
    caplog.clear()
    run(FOLD + REST, resumed=True, c=number)
    assert our_lines(caplog) == []


def test_a_worker_which_knows_nothing_of_the_others_counts_nothing(caplog, monkeypatch):
    counting = NodeLogHooks.before_pipeline_run

    def inherit(hooks, *arguments):
        counting(hooks, *arguments)
        hooks._driver = -1  # of another process, as a fork finds it

    monkeypatch.setattr(NodeLogHooks, "before_pipeline_run", inherit)
    run(FOLD)
    assert our_lines(caplog) == ["fold_1.train"]


def test_a_worker_is_quietened_whose_logging_was_configured_anew(monkeypatch):
    handler = RichHandler()
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    run(FOLD)
    assert handler not in logging.getLogger().handlers
    assert not handler.markup


def test_a_second_run_counts_from_one_again(caplog):
    hooks = run(FOLD + REST)
    caplog.clear()
    hooks.before_pipeline_run({"only_missing_outputs": False}, REST, DataCatalog())
    hooks.before_node_run(REST.nodes[0], {})
    assert our_lines(caplog) == ["[1/1] collect"]


def test_a_long_node_says_how_long_it_took(caplog, monkeypatch):
    seconds = iter([10.0, 72.4, 80.0, 84.9])
    monkeypatch.setattr(node_log.time, "perf_counter", lambda: next(seconds, 0.0))
    hooks = NodeLogHooks()
    for name in (FOLD.nodes[0], REST.nodes[0]):
        hooks.before_node_run(name, {})
        hooks.after_node_run(name)
    assert our_lines(caplog)[1:] == ["fold_1.train took 62 s", "collect"]


def test_a_failed_node_is_named(caplog):
    with pytest.raises(ValueError, match="1 is no good"):
        run(Pipeline([node(fail, "a", "b", name="train")], namespace="fold_1", inputs={"a"}))
    assert our_lines(caplog) == ["[1/1] fold_1.train", "fold_1.train failed"]
    assert [entry.levelname for entry in caplog.records if entry.name == node_log.__name__][1:] == [
        "ERROR"
    ]
