"""The hook that writes run records, around small pipelines."""

import json
import logging
import os
from types import SimpleNamespace

import pytest
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager, _register_hooks
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset

from klue_pipeline.hooks.run_record import RECORD_VARIABLE, RunRecordHooks
from klue_pipeline.hooks.tracking import TrackingHooks
from klue_pipeline.runs.dataset_names import folder_name
from klue_pipeline.runs.process import this_process
from klue_pipeline.runs.records import run_records
from klue_pipeline.runs.records.run_records import read_record
from klue_pipeline.settings import HOOKS
from klue_pipeline.tracking.parent_run import EXPERIMENT_VARIABLE, PARENT_VARIABLE

PARAMETERS = {
    "experiment": "rbert",
    "experiments": {
        "rbert": {"why": "두 개체의 위치를 알려 주면 나아진다"},
        "cascade": {"why": "x"},
    },
    "run": {"name": None},
    "kind": "single",
    "target": {"name": "all"},
}
TRACKING = {
    "enabled": False,
    "tracking_uri": "postgresql://kim:secret@db.example/mlflow",
    "experiment": "klue",
}


class Loader(dict):
    """What the hook uses of Kedro's configuration loader."""

    def __init__(self, **configuration):
        super().__init__(configuration)
        self.runtime_params = {"mlflow": {"enabled": configuration["tracking"]["enabled"]}}
        self.config_patterns, self.conf_source = {}, "/no/configuration"
        self.base_env, self.env = "base", "test"


def scores_in(dataset):
    """Which scores a dataset holds, as the catalog of the project says it."""
    if dataset == "out_of_fold@one":
        return "out_of_fold"
    for part in ("validation", "test"):
        if dataset.startswith("fold_") and dataset.endswith(f"{part}_scores"):
            return f"fold_{part}"
    return None


class Session:
    """Runs pipelines with the hook as a Kedro session does; scores are files of the folder."""

    def __init__(self, folder):
        self.folder = folder
        self.parameters = PARAMETERS
        self.tracking = TRACKING
        self.hooks = RunRecordHooks()
        self.registered_before = self.registered_after = ()

    def catalog(self, pipeline):
        files = {name: f"{name.partition('@')[0]}.json" for name in pipeline.datasets()}
        experiment = folder_name(self.parameters["experiment"], self.parameters["run"]["name"])
        files["run_record"] = f"data/08_reporting/{experiment}/run_record.json"
        return DataCatalog(
            {
                name: JSONDataset(
                    filepath=str(self.folder / file),
                    metadata={"klue": {"scores": scores_in(name)}},
                )
                for name, file in files.items()
            }
        )

    def start(self, nodes, **run_params):
        loader = Loader(
            parameters=self.parameters, globals={"data_root": "data"}, tracking=self.tracking
        )
        manager, pipeline = _create_hook_manager(), Pipeline(nodes)
        _register_hooks(manager, [*self.registered_before, self.hooks, *self.registered_after])
        self.hooks.after_context_created(
            SimpleNamespace(config_loader=loader, project_path=self.folder)
        )
        catalog = self.catalog(pipeline)
        manager.hook.before_pipeline_run(run_params=run_params, pipeline=pipeline, catalog=catalog)
        return manager, pipeline, catalog

    def run(self, nodes, **run_params):
        manager, pipeline, catalog = self.start(nodes, **run_params)
        common = {"run_params": run_params, "pipeline": pipeline, "catalog": catalog}
        resumed = run_params.get("only_missing_outputs", False)
        try:
            SequentialRunner().run(pipeline, catalog, manager, only_missing_outputs=resumed)
        except Exception as error:
            manager.hook.on_pipeline_error(error=error, **common)
            raise
        manager.hook.after_pipeline_run(run_result={}, **common)

    def path(self, folder="rbert"):
        return self.folder / "data/08_reporting" / folder / "run_record.json"

    def record(self, folder="rbert"):
        return read_record(self.path(folder))


def fail(*scores):
    raise ValueError("손실이 발산했다\n  첫 단계에서")


def give(*scores):
    return {"scores": 1}


def train(fold, function=give):
    return node(function, None, f"fold_{fold}.validation_scores", name=f"fold_{fold}.train")


COLLECT = node(
    give,
    ["fold_0.validation_scores", "fold_1.validation_scores"],
    "out_of_fold@one",
    name="collect_out_of_fold",
)
BLEND = node(give, "out_of_fold@all", "ensemble_scores", name="combine_experiments")
TRAIN = [train(0), train(1), COLLECT]


