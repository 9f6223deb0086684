"""A file labelled in chunks: nothing is lost, and what is wrong is told."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.relation.inference.batch_prediction import BatchPrediction
from klue_pipeline.relation.ingest.parsing import RawFile, TableLayout
from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.relation.settings.params import TableColumns

LABELS = ("a", "b|c")
PARAMS = PredictParams(input="n", format="auto", ends=None, folds=None, output_format="csv",
                       with_text=True, chunk_rows=2)  # fmt: skip
HEADER = "sentence,subject,object\n"
LINES = ["가 나,가,나\n", "다 라,다,마\n", "바 사,바,사\n", "아 자,아,자\n", "가 가,가,나\n"]


def job(text: str, seen: list | None = None, **params) -> BatchPrediction:
    def classify(sentences):
        if seen is not None:
            seen.append(len(sentences))
        second = sentences["sentence"].isin(["바 사"]).to_numpy()
        return np.where(second[:, None], [[0.25, 0.75]], [[0.9, 0.1]])

    return BatchPrediction(
        RawFile("new.csv", text),
        ("table", TableLayout(TableColumns())),
        classify,
        LABELS,
        PARAMS.model_copy(update=params),
    )


def test_rows_are_labelled_in_chunks_and_bad_ones_told(caplog):
    caplog.set_level("INFO")
    seen: list[int] = []
    made = job(HEADER + "".join(LINES), seen)
    assert seen == []  # nothing happens before somebody asks
    chunks = list(made)
    assert seen == [1, 2]
    predictions = [line for chunk in chunks for line in chunk.predictions.to_dict("records")]
    assert [line["row_number"] for line in predictions] == [1, 3, 4]
    assert predictions[1] == {
        "row_number": 3,
        "row_id": "row_3",
        "sentence": "바 사",
        "subject": "바",
        "object": "사",
        "label": "b|c",
        "probability": 0.75,
        "probability_a": 0.25,
        "probability_b|c": 0.75,
    }
    rejected = [line for chunk in chunks for line in chunk.rejected.to_dict("records")]
    assert [(line["row_number"], line["reason"]) for line in rejected] == [
        (2, "unusable entity"),
        (5, "unusable entity"),
    ]
    assert (made.tally.n_answered, made.tally.n_rejected) == (3, 2)
    assert "3 rows labelled: 2 a, 1 b|c" in caplog.text
    assert (
        "2 rows could not be labelled (unusable entity 2, such as row 2: object: '마'"
        in caplog.text
    )


def test_texts_are_left_out_on_demand():
    (chunk,) = job(HEADER + LINES[0], with_text=False)
    assert list(chunk.predictions)[:4] == ["row_number", "row_id", "label", "probability"]


def test_a_file_of_another_format_names_the_setting():
    made = BatchPrediction(
        RawFile("new.csv", HEADER), ("klue", TableLayout()), None, LABELS, PARAMS
    )
    with pytest.raises(ValueError, match=r"new\.csv is no JSON.*predict\.format"):
        list(made)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER, "new.csv has no rows"),
        (
            HEADER + LINES[1],
            "None of 1 row of new.csv, read as table, can be labelled: unusable",
        ),
        ("text\n가\n", "lacks the columns sentence: sentence"),
    ],
)
def test_a_file_without_a_usable_row_is_an_error(text, message):
    with pytest.raises(ValueError, match=message):
        list(job(text))


def fails_on(*sentences):
    def classify(table):
        if table["sentence"].isin(sentences).any():
            raise RuntimeError("no memory left")
        return np.tile([[0.9, 0.1]], (len(table), 1))

    return classify


def label(lines, classify, chunk_rows):
    made = job(HEADER + "".join(lines), chunk_rows=chunk_rows)
    made._classify = classify
    chunks = list(made)
    numbers = [n for chunk in chunks for n in chunk.predictions["row_number"]]
    return made, numbers, pd.concat([chunk.rejected for chunk in chunks])


@pytest.mark.parametrize("chunk_rows", [1, 3, 10])
def test_a_row_that_the_model_fails_on_costs_only_itself(chunk_rows):
    lines = [LINES[2], *[LINES[0]] * 5, LINES[3]]
    made, numbers, rejected = label(lines, fails_on("바 사", "아 자"), chunk_rows)
    assert numbers == [2, 3, 4, 5, 6]
    assert rejected["row_number"].tolist() == [1, 7]
    assert rejected["detail"].unique().tolist() == ["RuntimeError: no memory left"]
    assert (made.tally.n_answered, made.tally.n_rejected, made.broken_off) == (5, 2, "")


def test_a_model_that_fails_for_good_ends_it_and_what_is_labelled_stays():
    lines = [LINES[0]] * 8 + [LINES[2]] * 12
    made, numbers, _ = label(lines, fails_on("바 사"), chunk_rows=8)
    assert numbers == [1, 2, 3, 4, 5, 6, 7, 8]
    assert made.broken_off == "new.csv cannot be labelled beyond row 8: no memory left"


def test_a_model_that_never_answers_raises():
    with pytest.raises(RuntimeError, match="no memory left"):
        label([LINES[2]] * 12, fails_on("바 사"), chunk_rows=12)
