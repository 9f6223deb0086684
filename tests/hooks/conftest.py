"""A hand-made Kedro session around the tracking hooks: no project, one small database."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from klue_pipeline.tracking.mlflow_client import RunStore
from klue_pipeline.tracking.tracking_params import absolute_uri

PARAMETERS = {
    "experiment": "rbert",
    "experiments": {"rbert": {"why": "두 개체의 위치를 알려 주면 나아진다"}, "other": {"why": "x"}},
    "experiment_defaults": {"training": {"epochs": 9}},
    "label_sets": {"klue": {"names": ["no_relation", "per:title"]}},
    "run": {"name": None},
    "raw": {"train": "train.csv"},
    "training": {"epochs": 2, "learning_rate": 5e-5},
    "folds": {"n_splits": 2, "run": None},
}


FACTS = {
    "fold_{number}.metrics": {"training": "metrics"},
    "fold_{number}.model": {"training": "model"},
    "metrics": {"numbers": "", "numbers_of": ["out_of_fold.micro_f1"], "artifact": "reports"},
    "ensemble_report@one": {"numbers": "ensemble", "numbers_of": ["members"]},
    "submission": {"artifact": "submission"},
    "experiment_submission": {"artifact": "experiment_submission"},
    "mlflow_model": {"model": "mlflow_model"},
}
"""What the catalog says of the datasets below."""


class Loader(dict):
    """What the hooks use of Kedro's configuration loader."""

    def __init__(self, runtime_params, **configuration):
        super().__init__(configuration)
        self.runtime_params = runtime_params
        self.config_patterns = {}
        self.conf_source, self.base_env, self.env = "/no/configuration", "base", "test"


class Session:
    """Runs pipelines with tracking hooks as a Kedro session does, one MLflow experiment each."""

    def __init__(self, folder: Path, experiment: str) -> None:
        self.folder = folder
        self.settings = {
            "enabled": True,
            "tracking_uri": "sqlite:///mlflow.db",
            "experiment": experiment,
        }

    @staticmethod
    def catalog_of(folder=None, **files):
        """Files of a folder, and otherwise datasets in memory, each with its facts."""
        stored = {
            name: {"type": "json.JSONDataset", "filepath": str(folder / file)}
            for name, file in files.items()
        }
        entries = {
            name: {
                **stored.get(name, {"type": "MemoryDataset"}),
                "metadata": {"klue": FACTS.get(name, {})},
            }
            for name in {**FACTS, **stored}
        }
        return DataCatalog.from_config(entries)

    def start(
        self,
        hooks,
        catalog=None,
        parameters=PARAMETERS,
        nodes=(),
        run_params=None,
        **runtime_params,
    ):
        """Call the hooks that precede the first node."""
        loader = Loader(runtime_params, tracking=self.settings, parameters=parameters)
        context = SimpleNamespace(config_loader=loader, project_path=self.folder)
        hooks.after_context_created(context)
        asked = self.run_params() if run_params is None else run_params
        hooks.before_pipeline_run(asked, Pipeline(nodes), catalog or self.catalog_of())

    @staticmethod
    def run_params():
        return {"run_id": "2026-01-01", "env": "test"}

    def run(self, hooks, nodes, catalog=None, **start):
        """Run nodes from the context to the end of the pipeline, or to its error."""
        manager, catalog = _create_hook_manager(), catalog or self.catalog_of()
        manager.register(hooks)
        self.start(hooks, catalog, nodes=nodes, **start)
        pipeline = Pipeline(nodes)
        try:
            SequentialRunner().run(pipeline, catalog, manager)
        except Exception as error:
            manager.hook.on_pipeline_error(
                error=error, run_params={}, pipeline=pipeline, catalog=catalog
            )
            raise
        manager.hook.after_pipeline_run(
            run_params={}, run_result={}, pipeline=pipeline, catalog=catalog
        )

    def runs(self) -> dict[str, object]:
        """All runs of the experiment by name."""
        client = self.client()
        experiment = client.get_experiment_by_name(self.settings["experiment"])
        runs = client.search_runs([experiment.experiment_id])
        return {run.info.run_name: run for run in runs}

    def client(self):
        from mlflow import MlflowClient

        return MlflowClient(absolute_uri(self.settings["tracking_uri"], self.folder))

    def curve(self, run, name: str) -> list[tuple[int, float]]:
        history = self.client().get_metric_history(run.info.run_id, name)
        return [(point.step, point.value) for point in history]


@pytest.fixture(scope="session")
def project_folder(tmp_path_factory) -> Path:
    """One folder and database for all tests: MLflow takes seconds to make its tables."""
    folder = tmp_path_factory.mktemp("프로젝트 1")
    RunStore(f"sqlite:///{folder}/mlflow.db")
    return folder


@pytest.fixture
def session(project_folder, request, monkeypatch) -> Session:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Session(project_folder, experiment=request.node.name)


@pytest.fixture
def make_session() -> type[Session]:
    """For sessions that are tracked elsewhere."""
    return Session
