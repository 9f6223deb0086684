"""Folders of exported answerers: what is in them, that they may be moved, what is refused."""

import json
import shutil

import pytest

from klue_pipeline.odqa.inference.answerer_export import find_reranker
from klue_pipeline.odqa.inference.answerer_folder import describe_search, read_settings
from klue_pipeline.odqa.settings.retriever_params import (
    FusionParams,
    RerankParams,
    RetrievalParams,
)

QUESTION = "이순신이 이끈 것은 무엇입니까?"
PARTS = {"fold_0", "fold_1", "answering", "index_bm25", "index_words", "index_dense",
         "encoder_dense"}  # fmt: skip
RERANK = {"name": "cross_encoder", "top_n": 5, "max_tokens": 64, "batch_size": 2}


@pytest.fixture
def copied(exported_answerer, tmp_path):
    return shutil.copytree(exported_answerer, tmp_path / "copied")


def texts_of(folder):
    return {
        path: path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.suffix in {".json", ".md"} or path.name == "method"
    }


def test_it_has_everything_and_names_no_place_of_this_machine(exported_answerer, tmp_path_factory):
    assert {path.name for path in exported_answerer.iterdir()} == {
        *PARTS, "README.md", "export.json"
    }  # fmt: skip
    manifest = json.loads((exported_answerer / "export.json").read_text(encoding="utf-8"))
    assert manifest["models"].keys() == PARTS
    for name, text in texts_of(exported_answerer).items():
        assert str(tmp_path_factory.getbasetemp()) not in text, name


def test_weights_and_vectors_cost_no_disk_and_the_rest_may_be_edited(
    exported_answerer, tiny_answerer
):
    pairs = [(exported_answerer / name, folder) for name, folder in
             tiny_answerer.checkpoints.items()]  # fmt: skip
    for own, source in pairs:
        for path in own.iterdir():
            is_same = path.samefile(source / path.name)
            assert is_same == (path.name == "model.safetensors"), path.name
    shard = exported_answerer / "index_dense/shard_00000.npy"
    assert shard.samefile(tiny_answerer.indexes["dense"].embeddings.shards[0])
    weights = "data.csc.index.npy"
    source = tiny_answerer.indexes["bm25"].header.folder
    assert (exported_answerer / "index_bm25" / weights).samefile(source / weights)


def test_it_answers_alike_where_it_was_moved_to(
    copied, answerer, load_answerer, monkeypatch, tmp_path
):
    (tmp_path / "elsewhere").mkdir()
    moved = copied.rename(tmp_path / "elsewhere" / "answerer")
    monkeypatch.chdir(tmp_path / "elsewhere")
    said, wanted = load_answerer("answerer")(QUESTION, top=3), answerer(QUESTION, top=3)
    assert said.n_best == wanted.n_best
    assert read_settings(moved) == answerer.settings


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: shutil.rmtree(folder / "fold_1"), "fold_1 is missing.*7 folders"),
        (lambda folder: shutil.rmtree(folder / "index_words"), "index_words is missing"),
        (
            lambda folder: shutil.copytree(folder / "fold_0", folder / "fold_2"),
            r"fold_2 is not of this export.*--pipelines odqa_export.*odqa\.experiment",
        ),
        (
            lambda folder: (folder / "answering/passages.parquet").write_bytes(b"cut"),
            r"answering is not what was exported: passages\.parquet differs",
        ),
        (
            lambda folder: (folder / "encoder_dense/config.json").unlink(),
            r"config\.json \(missing\)",
        ),
        (lambda folder: (folder / "fold_0/model.safetensors").unlink(), r"safetensors \(missing\)"),
    ],
)
def test_what_is_not_as_it_was_exported_is_refused(copied, load_answerer, change, said):
    change(copied)
    with pytest.raises(ValueError, match=said):
        load_answerer(copied)


def test_the_card_may_be_edited_and_a_folder_beside_is_nothing_to_it(copied, load_answerer):
    (copied / "README.md").write_text("my own words")
    (copied / "notes").mkdir()
    assert load_answerer(copied)(QUESTION).answer


def test_a_folder_without_manifest_that_lacks_its_readers_says_so(copied, load_answerer):
    (copied / "export.json").unlink()
    for fold in ("fold_0", "fold_1"):
        shutil.rmtree(copied / fold)
    with pytest.raises(FileNotFoundError, match="holds no reader"):
        load_answerer(copied)


def test_readers_of_different_windows_are_refused(copied, load_answerer):
    (copied / "export.json").unlink()
    path = copied / "fold_1/reader.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**described, "max_tokens": 50}), encoding="utf-8")
    with pytest.raises(ValueError, match="folds 0, 1 were trained with different settings"):
        load_answerer(copied)


def test_an_encoder_that_is_another_one_is_refused(copied, load_answerer, encoder_folders):
    (copied / "export.json").unlink()
    shutil.rmtree(copied / "encoder_dense")
    shutil.copytree(encoder_folders["electra"], copied / "encoder_dense")
    with pytest.raises(ValueError, match="made with another encoder"):
        load_answerer(copied)


def describe(indexed, *, report=None, rerank=None):
    return describe_search(
        RetrievalParams(retrievers=["bm25", "words"], top_k=9),
        FusionParams(name="weighted", normalise="min_max"),
        report or {},
        rerank or RerankParams(name="none"),
        indexed,
    )


def test_weights_that_were_fitted_are_those_of_the_search():
    found, reason = describe(["words", "bm25"], report={"weights": {"bm25": 0.7, "words": 0.3}})
    assert found.fusion.weights == {"bm25": 0.7, "words": 0.3}
    assert (found.retrievers, found.top_k, reason) == (("bm25", "words"), 9, "")


def test_a_retriever_without_index_leaves_no_search_and_says_why():
    found, reason = describe(["bm25"])
    assert found is None
    assert reason.startswith("retriever words has no index to hand out")


def test_a_cross_encoder_of_a_folder_is_taken_along_and_one_of_the_hub_is_not(tmp_path):
    own, hub = (RerankParams(**RERANK, model=name) for name in (str(tmp_path), "some/reranker"))
    assert (find_reranker(own), find_reranker(hub)) == (tmp_path, None)
    assert find_reranker(RerankParams(name="none")) is None
    both = ["bm25", "words"]
    assert describe(both, rerank=own)[0].rerank.model == "trained"
    assert describe(both, rerank=hub)[0].rerank.model == "some/reranker"
