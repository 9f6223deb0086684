"""Finding passages through the command line: what lies there afterwards, what is refused."""

import csv
import json
import sqlite3

import pytest
from projects import Project

from klue_pipeline.odqa.metrics.task_scores import DEPTHS

pytestmark = pytest.mark.slow

JOB = ("--pipelines", "odqa_retrieval")
FEW = "odqa.ingest.max_questions=150"
BM25 = "odqa.experiment=bm25"


def results(project: Project):
    return project.data / "08_reporting" / "odqa"


def params(*settings: str) -> tuple[str, str]:
    return ("--params", ",".join([FEW, *settings]))


@pytest.fixture(scope="module")
def searched(command_server, tmp_path_factory):
    """A project after two experiments; the second reads what the first made, too."""
    project = Project.create(tmp_path_factory.mktemp("odqa") / "project")
    first = project.run(*JOB, *params(BM25, "mlflow.enabled=true"))
    assert first.code == 0, first.console
    tokens = project.data / "04_feature" / "odqa" / ".cache"
    kept = {path: path.stat().st_mtime_ns for path in tokens.rglob("*") if path.is_file()}
    second = project.run(*JOB, *params("odqa.experiment=hybrid"))
    assert second.code == 0, second.console
    assert kept
    assert all(path.stat().st_mtime_ns == before for path, before in kept.items())
    return project, first, second


def test_the_end_of_a_run_tells_how_good_it_is_and_what_to_open(searched):
    _, first, second = searched
    assert "bm25 on" in first.console
    assert "recall at 10" in first.console
    assert "data/test/08_reporting/odqa/bm25/retrieval_report.html" in first.console
    assert "odqa.experiment=hybrid" in first.console
    assert "the best single retriever, bm25" in " ".join(second.console.split())


