"""The hook that keeps results of different settings apart, over a toy job with real settings."""

import json
import logging
import os
import shutil
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset

from klue_pipeline.hooks import lineage
from klue_pipeline.hooks.lineage import LineageHooks
from klue_pipeline.runs.dataset_names import folder_name
from klue_pipeline.runs.disk.running import Claim, announce
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.process import this_process
from klue_pipeline.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[2] / "conf"
CONFIGURED = OmegaConfigLoader(str(CONF), env="test", **CONFIG_LOADER_ARGS)["parameters"]
FILES = {
    "labels": "data/02_intermediate/labels.json",
    "sentences": "data/02_intermediate/sentences.json",
    "members": "data/03_primary/members.json",
    "fold_{number}.metrics": "data/08_reporting/{experiment}/fold_{number}/metrics.json",
    "fold_{number}.validation_scores": "data/07_output/{experiment}/fold_{number}/validation.json",
    "fold_{number}.test_scores": "data/07_output/{experiment}/fold_{number}/test.json",
    "fold_{number}.model": "data/06_models/{experiment}/fold_{number}",
    "member_{name}.fold_{number}.validation_scores": (
        "data/07_output/{name}/fold_{number}/validation.json"
    ),
    "member_{name}.fold_{number}.test_scores": "data/07_output/{name}/fold_{number}/test.json",
    "out_of_fold@one": "data/07_output/{experiment}/out_of_fold.json",
    "submission": "data/08_reporting/submission.json",
    "metrics": "data/08_reporting/metrics.json",
    "experiment_metrics": "data/08_reporting/{experiment}/metrics.json",
}
FACTS = {"submission": {"scope": "latest"}, "metrics": {"scope": "latest"}}
WHOLE = ["parse", "split", "fold_0.train", "fold_1.train", "collect", "blend", "evaluate"]


def trace(value):
    """What a node's input was made by: names of nodes, and the epochs of a training."""
    if isinstance(value, list):
        return value
    return [f"epochs {value['epochs']}"] if isinstance(value, dict) and "epochs" in value else []


class Killed(BaseException):
    """Not an Exception: nobody on the way handles it, as nobody handles a kill -9."""


