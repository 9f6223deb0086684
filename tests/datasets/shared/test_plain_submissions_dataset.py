"""The folder of submission files from elsewhere."""

import shutil

import pytest

from klue_pipeline.datasets.shared.drop_folders import PlainSubmissionsDataset
from klue_pipeline.relation.submissions.plain_submissions import read_plain_submissions

NAMES = ["no_relation", "인물:직업"]
LINES = 'id,pred_label,probs\n0,no_relation,"[0.75, 0.25]"\n007,인물:직업,"[0.5e-3, 0.9995]"\n'


def write(path, text=LINES, encoding="utf-8"):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode(encoding))


@pytest.fixture
def drop(tmp_path):
    """Sound files beside everything else that people drop."""
    drop = tmp_path / "submissions"
    write(drop / "kim.csv")
    write(drop / "최종 (3).CSV", encoding="utf-8-sig")
    write(drop / "old_windows.csv", encoding="cp949")
    write(drop / "unquoted.csv", LINES.replace('"', ""))
    write(drop / "ragged.csv", LINES + "8,no_relation,[1,0]\n")
    write(drop / "empty.csv", "")
    write(drop / "answer.xlsx", "PK")
    write(drop / "README.txt", "Submissions go here.")
    write(drop / ".gitkeep", "")
    write(drop / "bundle" / "bundle.json", "{}")
    (drop / "folder").mkdir()
    (drop / "folder.csv").mkdir()
    shutil.make_archive(str(drop / "packed"), "zip", drop / "folder")
    return drop


@pytest.fixture
def shelf(drop):
    return PlainSubmissionsDataset(filepath=str(drop)).load()


def test_files_are_read_as_they_are(shelf):
    assert list(shelf.tables) == ["kim.csv", "최종 (3).CSV"]
    assert len(shelf.refused) == 9
    for table in shelf.tables.values():
        assert table.to_numpy().tolist() == [
            ["0", "no_relation", "[0.75, 0.25]"],
            ["007", "인물:직업", "[0.5e-3, 0.9995]"],
        ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("old_windows.csv", "line 3: byte 0x"),
        (
            "unquoted.csv",
            "line 2 has 4 cells, the header 3; a text with commas stands in double quotes",
        ),
        ("ragged.csv", "line 4 has 4 cells, the header 3"),
        ("empty.csv", "line 1: the file is empty, a header was wanted. A submission has commas"),
        ("answer.xlsx", "is another file. A submission is a CSV file"),
        ("bundle", "is a score bundle; it belongs into the folder of bundles"),
        ("folder", "is a folder; move the files out of it"),
        ("folder.csv", "is a folder"),
        ("packed.zip", "is an archive; unpack it here, and remove it"),
    ],
)
def test_what_is_no_csv_file_is_told(shelf, name, reason):
    told = shelf.refused[name]
    assert reason in told
    assert f"/{name} " in told
    assert "\n" not in told


def test_what_was_dropped_can_vote(shelf):
    found = read_plain_submissions(shelf, ["0", "007"], NAMES)
    assert list(found.test_scores) == ["kim.csv", "최종 (3).CSV"]
    assert found.test_scores["kim.csv"].probabilities[0, 0] == pytest.approx(0.75)
    assert found.refused.keys() == shelf.refused.keys()


def test_a_word_that_means_missing_elsewhere_stays(tmp_path):
    write(tmp_path / "drop" / "a.csv", 'id,pred_label,probs\nNA,null,"nan"\n')
    table = PlainSubmissionsDataset(filepath=str(tmp_path / "drop")).load().tables["a.csv"]
    assert table.to_numpy().tolist() == [["NA", "null", "nan"]]
