"""``kedro check-submission``: every wrong line of a file by its number, and the shell's answer."""

import hashlib
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner

from klue_pipeline.cli import cli
from klue_pipeline.commands import check_submission
from klue_pipeline.commands.check_submission import Expected, find_line_problems
from klue_pipeline.evaluation.labels import LabelSet

NAMES = ["no_relation", "per:title"]
ROW_IDS = ["0", "1", "2"]
GOOD = 'id,pred_label,probs\n0,no_relation,"[0.9, 0.1]"\n1,per:title,"[0.2, 0.8]"\n'
WHOLE = GOOD + '2,no_relation,"[0.5, 0.5]"\n'
LABELS = LabelSet(names=NAMES, negative="no_relation")
KNOWN = Expected(ROW_IDS, NAMES)


def find(text, expected=KNOWN):
    return find_line_problems(text.encode(), expected)


class Catalog:
    """Datasets as far as a test says that they are on disk."""

    def __init__(self, **datasets):
        self.datasets = datasets

    def exists(self, name):
        return name in self.datasets

    def load(self, name):
        return self.datasets[name]

    def get(self, name):
        return None  # none of them is in a bucket


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Type the command with files of these contents; which catalog was asked for is kept."""

    def type_command(*contents, catalog, options=()):
        asked = []
        raw = SimpleNamespace(test="my/test.csv")
        context = SimpleNamespace(catalog=catalog, params={"raw": raw})
        monkeypatch.setattr(
            check_submission, "open_context", lambda *given: asked.append(given) or context
        )
        paths = [tmp_path / f"{number}.csv" for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content.encode())
        result = CliRunner().invoke(cli, ["check-submission", *map(str, paths), *options])
        return result, asked

    return type_command


@pytest.fixture
def catalog():
    return Catalog(
        clean_test_sentences=pd.DataFrame({"row_id": ROW_IDS}),
        labels=LABELS,
    )


def test_a_good_file_has_no_problems():
    assert find(WHOLE) == []
    assert find(WHOLE, Expected()) == []
    assert find("\ufeff" + WHOLE.replace("\n", "\r\n")) == []


def test_lines_are_those_of_the_file_also_behind_cells_of_several_lines():
    text = (
        "id,pred_label,probs\n"
        '0,per:title,"[0.9,\n 0.1]"\n'
        "\n"
        '1,per:title,"[0.2,\n\n 0.9]"\n'
        '7,no_relation,"[1, 0]"\n'
    )
    assert find(text) == [
        "No line for 1 of 3 test rows: '2'.",
        "line 2 (id 0): pred_label is 'per:title', but the largest of probs belongs to "
        "'no_relation'; are the probs in label order?",
        "line 5 (id 1): probs must lie in 0 to 1 and sum to 1; found 0.2 to 0.9 with sum 1.1.",
        "line 8 has id '7', which no test row has.",
    ]


def test_a_row_whose_probs_are_not_quoted_is_named_once_and_its_id_counts():
    assert find(GOOD + "2,no_relation,[0.5, 0.5]\n") == [
        "line 4: 3 cells were wanted, found 4; is probs in double quotes?"
    ]
    assert find(GOOD + "2\n") == [
        "line 4: 3 cells were wanted, found 1; is probs in double quotes?"
    ]


def test_an_uneven_row_says_nothing_of_the_others():
    assert find("id,pred_label,probs\n0,x,[1],more\n" + GOOD.split("\n", 1)[1], Expected()) == [
        "Every id stands once in a submission; '0' is repeated.",
        "line 2: 3 cells were wanted, found 4; is probs in double quotes?",
        "line 3 repeats the id '0'.",
    ]


@pytest.mark.parametrize("open_line", ['1,per:title,"[0.2, 0.8]\n', '1,"per:title,"[0.2, 0.8]"\n'])
def test_a_quote_that_is_not_closed_does_not_hide_the_lines_behind_it(open_line):
    text = GOOD.replace('1,per:title,"[0.2, 0.8]"\n', open_line) + '2,no_relation,"[0.6, 0.5]"\n'
    broken, later = find(text)
    assert broken.startswith("line 3: the row that begins here is no CSV")
    assert later.startswith("line 4 (id 2): probs must lie in 0 to 1 and sum to 1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,label,probs\n", "line 1: A submission has the columns"),
        ("id;pred_label;probs\n", "line 1: A submission has the columns"),
        ("", "line 1: the file is empty"),
        ("id,pred_label,probs\n", "A submission has one row per test row; found no rows."),
        ('"id,pred_label,probs\n0,x,[1]\n', "line 1: the row that begins here is no CSV"),
    ],
)
def test_a_file_of_another_form_has_one_problem(text, message):
    [problem] = find(text)
    assert problem.startswith(message)


def test_a_good_file_is_described_and_the_shell_is_told_so(call, catalog, tmp_path):
    result, asked = call(WHOLE, catalog=catalog, options=["--env", "klue", "--params", "a.b=1"])
    assert result.exit_code == 0
    assert asked == [("klue", ["a.b=1"])]
    assert result.output == (
        f"{tmp_path / '0.csv'}: no problems\n"
        "  rows    3\n"
        "  labels  no_relation 66.7%, per:title 33.3%\n"
        f"  sha256  {hashlib.sha256(WHOLE.encode()).hexdigest()}\n"
        "Compared with the 3 test rows of my/test.csv (--env klue).\n"
    )


@pytest.mark.parametrize(
    ("label", "probs", "said"),
    [
        ("no_relation", "[0.9, 0.1]", "every row is no_relation, which micro F1 leaves out"),
        ("per:title", "[0.1, 0.9]", "every row is per:title. Was"),
    ],
)
def test_one_label_for_all_rows_is_worth_a_warning(call, catalog, label, probs, said):
    rows = "".join(f'{row},{label},"{probs}"\n' for row in ROW_IDS)
    result, _ = call("id,pred_label,probs\n" + rows, catalog=catalog)
    assert result.exit_code == 0
    assert f"  warning: {said}" in result.output
    assert "test rows of my/test.csv; --env chooses those of another" in result.output


def test_every_file_is_checked_and_one_bad_one_is_enough(call, catalog):
    result, _ = call(GOOD, WHOLE, catalog=catalog)
    assert result.exit_code == 1
    assert "0.csv: 2 problems\n  A submission has one row per test row: 3" in result.output
    assert "1.csv: no problems\n" in result.output


def test_twenty_problems_are_shown_and_the_rest_counted(call, catalog):
    rows = "".join(f'{row},no_relation,"[0.9]"\n' for row in range(25))
    result, _ = call("id,pred_label,probs\n" + rows, catalog=Catalog(labels=LABELS))
    assert "0.csv: 25 problems\n" in result.output
    lines = [line for line in result.output.splitlines() if line.startswith("  ")]
    assert lines[0].startswith("  line 2 (id 0): probs must be a list of 2 numbers")
    assert lines[19].startswith("  line 21 (id 19)")
    assert lines[20:] == ["  and 5 more"]


def test_without_test_rows_and_labels_only_the_form_is_checked(call):
    other = WHOLE.replace("per:title", "other").replace("\n2,", "\n9,")
    result, _ = call(other, catalog=Catalog(), options=["--env", "klue"])
    assert result.exit_code == 0
    assert "Only the form was checked. Not checked: whether ids are those of the" in result.output
    assert result.output.endswith("first run kedro run --env klue --pipelines ingest,clean\n")


def test_what_is_there_is_checked_against(call, catalog):
    del catalog.datasets["labels"]
    result, _ = call(WHOLE.replace("\n2,", "\n9,").replace("title", "t"), catalog=catalog)
    assert result.exit_code == 1
    assert "line 4 has id '9', which no test row has." in result.output
    assert "Only the form" not in result.output
    assert "whether all labels are known and probs in their order (no labels)" in result.output


@pytest.mark.slow
def test_the_project_s_own_submission_fits_its_test_rows(whole_run, tmp_path):
    project = whole_run[0]
    own = project.data / "08_reporting/submission.csv"
    swapped = tmp_path / "swapped.csv"
    lines = own.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[1:3] = lines[2:0:-1]
    swapped.write_text("".join(lines), encoding="utf-8")
    ended = project.kedro("check-submission", str(own), str(swapped), "--env", "test")
    assert ended.code == 1
    assert f"{own}: no problems\n" in ended.console
    assert f"sha256  {hashlib.sha256(own.read_bytes()).hexdigest()}" in ended.console
    assert f"{swapped}: 1 problem\n  line 2 has id" in ended.console
    assert "Not checked" not in ended.console