class Job:
    """A project whose nodes write their own names and the settings they saw."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        self.ran: list[str] = []
        (folder / "train.csv").write_text("이순신")

    def run(self, *nodes, resume=False, dies_in=None, dies_saving=None, **settings):
        """Run all nodes, or those named; settings are written as on the command line."""
        runtime: dict = {}
        for path, value in settings.items():
            put(runtime, path, value)
        parameters = resolve_run(CONFIGURED, runtime)
        whole = self.graph(parameters, dies_in)
        catalog, hooks, manager = self.catalog(parameters), LineageHooks(), _create_hook_manager()
        manager.register(Killer(dies_saving))
        manager.register(hooks)
        self.monkeypatch.setattr(lineage, "pipelines", {"__default__": whole})
        loader = {"parameters": parameters, "globals": {"data_root": "data"}}
        hooks.after_context_created(SimpleNamespace(config_loader=loader, project_path=self.folder))
        chosen = whole.filter(node_names=nodes) if nodes else whole
        self.ran = []
        hooks.before_pipeline_run({"only_missing_outputs": resume}, chosen, catalog)
        SequentialRunner().run(chosen, catalog, manager, only_missing_outputs=resume)
        hooks.after_pipeline_run(chosen)
        return self.ran

    def graph(self, parameters, dies_in) -> Pipeline:
        folds, members = parameters["folds"], parameters["members"]
        numbers = folds["run"] or range(folds["n_splits"])

        def wire(name, inputs, outputs, namespace=None):
            called = f"{namespace}.{name}" if namespace else name

            def function(*values):
                self.ran.append(called)
                if called == dies_in:
                    raise Killed
                return [sorted({called, *chain(*map(trace, values))})] * len(outputs)

            return node(function, inputs, outputs, name=name)

        def fold(number):
            wired = [
                wire("train", ["members", "workspace", "params:training", "params:encoder"],
                     ["metrics", "validation_scores", "model"], f"fold_{number}"),
                wire("predict", ["model"], ["test_scores"], f"fold_{number}"),
            ]  # fmt: skip
            return Pipeline(wired, namespace=f"fold_{number}", inputs={"members"},
                            parameters={"params:training", "params:encoder"})  # fmt: skip

        def composite_fold(number):
            read = [
                f"member_{member}.fold_{part}_scores"
                for member in members
                for part in (*(f"{other}.validation" for other in numbers), f"{number}.test")
            ]
            composed = wire(
                "compose",
                ["members", *read, "params:composite"],
                ["metrics", "validation_scores", "test_scores"],
                f"fold_{number}",
            )
            return Pipeline([composed], namespace=f"fold_{number}", inputs={"members", *read},
                            parameters={"params:composite"})  # fmt: skip

        scores = [f"fold_{number}.validation_scores" for number in numbers]
        stages = Pipeline(
            [
                wire("parse", ["raw_train", "params:ingest"], ["sentences"]),
                wire("split", ["sentences", "params:folds"], ["members"]),
                wire("collect", scores, ["out_of_fold@one"]),
                wire("blend", ["out_of_fold@all", "params:ensemble"], ["submission"]),
                wire("evaluate", ["out_of_fold@one"], ["metrics", "experiment_metrics"]),
            ]
        )
        one = composite_fold if parameters["kind"] == "composite" else fold
        return sum((one(number) for number in numbers), stages)

    def catalog(self, parameters) -> DataCatalog:
        experiment = folder_name(parameters["experiment"], parameters["run"]["name"])
        entries = {
            name: {
                "type": "json.JSONDataset",
                "filepath": self.path(file, experiment),
                "metadata": {"klue": FACTS.get(name, {})},
            }
            for name, file in FILES.items()
        }
        catalog = DataCatalog.from_config(
            {
                **entries,
                "out_of_fold@all": {
                    "type": "partitions.PartitionedDataset",
                    "path": str(self.folder / "data/07_output"),
                    "dataset": "json.JSONDataset",
                    "filename_suffix": "/out_of_fold.json",
                },
                "raw_train": {
                    "type": "klue_pipeline.datasets.inputs.raw_relation.RawRelationDataset",
                    "source": str(self.folder / "train.csv"),
                    "metadata": {"klue": {"source": "raw.train"}},
                },
                "fold_{number}.workspace": {
                    "type": "klue_pipeline.datasets.models.workspace.FoldWorkspaceDataset",
                    "number": "{number}",
                    "filepath": self.path("data/06_models/{experiment}/.scratch/fold_{number}",
                                          experiment),
                },
            }
        )  # fmt: skip
        for group in ("ingest", "folds", "training", "encoder", "ensemble", "composite"):
            catalog[f"params:{group}"] = parameters[group]
        return catalog

    def path(self, file: str, experiment: str = "typed_punct_query") -> str:
        return str(self.folder / file.replace("{experiment}", experiment))

    def read(self, name, experiment="typed_punct_query", number=0):
        """What made a result, as far as the toy nodes know."""
        file = self.path(FILES[name], experiment).replace("{number}", str(number))
        return json.loads(Path(file).read_text(encoding="utf-8"))

    def snapshot(self):
        files = [path for path in (self.folder / "data").rglob("*") if path.is_file()]
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


class Killer:
    """Ends the process in the middle of a save; called after the hook under test."""

    def __init__(self, dataset_name) -> None:
        self._dataset_name = dataset_name

    @hook_impl
    def before_dataset_saved(self, dataset_name):
        if dataset_name == self._dataset_name:
            raise Killed


def put(tree, path, value):
    *parents, last = path.split(".")
    for part in parents:
        tree = tree.setdefault(part, {})
    tree[last] = value


def changed(before, after):
    return {
        path.name for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    }


@pytest.fixture
def job(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    return Job(tmp_path, monkeypatch)


@pytest.fixture
def done(job):
    """The job after one whole run."""
    assert set(job.run()) >= set(WHOLE)
    return job


EPOCHS = {"training.epochs": 3}


def test_every_result_has_what_made_it_beside_it(done):
    for folder, name in [
        ("08_reporting", "metrics.json"),
        ("06_models/typed_punct_query", "fold_1"),
    ]:
        stored = done.folder / "data" / folder / ".fingerprints" / f"{name}.json"
        origin = json.loads(stored.read_text(encoding="utf-8"))["origin"]
        assert origin["training.epochs"] == "2"
        assert len(origin["raw.train"]) == 16
    assert list((done.folder / "data/.fingerprints").iterdir()) == []


def test_a_second_whole_run_makes_everything_again(done):
    assert set(done.run()) >= set(WHOLE)
    assert set(done.run(**EPOCHS)) >= set(WHOLE)
    assert "epochs 3" in done.read("fold_{number}.model", number=1)


def test_missing_outputs_of_the_same_settings_are_made(done):
    done.run("fold_0.train")  # the same training again makes nothing obsolete
    before = done.snapshot()
    assert done.run(resume=True) == []
    assert done.snapshot() == before
    Path(done.path("data/08_reporting/submission.json")).unlink()
    assert done.run(resume=True) == ["blend"]


@pytest.mark.parametrize(
    ("nodes", "resume", "settings", "message"),
    [
        ((), True, EPOCHS, r"training\.epochs was 2, this run says 3\n.*Leave out --only-missing"),
        (("fold_1.train",), False, EPOCHS, r"training\.epochs was 2.*\n.*Run the stages that make"),
        (("evaluate",), False, EPOCHS, r"training\.epochs was 2, this run says 3"),
        (("fold_0.predict",), False, EPOCHS, r"training\.epochs was 2, this run says 3"),
        (("fold_0.train",), False, {"folds.seed": 1}, r"folds\.seed was 42, this run says 1"),
        (("collect", "blend"), True, {"ingest.seed": 1}, r"ingest\.seed was 42, this run says 1"),
    ],
)
def test_other_settings_are_refused_and_nothing_changes(done, nodes, resume, settings, message):
    before = done.snapshot()
    with pytest.raises(ValueError, match=f"on disk was made with other settings:\n.*{message}"):
        done.run(*nodes, resume=resume, **settings)
    assert (done.ran, done.snapshot()) == ([], before)


def test_many_differences_are_counted(done):
    settings = {f"training.{name}": value for name, value in [
        ("epochs", 3), ("learning_rate", 0.1), ("batch_size", 2), ("seed", 1),
        ("weight_decay", 0.5), ("warmup_share", 0.5), ("compile", True)]}  # fmt: skip
    with pytest.raises(ValueError, match="and 2 more\n") as raised:
        done.run("evaluate", **settings)
    assert str(raised.value).count(" was ") == 5 + 1


def test_another_raw_file_is_refused(done):
    (done.folder / "train.csv").write_text("장영실")
    with pytest.raises(ValueError, match=r"raw\.train was of other content \(\w{8} then"):
        done.run("fold_1.train")
    with pytest.raises(ValueError, match=r"raw\.train was "):
        done.run(resume=True)
    assert set(done.run()) >= set(WHOLE)


def test_new_settings_can_be_run_stage_by_stage(done):
    """What follows a new stage is obsolete: nobody may read it, and it stops nobody."""
    done.run("fold_0.train", "fold_1.train", **EPOCHS)
    with pytest.raises(ValueError, match=r"out_of_fold@one .*\n.*epochs was 2, this run says 3"):
        done.run("blend", **EPOCHS)
    with pytest.raises(ValueError, match=r"training\.epochs was 3, this run says 2"):
        done.run("blend")
    for nodes in (["fold_0.predict", "fold_1.predict"], ["collect"], ["blend"], ["evaluate"]):
        assert sorted(done.run(*nodes, **EPOCHS)) == nodes
    assert "epochs 3" in done.read("experiment_metrics")
    assert done.run(resume=True, **EPOCHS) == []


def test_what_a_person_wrote_is_asked_before_it_is_removed_or_only_expires(done, monkeypatch):
    """A review list is set aside; a ledger stays and counts as missing until it is saved again."""
    for method in ("set_aside", "expire"):
        called = []
        note = lambda self, called=called: called.append(Path(self._filepath))  # noqa: E731
        monkeypatch.setattr(JSONDataset, method, note, raising=False)
        assert done.run(resume=True) == []
        assert called == []
        done.run("fold_0.train", "fold_1.train", **EPOCHS)
        done.run(resume=True, **EPOCHS)
        assert "out_of_fold.json" in {path.name for path in called}
        assert "sentences.json" not in {path.name for path in called}
        done.run()
    for path in called:
        assert path.is_file()


def test_a_resumed_run_makes_anew_what_is_obsolete(done, caplog):
    done.run("fold_0.train", "fold_1.train", **EPOCHS)
    ran = done.run(resume=True, **EPOCHS)
    assert {"collect", "blend", "evaluate", "fold_0.predict"} <= set(ran)
    assert not {"fold_0.train", "fold_1.train", "parse"} & set(ran)
    assert "collect" not in done.run(resume=True, **EPOCHS)
    assert "Making out_of_fold@one anew: an earlier run changed what it was made" in caplog.text


def test_a_local_encoder_is_recognised_by_its_files(job, tmp_path):
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    (encoder / "config.json").write_text("{}")
    settings = {"encoder.name": str(encoder)}
    job.run(**settings)
    assert job.run(resume=True, **settings) == []
    (encoder / "config.json").write_text('{"hidden_size": 16}')
    with pytest.raises(ValueError, match=r"encoder\.files was of other content \(\w{8} then"):
        job.run(resume=True, **settings)


def test_weights_of_the_same_size_are_another_encoder(job, tmp_path):
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    (encoder / "model.safetensors").write_bytes(b"0" * 100)
    settings = {"encoder.name": str(encoder)}
    job.run(**settings)
    (encoder / "model.safetensors").write_bytes(b"1" * 100)
    with pytest.raises(ValueError, match=r"encoder\.files was of other content"):
        job.run("fold_1.train", **settings)


SCORES_1 = "data/07_output/typed_punct_query/fold_1/test.json"
CHANGED = {
    "cut": lambda path: path.write_text('["fold_1.pre'),
    "of another fold": lambda path: path.write_bytes(
        (path.parents[1] / "fold_0" / path.name).read_bytes()
    ),
    "other rows, as many": lambda path: path.write_text(path.read_text()[::-1]),
    "the whole folder of another fold": lambda path: shutil.copytree(
        path.parents[1] / "fold_0", path.parent, dirs_exist_ok=True
    ),
}


@pytest.mark.parametrize("kind", CHANGED)
def test_what_is_not_what_was_saved_is_neither_read_nor_skipped(done, kind):
    path = done.folder / SCORES_1
    CHANGED[kind](path)
    before = done.snapshot()
    message = r"fold_1/test\.json is not what was saved there: .*make it again with kedro run "
    with pytest.raises(ValueError, match=message + "--params experiment=typed_punct_query"):
        done.run(resume=True)
    assert (done.ran, done.snapshot()) == ([], before)
    assert done.run("evaluate") == ["evaluate"]  # which does not read it
    assert done.run("fold_1.train", "fold_1.predict") == ["fold_1.train", "fold_1.predict"]
    assert done.run(resume=True) == []


@pytest.mark.parametrize(("kind", "is_refused"), [("cut", True), ("of another fold", False)])
def test_what_an_earlier_version_stored_only_has_to_open(done, kind, is_refused):
    for stored in (done.folder / "data").rglob(".fingerprints/*.json"):
        stored.write_text(json.dumps(json.loads(stored.read_text(encoding="utf-8"))["origin"]))
    assert done.run(resume=True) == []
    CHANGED[kind](done.folder / SCORES_1)
    if is_refused:
        with pytest.raises(ValueError, match=r"test\.json is cut or damaged"):
            done.run(resume=True)
    else:
        assert done.run(resume=True) == []


def test_a_torn_plan_counts_as_none(done):
    plan = done.folder / "data/.fingerprints/unfinished-typed_punct_query.json"
    plan.write_text('{"labels": "ab')
    assert done.run(resume=True) == []
    assert not plan.exists()


def test_a_run_strikes_out_of_the_plan_only_what_it_made(done):
    with pytest.raises(Killed):
        done.run(dies_in="fold_1.train", **EPOCHS)
    done.run("fold_1.train", **EPOCHS)
    ran = done.run(resume=True, **EPOCHS)
    assert {"collect", "blend", "evaluate"} <= set(ran)
    assert not {"fold_0.train", "fold_1.train"} & set(ran)
    assert list((done.folder / "data/.fingerprints").iterdir()) == []


def test_a_second_run_of_the_same_results_is_refused(done):
    """Other folds and other experiments are trained side by side."""
    elsewhere = this_process()._replace(pid=os.getppid(), start=None)
    claim = Claim(
        experiment="typed_punct_query",
        process=elsewhere,
        writes={"06_models/typed_punct_query/fold_0": "fold_0.model"},
        reads={},
        shared={},
    )
    announce(done.folder / "data/.running", claim)
    before = done.snapshot()
    for nodes in ((), ("fold_0.train",), ("fold_0.predict",)):
        with pytest.raises(ValueError, match=rf"\(fold_0\.model\).*process {os.getppid()} on"):
            done.run(*nodes)
    assert (done.ran, done.snapshot()) == ([], before)
    assert done.run("fold_1.train") == ["fold_1.train"]
    assert set(done.run(**{"run.name": "x"})) >= set(WHOLE)
    assert len(list((done.folder / "data/.running").glob("*.json"))) == 1


def test_variants_do_not_see_each_other(done):
    before = done.snapshot()
    assert set(done.run(**EPOCHS, **{"run.name": "x"})) >= set(WHOLE)
    shared = {"sentences.json", "members.json", "submission.json", "metrics.json"}
    origins = {f"{name}.json" for name in shared}
    after = done.snapshot()
    assert changed(before, {path: after[path] for path in before}) <= shared | origins
    # The latest submission and metrics are the variant's now; that stops nobody.
    for nodes in (["blend"], ["evaluate"], ["fold_1.train"]):
        assert done.run(*nodes) == nodes
        done.run(**EPOCHS, **{"run.name": "x"})


def test_the_latest_results_become_those_of_a_resumed_run(done, caplog):
    done.run(**EPOCHS, **{"run.name": "x"})
    assert "epochs 3" in done.read("metrics")
    assert done.run(resume=True) == ["blend", "evaluate"]
    assert "epochs 2" in done.read("metrics")
    assert "Making metrics anew: it is another run's" in caplog.text
    assert done.run(resume=True) == []


def test_the_latest_results_are_all_that_lies_outside_the_experiments_folders():
    """A new dataset of the real job either lives in its experiment's folder or is listed."""
    from klue_pipeline.pipeline_registry import register_pipelines
    from klue_pipeline.runs.dataset_names import plain_name
    from klue_pipeline.runs.lineage import trace_origins
    from klue_pipeline.runs.parameters import check_parameters

    loader = OmegaConfigLoader(str(CONF), env="test", **CONFIG_LOADER_ARGS)
    parameters = check_parameters(resolve_run(loader["parameters"], {}))
    entries = loader["catalog"]
    pipelines = register_pipelines()
    whole = pipelines["__default__"] + pipelines["eda"] + pipelines["label_audit"]
    of_experiments = {
        name
        for name, origin in trace_origins(whole, parameters, {}).items()
        if any(field.startswith(("training.", "encoder.", "augment.")) for field in origin)
    }
    own = "/typed_punct_query/"
    places = {
        name: entries[name].get("filepath") or entries[name].get("path", own)
        for name in entries
        if plain_name(name) in of_experiments and not name.endswith("@all")
    }
    outside = {plain_name(name) for name, place in places.items() if own not in place}
    latest = {
        plain_name(name)
        for name, entry in entries.items()
        if entry.get("metadata", {}).get("klue", {}).get("scope") == "latest"
        and not name.startswith("odqa.")
    }
    assert outside == latest


