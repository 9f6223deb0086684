"""The notebooks run from end to end on what runs left behind."""

import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from projects import Project

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PLANTED = " <script>plant()</script> & <b>$5</b>"
LATER = "typed_punct_query--longer"
NUMBER = re.compile(r"-?\d+\.\d+")
COLUMNS = {
    "micro F1": "micro_f1",
    "AUPRC": "auprc",
    "accuracy": "accuracy",
    "micro F1, shift-aware": "shift_micro_f1",
    "AUPRC, shift-aware": "shift_auprc",
    "accuracy, shift-aware": "shift_accuracy",
}
"""The columns of the leaderboard behind the titles of the notebook, in its order."""


class Table(HTMLParser):
    """The elements of a table, and the texts of its cells row by row, as a browser reads them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.rows, self._is_in_cell = set(), [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._is_in_cell = True

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self._is_in_cell = False

    def handle_data(self, text):
        if self._is_in_cell:
            self.rows[-1][-1] += text


@pytest.fixture(scope="module")
def explored(staged_run, tmp_path_factory):
    """A project after the whole job of one experiment and a look at its data."""
    return copy_with_notebooks(staged_run, tmp_path_factory.mktemp("explored"))


@pytest.fixture(scope="module")
def compared(two_experiments, tmp_path_factory):
    """A project after the whole jobs of two experiments, one of them once more since then."""
    project = copy_with_notebooks(two_experiments, tmp_path_factory.mktemp("compared"))
    plant_markup(project)
    start_again(project, LATER)
    return project


@pytest.fixture(scope="module")
def comparison(compared):
    return execute(compared, "02_compare_experiments.ipynb", ".")


@pytest.fixture(scope="module")
def followed(command_server, tmp_path_factory):
    """The notebook that follows one question, run in a project that answered all of them."""
    project = Project.create(tmp_path_factory.mktemp("followed") / "project")
    shutil.copytree(ROOT / "notebooks", project.folder / "notebooks")
    ended = project.run("--pipelines", "odqa")
    assert ended.code == 0, ended.console
    return execute(project, "03_follow_a_question.ipynb", "notebooks")


def copy_with_notebooks(project, folder):
    project = project.copy_to(folder / "project")
    shutil.copytree(ROOT / "notebooks", project.folder / "notebooks")
    return project


def plant_markup(project):
    """End every sentence of the tables of errors like a piece of a page."""
    for path in (project.data / "08_reporting").glob("*/error_rows.parquet"):
        rows = pd.read_parquet(path)
        rows.assign(sentence=rows["sentence"] + PLANTED).to_parquet(path)


def start_again(project, experiment):
    """Date the latest run of an experiment after everything else."""
    path = project.data / "08_reporting" / experiment / "run_record.json"
    later, changes = re.subn(r'("started_at": ")\d{4}', r"\g<1>2999", path.read_text("utf-8"))
    assert changes == 1
    path.write_text(later, "utf-8")


def execute(project, name, start):
    """Run a notebook in the environment ``test``, from a folder of the project."""
    notebook = read(project.folder / "notebooks" / name)
    resources = {"metadata": {"path": str(project.folder / start)}}
    client = NotebookClient(notebook, timeout=240, kernel_name="python3", resources=resources)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KEDRO_ENV", "test")
        environment.setenv("PYTHONPATH", str(ROOT / "src"))
        environment.setenv("IPYTHONDIR", str(project.folder / ".ipython"))
        client.execute()
    assert all(cell.outputs for cell in notebook.cells if cell.cell_type == "code")
    return notebook


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def shown_by(notebook, cell_id, kind="text/plain"):
    """Return what a cell shows last, in one of the forms that it comes in."""
    [cell] = [cell for cell in notebook.cells if cell.id == cell_id]
    return [output.data[kind] for output in cell.outputs if kind in output.get("data", {})][-1]


def table_of(notebook, cell_id):
    return Table(shown_by(notebook, cell_id, "text/html"))


def count_pictures(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


# A notebook starts in the root or in its folder: the tour in the one, the comparison in both.
@pytest.mark.slow
def test_the_tour_shows_its_pictures(explored):
    notebook = execute(explored, "01_explore.ipynb", ".")
    assert count_pictures(notebook) == 6
    assert "environment test" in shown_by(notebook, "cell-02")


@pytest.mark.slow
def test_one_experiment_has_nothing_to_be_compared_with(explored):
    notebook = execute(explored, "02_compare_experiments.ipynb", "notebooks")
    for cell in ("pair", "paired-differences", "mcnemar"):
        assert "nothing to compare: only typed_punct_query has scores" in shown_by(notebook, cell)
    assert "the blend has one member" in shown_by(notebook, "diversity")
    assert "Nothing was run or cleaned" in shown_by(notebook, "is-up-to-date")
    assert count_pictures(notebook) == 2


@pytest.mark.slow
def test_two_experiments_have_the_scores_of_the_leaderboard(compared, comparison):
    board = pd.read_csv(compared.data / "08_reporting" / "leaderboard.csv")
    ranked = board[board["kind"] == "single"].set_index("experiment")
    header, *lines = table_of(comparison, "paired-differences").rows
    assert header[1:3] == ranked.index.tolist()
    assert [name for name, *_ in lines] == list(COLUMNS)
    for name, *cells in lines:
        column = COLUMNS[name]
        for experiment, cell in zip(ranked.index, cells, strict=False):
            shown = [float(number) for number in NUMBER.findall(cell)]
            wanted = ranked.loc[experiment, [column, f"{column}_low", f"{column}_high"]]
            assert shown == pytest.approx(wanted.tolist(), abs=0.0051)


@pytest.mark.slow
def test_the_members_of_the_blend_are_laid_side_by_side(comparison):
    [_, pair] = table_of(comparison, "diversity").rows
    assert pair[1:3] == ["typed_punct_query", LATER]
    assert count_pictures(comparison) == 2


@pytest.mark.slow
def test_a_run_after_the_leaderboard_is_noticed(comparison):
    assert f"OUT OF DATE: {LATER} came later" in shown_by(comparison, "is-up-to-date")


@pytest.mark.slow
def test_sentences_are_shown_as_text_with_their_entities_marked(comparison):
    table = table_of(comparison, "confident-errors")
    assert table.tags.isdisjoint({"script", "b"})
    header, *errors = table.rows
    sentences = [row[header.index("sentence")] for row in errors]
    assert len(sentences) == 10
    for sentence in sentences:
        assert sentence.endswith(PLANTED)
        assert re.search(r"\[\[.+\]\]", sentence)
        assert re.search(r"<<.+>>", sentence)


@pytest.mark.slow
def test_a_question_is_followed_to_the_answer_that_the_run_gave(followed):
    """What the notebook computes step by step is what the run stored."""
    stored = dict(row[:2] for row in table_of(followed, "confidence-of-answer").rows[1:])
    header, *chosen = table_of(followed, "answers").rows
    weighted = chosen[-1][header.index("weight")]
    best = next(row for row in chosen if row[header.index("weight")] == weighted)
    assert best[header.index("text")] == stored["text"]
    assert float(best[header.index("probability")]) == pytest.approx(
        float(stored["probability"]), abs=6e-4
    )
    assert float(stored["confidence, computed here"]) == pytest.approx(float(stored["confidence"]))
    asked, said, *_ = table_of(followed, "ask").rows
    assert said[asked.index("text")] == stored["text"]


@pytest.mark.slow
def test_a_followed_question_shows_its_passages_windows_and_scores(followed):
    header, *listed = table_of(followed, "passages").rows
    assert [row[header.index("rank")] for row in listed] == [str(rank) for rank in range(1, 11)]
    assert sum(row[header.index("gold")] == "True" for row in listed) == 1
    assert len(table_of(followed, "windows").rows) > 2
    header, *spans = table_of(followed, "spans").rows
    for row in spans:
        first, last, both = (
            float(row[header.index(name)]) for name in ("first token", "last token", "logit")
        )
        assert first + last == pytest.approx(both, abs=2e-3)
    assert count_pictures(followed) == 2


def test_the_notebooks_are_there():
    names = [path.name.partition("_")[0] for path in NOTEBOOKS]
    assert names == ["01", "02", "03"]


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
