"""The odqa_export and odqa_mlflow_model pipelines over a hand-made catalog."""

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tiny_answerers import ANSWER, BIGRAMS, FIT, TOP_K, WEIGHTS, WORDS
from tiny_readers import READER

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.datasets.models.checkpoint import ExportedAnswererDataset
from klue_pipeline.odqa.inference.model_package import interface_of
from klue_pipeline.odqa.settings.export_params import OdqaExportParams
from klue_pipeline.odqa.settings.ingest_params import OdqaRawParams
from klue_pipeline.odqa.settings.reader_params import (
    AnswerParams,
    QuestionAugmentParams,
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
)
from klue_pipeline.odqa.settings.retriever_params import (
    FusionParams,
    RerankParams,
    RetrievalParams,
    RetrieverParams,
)
from klue_pipeline.pipelines import odqa_export, odqa_mlflow_model
from klue_pipeline.runs import topology
from klue_pipeline.training.params import FoldsParams

QUESTION = "이순신이 이끈 것은 무엇입니까?"
REPORT = {"refused": "Nothing is held out.", "questions": {"judged": 0}}
NO_LICENCES = dict.fromkeys(("model", "data", "encoder", "documents"))


def choose(folds, retrievers, keep_weights="all"):
    split = FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2)
    retrieval = topology.Retrieval(retrievers, {}, RerankParams(name="none"))
    reading = topology.Reading(tuple(folds), 2, keep_weights=keep_weights)
    topology.set_shape(topology.Shape(split, retrieval=retrieval, reading=reading))


@pytest.fixture
def catalog(tiny_answerer, tiny_questions, retriever_params, tmp_path):
    """What a run left of two folds and three retrievers."""
    retrievers = {
        "bm25": RetrieverParams(**BIGRAMS),
        "words": RetrieverParams(**WORDS),
        "dense": retriever_params(),
    }
    choose([0, 1], retrievers)
    given = {
        "odqa.passages": tiny_answerer.passages,
        "odqa.examples": tiny_questions,
        "odqa.answer_fit": FIT,
        "odqa.answer_report": REPORT,
        "odqa.fusion_report": {"name": "weighted", "weights": WEIGHTS},
        "odqa.sparse_index_bm25": tiny_answerer.indexes["bm25"],
        "odqa.sparse_index_words": tiny_answerer.indexes["words"],
        "odqa.index_dense": tiny_answerer.indexes["dense"],
        **{f"odqa.{fold}.model": path for fold, path in tiny_answerer.checkpoints.items()},
        "params:odqa.about": AboutParams(experiment="e", folder="tiny", why="왜"),
        "params:odqa.raw": OdqaRawParams.model_construct(train="a", documents="c.jsonl"),
        "params:odqa.folds": ReaderFoldsParams(
            strategy="group", n_splits=2, validation_share=0.1, seed=1
        ),
        "params:odqa.augment": QuestionAugmentParams.model_construct(methods=["random_flip"]),
        "params:odqa.reader": ReaderParams(**READER),
        "params:odqa.head": ReaderHeadParams(name="linear", dropout=0.0),
        "params:odqa.training.max_tokens": 40,
        "params:odqa.answer": AnswerParams(**ANSWER),
        "params:odqa.retrieval": RetrievalParams(retrievers=list(retrievers), top_k=TOP_K),
        "params:odqa.fusion": FusionParams(name="weighted", normalise="z_score"),
        "params:odqa.rerank": RerankParams(name="none"),
        "params:odqa.export": OdqaExportParams(licences=NO_LICENCES, known_licences=[]),
    }
    exported = ExportedAnswererDataset(filepath=str(tmp_path / "exported"))
    yield DataCatalog(
        {name: MemoryDataset(value, copy_mode="assign") for name, value in given.items()}
        | {"odqa.exported_answerer": exported}
    )
    topology.forget_shape()


def run(catalog):
    SequentialRunner().run(odqa_export.create_pipeline(), catalog)
    return catalog.load("odqa.exported_answerer")


def test_what_is_exported_answers_as_it_was_fitted(catalog, answerer, load_answerer):
    folder = run(catalog)
    loaded = load_answerer(folder)
    assert loaded.settings == answerer.settings
    assert loaded(QUESTION, top=3).n_best == answerer(QUESTION, top=3).n_best
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "Augmentation: random\\_flip" in text
    assert "c.jsonl, in 10 passages" in text


def test_the_best_reader_is_exported_alone(catalog):
    choose([0, 1], {"bm25": RetrieverParams(**BIGRAMS)}, "best_fold")
    catalog["params:odqa.retrieval"] = RetrievalParams(retrievers=["bm25"], top_k=TOP_K)
    catalog["odqa.fusion_report"] = {"name": "none"}
    catalog["params:odqa.training.select_by"] = "loss_or_exact_match"
    for fold, score in ((0, 10.0), (1, 20.0)):
        catalog[f"odqa.fold_{fold}.metrics"] = {"exact_match": score, "loss": 1.0 + fold}
    folder = run(catalog)
    parts = {path.name for path in folder.iterdir() if path.is_dir()}
    assert parts == {"fold_1", "answering", "index_bm25"}


def test_a_fold_that_is_no_longer_in_the_graph_leaves_the_folder(catalog):
    run(catalog)
    choose([1], {"bm25": RetrieverParams(**BIGRAMS)})
    catalog["params:odqa.retrieval"] = RetrievalParams(retrievers=["bm25"], top_k=TOP_K)
    catalog["odqa.fusion_report"] = {"name": "none"}
    folder = run(catalog)
    parts = {path.name for path in folder.iterdir() if path.is_dir()}
    assert parts == {"fold_1", "answering", "index_bm25"}


def test_a_retriever_without_an_index_leaves_answers_from_contexts(catalog, load_answerer):
    choose([0], {"bm25": RetrieverParams(**BIGRAMS), "external": RetrieverParams(name="external")})
    catalog["params:odqa.retrieval"] = RetrievalParams(retrievers=["bm25", "external"], top_k=4)
    loaded = load_answerer(run(catalog))
    assert loaded(QUESTION, context="이순신은 무신이다.").answer
    with pytest.raises(ValueError, match=": retriever external has no index to hand out"):
        loaded(QUESTION)


@pytest.mark.parametrize("searches", [True, False])
def test_a_package_has_the_exported_folder_and_an_example(tiny_answerer, tmp_path, searches):
    folder = tiny_answerer.export(tmp_path / "exported", search=searches)
    catalog = DataCatalog(
        {
            "odqa.exported_answerer": MemoryDataset(folder),
            "params:odqa.about": MemoryDataset(AboutParams(experiment="e", folder="v", why="왜")),
        }
    )
    outputs = SequentialRunner().run(odqa_mlflow_model.create_pipeline(), catalog)
    package = outputs["odqa.mlflow_answerer"].load()
    assert package.exported == folder
    about = {"experiment": "e", "folder": "v", "why": "왜"}
    assert package.metadata == about | {"models": "exported"}
    assert package.example["context"].isna().tolist() == [False, True][: 1 + searches]
    assert "faiss-cpu" not in package.interface.requirements
    if searches:
        (folder / "index_dense/faiss.index").touch()
        assert "faiss-cpu" in interface_of(folder).requirements