def test_an_interrupted_run_of_the_same_settings_goes_on(job):
    with pytest.raises(Killed):
        job.run(dies_in="fold_1.train")
    assert {"fold_1.train", "evaluate"} <= set(job.run(resume=True))
    assert "fold_0.train" not in job.ran
    assert job.run(resume=True) == []


def test_an_interrupted_run_of_new_settings_goes_on(done, caplog):
    with pytest.raises(Killed):
        done.run(dies_in="fold_1.train", **EPOCHS)
    with pytest.raises(ValueError, match=r"training\.epochs was 3, this run says 2"):
        done.run(resume=True)
    with pytest.raises(ValueError, match=r"training\.epochs was 2, this run says 3"):
        done.run("fold_0.train", **EPOCHS)
    ran = done.run(resume=True, **EPOCHS)
    assert {"parse", "split", "fold_0.train"}.isdisjoint(ran)
    assert {"fold_1.train", "fold_1.predict", "collect", "blend", "evaluate"} <= set(ran)
    assert "Making fold_1.model anew: the interrupted run did not get to it" in caplog.text
    assert "epochs 3" in done.read("fold_{number}.model", number=1)
    assert done.run(resume=True, **EPOCHS) == []


def test_a_resumed_run_that_is_killed_too_goes_on(done):
    for kill in ({"dies_in": "fold_0.train"}, {"dies_in": "fold_1.train", "resume": True}):
        with pytest.raises(Killed):
            done.run(**kill, **EPOCHS)
    assert done.ran[-1] == "fold_1.train"
    assert "fold_0.train" not in done.run(resume=True, **EPOCHS)
    assert done.run(resume=True, **EPOCHS) == []


