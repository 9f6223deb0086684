"""The notebooks run from end to end on what the job and the look at the data left behind."""

import re
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def explored(whole_run, tmp_path_factory):
    """The folder of a project after the whole job and the pipeline eda."""
    project = whole_run[0].copy_to(tmp_path_factory.mktemp("explored") / "project")
    shutil.copytree(ROOT / "notebooks", project.folder / "notebooks")
    finished = project.run("--pipelines", "eda")
    assert finished.code == 0, finished.console
    return project.folder


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


@pytest.mark.slow
@pytest.mark.parametrize("start", [".", "notebooks"])
def test_the_tour_runs_from_the_root_and_from_its_folder(explored, start, monkeypatch):
    monkeypatch.setenv("KEDRO_ENV", "test")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("IPYTHONDIR", str(explored / ".ipython"))
    notebook = read(explored / "notebooks" / "01_explore.ipynb")
    resources = {"metadata": {"path": str(explored / start)}}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources)
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 6
    assert any("environment test" in str(output) for output in outputs)
    assert all(cell.outputs for cell in notebook.cells[2:] if cell.cell_type == "code")


def test_there_is_a_notebook():
    assert [path.name for path in NOTEBOOKS] == ["01_explore.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_outputs_and_no_paths_of_a_machine_are_committed(path):
    for cell in code_of(path):
        assert cell.outputs == []
        assert cell.execution_count is None
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|Users|root|work|tmp)/", text)
    assert sys.prefix not in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_every_code_cell_shows_something(path):
    """A cell that ends with an assignment would leave the reader without an answer."""
    for cell in code_of(path):
        last = cell.source.rstrip().splitlines()[-1]
        assert not re.match(r"\w+ = ", last), cell.source
