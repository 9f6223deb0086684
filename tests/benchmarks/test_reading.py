"""The benchmarks of reading on a few questions: both sides find the same, tables say it."""

import json
from pathlib import Path

import pytest
from benchmarks.reading import growth, run
from benchmarks.reading.answering import measure_answering, passages_of, write_answering
from benchmarks.reading.contenders import measure_reading, measure_training, write_windows
from benchmarks.reading.growth import measure_size, write_growth
from benchmarks.reading.workload import make_workload, read_gold_questions
from benchmarks.retrieval.corpus import SAMPLE_QUESTIONS
from benchmarks.turns import OURS

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def workload():
    """Windows so narrow that passages have several, read without rounding."""
    examples = read_gold_questions(SAMPLE_QUESTIONS, 12)
    return make_workload(examples, None, 1, max_tokens=128, precision="fp32", device="cpu")


def test_every_reader_finds_the_same_spans(workload):
    """Else a ratio of their times would say nothing."""
    result = measure_reading(workload, 1)
    assert result["windows"] == len(workload.features) >= 12
    assert set(result["same_span"].values()) == {1.0}
    assert max(result["largest_difference"].values()) < 1e-3
    assert result["ratios"][OURS] == [1.0, 1.0]
    assert f"{result['windows']} windows" in write_windows(result)


def test_every_trainer_is_measured(workload):
    result = measure_training(workload, 1)
    assert result["windows_per_second"] > 0
    assert all(min(ratio) > 0 for ratio in result["ratios"].values())
    assert len(write_windows(result).splitlines()) == 6


def test_a_plain_loop_gives_the_same_answers(workload):
    examples = workload.examples
    result = measure_answering(
        workload, passages_of(examples), examples[["question_id", "question"]].head(4), 3, 1
    )
    assert result["same_answer"] == 1
    assert sum(result["shares"].values()) == pytest.approx(1)
    assert "4 questions, the 3 best of" in write_answering(result)


def test_questions_are_asked_again_where_they_do_not_suffice(tmp_path):
    few = tmp_path / "questions.jsonl"
    few.write_text(SAMPLE_QUESTIONS.read_text(encoding="utf-8").split("\n")[0], encoding="utf-8")
    found = measure_size(few, 3, 2)
    assert found["cpu_seconds"] > 0
    assert found["peak_megabytes"] > 10


def test_growth_by_hand():
    measured = {
        "depth": 10, "size": 50,
        "questions": {"50": {"cpu_seconds": 2.0, "peak_megabytes": 100.4},
                      "200": {"cpu_seconds": 6.0, "peak_megabytes": 110.0}},
        "passages": {"1": {"cpu_seconds": 0.5, "peak_megabytes": 90.0},
                     "10": {"cpu_seconds": 2.0, "peak_megabytes": 100.0}},
    }  # fmt: skip
    lines = write_growth(measured).splitlines()
    assert "| CPU time of a question, relative | 1.00 | 0.75 |" in lines
    assert "| CPU time of a question, relative | 1.00 | 4.00 |" in lines
    assert "| peak memory of the process, MB | 100 | 110 |" in lines


def test_the_command_prints_what_it_measures(run_script, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results.json")
    measured = {"50": {"cpu_seconds": 1.0, "peak_megabytes": 9.0}}
    monkeypatch.setattr(growth, "_run", lambda *_: measured["50"])
    shown = run_script(run.main, "--only", "growth", "--sizes", 50, "--depths", 1, 5, "--save", "a")
    saved = json.loads(run.RESULTS.read_text(encoding="utf-8"))["reading: growth: a"]
    assert saved["questions"] == measured
    assert write_growth(saved) in shown


def test_committed_tables_are_those_of_the_command():
    results = json.loads((BENCHMARKS / "results.json").read_text(encoding="utf-8"))
    text = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    measured = {name: found for name, found in results.items() if name.startswith(run.KIND)}
    assert len(measured) >= len(run.WRITERS)
    for name, found in measured.items():
        write = run.WRITERS[name.removeprefix(run.KIND).partition(":")[0]]
        lines = write(found).splitlines()
        assert not [line for line in lines if line.startswith("|") and line not in text], name
