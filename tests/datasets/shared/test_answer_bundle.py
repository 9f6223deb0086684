"""Answer bundles on disk; what is common to all bundles is tested with score bundles."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from kedro.io import DatasetError
from retrieval_world import EXAMPLES

from klue_pipeline.datasets.shared.answer_bundle import AnswerBundleDataset
from klue_pipeline.datasets.shared.drop_folders import AnswerBundlesDataset
from klue_pipeline.evaluation.bundles import ExperimentDescription
from klue_pipeline.odqa.answer_ensemble.answer_bundle import make_answer_bundle

N_BEST = pd.DataFrame(
    {
        "question_id": ["q0", "q0"],
        "rank": [1, 2],
        "text": ["박경리", "토지"],
        "untrimmed": ["박경리의", "토지"],
        "probability": [0.6, 0.1],
        "passage_id": ["p0", "p0"],
        "start_char": [6, 1],
        "end_char": [9, 3],
    }
)
ANSWERS = pd.DataFrame(
    {
        "question_id": ["q0", "q6"],
        "part": ["validation", "test"],
        "is_held_out": [False, False],
        "text": ["박경리", ""],
        "is_given": [True, True],
        "probability": [0.6, 0.0],
        "confidence": [0.5, float("nan")],
        "title": ["토지 (소설)", ""],
        "passage_id": ["p0", ""],
        "passage_rank": [1, 0],
        "start_char": [6, 0],
        "end_char": [9, 0],
        "retrieval_weight": [0.0, 0.0],
    }
)


def make(**changed):
    experiment = ExperimentDescription(
        experiment="reader", folder="reader", why="기본", settings={}, metrics={},
        code_version="1", created_at=datetime(2026, 11, 23, tzinfo=UTC),
    )  # fmt: skip
    tables = {"n_best": N_BEST, "answers": ANSWERS, "examples": EXAMPLES, **changed}
    return make_answer_bundle(experiment, **tables)


def test_what_is_saved_is_loaded(tmp_path):
    dataset = AnswerBundleDataset(filepath=str(tmp_path / "reader"))
    bundle = make()
    dataset.save(bundle)
    found = dataset.load()
    assert found.description == bundle.description
    pd.testing.assert_frame_equal(found.n_best, bundle.n_best, check_dtype=False)
    pd.testing.assert_frame_equal(found.answers, bundle.answers, check_dtype=False)
    names = sorted(path.name for path in (tmp_path / "reader").iterdir())
    assert names == ["answers.parquet", "bundle.json", "n_best.parquet"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_best": N_BEST.assign(probability=[0.6, 7.0])}, "table NBest is wrong"),
        ({"answers": ANSWERS.drop(columns="part")}, "table Answers is wrong"),
        ({"answers": ANSWERS[1:]}, "only one of them has q0"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        make(**changed)


def test_lost_answers_are_noticed():
    with pytest.raises(ValueError, match="answers to 1 questions, the description says 2"):
        replace(make(), answers=ANSWERS[:1])


def test_a_folder_may_hold_bundles_and_files_of_predictions(tmp_path):
    AnswerBundleDataset(filepath=str(tmp_path / "reader.elsewhere")).save(make())
    files = {
        "kim.json": json.dumps({"q6": "남해"}),
        "list.json": '["남해"]',
        "nbest.json": json.dumps({"q6": [{"text": "남해", "probability": 1.0}]}),
        "cut.json": '{"q6": ',
        "answers.csv": "id,answer",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    shelf = AnswerBundlesDataset(filepath=str(tmp_path)).load()
    assert list(shelf.bundles) == ["kim.json", "reader.elsewhere"]
    assert shelf.bundles["kim.json"] == {"q6": "남해"}
    assert shelf.refused.keys() == files.keys() - {"kim.json"}
    assert "a text for each question id was wanted" in shelf.refused["nbest.json"]
    assert "is no JSON" in shelf.refused["cut.json"]
    assert "A bundle is a folder" in shelf.refused["answers.csv"]


def test_no_bundle_is_saved_that_is_none(tmp_path):
    with pytest.raises(DatasetError, match="takes one AnswerBundle; found DataFrame"):
        AnswerBundleDataset(filepath=str(tmp_path / "reader")).save(N_BEST)
