"""Origins: which setting reaches which dataset, on a toy graph and on the real one."""

import copy
import hashlib
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.pipeline import Pipeline, node

from klue_pipeline.pipeline_registry import register_pipelines
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import plain_name
from klue_pipeline.runs.disk.origin_store import OriginStore
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.lineage import (
    differing_fields,
    settings_of,
    trace_origins,
)
from klue_pipeline.runs.parameters import check_parameters
from klue_pipeline.settings import CONFIG_LOADER_ARGS
from klue_pipeline.training.fingerprint import hash_encoder_folder, hash_file
from klue_pipeline.version import __version__

CONF = Path(__file__).parents[2] / "conf"
CONFIGURED = OmegaConfigLoader(str(CONF), env="base", **CONFIG_LOADER_ARGS)["parameters"]
SOURCES = {"raw_train": {"raw.train": "a1"}, "params:encoder": {"encoder.files": "e1"}}


def parameters(path=None, value=None):
    """The checked parameters of base, with one setting changed on the command line."""
    runtime = {} if path is None else value
    for part in reversed(path.split(".")) if path else ():
        runtime = {part: runtime}
    return check_parameters(resolve_run(copy.deepcopy(CONFIGURED), runtime))


def wire(name, inputs, outputs):
    return node(lambda *_: None, inputs=inputs, outputs=outputs, name=name)


TOY = Pipeline(
    [
        # written from the end to the beginning, because the graph decides the order
        wire("blend", ["scores@all"], "submission"),
        wire("score", ["fold_0.model", "features"], "scores@one"),
        wire("train", ["features", "members", "params:encoder", "params:training"],
             ["fold_0.model", "fold_0.metrics"]),
        wire("encode", ["sentences", "params:training.max_tokens"], "features"),
        wire("split", ["sentences", "params:folds"], "members"),
        wire("parse", ["raw_train", "params:ingest"], "sentences"),
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def origins():
    return trace_origins(TOY, parameters(), SOURCES)


def test_an_origin_has_the_code_the_settings_and_the_raw_files(origins):
    sentences = origins["sentences"]
    assert sentences["code"] == __version__
    assert sentences["raw.train"] == "a1"
    assert {name.partition(".")[0] for name in sentences} == {"code", "raw", "ingest"}
    assert sentences["ingest.format"] == f'"{parameters().ingest.format}"'


def test_settings_and_files_reach_everything_downstream(origins):
    assert origins["features"].items() >= origins["sentences"].items()
    training = parameters().training
    assert origins["features"]["training.max_tokens"] == str(training.max_tokens)
    assert "training.epochs" not in origins["features"]
    for name in ("fold_0.model", "fold_0.metrics", "scores", "submission"):
        assert origins[name]["encoder.files"] == "e1"
        assert origins[name]["training.epochs"] == str(training.epochs)
        assert origins[name]["folds.strategy"] == f'"{parameters().folds.strategy}"'
        assert origins[name]["raw.train"] == "a1"


def test_what_results_do_not_depend_on_is_left_out(origins):
    left_out = {
        "training.device",
        "training.evaluation_batch_size",
        "training.log_every_steps",
        "training.checkpoint_every_steps",
        "folds.run",
    }
    assert not left_out & origins["submission"].keys()
    for path, value in [("training.device", "cpu"), ("folds.run", [0])]:
        assert trace_origins(TOY, parameters(path, value), SOURCES) == origins


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        ("ingest.max_rows", 99, {"sentences", "features", "members", "model", "submission"}),
        ("folds.seed", 99, {"members", "model", "submission"}),
        ("training.epochs", 99, {"model", "submission"}),
        ("training.max_tokens", 99, {"features", "model", "submission"}),
        ("training.device", "cpu", set()),
        ("loss.name", "cross_entropy", set()),
        ("run.name", "mine", set()),
        ("clean.repair_types.min_support", 5, set()),  # no node of the toy reads it
    ],
)
def test_a_setting_changes_what_is_made_from_it_and_nothing_else(origins, path, value, changed):
    others = trace_origins(TOY, parameters(path, value), SOURCES)
    found = {name for name in origins if origins[name] != others[name]}
    shown = {"sentences", "features", "members", "fold_0.model", "submission"}
    assert {name.removeprefix("fold_0.") for name in found & shown} == changed
    for name in found:
        (field,) = differing_fields(origins[name], others[name])
        assert field.startswith(f"{path} was ")


@pytest.fixture
def whole_graph():
    """The real graph, with the three folds of base."""
    topology.set_shape(topology.Shape(parameters().folds))
    yield register_pipelines()["__default__"]
    topology.forget_shape()


