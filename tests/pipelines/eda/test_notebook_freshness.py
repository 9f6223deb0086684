"""The notebook says when the rows were cleaned after the look at them."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[3]
STAND_IN = """
import os
from pathlib import Path
from types import SimpleNamespace

from kedro_datasets.json import JSONDataset

folder, ages = Path({folder!r}), {ages!r}
for name, age in ages.items():
    (folder / name).write_text("{{}}")
    os.utime(folder / name, (1e9 - age, 1e9 - age))
files = {{name: JSONDataset(filepath=str(folder / name)) for name in
         ("eda_report", "clean_sentences", "clean_test_sentences")}}
if {elsewhere!r}:
    files["eda_report"] = SimpleNamespace()
catalog = files
"""
AGAIN = "run `kedro run --pipelines eda` again"


@pytest.fixture(scope="module")
def kernel():
    """A running kernel, shared: to start one takes longer than the rest."""
    client = NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3", timeout=60)
    with client.setup_kernel():
        yield client


@pytest.fixture
def say(kernel, tmp_path):
    """Run the notebook's own cell on files of these ages in seconds."""
    cells = nbformat.read(ROOT / "notebooks" / "01_explore.ipynb", as_version=4).cells
    (shipped,) = [cell for cell in cells if cell.id == "is-up-to-date"]

    def run(*, elsewhere=False, **ages):
        text = STAND_IN.format(folder=str(tmp_path), ages=ages, elsewhere=elsewhere)
        kernel.nb.cells = [nbformat.v4.new_code_cell(text), shipped]
        for place, cell in enumerate(kernel.nb.cells):
            kernel.execute_cell(cell, place)
        return shipped.outputs[-1]["data"]["text/plain"]

    return run


def test_newer_rows_are_named(say):
    said = say(eda_report=50, clean_sentences=10, clean_test_sentences=60)
    assert "OUT OF DATE: clean_sentences came later" in said
    assert AGAIN in said.replace("Run", "run")
    both = say(eda_report=50, clean_sentences=10, clean_test_sentences=10)
    assert "clean_sentences and clean_test_sentences came later" in both


def test_a_later_look_is_up_to_date(say):
    said = say(eda_report=5, clean_sentences=10, clean_test_sentences=10)
    assert "belong to the cleaned rows" in said


@pytest.mark.parametrize("case", ["file is gone", "store without times"])
def test_unknown_times_are_no_error(say, case):
    ages = {"clean_sentences": 10} | ({"eda_report": 5} if case == "file is gone" else {})
    said = say(elsewhere=case != "file is gone", **ages)
    assert "not known" in said
    assert AGAIN in said
