"""The last lines of a run: scores, results with their paths, the next command."""

import json
import logging

import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node

from klue_pipeline.hooks import run_end
from klue_pipeline.hooks.run_end import RunEndHooks

METRICS = {
    "out_of_fold": {"micro_f1": 60.0, "auprc": 50.125},
    "predicted": {},
    "test": {"micro_f1": 58.5, "auprc": 49.0},
}
RESULTS = {
    "experiment_metrics": "a/metrics.json",
    "leaderboard_page": "leaderboard.html",
    "submission": "submission.csv",
    "experiment_submission": "a/submission.csv",
    "predictions": "new.csv",
}
MARKS = {"leaderboard_page": "Compared", "submission": "To submit", "predictions": "Predictions"}


def make(*names):
    return Pipeline([node(abs, f"for_{name}", name, name=name) for name in names])


@pytest.fixture
def end_run(tmp_path, monkeypatch, caplog):
    """Return the lines that end a run that made some of the results."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    entries = {
        name: {
            "type": "json.JSONDataset",
            "filepath": str(tmp_path / path),
            "metadata": {"klue": {"result": MARKS[name]} if name in MARKS else {}},
        }
        for name, path in RESULTS.items()
    }

    def end(*made, on_disk=None, env="test"):
        for name in made if on_disk is None else on_disk:
            (tmp_path / RESULTS[name]).write_text(json.dumps(METRICS), encoding="utf-8")
        with caplog.at_level(logging.INFO):
            hooks = RunEndHooks()
            hooks.after_pipeline_run({"env": env}, make(*made), DataCatalog.from_config(entries))
        ours = (entry for entry in caplog.records if entry.name == run_end.__name__)
        return [entry.getMessage() for entry in ours]

    return end


def test_a_whole_run_ends_with_scores_results_and_the_next_command(end_run):
    assert end_run("experiment_metrics", "leaderboard_page", "submission") == [
        "out_of_fold: micro F1 60.00, AUPRC 50.12",
        "test: micro F1 58.50, AUPRC 49.00",
        "To submit: submission.csv",
        "Compared: leaderboard.html",
        "Next: kedro experiments --env test (lists what else can be run and compared)",
    ]


def test_a_run_of_some_folds_names_its_own_file_and_not_that_of_all(end_run, monkeypatch):
    monkeypatch.setitem(METRICS, "partial", "fold 0 only")
    *_, own = end_run("experiment_metrics", "submission", "experiment_submission")
    assert own == (
        "Scored on fold 0 only; a blend takes such an experiment only if ensemble.members names "
        "it, or if none has all folds. Its own file: a/submission.csv"
    )


def test_a_part_of_a_run_tells_what_it_made_alone(end_run):
    assert end_run("predictions") == ["Predictions: new.csv"]


def test_what_is_not_on_disk_is_not_named(end_run):
    assert end_run("experiment_metrics", "submission", "predictions", on_disk=["submission"]) == [
        "To submit: submission.csv"
    ]


def test_the_next_command_names_no_environment_where_there_is_none(end_run):
    (line,) = end_run("leaderboard_page", on_disk=[], env=None)
    assert line.startswith("Next: kedro experiments (lists")
