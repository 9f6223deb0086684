"""One folder of predictions for each input, and none that would cost an input or another result."""

import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.tables.prediction_folder import choose_folder, write_input


@pytest.fixture
def labelled(tmp_path):
    """Choose a folder and make it, as labelling does."""

    def label(source):
        folder = choose_folder(tmp_path / "out", str(source))
        folder.mkdir(parents=True, exist_ok=True)
        write_input(folder, str(source))
        return folder.name

    return label


def test_inputs_of_one_name_have_folders_of_their_own(labelled, tmp_path):
    first, second, third = tmp_path / "a/새.csv", tmp_path / "b/새.csv", tmp_path / "a/새.jsonl"
    names = [labelled(source) for source in (first, second, third)]
    assert names[0] == "새"
    assert len(set(names)) == 3
    assert all(name.startswith("새_") for name in names[1:])
    assert [labelled(source) for source in (third, second, first)] == names[::-1]


def test_a_folder_of_an_earlier_version_is_the_input_s_own(labelled, tmp_path):
    (tmp_path / "out/new").mkdir(parents=True)
    assert labelled(tmp_path / "new.csv") == "new"


def test_a_file_of_the_project_moves_with_it(labelled, tmp_path, monkeypatch):
    for place in ("here", "there"):
        (tmp_path / place / "data").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / place)
        assert labelled("data/new.csv") == "new"


@pytest.mark.parametrize("name", ["..csv", ".csv", "...csv", ".."])
def test_a_name_that_stands_for_another_folder_is_refused(tmp_path, name):
    with pytest.raises(DatasetError, match="Rename the file"):
        choose_folder(tmp_path, f"some/{name}")


@pytest.mark.parametrize("below", ["new/new.csv", "new/deeper/new.csv", "new"])
def test_an_input_in_its_output_folder_is_refused(tmp_path, below):
    with pytest.raises(DatasetError, match="lies where its predictions go"):
        choose_folder(tmp_path, str(tmp_path / below))


def test_without_an_input_there_is_a_folder_that_is_never_written(tmp_path):
    assert choose_folder(tmp_path, None) == tmp_path / "none"