def test_what_was_being_saved_is_made_again(done, caplog):
    """Its file may be half written or still the old one; nothing on disk tells."""
    with pytest.raises(Killed):
        done.run(dies_saving="fold_1.model")
    with pytest.raises(ValueError, match=r"fold_1\.model was left by a run that was interrupted"):
        done.run("fold_0.predict")
    assert "fold_1.train" in done.run(resume=True)
    assert "Making fold_1.model anew: the interrupted run was saving it" in caplog.text


def test_a_quick_look_at_one_fold_goes_on_to_the_others(job, caplog):
    assert set(job.run(**{"folds.run": [1]})) >= {"fold_1.train", "collect", "evaluate"}
    assert "fold_0.train" not in job.read("out_of_fold@one")
    ran = job.run(resume=True)
    assert "fold_0.train" in ran
    assert "fold_1.train" not in ran
    assert {"collect", "blend", "evaluate"} <= set(ran)
    assert "Making out_of_fold@one anew: it was made from fold_1" in caplog.text
    assert "fold_0.train" in job.read("out_of_fold@one")


def test_scores_of_some_folds_are_not_taken_for_those_of_all(done):
    done.run("fold_0.train", "collect", **{"folds.run": [0]})
    with pytest.raises(ValueError, match="folds was fold_0, this run says fold_0, fold_1"):
        done.run("blend")