@pytest.mark.parametrize(
    ("path", "value", "changed", "unchanged"),
    [
        ("training.seed", 99, {"fold_0.model", "test_scores"}, {"train_features", "fold_members"}),
        ("training.max_tokens", 99, {"train_features", "fold_2.model"}, {"training_sentences"}),
        ("folds.seed", 99, {"fold_members", "fold_0.model"}, {"clean_sentences", "labels"}),
        ("encoder.name", "x/y", {"tokenizer", "fold_0.model"}, {"training_sentences"}),
        ("head.dropout", 0.37, {"fold_1.model", "submission"}, {"tokenizer", "train_features"}),
        ("input.query", "none", {"train_features", "fold_0.model"}, {"training_sentences"}),
        ("ensemble.members", ["typed_punct_query"], {"submission"}, {"test_scores", "out_of_fold"}),
        ("training.device", "cpu", set(), {"fold_0.model", "submission"}),
        ("mlflow.enabled", False, set(), {"fold_0.model", "submission", "metrics"}),
    ],
)
def test_the_real_graph(whole_graph, path, value, changed, unchanged):
    before = trace_origins(whole_graph, parameters(), {})
    after = trace_origins(whole_graph, parameters(path, value), {})
    differ = {name for name in before if before[name] != after[name]}
    assert changed <= differ
    assert not unchanged & differ
    assert {plain_name(name) for name in whole_graph.all_outputs()} <= before.keys()


def test_what_collects_some_folds_is_not_what_collects_all(whole_graph):
    before = trace_origins(whole_graph, parameters(), {})
    chosen = parameters("folds.run", [0, 2])
    topology.set_shape(topology.Shape(chosen.folds))
    after = trace_origins(register_pipelines()["__default__"], chosen, {})
    for name in ("out_of_fold", "test_scores", "metrics", "submission"):
        assert any(
            "fold_0, fold_2" in field for field in differing_fields(before[name], after[name])
        )
    for name in ("fold_2.model", "fold_2.test_scores", "fold_members", "train_features"):
        assert before[name] == after[name]


@pytest.mark.parametrize(
    ("shape", "models"),
    [
        ({}, "fold_0, fold_1, fold_2"),
        ({"keep_weights": "best_fold"}, "the best of fold_0, fold_1, fold_2"),
        ({"keep_weights": "best_fold", "refits": True},
         "the best of fold_0, fold_1, fold_2 and refit"),
        ({"keep_weights": "none", "refits": True}, "refit"),
    ],
)  # fmt: skip
def test_an_export_of_other_models_is_another_one_and_scores_stay(whole_graph, shape, models):
    before = trace_origins(whole_graph, parameters(), {})
    topology.set_shape(topology.Shape(parameters().folds, **shape))
    after = trace_origins(register_pipelines()["__default__"], parameters(), {})
    assert after["exported_model"] == {**before["exported_model"], "folds": models}
    others = before.keys() - {"exported_model"}
    assert {name: after[name] for name in others} == {name: before[name] for name in others}


MEMBERS = {
    f"member_{member}.fold_{fold}.{part}_scores": {f"members.{member}": "m1"}
    for member in ("binary", "positive")
    for fold in range(3)
    for part in ("validation", "test")
}


@pytest.fixture
def composite_graph():
    """The real graph of the composite of conf, with the three folds of base."""
    topology.set_shape(topology.Shape(parameters().folds, "composite", ("binary", "positive")))
    yield register_pipelines()["__default__"]
    topology.forget_shape()


def test_a_composite_is_made_by_its_members_its_method_and_its_rows(composite_graph):
    chosen = parameters("experiment", "cascade")
    origins = trace_origins(composite_graph, chosen, MEMBERS)
    for name in ("fold_2.validation_scores", "out_of_fold", "test_scores", "submission"):
        assert origins[name]["members.binary"] == origins[name]["members.positive"] == "m1"
        assert origins[name]["composite.name"] == '"cascade"'
        assert origins[name]["folds.seed"] == str(chosen.folds.seed)
        assert origins[name]["folds"] == "fold_0, fold_1, fold_2"
        assert not any(field.startswith(("training.", "encoder.")) for field in origins[name])
    assert "members.binary" not in origins["fold_members"]


def test_another_training_of_one_member_changes_what_is_made_from_it(composite_graph):
    chosen = parameters("experiment", "cascade")
    before = trace_origins(composite_graph, chosen, MEMBERS)
    again = {
        name: {"members.binary": "m2"} if "binary" in name else origin
        for name, origin in MEMBERS.items()
    }
    after = trace_origins(composite_graph, chosen, again)
    changed = {name for name in before if before[name] != after[name]}
    assert {"fold_0.metrics", "fold_2.test_scores", "out_of_fold", "submission"} <= changed
    assert changed.isdisjoint({"clean_sentences", "fold_members", "labels"})
    for name in changed:
        assert differing_fields(before[name], after[name]) == [
            "members.binary was m1, this run says m2"
        ]


