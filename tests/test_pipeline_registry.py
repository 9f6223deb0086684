"""The table of contents: every stage by name, and the whole job as their sum."""

import re
import subprocess
import sys
from typing import get_args

import pytest
from kedro.pipeline import Pipeline

from klue_pipeline.pipeline_registry import register_pipelines
from klue_pipeline.runs import topology
from klue_pipeline.training.params import FoldsParams

FOLDS = FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2, run=None)
STAGES = {
    "single": [
        "ingest", "clean", "augment", "tokenize", "train", "predict", "report", "ensemble",
        "submissions", "errors", "leaderboard", "export",
    ],
    "member": [
        "ingest", "clean", "augment", "tokenize", "train", "predict", "report", "errors",
        "leaderboard", "export",
    ],
    "composite": [
        "ingest", "clean", "compose", "report", "ensemble", "submissions", "errors", "leaderboard",
    ],
}  # fmt: skip
LOOKS = {
    "single": ["eda", "label_audit"],
    "member": ["eda", "label_audit"],
    "composite": ["label_audit"],
}
MEMBERS = {
    f"member_{member}.fold_{fold}.{part}_scores"
    for member in ("binary", "positive")
    for fold in (0, 1)
    for part in ("validation", "test")
}
HANDED_IN = {
    "single": {"score_bundles", "plain_submissions"},
    "member": {"score_bundles"},
    "composite": {"score_bundles", "plain_submissions"},
}
"""What others may drop in. A member is blended with nothing, but it stands on the leaderboard."""
PUT_INTO_FOLDER = {
    "out_of_fold@all": {"out_of_fold@one"},
    "test_scores@all": {"test_scores@one"},
    "all_fold_test_scores": {"fold_0.test_scores", "fold_1.test_scores"},
    "all_fold_metrics": {"fold_0.metrics", "fold_1.metrics", "experiment_metrics"},
    "all_submissions": {"submission", "blend_submissions", "experiment_submission"},
    "all_run_records": set(),
}
"""What a run puts where a node reads all that lies there. Run records are left by a hook."""
ON_DISK_ONLY = {
    "single": {"all_fold_test_scores", "all_fold_metrics", "all_run_records", "all_submissions"},
    "member": {"all_fold_metrics", "all_run_records"},
    "composite": {
        "all_fold_test_scores",
        "all_fold_metrics",
        "all_run_records",
        "all_submissions",
    },
}
"""Folders of which the graph does not know that this run fills them."""
MAY_COME_LATER = {"experiment_metrics"}
"""The leaderboard takes training times from the folds' metrics alone, and judges scores itself."""
NODES_OF_A_FOLD = {
    "single": ["train", "predict"], "member": ["train", "predict"], "composite": ["compose"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def two_folds():
    topology.set_shape(topology.Shape(FOLDS))
    yield
    topology.forget_shape()


@pytest.fixture(params=STAGES)
def kind(request):
    """Each kind of experiment in turn."""
    members = ("binary", "positive") if request.param == "composite" else ()
    topology.set_shape(topology.Shape(FOLDS, request.param, members))
    return request.param


@pytest.fixture
def pipelines(kind):
    return register_pipelines()


def test_every_kind_has_a_run():
    assert set(STAGES) == set(get_args(topology.Kind))


def test_every_stage_has_its_name_and_a_run_without_one_is_all_of_them(kind, pipelines):
    stages = STAGES[kind]
    assert [name for name in pipelines if name in stages] == stages
    assert "__default__" in pipelines
    others = {stage for of_kind in STAGES.values() for stage in of_kind} - set(stages)
    assert set(pipelines).isdisjoint(others)
    whole = pipelines["__default__"].nodes
    own = [node for stage in stages for node in pipelines[stage].nodes]
    assert sorted(own) == sorted(whole)


def test_a_bundle_is_made_for_whoever_asks(kind, pipelines):
    (export,) = pipelines["bundle"].nodes
    assert export.outputs == ["score_bundle"]
    assert export.name == {"composite": "export_composite_bundle"}.get(kind, "export_bundle")
    assert export not in pipelines["__default__"].nodes


def test_a_model_for_mlflow_is_made_of_what_a_run_exports_for_whoever_asks(kind, pipelines):
    if kind == "composite":  # which has no model of its own
        assert {"export", "mlflow_model"}.isdisjoint(pipelines)
        return
    (package,) = pipelines["mlflow_model"].nodes
    assert (package.name, package.outputs) == ("package_model", ["mlflow_model"])
    assert "exported_model" in package.inputs
    assert "exported_model" in pipelines["__default__"].all_outputs()
    assert package not in pipelines["__default__"].nodes


def test_who_keeps_no_weights_exports_none():
    reading = topology.Reading((0,), 1, keep_weights="none")
    topology.set_shape(topology.Shape(FOLDS, reading=reading, keep_weights="none"))
    pipelines = register_pipelines()
    assert {"export", "odqa_export"}.isdisjoint(pipelines)
    assert {"predict_new", "mlflow_model", "odqa_answer_new"} <= set(pipelines)
    topology.set_shape(topology.Shape(FOLDS, keep_weights="none", refits=True))
    (export,) = register_pipelines()["export"].nodes
    assert [name for name in export.inputs if name.endswith(".model")] == ["refit.model"]
    for job, model in (("__default__", "fold_0.model"), ("odqa", "odqa.fold_0.model")):
        readers = [node for node in pipelines[job].nodes if model in node.inputs]
        assert [node.outputs[0].split(".")[-1] for node in readers] in (
            ["test_scores"], ["candidates"]
        )  # fmt: skip


def test_looks_at_data_and_labels_are_no_part_of_a_run(kind, pipelines):
    looks = {node for look in LOOKS[kind] for node in pipelines[look].nodes}
    assert looks
    assert looks.isdisjoint(pipelines["__default__"].nodes)
    assert {"eda", "label_audit"} & set(pipelines) == set(LOOKS[kind])


def test_every_node_has_a_name_that_a_person_can_type(pipelines):
    for node in pipelines["__default__"].nodes:
        assert re.sub(r"^fold_\d\.", "", node.name) == node.func.__name__


def test_every_stage_is_a_group_that_does_not_rename_its_nodes(pipelines):
    """Kedro-Viz draws groups as boxes; an orchestrator takes the tags."""
    for stage in set(pipelines) - {"__default__", "odqa", "odqa_retrieval"}:
        for node in pipelines[stage].nodes:
            *fold, _ = node.name.removeprefix("odqa.").split(".")
            assert node.namespace == ".".join([stage, *fold])
            assert {stage, *fold} <= node.tags


def test_no_path_leaves_a_group_and_comes_back(pipelines, recwarn):
    """Kedro warns of one: drawn as a box, such a group would make a circle."""
    assert sum(pipelines.values(), Pipeline([])).nodes
    assert not [entry for entry in recwarn if "is interrupted" in str(entry.message)]


def test_a_node_that_is_tagged_once_more_keeps_its_name_and_group():
    (again, *_) = Pipeline(register_pipelines()["train"].nodes, tags=["mine"]).nodes
    assert (again.name, again.namespace) == ("fold_0.train", "train.fold_0")
    assert {"train", "fold_0", "gpu", "mine"} <= again.tags


def test_the_job_needs_nothing_but_raw_files_settings_and_members(kind, pipelines):
    inputs = {name for name in pipelines["__default__"].inputs() if not name.startswith("params:")}
    wanted = {"raw_train", "raw_test", "raw_test_gold", "reviewed_rows"}
    wanted |= {"fold_0.workspace", "fold_1.workspace"}
    wanted |= HANDED_IN[kind] | ON_DISK_ONLY[kind]
    augmented = {"synonyms", "translations", "translation_cache"}
    assert inputs == wanted | (MEMBERS if kind == "composite" else augmented)


def test_a_folder_is_read_after_this_run_has_put_its_part_there(pipelines):
    """The graph takes some of these folders for given; order comes from what else is read."""
    whole = pipelines["__default__"]
    read = {name for name in whole.datasets() if name.endswith("@all") or name.startswith("all_")}
    assert read <= PUT_INTO_FOLDER.keys()
    for folder in sorted(read):
        parts = PUT_INTO_FOLDER[folder] & whole.all_outputs()
        for reader in [node for node in whole.nodes if folder in node.inputs]:
            made_before = whole.to_nodes(reader.name).all_outputs()
            late = parts - made_before
            assert not late - MAY_COME_LATER, (reader.name, folder)


def test_a_graph_reads_the_earlier_experiments_that_it_asks():
    topology.set_shape(
        topology.Shape(FOLDS, asked_to_clean=("rbert",), asked_to_augment=("rbert", "bilstm"))
    )
    pipelines = register_pipelines()
    scores = {
        name: {dataset for dataset in pipelines[name].inputs() if dataset.startswith("earlier_")}
        for name in ("clean", "augment", "train")
    }
    assert scores == {
        "clean": {"earlier_scores_rbert"},
        "augment": {"earlier_scores_rbert", "earlier_scores_bilstm"},
        "train": set(),
    }


def test_a_composite_reads_no_setting_of_a_model():
    topology.set_shape(topology.Shape(FOLDS, "composite", ("binary", "positive")))
    names = register_pipelines()["__default__"].inputs()
    groups = {name.removeprefix("params:").partition(".")[0] for name in names if ":" in name}
    assert "composite" in groups
    assert groups.isdisjoint({"input", "encoder", "head", "loss", "training", "augment"})


def test_stages_read_what_earlier_stages_make(kind, pipelines):
    """So that the order of the table is one in which they can be run one by one."""
    made = {*pipelines["__default__"].inputs()} | ON_DISK_ONLY[kind]
    for stage in STAGES[kind]:
        needed = {name.partition("@")[0] for name in pipelines[stage].inputs()}
        assert needed <= made, stage
        made |= {name.partition("@")[0] for name in pipelines[stage].all_outputs()}


def test_folds_have_nodes_and_a_tag_of_their_own(kind, pipelines):
    for fold in ("fold_0", "fold_1"):
        nodes = pipelines["__default__"].only_nodes_with_tags(fold).nodes
        assert [node.name for node in nodes] == [f"{fold}.{name}" for name in NODES_OF_A_FOLD[kind]]
        assert all(("gpu" in node.tags) == (kind != "composite") for node in nodes)


def test_the_table_is_made_without_what_is_slow_to_import():
    """For a composite; kedro registry list is watched as it makes one for a single experiment."""
    code = (
        "import sys; from klue_pipeline.pipeline_registry import register_pipelines; "
        "from klue_pipeline.runs import topology; "
        "from klue_pipeline.training.params import FoldsParams; "
        "topology.set_shape(topology.Shape(FoldsParams(strategy='kfold', n_splits=2, seed=1, "
        "validation_share=0.2), 'composite', ('a', 'b'))); register_pipelines(); "
        "heavy = {'torch', 'transformers', 'mlflow', 'matplotlib', 'sklearn'}; "
        "print(*sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == ""
