"""The ensemble of answers as a pipeline: what lies on disk, what was handed in, what comes out."""

import json

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner
from retrieval_world import ATTACK, EXAMPLES, GOLD, GROUPS, PARAMS, PASSAGES

from klue_pipeline.datasets.shared.answer_bundle import AnswerBundleDataset
from klue_pipeline.evaluation.bundles import ExperimentDescription
from klue_pipeline.odqa.answer_ensemble.answer_bundle import make_answer_bundle
from klue_pipeline.odqa.ingest.question_fingerprint import QuestionFingerprint
from klue_pipeline.odqa.settings.reader_params import AnswerEnsembleParams
from klue_pipeline.pipelines.odqa_ensemble import create_pipeline

DATASETS = "klue_pipeline.datasets"
PARTS = EXAMPLES.set_index("question_id")["part"]
GOOD = {"q0": "박경리", "q1": "494km", "q2": "서해", "q6": "남해"}
POOR = {"q0": "토지", "q1": "494km", "q2": "남해", "q6": f"《남해》 {ATTACK}"}


def make_tables(answers, probability=0.6):
    """Write tables of schema ``NBest`` and ``Answers`` with one answer to each question."""
    table = pd.DataFrame(
        {
            "question_id": list(answers),
            "text": list(answers.values()),
            "probability": probability,
            "passage_id": "p5",
            "start_char": 0,
            "end_char": 2,
        }
    )
    n_best = table.assign(rank=1, untrimmed=table["text"])
    parts = table["question_id"].map(PARTS)
    return n_best, table.assign(
        part=parts,
        is_held_out=False,
        is_given=True,
        confidence=0.5,
        title="",
        passage_rank=1,
        retrieval_weight=0.0,
    )


def bundle(answers, examples=EXAMPLES):
    experiment = ExperimentDescription(
        experiment="far", folder="far", why="", settings={}, metrics={}, code_version="1",
        created_at="2026-11-23T00:00:00Z",
    )  # fmt: skip
    return make_answer_bundle(experiment, *make_tables(answers), examples)


@pytest.fixture
def data(tmp_path):
    """Two experiments, one of other questions, and a folder of what was handed in."""
    experiments = {"good": GOOD, "poor": POOR, "half": {"q0": "박경리", "q6": "서해"}}
    for name, answers in experiments.items():
        folder = tmp_path / "07_model_output" / "odqa" / name
        folder.mkdir(parents=True)
        for table, file in zip(make_tables(answers), ("n_best", "answers"), strict=True):
            table.to_parquet(folder / f"{file}.parquet")
        (folder / "answer_fit.json").write_text('{"retrieval_weight": 0.0}', encoding="utf-8")
    (tmp_path / "handed_in").mkdir()
    return tmp_path


def run(data, **changed):
    settings = {"members": None, "method": "probability_sum", "ties": "shorter",
                "select_by": "exact_match", **changed}  # fmt: skip
    partitions = {
        f"odqa.{name}@all": {
            "type": f"{DATASETS}.tables.optional_partitions.OptionalPartitionsDataset",
            "path": f"{data}/07_model_output/odqa",
            "filename_suffix": f"/{name}.parquet",
            "dataset": f"{DATASETS}.whole.parquet.ParquetDataset",
        }
        for name in ("n_best", "answers")
    }
    partitions["odqa.all_answer_fits"] = {
        **partitions["odqa.answers@all"],
        "filename_suffix": "/answer_fit.json",
        "dataset": f"{DATASETS}.whole.texts.JSONDataset",
    }
    handed_in = {
        "odqa.answer_bundles": {
            "type": f"{DATASETS}.shared.drop_folders.AnswerBundlesDataset",
            "filepath": f"{data}/handed_in",
        }
    }
    catalog = DataCatalog.from_config({**partitions, **handed_in})
    inputs = {
        "examples": EXAMPLES,
        "gold_passages": GOLD,
        "passage_groups": GROUPS,
        "passages": PASSAGES,
    }
    for name, value in inputs.items():
        catalog[f"odqa.{name}"] = value
    catalog["params:odqa.ensemble"] = AnswerEnsembleParams(**settings)
    catalog["params:odqa.evaluation"] = PARAMS
    made = {
        name: {
            "type": f"{DATASETS}.whole.texts.JSONDataset",
            "filepath": f"{data}/{name.partition('@')[0]}.json",
        }
        for name in ("ensemble_predictions@one", "ensemble_nbest_predictions",
                     "ensemble_report@one", "ensemble_page")
    }  # fmt: skip
    for name, entry in DataCatalog.from_config(made).items():
        catalog[f"odqa.{name}"] = entry
    SequentialRunner().run(create_pipeline(), catalog)
    return {name.partition("@")[0]: catalog.load(f"odqa.{name}") for name in made}


def hand_in(data, name, content):
    path = data / "handed_in" / name
    if isinstance(content, dict):
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    else:
        AnswerBundleDataset(filepath=str(path)).save(content)


def test_experiments_that_answered_the_same_are_combined_and_the_others_named(data):
    found = run(data)
    report = found["ensemble_report"]
    assert list(report["voters"]) == ["good", "poor"]
    assert list(report["skipped"]) == ["half"]
    assert report["members"]["good"]["exact_match"]["value"] == 100
    assert found["ensemble_predictions"] == {"q6": "남해"}
    (best,) = found["ensemble_nbest_predictions"]["q6"][:1]
    assert (best["text"], best["probability"], best["passage_id"]) == ("남해", 0.3, "p5")
    assert "half" in found["ensemble_page"]
    assert ATTACK not in found["ensemble_page"]


def test_what_was_handed_in_joins(data):
    hand_in(data, "far", bundle({**GOOD, "q6": "서해"}))
    hand_in(data, "good", bundle(GOOD))
    hand_in(data, "other", bundle(GOOD, EXAMPLES.assign(question="누구?")))
    hand_in(data, "kim.json", {"q6": "서해"})
    report = run(data)["ensemble_report"]
    assert list(report["voters"]) == ["far", "good", "poor"]
    assert report["skipped"].keys() == {"half", "good (bundle)", "other", "kim.json"}
    assert "other test and validation questions" in report["skipped"]["other"]
    found = run(data, members=["good", "far", "kim.json"], method="hard_vote")
    assert found["ensemble_predictions"] == {"q6": "서해"}
    assert found["ensemble_report"]["unjudged"].keys() == {"kim.json"}


@pytest.mark.parametrize(("words", "is_skipped"), [("누가 썼나?", True), (None, False)])
def test_an_experiment_that_was_asked_other_words_is_left_out(data, words, is_skipped):
    examples = EXAMPLES.assign(question=words) if words else EXAMPLES
    fit = {"asked": QuestionFingerprint.of(examples).model_dump()}
    file = data / "07_model_output/odqa/poor/answer_fit.json"
    file.write_text(json.dumps(fit), encoding="utf-8")
    skipped = run(data)["ensemble_report"]["skipped"]
    assert ("poor" in skipped) == is_skipped
    assert "half" in skipped


def test_one_member_alone_hands_out_its_own_answers(data):
    found = run(data, members=["poor"], method="weighted")
    assert found["ensemble_predictions"] == {"q6": POOR["q6"]}
    scores = found["ensemble_report"]["members"]["poor"]
    assert found["ensemble_report"]["scores"] == scores


def test_a_name_that_nobody_has_is_refused_with_those_on_disk(data):
    with pytest.raises(ValueError, match=r"typo: it has no answers.*On disk: good, half, poor"):
        run(data, members=["typo"])
