"""The ledger of files of predictions, from what was judged to the page."""

import hashlib

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner
from retrieval_world import ATTACK, EXAMPLES, PARAMS

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.pipelines.odqa_submissions import create_pipeline
from klue_pipeline.reporting.ledger.rules import LedgerParams

DATASETS = "klue_pipeline.datasets"
SCORES = {
    "exact_match": {"value": 40.0, "low": 30.0, "high": 50.0},
    "character_f1": {"value": 55.0, "low": 45.0, "high": 65.0},
}
REPORT = {"scores": {"end_to_end": SCORES}}
QUESTIONS = pd.concat([EXAMPLES, EXAMPLES.tail(1).assign(question_id="q7")], ignore_index=True)


def entries(folder):
    json_file = {"type": f"{DATASETS}.whole.texts.JSONDataset",
                 "save_args": {"ensure_ascii": False, "indent": 2}}  # fmt: skip
    optional = f"{DATASETS}.inputs.optional.OptionalDataset"
    return {
        "odqa.predictions": {**json_file, "filepath": f"{folder}/reader/predictions.json"},
        "odqa.ensemble_predictions@one": {
            **json_file,
            "filepath": f"{folder}/ensemble/predictions.json",
        },
        **{
            f"odqa.ensemble_{name}@latest": {
                "type": optional,
                "filepath": f"{folder}/ensemble/{name}.json",
                "made_by": "odqa_ensemble",
                "dataset": {"type": f"{DATASETS}.whole.texts.JSONDataset"},
            }
            for name in ("predictions", "report")
        },
        "report": {**json_file, "filepath": f"{folder}/ensemble/report.json"},
        "odqa.all_predictions": {
            "type": f"{DATASETS}.tables.optional_partitions.OptionalPartitionsDataset",
            "path": str(folder),
            "filename_suffix": "/predictions.json",
            "dataset": f"{DATASETS}.whole.texts.JSONDataset",
        },
        "odqa.submission_ledger": {
            "type": f"{DATASETS}.tables.submission_ledger.SubmissionLedgerDataset",
            "filepath": f"{folder}/submissions.csv",
            "scores": ["exact_match", "character_f1"],
        },
    }


@pytest.fixture
def run(tmp_path):
    """Enter what is on disk, and return the catalog and the page."""

    def enter(report, predictions):
        catalog = DataCatalog.from_config(entries(tmp_path))
        catalog["odqa.examples"] = QUESTIONS
        catalog["odqa.answer_report"] = report
        catalog["params:odqa.about"] = AboutParams(experiment="reader", folder="reader", why="")
        catalog["params:odqa.evaluation"] = PARAMS
        catalog["params:odqa.ledger"] = LedgerParams(max_per_day=3, near_copy_share=0.01)
        catalog.save("odqa.predictions", predictions)
        found = SequentialRunner().run(create_pipeline(), catalog)
        return catalog, found["odqa.submissions_page"].load()

    return enter


def test_an_experiment_is_entered_with_its_scores_and_the_hash_of_its_file(run, tmp_path):
    catalog, page = run(REPORT, {"q6": f"남해 {ATTACK}", "q7": "서해"})
    row = catalog.load("odqa.submission_ledger").iloc[0]
    content = (tmp_path / "reader" / "predictions.json").read_bytes()
    assert row["sha256"] == hashlib.sha256(content).hexdigest()
    assert (row["file"], row["name"], row["members"]) == (
        "reader/predictions.json", "reader", "reader",
    )  # fmt: skip
    assert row["predicted_exact_match"] == 40
    assert (row["predicted_character_f1_low"], row["predicted_character_f1_high"]) == (45, 65)
    assert "worth a submission" in page
    assert ATTACK not in page


def test_what_a_person_writes_stays_and_is_compared(run, tmp_path):
    run(REPORT, {"q6": "남해", "q7": "서해"})
    path = tmp_path / "submissions.csv"
    ledger = pd.read_csv(path, dtype=str, keep_default_na=False)
    ledger[["submitted_at", "public_exact_match", "note"]] = ["2026-11-02", "43.5", "첫 제출"]
    ledger.to_csv(path, index=False)
    catalog, page = run(REPORT, {"q6": "남해", "q7": "서해"})
    assert catalog.load("odqa.submission_ledger")["note"].tolist() == ["첫 제출"]
    assert "+3.50" in page


@pytest.mark.parametrize(
    ("unjudged", "predicted"), [({}, 40.0), ({"kim.json": "it is a file of predictions"}, None)]
)
def test_the_latest_ensemble_is_entered_and_predicted_where_it_was_judged(
    run, tmp_path, unjudged, predicted
):
    catalog = DataCatalog.from_config(entries(tmp_path))
    catalog.save("odqa.ensemble_predictions@one", {"q6": "한강", "q7": "서해"})
    report = {"method": "hard_vote", "voters": {"reader": 0.5, "cnn": 0.5}, "scores": SCORES}
    catalog.save("report", {**report, "unjudged": unjudged})
    catalog, page = run({"refused": "folds.strategy=all"}, {"q6": "남해", "q7": "서해"})
    ledger = catalog.load("odqa.submission_ledger").set_index("name")
    own, alone = ledger.loc["ensemble by hard_vote"], ledger.loc["reader"]
    assert (own["file"], own["members"]) == ("ensemble/predictions.json", "reader;cnn")
    assert own["prior"] == ("plain" if predicted else "")
    if predicted is None:
        assert pd.isna(own["predicted_exact_match"])
    else:
        assert own["predicted_exact_match"] == predicted
    assert pd.isna(alone["predicted_exact_match"])
    assert "no prediction" in page


def test_files_about_other_questions_are_no_candidates(run, tmp_path, caplog):
    catalog = DataCatalog.from_config(entries(tmp_path))
    catalog.save("odqa.ensemble_predictions@one", {"q6": "한강"})
    _, page = run(REPORT, {"q6": "남해", "q7": "서해"})
    assert "1 of 2 files of predictions are not about these 2 test questions" in caplog.text
    assert "reader/predictions.json" in page.replace("<wbr>", "")
