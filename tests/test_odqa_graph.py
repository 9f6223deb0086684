"""The graph of open-domain QA: its stages and their sums, and what retrievers and readers add."""

import re

import pytest

from klue_pipeline.odqa.settings.retriever_params import RerankParams, RetrieverParams
from klue_pipeline.pipeline_registry import register_pipelines
from klue_pipeline.runs import topology
from klue_pipeline.training.params import FoldsParams

FOLDS = FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2, run=None)
"""Those of relation extraction, which nothing here looks at."""
ODQA_RETRIEVAL = ["odqa_ingest", "odqa_index", "odqa_retrieve", "odqa_retrieval_report"]
"""Without a retriever that is trained."""
ODQA_ANSWERS = ["odqa_tokenize", "odqa_train", "odqa_answer", "odqa_report", "odqa_export"]
ODQA_USES = [
    "odqa_tune", "odqa_ensemble", "odqa_submissions", "odqa_bundle", "odqa_answer_new",
    "odqa_mlflow_model", "odqa_onnx",
]  # fmt: skip
ODQA_SUMS = {"odqa_retrieval": ODQA_RETRIEVAL, "odqa": [*ODQA_RETRIEVAL, *ODQA_ANSWERS]}
ODQA_STAGES = {*ODQA_RETRIEVAL, *ODQA_ANSWERS, *ODQA_USES}
LEFT_BY_A_RUN = {
    "record", "trained_answerer", "new_questions", "answer_bundles", "n_best@all", "answers@all",
    "all_answer_fits",
    "all_predictions", "ensemble_predictions@latest", "ensemble_report@latest", "tune_scratch",
    "onnx_workspace",
}  # fmt: skip
"""What is read from the disk by a name that no node of the job writes, or brought by the user."""
RETRIEVERS = {
    "bm25": RetrieverParams(
        name="bm25", tokens="kiwi", title=True, variant="atire", k1=1.5, b=0.75, delta=0.0
    ),
    "dense": RetrieverParams(
        name="dense", title=True, trained=True, pooling="mean", similarity="cosine",
        question_prefix="", passage_prefix="", max_question_tokens=8, max_passage_tokens=16,
        batch_size=1, index="exact",
    ),
    "external": RetrieverParams(name="external"),
    "before": RetrieverParams(name="experiment", experiment="other"),
}  # fmt: skip
RERANK = {"top_n": 5, "max_tokens": 64, "batch_size": 1}


@pytest.fixture(autouse=True)
def _forget():
    yield
    topology.forget_shape()


@pytest.fixture
def reading_two_folds():
    """The graph of an experiment whose reader has two folds."""
    topology.set_shape(topology.Shape(FOLDS, reading=topology.Reading((0, 1), 2)))
    return register_pipelines()


def test_open_domain_qa_is_a_job_of_its_own(reading_two_folds):
    pipelines = reading_two_folds
    assert [name for name in pipelines if name.startswith("odqa")] == [
        *ODQA_USES,
        *ODQA_RETRIEVAL,
        *ODQA_ANSWERS,
        "odqa_retrieval",
        "odqa",
    ]
    for whole, stages in ODQA_SUMS.items():
        own = [node for stage in stages for node in pipelines[stage].nodes]
        assert sorted(pipelines[whole].nodes) == sorted(own)
    every = {node for name in pipelines if name in ODQA_STAGES for node in pipelines[name].nodes}
    assert all(node.name.startswith("odqa.") for node in every)
    assert every.isdisjoint(pipelines["__default__"].nodes)


def test_every_node_has_a_name_that_a_person_can_type(reading_two_folds):
    for stage in (*ODQA_ANSWERS, *ODQA_USES):
        for node in reading_two_folds[stage].nodes:
            assert re.sub(r"^odqa\.(fold_\d\.)?", "", node.name) == node.func.__name__


def test_a_reader_has_nodes_of_its_own_for_each_fold(reading_two_folds):
    for fold in ("fold_0", "fold_1"):
        nodes = reading_two_folds["odqa"].only_nodes_with_tags(fold).nodes
        names = [f"odqa.{fold}.train_reader", f"odqa.{fold}.read_passages"]
        assert [node.name for node in nodes] == names
        assert [node.namespace for node in nodes] == [f"odqa_train.{fold}", f"odqa_answer.{fold}"]
        assert all("gpu" in node.tags for node in nodes)


def test_what_answers_is_made_of_raw_files_settings_and_other_experiments(reading_two_folds):
    inputs = {n for n in reading_two_folds["odqa"].inputs() if not n.startswith("params:")}
    raw = {f"odqa.raw_{name}" for name in ("train", "validation", "test", "documents")}
    stored = {"all_records", "all_retrieval_reports", "all_answer_reports"}
    workspaces = {"fold_0.workspace", "fold_1.workspace"}
    assert inputs == raw | {f"odqa.{name}" for name in stored | workspaces}