def test_fewer_folds_leave_no_surplus(job, caplog):
    job.run(**{"folds.n_splits": 12})
    scratch = Path(job.path("data/06_models/{experiment}/.scratch/fold_10"))
    scratch.mkdir(parents=True)
    other = job.folder / "data/06_models/other/fold_11"
    other.mkdir(parents=True)
    job.run(**{"folds.n_splits": 12, "folds.run": [0]})  # a quick look leaves other folds alone
    assert list(scratch.parent.glob("fold_1?"))
    job.run(**{"folds.n_splits": 2})
    left = {path.name for path in (job.folder / "data").rglob("fold_*")}
    assert left == {"fold_0", "fold_1", "fold_0.json", "fold_1.json", "fold_11"}
    assert other.is_dir()
    assert "folds.n_splits is 2 now" in caplog.text


def test_a_partial_run_with_another_number_of_folds_is_refused(done):
    before = done.snapshot()
    with pytest.raises(ValueError, match=r"folds\.n_splits was 2, this run says 3"):
        done.run("fold_0.train", "fold_1.train", "fold_2.train", **{"folds.n_splits": 3})
    assert done.snapshot() == before


# Composites: their members are experiments on disk

CASCADE = {"experiment": "cascade"}
COMPOSITE = ["fold_0.compose", "fold_1.compose", "collect", "blend", "evaluate"]