def test_every_test_question_has_its_best_passages(searched):
    project, *_ = searched
    with (results(project) / "bm25" / "run.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["question_id", "passage_id", "rank", "score"]
    asked = (project.folder / "data/01_raw/sample/odqa/test.jsonl").read_text("utf-8").splitlines()
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        found.setdefault(row["question_id"], []).append(row)
    assert found.keys() == {json.loads(line)["id"] for line in asked}
    for of_one in found.values():
        assert [int(row["rank"]) for row in of_one] == list(range(1, len(of_one) + 1))
        scores = [float(row["score"]) for row in of_one]
        assert scores == sorted(scores, reverse=True)
        assert len(of_one) <= 100


def test_the_report_judges_each_retriever_and_their_fusion(searched):
    project, *_ = searched
    report = project.read_json("08_reporting/odqa/hybrid/retrieval_report.json")
    assert list(report["runs"]) == ["bm25", "bm25_kiwi", "tfidf", "fusion"]
    assert report["runs"]["fusion"]["trained"]  # its weights are fitted
    scores = report["runs"]["fusion"]["parts"]["validation"]["scores"]
    recall = [scores[f"recall_at_{depth}"]["value"] for depth in DEPTHS]
    assert recall == sorted(recall)
    assert recall[-1] > 80
    assert sum(report["fusion"]["weights"].values()) == pytest.approx(1)
    for page in ("retrieval_report.html", "misses.html"):
        assert "<html" in (results(project) / "hybrid" / page).read_text("utf-8")


def test_the_leaderboard_ranks_both_and_says_why_they_were_tried(searched):
    project, *_ = searched
    with (results(project) / "leaderboard.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["experiment"] for row in rows} == {"bm25", "hybrid"}
    assert all(row["why"] and row["status"] == "finished" for row in rows)
    assert sorted(int(row["rank"]) for row in rows) in ([1, 2], [1, 1])
    # Relation extraction has a leaderboard of its own, which knows nothing of them.
    assert not (project.data / "08_reporting" / "leaderboard.csv").exists()


def test_mlflow_names_the_run_after_its_experiment(searched):
    project, *_ = searched
    with sqlite3.connect(project.folder / "mlflow.db") as database:
        ((name,),) = database.execute("select name from runs")
        logged = dict(database.execute("select key, value from params"))
    assert name == "bm25: odqa_retrieval"
    assert logged["retrievers.bm25.tokens"] == "character_bigram"
    assert not [key for key in logged if key.startswith(("retrievers.tfidf", "head."))]


def test_a_node_is_run_again_and_other_settings_are_refused(searched, tmp_path):
    project = searched[0].copy_to(tmp_path / "again")
    before = (results(project) / "bm25" / "run.csv").read_bytes()
    again = project.run("--nodes", "odqa.search_bm25", *params(BM25))
    assert again.code == 0, again.console
    rest = project.run("--pipelines", "odqa_retrieve", *params(BM25))
    assert rest.code == 0, rest.console
    assert (results(project) / "bm25" / "run.csv").read_bytes() == before
    others = params(BM25, "odqa.retrievers.bm25.k1=0.9")
    other = project.run("--nodes", "odqa.search_bm25", *others)
    assert other.code == 1
    assert "odqa.retrievers.bm25.k1 was 1.5, this run says 0.9" in other.console


def test_an_index_of_other_documents_is_refused(searched, tmp_path):
    project = searched[0].copy_to(tmp_path / "other")
    documents = project.folder / "data/01_raw/sample/odqa/documents.jsonl"
    lines = documents.read_text("utf-8").splitlines()
    documents.write_text("\n".join(lines[:-1]), encoding="utf-8")
    refused = project.run("--pipelines", "odqa_retrieve", *params(BM25))
    assert refused.code == 1
    assert "odqa.raw.documents was of other content" in refused.console


def test_a_trained_retriever_leaves_encoders_and_a_run_of_its_own(command_server, tmp_path):
    from transformers import AutoModel

    project = Project.create(tmp_path / "project")
    ended = project.run(*JOB, *params("odqa.experiment=dense_trained", "mlflow.enabled=true"))
    assert ended.code == 0, ended.console
    folder = project.data / "06_models/odqa/dense_trained/retriever"
    for encoder in ("p_encoder", "q_encoder"):
        assert AutoModel.from_pretrained(folder / encoder).config.hidden_size == 16
    report = project.read_json("08_reporting/odqa/dense_trained/retrieval_report.json")
    assert report["runs"]["dense_trained"]["trained"]
    with sqlite3.connect(project.folder / "mlflow.db") as database:
        names = {name for (name,) in database.execute("select name from runs")}
        curve = database.execute("select count(*) from metrics where key = 'loss'").fetchone()[0]
    assert names == {"dense_trained: odqa_retrieval", "retriever"}
    assert curve > 0
    scratch = project.data / "06_models/odqa/dense_trained/.scratch_retriever"
    assert not scratch.exists()


TRAINED = ("odqa.experiment=dense_trained", "odqa.retriever_training.checkpoint_every_steps=2")
RUN = "07_model_output/odqa/dense_trained/run.parquet"


def test_a_killed_command_goes_on_to_the_same_run(command_server, tmp_path):
    """Once in the training, once while passages are embedded."""
    unbroken = Project.create(tmp_path / "unbroken")
    ended = unbroken.run(*JOB, *params(*TRAINED))
    assert ended.code == 0, ended.console
    project = Project.create(tmp_path / "killed")
    killed = project.run_until("retriever", 3, *JOB, *params(*TRAINED))
    assert killed.code == -9, killed.console
    again = project.start(*JOB, "--only-missing-outputs", *params(*TRAINED))
    cache = project.data / "04_feature/odqa/.cache/embeddings"
    assert "Resuming from checkpoint-2" in again.kill_when(
        lambda: bool(list(cache.glob("*/shard_00000.npy")))
    )
    (shard,) = cache.glob("*/shard_00000.npy")
    embedded_at = shard.stat().st_mtime_ns
    whole = project.run(*JOB, "--only-missing-outputs", *params(*TRAINED))
    assert whole.code == 0, whole.console
    assert shard.stat().st_mtime_ns == embedded_at
    assert (project.data / RUN).read_bytes() == (unbroken.data / RUN).read_bytes()
