"""Predictions on disk: every format, whole or not there."""

import json

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.tables.predictions import WRITERS, PredictionsDataset
from klue_pipeline.relation.inference.batch_prediction import BatchPrediction
from klue_pipeline.relation.ingest.parsing import RawFile, TableLayout
from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.relation.settings.params import TableColumns

LINES = ['"가, 나",가,나\n', "다 라,다,마\n", "NA 😀,NA,😀\n"]


def job(output_format: str, lines=LINES) -> BatchPrediction:
    params = PredictParams(input="n", format="auto", ends=None, folds=None,
                           output_format=output_format, with_text=True, chunk_rows=1)  # fmt: skip
    return BatchPrediction(
        RawFile("my/new.csv", "sentence,subject,object\n" + "".join(lines)),
        ("table", TableLayout(TableColumns())),
        lambda sentences: np.tile([[0.1, 0.2, 0.7]], (len(sentences), 1)),
        ("NA", "공급", "probability"),
        params,
    )


def dataset(folder) -> PredictionsDataset:
    return PredictionsDataset(filepath=str(folder), source="my/new.csv")


@pytest.mark.parametrize("output_format", WRITERS)
def test_what_is_saved_comes_back(tmp_path, output_format):
    made = dataset(tmp_path)
    assert not made.exists()
    assert made.result_path is None
    made.save(job(output_format))
    assert made.result_path == tmp_path / "new" / f"predictions.{output_format}"
    files = {path.name for path in (tmp_path / "new").iterdir()}
    assert files == {f"predictions.{output_format}", "rejected_rows.csv", "input.json"}
    loaded = made.load()
    assert loaded["label"].tolist() == ["probability"] * 2
    assert loaded["subject"].tolist() == ["가", "NA"]
    assert loaded["row_number"].tolist() == [1, 3]
    rejected = pd.read_csv(tmp_path / "new" / "rejected_rows.csv")
    assert rejected["row_number"].tolist() == [2]


def test_json_lines_hold_one_object_of_probabilities(tmp_path):
    dataset(tmp_path).save(job("jsonl"))
    first = (tmp_path / "new" / "predictions.jsonl").read_text("utf-8").splitlines()[0]
    assert json.loads(first)["probabilities"] == {"NA": 0.1, "공급": 0.2, "probability": 0.7}


@pytest.mark.parametrize(("escape", "shown"), [(True, "'=가\r 나"), (False, "=가\r 나")])
def test_carriage_returns_and_formulas_stay_in_their_cells(tmp_path, escape, shown):
    made = PredictionsDataset(filepath=str(tmp_path), source="n.csv", escape_formulas=escape)
    made.save(job("csv", ['"=가\r 나",가,나\n']))
    table = pd.read_csv(tmp_path / "n" / "predictions.csv")
    assert table["sentence"].tolist() == [shown]
    assert made.load()["sentence"].tolist() == ["=가\r 나"]


def test_spreadsheets_see_that_it_is_utf_8(tmp_path):
    dataset(tmp_path).save(job("csv"))
    content = (tmp_path / "new" / "predictions.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfrow_number,")
    assert content.count(b"row_number") == 1


def test_an_error_leaves_what_was_there(tmp_path):
    made = dataset(tmp_path)
    made.save(job("csv"))
    before = made.load()
    with pytest.raises(DatasetError, match=r"None of 1 row of my/new\.csv"):
        made.save(job("jsonl", LINES[1:2]))
    pd.testing.assert_frame_equal(made.load(), before)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    made.save(job("parquet"))
    assert not (tmp_path / "new" / "predictions.csv").exists()


def test_what_was_labelled_before_a_file_breaks_off_is_kept_and_said(tmp_path):
    made = dataset(tmp_path)
    good = LINES[:1] * 120
    with pytest.raises(DatasetError, match=r"beyond row 120: .*line 122.*labelled before is in"):
        made.save(job("csv", [*good, '"가 나,가,나\n']))
    assert len(made.load()) == 120
    rejected = pd.read_csv(tmp_path / "new" / "rejected_rows.csv")
    assert rejected["row_number"].tolist() == [121]
    assert rejected["detail"].str.contains("breaks off here").all()


def test_nothing_to_load_says_how_to_make_it(tmp_path):
    with pytest.raises(DatasetError, match=r"--pipelines predict_new --params predict\.input"):
        dataset(tmp_path).load()