@pytest.fixture
def joined(job):
    """The job after the runs of two members and of the composite of both."""
    for member in ("binary", "positive"):
        job.run(experiment=member)
    assert set(job.run(**CASCADE)) >= set(COMPOSITE)
    return job


def test_a_composite_has_its_members_in_what_made_it(joined):
    stored = joined.folder / "data/07_output/cascade/.fingerprints/out_of_fold.json.json"
    origin = json.loads(stored.read_text(encoding="utf-8"))["origin"]
    assert origin["members.binary"] == origin["members.positive"]  # the toy's are alike
    assert len(origin["members.binary"]) == 16
    assert "training.epochs" not in origin
    assert "epochs 2" in joined.read("out_of_fold@one", "cascade")


def test_a_composite_without_a_member_is_refused_before_anything_runs(job):
    job.run(experiment="binary")
    before = job.snapshot()
    message = r"Experiment cascade joins binary, positive; positive has no validation scores .*"
    with pytest.raises(ValueError, match=message + r"kedro run --params experiment=positive"):
        job.run(**CASCADE)
    assert (job.ran, job.snapshot()) == ([], before)


def test_the_same_training_of_a_member_again_makes_nothing_obsolete(joined):
    assert joined.run(resume=True, **CASCADE) == []
    joined.run(experiment="binary")
    assert not {"fold_0.compose", "collect"} & set(joined.run(resume=True, **CASCADE))


