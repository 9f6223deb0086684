"""The files of ``conf`` fit the graph and the models in every environment; nothing is left over."""

import functools
import inspect
import logging
from pathlib import Path
from typing import Literal, get_origin, get_type_hints

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.io import MemoryDataset
from kedro.pipeline import Pipeline
from pydantic import BaseModel

from klue_pipeline.cli import run
from klue_pipeline.pipeline_registry import register_pipelines
from klue_pipeline.runs import topology
from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.dataset_names import parse_fold
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.parameters import Parameters

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ["base", "klue", "test"]
EXPERIMENT_OF_KIND = {"single": "typed_punct_query", "member": "binary", "composite": "cascade"}
EVERY_GRAPH = [
    *(f"experiment={name}" for name in [*EXPERIMENT_OF_KIND.values(), "aug_mistakes"]),
    "training.refit=all_rows",
    "predict.runtime=onnx,odqa.answer_new.runtime=onnx",
    "predict.runtime=onnx,odqa.answer_new.runtime=onnx,onnx.int8=false,odqa.onnx.int8=false",
    "odqa.experiment=dense_trained",
    "odqa.experiment=external,odqa.raw.run=run.csv",
    "odqa.rerank.name=cross_encoder,odqa.rerank.model=trained,odqa.rerank.top_n=5,"
    "odqa.rerank.max_tokens=64,odqa.rerank.batch_size=4,"
    "odqa.retrievers.earlier.name=experiment,odqa.retrievers.earlier.experiment=bm25,"
    "odqa.retrieval.retrievers=[bm25,earlier]",
]
"""Settings whose graphs together have every dataset there is."""
FROM_ELSEWHERE = {
    "raw_train", "raw_test", "raw_test_gold", "reviewed_rows", "synonyms", "translations",
    "score_bundles", "plain_submissions", "new_rows",
    "odqa.raw_train", "odqa.raw_validation", "odqa.raw_test", "odqa.raw_documents", "odqa.raw_run",
    "odqa.new_questions", "odqa.answer_bundles",
}  # fmt: skip
"""Datasets that the user brings."""
READ_OUTSIDE_OF_NODES = {
    "run",  # by the catalog: a variant's folder
    "csv",  # by the catalog, and by the command that runs experiments
    "text",  # by the hook that resolves the experiment: it becomes a part of input
    "experiment",  # by the catalog and by the hook that resolves it
    "experiments",
    "experiment_defaults",
    "kind",  # by the graph
    "members",  # by the graph
}
SCALARS = (int, float, str, bool)


@pytest.fixture(autouse=True)
def project(fresh_graph, monkeypatch):
    """The graph asks the project that the working directory is in for its folds."""
    monkeypatch.chdir(ROOT)


def make_context(environment="test", command_line=""):
    """Start a run as ``kedro run --params <command_line>`` does, up to the first node."""
    runtime = runtime_of(command_line)
    with KedroSession.create(ROOT, env=environment, runtime_params=runtime) as session:
        return session.load_context()


@pytest.fixture(params=ENVIRONMENTS)
def context(request):
    return make_context(request.param)


@pytest.fixture(params=EXPERIMENT_OF_KIND)
def kind(request):
    """Each kind of experiment, which has a graph of its own."""
    return request.param


@pytest.fixture
def context_of_kind(kind):
    return make_context("base", f"experiment={EXPERIMENT_OF_KIND[kind]}")


@functools.cache
def configured_in(environment):
    """Settings as the files have them; reading them takes longer than making a graph."""
    return read_configuration(environment)["parameters"]


@functools.cache
def graph_of(environment, command_line):
    """The datasets and the parameters of a graph."""
    resolved = resolve_run(configured_in(environment), runtime_of(command_line))
    topology.set_shape(topology.shape_of(resolved))
    graph = register_pipelines()
    return datasets_in(graph), parameters_in(graph)


def in_every_graph(environment):
    """Join what the graphs of every kind have."""
    graphs = [graph_of(environment, command_line) for command_line in EVERY_GRAPH]
    return tuple(set().union(*found) for found in zip(*graphs, strict=True))


def datasets_in(graph):
    names = {name for pipeline in graph.values() for name in pipeline.datasets()}
    return {name for name in names if not name.startswith(("params:", "parameters"))}


def parameters_in(graph):
    names = {name for pipeline in graph.values() for name in pipeline.datasets()}
    return {name.removeprefix("params:") for name in names if name.startswith("params:")}


def test_every_dataset_is_declared_and_none_is_kept_in_memory(context_of_kind):
    catalog = context_of_kind.catalog
    undeclared = {name for name in datasets_in(pipelines) if name not in catalog}
    in_memory = {
        name for name in datasets_in(pipelines) if isinstance(catalog.get(name), MemoryDataset)
    }
    assert (undeclared, in_memory) == (set(), set())


def test_no_entry_of_the_catalog_is_left_over(context):
    resolver = context.catalog.config_resolver
    used, _ = in_every_graph(context.env)
    used |= {resolver.match_dataset_pattern(name) for name in used}
    declared = {name for name in context.config_loader["catalog"] if not name.startswith("_")}
    assert declared - used == set()


