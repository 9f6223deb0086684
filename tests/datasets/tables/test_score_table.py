"""Score tables on disk."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from kedro.io import DatasetError
from kedro_datasets.partitions import PartitionedDataset

from klue_pipeline.datasets.tables.score_table import ScoreTableDataset
from klue_pipeline.evaluation.scores import ScoreTable


@pytest.fixture
def scores():
    return ScoreTable(
        row_ids=np.array(["10", "가-2", "003"], dtype=object),
        logits=np.array([[1.5, -2], [0.1, 3e4], [-0.0, 1e-30]], dtype=np.float32),
        labels=("org:members", "인물:직업"),
        folds=np.array([2, 0, 2]),
        fingerprint={"rows": "1a", "folds": "2b"},
    )


def assert_same(found, wanted):
    assert found.row_ids.tolist() == wanted.row_ids.tolist()
    assert all(type(row_id) is str for row_id in found.row_ids)
    assert found.logits.dtype == np.float32
    np.testing.assert_array_equal(found.logits, wanted.logits)
    assert (found.labels, found.fingerprint) == (wanted.labels, wanted.fingerprint)
    assert (found.folds is None) == (wanted.folds is None)
    if wanted.folds is not None:
        assert found.folds.tolist() == wanted.folds.tolist()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"folds": None},
        {"fingerprint": {}},
        {"labels": ("fold", "row_id")},
        {"row_ids": np.array([], object), "logits": np.zeros((0, 2), np.float32), "folds": None},
    ],
)
def test_what_is_saved_is_loaded(tmp_path, scores, change):
    dataset = ScoreTableDataset(filepath=str(tmp_path / "new" / "scores.parquet"))
    wanted = replace(scores, **change)
    dataset.save(wanted)
    assert_same(dataset.load(), wanted)
    with pytest.raises(DatasetError, match="takes a ScoreTable; found DataFrame"):
        dataset.save(pd.DataFrame({"row_id": ["0"]}))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["scores.parquet"]


def test_other_programs_read_the_columns(tmp_path, scores):
    path = tmp_path / "scores.parquet"
    ScoreTableDataset(filepath=str(path)).save(scores)
    table = pd.read_parquet(path)
    assert table.columns.tolist() == ["row_id", "fold", "org:members", "인물:직업"]
    assert table["인물:직업"].dtype == np.float32
    assert table["row_id"].tolist() == ["10", "가-2", "003"]


def write_foreign_table(path, scores):
    pd.DataFrame({"row_id": ["0"], "fold": [1]}).to_parquet(path)


def write_text(path, scores):
    path.write_text("row_id,fold", encoding="utf-8")


def write_half(path, scores):
    ScoreTableDataset(filepath=str(path)).save(scores)
    path.write_bytes(path.read_bytes()[:-40])


def write_fewer_columns(path, scores):
    ScoreTableDataset(filepath=str(path)).save(scores)
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["인물:직업"]), path)


def write_nothing(path, scores):
    pass


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (write_foreign_table, "a Parquet file but not a score table"),
        (write_text, "Cannot read scores from"),
        (write_half, "Cannot read scores from"),
        (write_fewer_columns, "were wanted: it was not written by"),
        (write_nothing, "Cannot read scores from"),
    ],
)
def test_a_file_that_holds_no_scores_is_named(tmp_path, scores, write, message):
    path = tmp_path / "odd.parquet"
    write(path, scores)
    with pytest.raises(DatasetError, match=message) as caught:
        ScoreTableDataset(filepath=str(path)).load()
    assert "odd.parquet" in str(caught.value)


def test_every_experiment_on_disk_is_found_under_its_name(tmp_path, scores):
    for experiment in ("baseline", "rbert"):
        path = tmp_path / experiment / "out_of_fold.parquet"
        ScoreTableDataset(filepath=str(path)).save(scores)
    (tmp_path / "rbert" / ".out_of_fold.parquet.partial").write_bytes(b"left by a killed run")
    experiments = PartitionedDataset(
        path=str(tmp_path),
        dataset="klue_pipeline.datasets.tables.score_table.ScoreTableDataset",
        filename_suffix="/out_of_fold.parquet",
    ).load()
    assert sorted(experiments) == ["baseline", "rbert"]
    assert_same(experiments["rbert"](), scores)
