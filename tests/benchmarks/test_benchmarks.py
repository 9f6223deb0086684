"""The benchmarks run through on a tiny encoder; what they measure there means nothing."""

import json
from pathlib import Path

import pytest
from benchmarks.run import main

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_benchmark_prints_its_table(encoder, run_script):
    sizes = ["--rows", "24", "--rounds", "1", "--data-rows", "60", "120", "--model-rows", "8", "16"]
    sizes += ["--memory-rows", "24"]
    shown = run_script(main, "--encoder", encoder, "--layers", "1", *sizes)
    for wanted in (
        "contest baseline",
        "tuned plain Trainer",
        "padded fp32",
        "tokenize",
        "predict",
        "MB at most",
    ):
        assert wanted in shown
    assert "peak" in shown


def test_committed_results_are_those_of_the_script():
    """The table in benchmarks/README.md is the one of results.json."""
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    ratios = {**results["training"], **results["inference"]}
    assert {"ours / contest baseline", "ours / tuned plain Trainer", "ours / padded fp32"} <= set(
        ratios
    )
    for name, value in ratios.items():
        if name.startswith("ours / ") and name != "ours / ours":
            assert f"{value:.2f}" in text, name
