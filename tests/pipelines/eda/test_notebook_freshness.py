"""The notebook says when the rows were cleaned after the look at them."""

import ast
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro_datasets.json import JSONDataset

NOTEBOOK = Path(__file__).resolve().parents[3] / "notebooks" / "01_explore.ipynb"
FILES = ("eda_report", "clean_sentences", "clean_test_sentences")
AGAIN = "un `kedro run --pipelines eda` again"


@pytest.fixture
def say(tmp_path):
    """Evaluate the notebook's cell on files of these ages in seconds."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    (source,) = ("".join(cell["source"]) for cell in cells if cell["id"] == "is-up-to-date")
    *statements, last = ast.parse(source).body

    def run(*, elsewhere=False, **ages):
        for name, age in ages.items():
            (tmp_path / name).write_text("{}")
            os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
        catalog = {name: JSONDataset(filepath=str(tmp_path / name)) for name in FILES}
        if elsewhere:
            catalog["eda_report"] = SimpleNamespace()
        names = {"catalog": catalog}
        exec(compile(ast.Module(statements, []), NOTEBOOK.name, "exec"), names)  # noqa: S102
        return eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)  # noqa: S307

    return run


@pytest.mark.parametrize(
    ("ages", "text"),
    [
        ((50, 10, 60), "OUT OF DATE: clean_sentences came later"),
        ((50, 10, 10), "clean_sentences and clean_test_sentences came later"),
        ((5, 10, 10), "belong to the cleaned rows"),
    ],
)
def test_rows_that_were_cleaned_later_are_named(say, ages, text):
    line = say(**dict(zip(FILES, ages, strict=True)))
    assert text in line
    assert (AGAIN in line) == ("came later" in text)


@pytest.mark.parametrize("case", ["file is gone", "store without times"])
def test_unknown_times_are_no_error(say, case):
    ages = {"clean_sentences": 10} | ({"eda_report": 5} if case == "file is gone" else {})
    line = say(elsewhere=case != "file is gone", **ages)
    assert "not known" in line
    assert AGAIN in line
