"""Scores of experiments that were trained before: there, and not one's own."""

from types import SimpleNamespace

import pytest
from kedro.pipeline import Pipeline, node

from klue_pipeline.runs.lineage import OriginStore
from klue_pipeline.runs.members import require_earlier, trace_earlier

PIPELINE = Pipeline(
    [node(lambda *_: 1, ["labels", "earlier_scores_rbert"], "rows", name="augment_sentences")]
)


def parameters(experiment="aug_mistakes", run_name=None):
    return SimpleNamespace(experiment=experiment, run=SimpleNamespace(name=run_name))


@pytest.fixture
def path_of(tmp_path):
    return lambda name: tmp_path / f"{name}.parquet"


def test_scores_that_are_there_are_let_through(path_of):
    path_of("earlier_scores_rbert").touch()
    require_earlier(PIPELINE, parameters(), path_of, {"env": None})


def test_a_run_that_reads_none_needs_none(path_of):
    require_earlier(Pipeline([]), parameters(), path_of, {"env": None})


def test_missing_scores_are_told_with_the_way_to_make_them(path_of):
    with pytest.raises(ValueError, match=r"kedro run --params experiment=rbert$"):
        require_earlier(PIPELINE, parameters(), path_of, {"env": None})
    with pytest.raises(ValueError, match=r"kedro run --env klue --params experiment=rbert$"):
        require_earlier(PIPELINE, parameters(), path_of, {"env": "klue"})


def test_nobody_reads_what_the_own_training_replaces(path_of):
    path_of("earlier_scores_rbert").touch()
    with pytest.raises(ValueError, match="rbert reads its own earlier scores"):
        require_earlier(PIPELINE, parameters("rbert"), path_of, {"env": None})
    require_earlier(PIPELINE, parameters("rbert", "again"), path_of, {"env": None})


def test_results_inherit_a_hash_that_changes_with_the_scores(path_of):
    names = ["labels", "earlier_scores_rbert"]
    absent = trace_earlier(names, path_of)
    assert absent == {"earlier_scores_rbert": {"earlier.rbert": "not on disk"}}
    store, path = OriginStore(), path_of("earlier_scores_rbert")
    store.write(path, {"training.epochs": "3"})
    first = trace_earlier(names, path_of)
    store.write(path, {"training.epochs": "5"})
    assert len({str(origin) for origin in (absent, first, trace_earlier(names, path_of))}) == 3