@pytest.fixture
def session(tmp_path, monkeypatch):
    for variable in ("MLFLOW_TRACKING_URI", PARENT_VARIABLE, RECORD_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return Session(tmp_path)


def test_a_finished_run_is_recorded_beside_its_metrics(session):
    session.run(TRAIN, pipeline_names=["train"], node_names=None)
    stored = json.loads(session.path().read_text(encoding="utf-8"))
    here = this_process()
    assert stored.pop("started_at") < stored.pop("ended_at")
    assert 0 <= stored.pop("seconds") < 60
    assert stored == {
        "experiment": "rbert",
        "run_name": None,
        "why": "두 개체의 위치를 알려 주면 나아진다",
        "kind": "single",
        "selection": {"pipeline_names": ["train"]},
        "scores_every_fold": True,
        "process": here._asdict(),
        "mlflow": None,
        "git_commit": None,
        "git_dirty": None,
        "status": "finished",
        "error": None,
        "failed_node": None,
        "scored": True,
        "earlier": None,
    }
    assert RECORD_VARIABLE not in os.environ
    assert [path.name for path in session.path().parent.iterdir()] == ["run_record.json"]


def test_a_variant_and_a_composite_are_recorded_as_such(session):
    parameters = {"experiment": "cascade", "run": {"name": "voted"}, "kind": "composite"}
    session.parameters = {**PARAMETERS, **parameters}
    scores = ["fold_0.validation_scores", "fold_0.test_scores"]
    session.run([node(lambda: (1, 2), None, scores, name="fold_0.compose")])
    record = session.record("cascade--voted")
    assert (record.experiment, record.run_name, record.kind) == ("cascade", "voted", "composite")
    assert not record.scores_every_fold
    assert not session.path("cascade").exists()


def test_a_record_says_running_meanwhile_and_is_written_anew_if_lost(session):
    seen = []

    def look_and_lose():
        seen.append((session.record().status, os.environ[RECORD_VARIABLE]))
        session.path().unlink()
        return {}

    session.run([train(0, look_and_lose)])
    assert seen == [("running", str(session.path()))]
    assert session.record().status == "finished"


def test_a_failed_run_says_where_and_why(session):
    with pytest.raises(ValueError, match="발산"):
        session.run([train(0), train(1, fail), COLLECT])
    record = session.record()
    assert (record.status, record.failed_node) == ("failed", "fold_1.train")
    assert record.error == "ValueError: 손실이 발산했다 첫 단계에서"
    assert not record.scored
    assert record.ended_at is not None


def test_a_fold_trained_again_is_not_the_whole(session):
    session.run(TRAIN)
    whole = session.record()
    session.run([train(1), COLLECT], node_names=["fold_1.train", "collect_out_of_fold"])
    record = session.record()
    assert not record.scores_every_fold
    assert record.earlier == whole
    assert record.selection == {"node_names": ["collect_out_of_fold", "fold_1.train"]}


def test_a_run_without_scores_of_its_own_leaves_no_record(session, monkeypatch):
    late = node(fail, "out_of_fold@one", "figure", name="plot_confusion_matrix")
    session.run(TRAIN)
    before = session.path().read_bytes()
    monkeypatch.setenv(RECORD_VARIABLE, str(session.path()))  # as inside of another run
    session.run([BLEND])
    with pytest.raises(ValueError, match="발산"):
        session.run([late])
    assert session.path().read_bytes() == before
    session.path().unlink()
    session.run([BLEND])
    assert not session.path().exists()


class Refuses:
    """A hook that refuses a run before anything ran."""

    @hook_impl
    def before_pipeline_run(self):
        raise ValueError("made with other settings")


@pytest.mark.parametrize("order", ["registered_before", "registered_after"])
def test_a_refused_run_leaves_the_record_of_the_good_one(session, order):
    session.run(TRAIN)
    before = session.path().read_bytes()
    setattr(session, order, (Refuses(),))
    with pytest.raises(ValueError, match="other settings"):
        session.run(TRAIN)
    assert session.path().read_bytes() == before


def test_in_the_project_it_is_called_after_every_hook_that_may_refuse():
    manager = _create_hook_manager()
    _register_hooks(manager, HOOKS)
    called = [type(own.plugin) for own in manager.hook.before_pipeline_run.get_hookimpls()][::-1]
    assert called[-2:] == [TrackingHooks, RunRecordHooks]
    assert len(called) > 3


def test_a_tracked_run_is_named_without_its_password(session, monkeypatch):
    monkeypatch.setenv(PARENT_VARIABLE, "0123abcd")
    monkeypatch.setenv(EXPERIMENT_VARIABLE, "3")
    session.tracking = {**TRACKING, "enabled": True}
    session.run(TRAIN)
    assert session.record().mlflow.model_dump() == {
        "tracking_uri": "postgresql://kim:***@db.example/mlflow",
        "experiment": "klue",
        "run_id": "0123abcd",
        "experiment_id": "3",
    }
    session.tracking = TRACKING  # switched off: the run is that of an outer command
    session.run(TRAIN)
    assert session.record().mlflow is None


def test_a_worker_without_context_names_the_failed_node(session):
    _, _, catalog = session.start(TRAIN)
    worker = RunRecordHooks()
    worker.before_node_run(catalog)
    worker.on_node_error(train(1))
    worker.on_node_error(train(0))  # the first counts
    worker.after_dataset_saved("fold_0.validation_scores")
    assert (session.record().status, session.record().scored) == ("running", False)
    worker.after_dataset_saved("out_of_fold@one")
    session.hooks.on_pipeline_error(RuntimeError("worker lost"))
    record = session.record()
    assert (record.status, record.failed_node) == ("failed", "fold_1.train")
    assert record.scored


def test_a_process_that_just_ends_closes_its_record(session):
    session.start(TRAIN)
    session.hooks._close_at_exit()
    assert session.record().status == "killed"
    session.hooks.after_pipeline_run()
    assert session.record().status == "killed"


def test_a_forked_worker_that_ends_does_not(session):
    session.start(TRAIN)
    ours = session.hooks._record
    parent = ours.process._replace(pid=ours.process.pid + 1)
    session.hooks._record = ours.model_copy(update={"process": parent})
    session.hooks._close_at_exit()
    assert session.record().status == "running"


def test_an_interrupted_session_of_a_notebook_is_closed_by_the_next(session):
    session.start(TRAIN)
    session.parameters = {**PARAMETERS, "run": {"name": "next"}}
    session.run(TRAIN)
    assert session.record().status == "killed"
    assert session.record("rbert--next").status == "finished"


def test_a_run_leaves_the_record_of_a_later_run_alone(session):
    session.start(TRAIN)
    other = RunRecordHooks()
    first, session.hooks = session.hooks, other
    session.start(TRAIN)
    later = session.path().read_bytes()
    first.on_node_error(train(1))
    first.after_pipeline_run()
    assert session.path().read_bytes() == later
    other.after_pipeline_run()
    assert session.record().status == "finished"


def test_resuming_what_is_finished_changes_nothing(session):
    session.run(TRAIN)
    before = session.path().read_bytes()
    session.run([*TRAIN, BLEND], only_missing_outputs=True)
    assert session.path().read_bytes() == before
    (session.folder / "fold_1.validation_scores.json").unlink()
    session.run(TRAIN, only_missing_outputs=True)
    assert session.path().read_bytes() != before  # scores were missing
    session.path().unlink()
    session.run(TRAIN, only_missing_outputs=True)
    assert not session.path().exists()  # scores of before there were records


def test_a_run_that_fails_late_says_so_and_goes_on_from_its_scores(session):
    late = node(fail, "out_of_fold@one", "figure", name="plot_confusion_matrix")
    for resumed in (False, True):
        with pytest.raises(ValueError, match="발산"):
            session.run([*TRAIN, late], only_missing_outputs=resumed)
        assert (session.record().status, session.record().scored) == ("failed", True)
    mended = node(give, "out_of_fold@one", "figure", name="plot_confusion_matrix")
    session.run([*TRAIN, mended], only_missing_outputs=True)
    assert (session.record().status, session.record().error) == ("finished", None)


def test_a_broken_record_is_told_and_replaced(session, caplog):
    session.path().parent.mkdir(parents=True)
    session.path().write_bytes(b"\xff{")
    with caplog.at_level(logging.WARNING):
        session.run(TRAIN)
    assert session.record().status == "finished"
    told = [own.getMessage() for own in caplog.records if own.name == run_records.__name__]
    assert len(told) == 1
    assert "run_record.json" in told[0]


def test_a_record_that_cannot_be_written_costs_one_warning_and_no_run(session, caplog):
    (session.folder / "data").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        session.run(TRAIN)
    told = [own.getMessage() for own in caplog.records if own.name.startswith("klue_pipeline")]
    assert len(told) == 1
    assert told[0].startswith("The run record could not be begun; the run goes on without it: ")
    assert (session.folder / "out_of_fold.json").exists()