def test_stages_of_open_domain_qa_read_what_earlier_ones_make(reading_two_folds):
    whole = reading_two_folds["odqa"]
    made = set(whole.inputs())
    for stage in ODQA_SUMS["odqa"]:
        assert reading_two_folds[stage].inputs() <= made, stage
        made |= reading_two_folds[stage].all_outputs()
    # A person asks for these when all of it, or several experiments, lie on disk.
    made |= {"parameters", *(f"odqa.{name}" for name in LEFT_BY_A_RUN)}
    for stage in ODQA_USES:
        needed = {name for name in reading_two_folds[stage].inputs() if ":" not in name}
        assert needed <= made, stage


@pytest.mark.parametrize("learns_from_run", [False, True])
def test_a_reader_learns_from_what_was_retrieved_where_it_is_told_to(learns_from_run):
    reading = topology.Reading((0,), 1, learns_from_run)
    topology.set_shape(topology.Shape(FOLDS, reading=reading))
    (makes,) = register_pipelines()["odqa_tokenize"].only_nodes("odqa.make_reader_examples").nodes
    assert ("odqa.run" in makes.inputs) == learns_from_run


@pytest.mark.parametrize(
    ("named", "negatives", "rerank", "nodes", "reads"),
    [
        (["bm25"], [], "none", {"tokenise_kiwi", "index_bm25", "search_bm25", "take_run"}, set()),
        (
            ["dense"], ["bm25"], "none",
            {"prepare_tokenizer", "search_bm25", "mine_negatives", "train_retriever",
             "index_dense", "search_dense"},
            {"odqa.cache", "odqa.retriever_workspace"},
        ),
        (["bm25", "external", "before"], [], "none", {"search_external", "search_before"},
         {"odqa.raw_run", "odqa.earlier_run_other"}),
        (["bm25"], ["bm25"], "trained",
         {"mine_negatives", "train_reranker", "rerank_run"}, {"odqa.reranker_workspace"}),
        (["bm25"], [], "some/model", {"rerank_run"}, set()),
    ],
)  # fmt: skip
def test_a_search_has_the_nodes_of_its_retrievers(named, negatives, rerank, nodes, reads):
    ranked = {} if rerank == "none" else RERANK | {"model": rerank}
    retrieval = topology.Retrieval(
        {name: RETRIEVERS[name] for name in named},
        {name: RETRIEVERS[name] for name in negatives},
        RerankParams(name="cross_encoder" if ranked else "none", **ranked),
    )
    topology.set_shape(topology.Shape(FOLDS, retrieval=retrieval))
    whole = register_pipelines()["odqa_retrieval"]
    found = {node.name.removeprefix("odqa.") for node in whole.nodes}
    assert nodes <= found
    optional = {"train_retriever", "train_reranker", "mine_negatives", "rerank_run", "take_run"}
    assert found & optional <= nodes | {"take_run"}
    assert ("take_run" in found) == (rerank == "none")
    inputs = {name for name in whole.inputs() if not name.startswith("params:")}
    raw = {f"odqa.raw_{name}" for name in ("train", "validation", "test", "documents")}
    stored = {"odqa.all_records", "odqa.all_retrieval_reports"}
    assert inputs - raw - stored - {"odqa.cache"} == reads - {"odqa.cache"}


@pytest.mark.parametrize(
    ("tuning", "named", "negatives", "reads"),
    [
        (topology.Tuning("reader"), "bm25", {}, {"reader_features", "reader_examples",
         "reader_tokenizer", "fold_members"}),
        (topology.Tuning("reader", reads_run=True), "bm25", {}, {"reader_features",
         "reader_examples", "reader_tokenizer", "fold_members", "run"}),
        (topology.Tuning("retriever"), "bm25", {}, {"cache"}),
        (topology.Tuning("retriever"), "dense", {"bm25"}, {"cache", "tokenizer"}),
        (topology.Tuning("retriever"), "dense", {"external"},
         {"cache", "tokenizer", "run_external"}),
    ],
)  # fmt: skip
def test_a_search_reads_what_its_part_needs(tuning, named, negatives, reads):
    retrieval = topology.Retrieval(
        {named: RETRIEVERS[named]},
        {name: RETRIEVERS[name] for name in negatives},
        RerankParams(name="none"),
    )
    topology.set_shape(topology.Shape(FOLDS, retrieval=retrieval, tuning=tuning))
    pipeline = register_pipelines()["odqa_tune"]
    tables = {"examples", "passages", "gold_passages", "passage_groups", "tune_scratch"}
    named_inputs = {name for name in pipeline.inputs() if ":" not in name} - {"parameters"}
    assert named_inputs == {f"odqa.{name}" for name in tables | reads}
    assert all(name.endswith(f"_{tuning.part}") for name in pipeline.all_outputs())
