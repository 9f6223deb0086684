"""How far an experiment is, told from nothing but the origins beside its results."""

import json
from types import SimpleNamespace

import pytest
from kedro.pipeline import Pipeline, node

from klue_pipeline.runs.disk.origin_store import OriginStore
from klue_pipeline.runs.lineage import hash_origin
from klue_pipeline.runs.stored_results import StoredResults

PLACES = {
    "clean_sentences": "03_primary/clean_sentences.parquet",
    "fold_0.model": "06_models/rbert/fold_0",
    "out_of_fold@one": "07_model_output/rbert/out_of_fold.parquet",
    "test_scores@one": "07_model_output/rbert/test_scores.parquet",
    "experiment_metrics": "08_reporting/rbert/metrics.json",
    "metrics": "08_reporting/metrics.json",
    "not_stored": None,
}
OWN = ["out_of_fold@one", "test_scores@one", "experiment_metrics"]
FACTS = {**{name: {"goal": True} for name in OWN}, "metrics": {"scope": "latest"}}
SETTINGS = {"training.epochs": "3", "folds": "fold_0, fold_1"}
OTHER = SETTINGS | {"training.epochs": "5"}


class Disk:
    """A data folder in which results lie as runs leave them, and what one experiment sees of it."""

    def __init__(self, folder):
        self.folder = folder
        datasets = {
            name: SimpleNamespace(
                _filepath=folder / place if place else None, metadata={"klue": FACTS.get(name, {})}
            )
            for name, place in PLACES.items()
        }
        make = Pipeline([node(lambda: None, None, list(PLACES), name="make")])
        self.results = StoredResults(
            parameters=SimpleNamespace(experiment="rbert", run=SimpleNamespace(name=None)),
            catalog=datasets,
            whole=make,
            inherited={},
            origins={name.partition("@")[0]: SETTINGS for name in PLACES},
            data_root=folder,
        )

    def put(self, *names, made_by=SETTINGS):
        for name in names:
            path = self.folder / PLACES[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("a result")
            if made_by is not None:
                OriginStore().write(path, made_by)

    def plan(self, *names, made_by=SETTINGS):
        path = self.results.plan_file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(dict.fromkeys(names, hash_origin(made_by))))

    @property
    def progress(self):
        return self.results.progress()


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path / "rbert" / "data")  # the project's own path must not count as a result's


def test_nothing_on_disk_is_new(disk):
    assert disk.progress == "new"


def test_what_experiments_share_is_no_beginning(disk):
    disk.put("clean_sentences", "metrics")
    assert disk.progress == "new"


def test_all_scores_and_metrics_of_these_settings_are_finished(disk):
    disk.put(*OWN)
    assert disk.progress == "finished"


def test_what_the_next_experiment_overwrites_does_not_count(disk):
    disk.put(*OWN)
    disk.put("metrics", made_by=OTHER)
    assert disk.progress == "finished"


@pytest.mark.parametrize("missing", OWN)
def test_without_one_of_them_it_is_begun(disk, missing):
    disk.put(*(name for name in OWN if name != missing))
    assert disk.progress == "begun"


def test_a_run_that_did_not_end_is_begun_though_all_scores_are_there(disk):
    disk.put(*OWN)
    disk.plan(*OWN)
    assert disk.progress == "begun"


def test_a_result_whose_saving_was_interrupted_is_made_anew(disk):
    disk.put(*OWN[:2])
    disk.put(OWN[2], made_by=None)
    assert disk.progress == "begun"


@pytest.mark.parametrize("name", [*OWN, "fold_0.model"])
def test_a_result_of_other_settings_makes_it_new(disk, name):
    disk.put(*OWN, "fold_0.model")
    disk.put(name, made_by=OTHER)
    assert disk.progress == ("finished" if name == "fold_0.model" else "new")


def test_an_interrupted_run_of_new_settings_goes_on_over_old_results(disk):
    disk.put("fold_0.model")
    disk.put(*OWN, made_by=OTHER)
    disk.plan(*OWN)
    assert disk.progress == "begun"


def test_an_interrupted_run_of_other_settings_does_not_go_on(disk):
    disk.put("fold_0.model")
    disk.put(*OWN, made_by=OTHER)
    disk.plan("fold_0.model", *OWN, made_by=OTHER)
    assert disk.progress == "new"


def test_scores_of_fewer_folds_are_completed(disk):
    disk.put(*OWN, made_by=SETTINGS | {"folds": "fold_0"})
    assert disk.progress == "begun"


def test_a_result_is_current_only_with_exactly_these_settings(disk):
    disk.put("clean_sentences")
    assert disk.results.is_current("clean_sentences")
    disk.put("clean_sentences", made_by=OTHER)
    assert not disk.results.is_current("clean_sentences")
    assert not disk.results.is_current("metrics")
    assert not disk.results.is_current("not_stored")