def test_a_fold_composed_from_some_folds_is_not_that_composed_from_all(composite_graph):
    """What a combiner says depends on the folds that it was fitted on."""
    before = trace_origins(composite_graph, parameters("experiment", "cascade"), MEMBERS)
    chosen = parameters("folds.run", [0, 2])
    topology.set_shape(topology.Shape(chosen.folds, "composite", ("binary", "positive")))
    after = trace_origins(register_pipelines()["__default__"], chosen, MEMBERS)
    assert before["fold_2.test_scores"]["folds"] == "fold_0, fold_1, fold_2"
    assert after["fold_2.test_scores"]["folds"] == "fold_0, fold_2"


def test_settings_are_flat():
    flat = settings_of(parameters(), "input")
    assert flat["input.type_words.PER"] == '"사람"'
    assert flat["input.query"] == f'"{parameters().input.query}"'
    assert settings_of(parameters("training.max_tokens", 99), "training.max_tokens") == {
        "training.max_tokens": "99"
    }
    assert settings_of(parameters("folds.run", [0]), "folds.n_splits") == {"folds.n_splits": "3"}


def test_settings_of_methods_and_rules_that_are_off_are_left_out():
    assert settings_of(parameters("augment.methods", []), "augment") == {
        "augment.seed": "42",
        "augment.methods": "[]",
        "augment.undersample.target_share": "null",
    }
    chosen = settings_of(parameters("augment.methods", ["aeda"]), "augment")
    assert chosen["augment.aeda.max_share"] == "0.33"
    assert not any(name.startswith("augment.eda.") for name in chosen)
    rules = settings_of(parameters("clean.rules", ["test_overlap"]), "clean")
    assert rules == {"clean.rules": '["test_overlap"]', "clean.test_overlap.action": '"drop"'}


def test_a_long_value_is_shortened_and_still_told_apart():
    first = settings_of(parameters(), "label_sets.klue_30")["label_sets.klue_30.names"]
    other = settings_of(parameters(), "label_sets.contest_30")["label_sets.contest_30.names"]
    assert first.startswith("sha256 ")
    assert len(first) < 60
    assert first != other


@pytest.mark.parametrize("path", ["nothing", "training.epoch", "label_sets.klue_31"])
def test_a_path_that_is_not_there(path):
    with pytest.raises(KeyError):
        settings_of(parameters(), path)


def test_differences_name_both_values_in_order():
    found = {"b": "1", "a": "2", "same": "x"}
    assert differing_fields(found, {"a": "3", "c": "4", "same": "x"}) == [
        "a was 2, this run says 3",
        "b was 1, this run says not set",
        "c was not set, this run says 4",
    ]
    assert differing_fields(found, dict(reversed(found.items()))) == []


def test_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    file = tmp_path / "train.csv"
    content = "이순신\n".encode() * 200_000  # more than one block
    file.write_bytes(content)
    assert hash_file(file) == hashlib.sha256(content).hexdigest()[:16]


@pytest.fixture
def encoder(tmp_path):
    folder = tmp_path / "encoder"
    folder.mkdir()
    (folder / "config.json").write_text('{"hidden_size": 16}')
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"x" * 100)
    return folder


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b'{"hidden_size": 32}'),  # as long as before
        ("tokenizer.json", b"[]"),
        ("model.safetensors", b"x" * 101),
        ("added_tokens.json", b"{}"),
    ],
)
def test_hash_of_an_encoder_changes_with_its_files(encoder, name, content):
    before = hash_encoder_folder(encoder)
    assert hash_encoder_folder(encoder) == before
    (encoder / name).write_bytes(content)
    assert hash_encoder_folder(encoder) != before


def test_hash_of_an_encoder_is_that_of_its_copy(encoder, tmp_path):
    """What a system notes about folders, such as their size, does not count."""
    before = hash_encoder_folder(encoder)
    (encoder / ".cache").mkdir()
    assert hash_encoder_folder(encoder) == before
    assert hash_encoder_folder(encoder.rename(tmp_path / "elsewhere")) == before


def test_stored_origins(tmp_path):
    store, result = OriginStore(), tmp_path / "fold_0" / "metrics.json"
    assert store.read(result) is None
    store.remove(result)
    origin = {"input.type_words.PER": '"사람"', "code": "0.1.0"}
    store.write(result, {"code": "0"})
    store.write(result, origin)
    assert store.read(result) == origin
    assert store.read(result.with_name("history.csv")) is None
    stored = tmp_path / "fold_0" / ".fingerprints"
    assert [path.name for path in stored.iterdir()] == ["metrics.json.json"]
    store.remove(result)
    assert store.read(result) is None
