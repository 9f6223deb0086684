"""A file that may be missing: when it is None, and when that is an error."""

import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.inputs.optional import OptionalDataset

CSV = {"type": "klue_pipeline.datasets.csv_table.UserTableDataset"}
TEXT = "row_id,decision\n007,keep\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project's folder, entered at a folder inside it, as notebooks are."""
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\npackage_name = 'x'\n")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def dataset(filepath, **arguments):
    return OptionalDataset(dataset=CSV, filepath=filepath, setting="raw.reviewed_rows", **arguments)


def test_no_file_is_none():
    nothing = dataset(None)
    assert nothing.load() is None
    assert not nothing.is_optional
    assert not nothing.exists()
    assert nothing.resolved_source is None
    assert nothing._filepath is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_is_read_by_the_dataset_inside(project, encoding):
    (project / "review.csv").write_text(TEXT, encoding=encoding)
    for given in ("review.csv", str(project / "review.csv")):
        found = dataset(given)
        assert found.load().to_dict("list") == {"row_id": ["007"], "decision": ["keep"]}
        assert found.exists()
        assert found.resolved_source == str(project / "review.csv")
        assert found._filepath == project / "review.csv"


def test_a_home_folder_is_found_although_kedro_puts_the_project_before_it(project, monkeypatch):
    monkeypatch.setenv("HOME", str(project))
    (project / "review.csv").write_text(TEXT)
    for given in ("~/review.csv", str(project / "notebooks" / "~" / "review.csv")):
        assert len(dataset(given).load()) == 1


@pytest.mark.parametrize(
    ("given", "found"), [("nowhere.csv", "is not there"), ("notebooks", "is a folder")]
)
def test_a_named_file_has_to_be_there(project, given, found):
    with pytest.raises(
        DatasetError, match=rf"/{given}, .*{found}.*raw\.reviewed_rows=<file>, or null"
    ):
        dataset(given).load()
    assert dataset(given).resolved_source == str(project / given)


def test_what_an_earlier_run_may_have_left_need_not_be_there(project):
    later = OptionalDataset(dataset=CSV, filepath="later.csv", made_by="ensemble")
    assert later.load() is None
    assert later.is_optional
    assert not later.exists()
    assert later.resolved_source is None
    (project / "later.csv").write_text(TEXT)
    assert len(later.load()) == 1
    assert later.resolved_source == str(project / "later.csv")
    (project / "later.csv").write_bytes(b"")
    with pytest.raises(DatasetError, match="make it again with kedro run --pipelines ensemble"):
        later.load()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("row_id,분류\n1,가".encode("cp949"), r"line 1: byte 0xba is not UTF-8.*iconv -f CP949"),
        (b"", r"line 1: the file is empty, a header was wanted\)\. Give"),
        (
            "row_id,decision\n1,keep\n2,drop,김,이\n".encode(),
            r"line 3 has 4 cells, the header 2; a text with commas stands .*\)\. Give",
        ),
        (b"row_id,decision,decision\n1,keep,drop\n", r"more than one column decision; rename all"),
        (
            b"\xd0\xcf\x11\xe0\xa1",
            r"this is an old workbook .*; save the sheet as CSV UTF-8\)",
        ),
    ],
)
def test_an_unreadable_file_says_which_and_what_to_do(project, content, message):
    (project / "review.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=message) as error:
        dataset("review.csv").load()
    assert str(project / "review.csv") in str(error.value)
    assert "--params raw.reviewed_rows=<file>" in str(error.value)
    assert "\n" not in str(error.value)
