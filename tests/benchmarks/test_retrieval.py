"""The benchmarks of retrieval on a few passages: both sides do the same work, tables say it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks.retrieval import growth, run
from benchmarks.retrieval.corpus import (
    SAMPLE_QUESTIONS,
    read_questions,
    split_file,
    write_documents,
)
from benchmarks.retrieval.embedding import EMBEDDERS, OURS, measure_embedding
from benchmarks.retrieval.latency import compare_search, prepare
from benchmarks.retrieval.stages import DOCUMENTS, SLOW, STAGES, measure_stage

N_DOCUMENTS = 40
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    write_documents(folder / DOCUMENTS, N_DOCUMENTS)
    return folder


@pytest.fixture(scope="module")
def passages(folder):
    return split_file(folder / DOCUMENTS)


def test_there_are_as_many_passages_and_questions_as_wanted(passages):
    assert 0.8 * N_DOCUMENTS < len(passages) <= N_DOCUMENTS
    questions = read_questions(SAMPLE_QUESTIONS, 7)
    assert len(questions) == 7
    assert questions["question"].is_unique


@pytest.mark.parametrize("tokens", ["character_bigram", "kiwi_content"])
def test_both_engines_find_the_same(passages, tokens):
    """Else a ratio of their times would say nothing."""
    result = compare_search(prepare(passages, tokens), read_questions(SAMPLE_QUESTIONS, 5), 1)
    assert result["same_passages"] == 1
    assert result["passages"] == len(passages)
    assert result["search"] >= result["slowest_tenth"] > 0


def test_that_engines_disagree_would_be_seen(passages):
    contest = prepare(passages, "character_bigram")
    question = ["이다", "있다"]
    assert contest.agrees(question)
    contest.theirs.get_scores = lambda _: np.arange(len(passages), dtype=float)
    assert not contest.agrees(question)


def test_every_embedder_makes_the_same_vectors(passages):
    result = measure_embedding(passages.head(6), "scratch", 1, 1)
    assert result["ratios"][OURS] == [1.0, 1.0]
    assert set(result["least_cosine"]) == set(EMBEDDERS)
    assert min(result["least_cosine"].values()) > 0.99


def test_every_stage_is_measured(folder):
    for stage in STAGES:
        found = measure_stage(stage, folder, folder)
        assert found["cpu_seconds"] >= 0
        assert found["peak_megabytes"] > 10
    assert set(SLOW) < set(STAGES)


@pytest.mark.slow
def test_stages_are_measured_in_processes_of_their_own(monkeypatch):
    quick = {name: stage for name, stage in STAGES.items() if name.startswith("split: whole")}
    monkeypatch.setattr(growth, "STAGES", quick)
    measured = growth.measure_growth([20, 40], [20], rounds=1)
    assert [list(sizes) for sizes in measured.values()] == [["20", "40"]]


def test_growth_by_hand():
    stages = {
        "group": {
            "10": {"cpu_seconds": 1.0, "peak_megabytes": 100.4},
            "40": {"cpu_seconds": 3.0, "peak_megabytes": 200.0},
        },
        "embed": {"10": {"cpu_seconds": 5.0, "peak_megabytes": 300.0}},
    }
    lines = growth.write_growth(stages).splitlines()
    assert "| group | 1.00 | 0.75 |" in lines
    assert "| group | 100 | 200 |" in lines
    assert "| embed | 300 | – |" in lines


def test_the_command_prints_what_it_measures(run_script, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results.json")
    questions = tmp_path / "questions.jsonl"
    pd.DataFrame({"id": ["a", "b"], "question": ["누가 세웠는가?", "어디에 있는가?"]}).to_json(
        questions, orient="records", lines=True, force_ascii=False
    )
    shown = run_script(run.main, "--documents", folder / DOCUMENTS, "--questions", questions,
                       "--only", "latency", "--save", "mine")  # fmt: skip
    saved = json.loads(run.RESULTS.read_text(encoding="utf-8"))["retrieval: latency: mine"]
    assert saved[0]["questions"] == 2
    assert run.write_latency(saved) in shown


def test_committed_tables_are_those_of_the_command():
    results = json.loads((BENCHMARKS / "results.json").read_text(encoding="utf-8"))
    text = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    measured = {name: found for name, found in results.items() if name.startswith(run.KIND)}
    assert len(measured) >= len(run.WRITERS)
    for name, found in measured.items():
        write = run.WRITERS[name.removeprefix(run.KIND).partition(":")[0]]
        lines = write(found).splitlines()
        assert not [line for line in lines if line.startswith("|") and line not in text], name
