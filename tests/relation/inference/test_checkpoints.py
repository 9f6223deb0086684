"""Which checkpoints a folder, or several, stand for."""

import pytest

from klue_pipeline.relation.inference.checkpoints import find_checkpoints


def make(folder):
    folder.mkdir(parents=True)
    (folder / "relation.json").touch()
    return folder


def test_a_checkpoint_stands_for_itself(tmp_path):
    folder = make(tmp_path / "model")
    make(folder / "fold_0")
    assert find_checkpoints(folder) == find_checkpoints(str(folder)) == (folder,)


def test_folds_come_in_the_order_of_their_numbers_and_nothing_else_with_them(tmp_path):
    folds = [make(tmp_path / f"fold_{number}") for number in (10, 2, 0)]
    for name in (".scratch", "fold_1.partial", "fold_x", "refit"):
        make(tmp_path / name)
    (tmp_path / "fold_3").touch()
    assert find_checkpoints(tmp_path) == tuple(folds[::-1])


def test_several_folders_of_either_kind(tmp_path):
    alone = make(tmp_path / "alone")
    folds = [make(tmp_path / "experiment" / f"fold_{number}") for number in (0, 1)]
    given = [alone, str(tmp_path / "experiment"), folds[1]]
    assert find_checkpoints(given) == (alone, *folds)


def test_a_missing_folder_is_no_hub_id():
    with pytest.raises(FileNotFoundError, match=r"no folder klue/roberta-large .*hub"):
        find_checkpoints("klue/roberta-large")


def test_a_folder_without_checkpoint_says_what_it_holds(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"wanted relation\.json in it.*found nothing"):
        find_checkpoints(tmp_path)
    for name in "abcdefg":
        (tmp_path / name).mkdir()
    with pytest.raises(FileNotFoundError, match=r"found a, b, c, d, e, …\. Train the experiment"):
        find_checkpoints(tmp_path)


def test_no_folder_at_all():
    with pytest.raises(ValueError, match="empty list of folders"):
        find_checkpoints([])
