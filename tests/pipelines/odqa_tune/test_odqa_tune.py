"""The odqa_tune pipeline over a hand-made catalog: a search for settings of each part."""

import json

import matplotlib as mpl
import pytest
import yaml
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner
from reader_catalog import SCRATCH, make_reader_catalog
from tiny_readers import READER, TRAINING

from klue_pipeline.datasets.csv_table import CsvTableDataset
from klue_pipeline.pipelines import odqa_tokenize, odqa_tune
from klue_pipeline.runs import topology
from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.parameters import ODQA, check_parameters
from klue_pipeline.runs.tuning.lab_book_entry import insert_tables

TUNE = {"trials": 3, "finalists": 1, "finalist_seeds": 2, "startup_trials": 2}
SPACE = {"odqa.training.learning_rate": {"low": 1e-4, "high": 1e-1, "log": True}}
OF_READER = {
    "reader": {**READER, "scratch": SCRATCH}, "training": TRAINING,
    "head": {"name": "linear", "dropout": 0.0}, "folds": {"strategy": "holdout"},
    "answer": {"max_answer_tokens": 8},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _forget():
    mpl.use("Agg")
    yield
    topology.forget_shape()


@pytest.fixture
def configured_parameters(configured, request):
    return read_configuration("test", str(request.config.rootpath / "conf"))["parameters"]


def resolve(settings, folder, part, **odqa):
    storage = f"sqlite:///{folder / 'optuna.db'}"
    own = {**odqa, "tune": {**TUNE, **odqa.get("tune", {}), "part": part, "storage": storage}}
    resolved = resolve_run(settings, {"odqa": own})
    topology.set_shape(topology.shape_of(resolved))
    return resolved


def search(parameters, catalog, folder):
    """Run the pipeline with these parameters; returns what it made, by name without the part."""
    pipeline = odqa_tune.create_pipeline()
    models = check_parameters(parameters, ODQA)
    for name in pipeline.inputs():
        if name.startswith("params:odqa."):
            value = models
            for part in name.removeprefix("params:odqa.").split("."):
                value = value[part] if isinstance(value, dict) else getattr(value, part)
            catalog[name] = value
    catalog["parameters"] = parameters
    tables = [name for name in pipeline.all_outputs() if "trials" in name or "finalists" in name]
    for name in tables:
        texts = dict.fromkeys(("settings", "candidate", "values", "reason", "state"), str)
        catalog[name] = CsvTableDataset(
            filepath=str(folder / f"{name}.csv"), save_args={"index": False},
            load_args={"dtype": texts},
        )  # fmt: skip
    outputs = SequentialRunner().run(pipeline, catalog)
    found = {name: data.load() for name, data in outputs.items()}
    found |= {name: catalog.load(name) for name in tables}
    return {name.removeprefix("odqa.").rpartition("_")[0]: data for name, data in found.items()}


@pytest.fixture
def retrieval_catalog(tmp_path):
    given = make_reader_catalog(tmp_path)
    names = ("examples", "passages", "gold_passages", "passage_groups")
    passages = given.load("odqa.passages")
    catalog = DataCatalog({})
    for name in names:
        catalog[f"odqa.{name}"] = given.load(f"odqa.{name}")
    catalog["odqa.passages"] = passages.assign(document_id=passages["passage_id"], start_char=0)
    catalog["odqa.cache"], catalog["odqa.tune_scratch"] = tmp_path / "cache", tmp_path / "scratch"
    return catalog


def test_a_reader_is_searched_and_its_winner_can_be_run(configured_parameters, tmp_path):
    catalog = make_reader_catalog(tmp_path)
    resolved = resolve(
        configured_parameters, tmp_path, "reader", **OF_READER,
        tune={"spaces": {"reader": {**dict.fromkeys(_searched(configured_parameters)), **SPACE}}},
    )  # fmt: skip
    SequentialRunner().run(odqa_tokenize.create_pipeline(), catalog)
    catalog["odqa.tune_scratch"] = tmp_path / "scratch"
    found = search(resolved, catalog, tmp_path)
    trials, finalists = found["trials"], found["finalists"]
    assert set(trials["state"]) <= {"complete", "pruned"}
    assert len(trials) == 3
    assert json.loads(trials["settings"][0]) == {"odqa.training.learning_rate": 1e-3}
    assert finalists["n"].tolist() == [2, 2]
    assert found["tune_report"]["verdict"]["winner"] == finalists["candidate"][0]
    assert found["tune_history_figure"].get_axes()
    book = tmp_path / "book.yml"
    insert_tables(book, found["tuned_entry"], "searched")
    entry = yaml.safe_load(book.read_text())["odqa"]["experiments"]["searched"]
    assert "Found by a search that started from reader." in entry["why"]
    again = resolve_run(
        configured_parameters,
        {"odqa": {"experiment": "searched", "experiments": {"searched": entry}}},
    )
    own = check_parameters(again, ODQA)
    wanted = found["tune_report"]["verdict"]["settings"].get("odqa.training.learning_rate", 1e-3)
    assert own.training.learning_rate == wanted
    assert own.training.max_tokens == TRAINING["max_tokens"]
    assert own.reader.stride == READER["stride"]


def _searched(settings):
    return settings["odqa"]["tune"]["spaces"]["reader"]


def test_a_retriever_without_training_is_searched(
    configured_parameters, retrieval_catalog, tmp_path
):
    given = {"experiment": "bm25", "evaluation": {"select_by": "mrr"}}
    resolved = resolve(configured_parameters, tmp_path, "retriever", **given)
    found = search(resolved, retrieval_catalog, tmp_path)
    assert found["trials"]["state"].tolist() == ["complete"] * 3
    assert found["trials"]["odqa.retrievers.bm25.k1"].tolist()[0] == 1.5
    assert found["finalists"].empty
    # Every question finds its passage first, whatever the settings.
    assert found["tune_report"]["best"]["as_it_was"]
    text = yaml.safe_load(found["tuned_entry"])
    assert "nothing is gained" in text["odqa"]["experiments"]["tuned_bm25"]["why"]
    assert "retrievers" not in text["odqa"]


def test_a_better_retriever_gets_a_name_of_its_own(
    configured_parameters, retrieval_catalog, tmp_path
):
    # No word of a question stands in a passage.
    asked = retrieval_catalog.load("odqa.examples")
    retrieval_catalog["odqa.examples"] = asked.assign(
        question=asked["question"].str.replace("은 ", "이 ")
    )
    space = dict.fromkeys(configured_parameters["odqa"]["tune"]["spaces"]["retriever"])
    space["odqa.retrievers.bm25.tokens"] = ["whitespace", "character_bigram"]
    resolved = resolve(
        configured_parameters, tmp_path, "retriever", experiment="bm25",
        retrievers={"bm25": {"tokens": "whitespace", "title": False}},
        evaluation={"select_by": "recall_at_1"},
        tune={"spaces": {"retriever": space}, "sampler": "grid"},
    )  # fmt: skip
    found = search(resolved, retrieval_catalog, tmp_path)
    values = found["trials"].set_index("odqa.retrievers.bm25.tokens")["value"]
    assert values["character_bigram"] > values["whitespace"]
    text = yaml.safe_load(found["tuned_entry"])["odqa"]
    name = "bm25_tokens_character_bigram"
    assert text["retrievers"][name] == {
        "name": "bm25", "title": False, "tokens": "character_bigram", "variant": "bm25+",
        "k1": 1.5, "b": 0.75, "delta": 0.5,
    }  # fmt: skip
    entry = text["experiments"]["tuned_bm25"]
    assert entry["retrieval"] == {"retrievers": [name]}
    assert "no other seeds could be tried" in entry["why"]