@pytest.mark.parametrize("node", ["collect", "evaluate", "blend"])
def test_a_member_that_was_trained_anew_makes_the_composite_stale(joined, node):
    joined.run(experiment="binary", **EPOCHS)
    before = joined.snapshot()
    with pytest.raises(ValueError, match=r"members\.binary was of other content \(\w{8} then"):
        joined.run(node, **CASCADE)
    assert (joined.ran, joined.snapshot()) == ([], before)


def test_a_resumed_composite_takes_the_new_training_of_its_member(joined, caplog):
    joined.run(experiment="binary", **EPOCHS)
    ran = joined.run(resume=True, **CASCADE)
    assert set(ran) == set(COMPOSITE)
    assert "Making fold_1.validation_scores anew: an earlier run changed what it" in caplog.text
    assert "epochs 3" in joined.read("out_of_fold@one", "cascade")
    assert joined.run(resume=True, **CASCADE) == []


def test_a_stale_composite_is_made_anew_stage_by_stage(joined):
    joined.run(experiment="binary", **EPOCHS)
    for nodes in (["fold_0.compose", "fold_1.compose"], ["collect"], ["blend"], ["evaluate"]):
        assert sorted(joined.run(*nodes, **CASCADE)) == nodes
    assert joined.run(resume=True, **CASCADE) == []


def test_a_composite_of_some_folds_goes_on_to_the_others(joined, caplog):
    quick = {**CASCADE, "run.name": "quick"}
    assert "fold_0.compose" not in joined.run(**quick, **{"folds.run": [1]})
    assert set(joined.run(resume=True, **quick)) == set(COMPOSITE)
    assert "Making fold_1.validation_scores anew: it was made from fold_1" in caplog.text