def test_what_depends_on_the_experiment_has_its_folder_and_nothing_leaves_the_data_folder(
    context_of_kind, kind
):
    context = context_of_kind
    catalog = context.catalog  # made anew for whoever asks
    root = ROOT / context.config_loader["globals"]["data_root"]
    for name in datasets_in(pipelines) - FROM_ELSEWHERE:
        dataset = catalog.get(name)
        path = Path(getattr(dataset, "_filepath", None) or dataset._path)
        assert (ROOT / path).is_relative_to(root), name
        if name.startswith("member_"):
            assert path.parts[-3] in context.params["members"], name
        elif "." in name and not name.startswith("odqa."):
            assert EXPERIMENT_OF_KIND[kind] in path.parts, name


def test_every_group_of_parameters_is_read(context):
    declared = {name for name in context.params if "." not in name}
    _, parameters = in_every_graph(context.env)
    read = {name.partition(".")[0] for name in parameters}
    assert declared - read == READ_OUTSIDE_OF_NODES
    assert declared | {"mlflow"} == set(Parameters.model_fields)


def test_every_parameter_that_a_node_reads_is_checked_before_it_runs(
    context_of_kind, caplog, monkeypatch
):
    """Kedro logs a warning where it cannot read a signature, and then hands out plain mappings."""
    for name in ("kedro.validation", "kedro.validation.type_extractor"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.WARNING)
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    with caplog.at_level(logging.WARNING):
        values = context_of_kind.params
    assert [entry.getMessage() for entry in caplog.records if "kedro.valid" in entry.name] == []
    catalog = context_of_kind.catalog
    for name in parameters_in(pipelines):
        value = catalog.load(f"params:{name}")
        assert isinstance(value, (BaseModel, *SCALARS)), name
    read = "composite" if "composite" in parameters_in(pipelines) else "training"
    assert isinstance(values[read], BaseModel)


def test_nodes_declare_the_type_of_every_parameter(context_of_kind):
    for node in sum(pipelines.values(), Pipeline([])).nodes:
        hints, signature = get_type_hints(node.func), inspect.signature(node.func)
        arguments = signature.bind(*node.inputs).arguments if not isinstance(
            node._inputs, dict) else node._inputs  # fmt: skip
        for argument, name in arguments.items():
            # What a node names for lineage alone goes into its *read, and is not used there.
            named = argument in signature.parameters
            if isinstance(name, str) and name.startswith("params:") and named:
                hint = hints[argument]
                is_named = hint in SCALARS or get_origin(hint) is Literal
                assert is_named or issubclass(hint, BaseModel), f"{node.name}: {argument}"


def test_klue_takes_the_hub_and_the_published_recipe():
    context = make_context("klue")
    params = context.params
    assert params["raw"].model_dump() == {
        "train": "hub:klue:re:train",
        "test": "hub:klue:re:validation",
        "test_gold": "auto",
        "reviewed_rows": None,
        "synonyms": None,
        "translations": None,
        "bundles": "data/klue/01_raw/bundles",
        "submissions": "data/klue/01_raw/submissions",
    }
    assert context.catalog.get("raw_train").resolved_source == "hub:klue:re:train"
    assert context.catalog.get("raw_test_gold").resolved_source == "hub:klue:re:validation"
    assert params["encoder"].name == "klue/roberta-large"
    assert params["encoder"].scratch is None
    assert (params["folds"].n_splits, params["folds"].strategy) == (5, "stratified_group")
    training = params["training"]
    assert (training.learning_rate, training.epochs, training.batch_size) == (2e-5, 10, 32)
    assert (training.warmup_share, training.weight_decay, training.max_tokens) == (0.2, 0.0, 256)
    assert context.config_loader["globals"]["data_root"] == "data/klue"


def test_klue_takes_files_where_paths_are_given():
    context = make_context("klue", "raw.train=my/train.csv,raw.test=my/test.csv")
    assert context.catalog.get("raw_train").resolved_source == str(ROOT / "my/train.csv")
    assert context.catalog.get("raw_test").resolved_source == str(ROOT / "my/test.csv")


def runtime_of(command_line):
    """Read ``--params`` as ``kedro run`` does."""
    with run.make_context("kedro run", ["--params", command_line] if command_line else []) as click:
        return click.params["params"]


def test_several_settings_and_lists_in_one_command():
    context = make_context(
        "test",
        "folds.n_splits=4,folds.run=[0, 2],ensemble.members=[typed_punct_query,x],training.seed=3",
    )
    assert context.params["folds"].run == [0, 2]
    assert context.params["ensemble"].members == ["typed_punct_query", "x"]
    assert context.params["training"].seed == 3
    parts = {parse_fold(node.name) for node in pipelines["__default__"].nodes} - {None}
    assert {part.fold for part in parts} == {0, 2}


def test_all_csv_is_written_one_way():
    """What pandas writes by itself loses rows with a carriage return, and hides no formula."""
    for catalog in (ROOT / "conf").glob("*/catalog*.yml"):
        assert "pandas.CSVDataset" not in catalog.read_text("utf-8"), catalog
    written = (ROOT / "src" / "klue_pipeline").rglob("*.py")
    files = {path.name for path in written if ".to_csv(" in path.read_text("utf-8")}
    assert files == {"csv_tables.py"}
