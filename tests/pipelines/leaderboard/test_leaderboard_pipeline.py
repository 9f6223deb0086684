"""The leaderboard stage on what experiments left on disk: scores, run records, metrics, bundles."""

import html
import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.score_bundles import ScoredExperiment, make_bundle
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.pipelines.leaderboard import create_pipeline
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.splits import fingerprints
from klue_pipeline.runs import topology
from klue_pipeline.runs.process import ProcessIdentity
from klue_pipeline.runs.records.run_records import RunRecord, TrackedRun
from klue_pipeline.training.params import FoldsParams

DATASETS = "klue_pipeline.datasets"
SCORES = f"{DATASETS}.tables.score_table.ScoreTableDataset"
NAMES = ["no_relation", "per:title", "per:spouse", "org:founded"]
N_ROWS, N_TEST_ROWS = 240, 60
ELSEWHERE = ProcessIdentity("another-host", 1, None)
ATTACK = "<script>alert(1)</script>"
FOLDS = FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2)


@pytest.fixture(autouse=True)
def single_experiment():
    topology.set_shape(topology.Shape(FOLDS))
    yield
    topology.forget_shape()


def draw_sentences(n_rows, prefix, seed):
    """Rows with as many columns as tell them from others."""
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "row_id": [f"{prefix}{row}" for row in range(n_rows)],
            "sentence": [f"{row}번째 문장" for row in range(n_rows)],
            **{f"{role}_{end}": 0 for role in ("subject", "object") for end in ("start", "end")},
            "subject_type": "PER",
            "object_type": "ORG",
            "type_pair": "PER:ORG",
            "label": np.array(NAMES)[generator.choice(4, size=n_rows, p=[0.4, 0.3, 0.2, 0.1])],
        }
    )


@dataclass
class Disk:
    """A data folder, and the tables of the run that looks at it."""

    folder: Path
    tables: dict[str, Any]

    @property
    def fingerprint(self):
        return {
            "rows": fingerprints.rows_fingerprint(self.tables["clean_sentences"]),
            "folds": fingerprints.folds_fingerprint(self.tables["fold_members"]),
        }

    def score(self, rows, skill, seed, folds=None):
        """Scores that know the label about as well as ``skill`` says."""
        gold = np.array([NAMES.index(label) for label in rows["label"]])
        logits = np.random.default_rng(seed).normal(size=(len(rows), len(NAMES)))
        logits[np.arange(len(rows)), gold] += skill
        fingerprint = self.fingerprint
        if folds is None:
            fingerprint["test_rows"] = fingerprints.test_rows_fingerprint(
                self.tables["clean_test_sentences"]
            )
        ids = rows["row_id"].to_numpy(dtype=object)
        return ScoreTable(ids, logits.astype(np.float32), tuple(NAMES), folds, fingerprint)

    def out_of_fold(self, skill, seed):
        members = self.tables["fold_members"]
        rows = self.tables["clean_sentences"].set_index("row_id", drop=False)
        return self.score(rows.loc[members["row_id"]], skill, seed, members["fold"].to_numpy())

    def test_scores(self, skill, seed):
        return self.score(self.test_rows, skill, 1000 + seed)

    @property
    def test_rows(self):
        known = self.tables["test_gold"]
        return self.tables["clean_test_sentences"].assign(label=known["label"].to_numpy())

    def put_scores(self, name, out_of_fold, test_scores=None):
        for part, table in {"out_of_fold": out_of_fold, "test_scores": test_scores}.items():
            if table is not None:
                path = str(self.folder / "scores" / name / f"{part}.parquet")
                entry = {"type": SCORES, "filepath": path}
                DataCatalog.from_config({"scores": entry}).save("scores", table)

    def put_json(self, name, content):
        path = self.folder / "reporting" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))

    def put_record(self, name, status="finished", error=None, **facts):
        record = RunRecord(
            **{
                "experiment": name, "run_name": None, "why": f"왜 {name}", "kind": "single",
                "selection": {}, "scores_every_fold": True,
                "started_at": datetime(2026, 3, 1, 9, tzinfo=UTC), "process": ELSEWHERE,
                "git_commit": None, "git_dirty": None, "scored": status == "finished",
                "mlflow": TrackedRun(
                    tracking_uri="http://mlflow:5000", experiment="klue", run_id=f"run-{name}",
                    experiment_id="3",
                ),
                **facts,
            }
        ).ended(status, error)  # fmt: skip
        self.put_json(f"{name}/run_record.json", record.model_dump_json())

    def put_experiment(self, name, skill, seed):
        """A finished experiment; each fold trained for 3 epochs of 120 rows in 4 seconds."""
        self.put_scores(name, self.out_of_fold(skill, seed), self.test_scores(skill, seed))
        self.put_record(name)
        for fold in (0, 1):
            metrics = {"micro_f1": 1.0, "training_rows": 120.0, "epochs": 3.0,
                       "training_seconds": 4.0}  # fmt: skip
            self.put_json(f"{name}/fold_{fold}/metrics.json", metrics)
        self.put_json(f"{name}/metrics.json", {"out_of_fold": {"micro_f1": 1.0}})

    def drop_bundle(self, name, skill, seed, **fingerprint):
        parts = [self.out_of_fold(skill, seed), self.test_scores(skill, seed)]
        parts = [replace(own, fingerprint=own.fingerprint | fingerprint) for own in parts]
        about = ScoredExperiment(
            experiment="rbert", folder="rbert--lr3e5", why="그쪽 서버", kind="single", settings={},
            metrics={}, labels=self.tables["labels"], code_version="1",
            created_at=datetime(2026, 3, 1, tzinfo=UTC), mlflow_run_id="there",
        )  # fmt: skip
        entry = {"type": f"{DATASETS}.shared.score_bundle.ScoreBundleDataset",
                 "filepath": str(self.folder / "bundles" / name)}  # fmt: skip
        DataCatalog.from_config({"bundle": entry}).save("bundle", make_bundle(about, *parts))

    def catalog(self):
        def partitions(folder, suffix, dataset):
            return {"type": f"{DATASETS}.tables.optional_partitions.OptionalPartitionsDataset",
                    "path": str(self.folder / folder), "filename_suffix": suffix,
                    "dataset": dataset}  # fmt: skip

        made = DataCatalog.from_config(
            {
                "out_of_fold@all": partitions("scores", "/out_of_fold.parquet", SCORES),
                "test_scores@all": partitions("scores", "/test_scores.parquet", SCORES),
                "all_run_records": partitions("reporting", "/run_record.json", "json.JSONDataset"),
                "all_fold_metrics": partitions("reporting", "/metrics.json", "json.JSONDataset"),
                "score_bundles": {
                    "type": f"{DATASETS}.shared.drop_folders.ScoreBundlesDataset",
                    "filepath": str(self.folder / "bundles"),
                },
            }
        )
        for name, table in self.tables.items():
            made[name] = table
        return made

    def run(self):
        """Return the leaderboard by experiment, best first, and the page."""
        outputs = SequentialRunner().run(create_pipeline(), self.catalog())
        table = outputs["leaderboard"].load().set_index("experiment", drop=False)
        return table, outputs["leaderboard_page"].load()


def evaluation_params(source="given", **changes):
    prior = {"source": source, "negative_share": 0.6 if source == "given" else None,
             "estimator": "auto", "max_disagreement": 0.1, "min_effective_rows": 1}  # fmt: skip
    return EvaluationParams.model_validate(
        {"target_prior": prior, "n_resamples": 200, "confidence": 0.95, "seed": 1,
         "select_by": "shift_micro_f1", **changes}
    )  # fmt: skip


@pytest.fixture
def disk(tmp_path):
    """Two folds of 240 rows, 60 test rows with known labels, and one experiment, ``strong``."""
    clean, test = draw_sentences(N_ROWS, "r", 1), draw_sentences(N_TEST_ROWS, "t", 2)
    members = pd.DataFrame({"fold": [0, 1] * (N_ROWS // 2), "row_id": clean["row_id"]})
    parts = ("out_of_fold", "scores", "report", "target_prior")
    blend = dict.fromkeys(f"ensemble_{part}@latest" for part in parts)
    made = Disk(
        tmp_path,
        {
            "clean_sentences": clean,
            "fold_members": members.sort_values("fold", kind="stable", ignore_index=True),
            "clean_test_sentences": test.assign(label=None),
            "test_gold": test[["row_id", "label"]],
            "labels": LabelSet(names=NAMES, negative="no_relation"),
            "params:evaluation": evaluation_params(),
            **blend,
        },
    )
    made.tables |= {
        "ensemble_out_of_fold@latest": made.out_of_fold(2, 1),
        "ensemble_scores@latest": made.test_scores(2, 1),
        "ensemble_report@latest": {"method": "soft_vote", "members": {"strong": {}}},
    }
    made.put_experiment("strong", 2.0, 1)
    return made


def test_an_experiment_stands_there_with_all_that_is_known_of_it(disk):
    table, page = disk.run()
    assert table.index.tolist() == ["strong"]
    own = table.loc["strong"]
    scores, test = disk.out_of_fold(2.0, 1), disk.test_scores(2.0, 1)
    gold = disk.tables["clean_sentences"].set_index("row_id")["label"].loc[scores.row_ids]
    plain = score_metrics(scores.logits, np.array([NAMES.index(name) for name in gold]), 0)
    assert own["micro_f1"] == pytest.approx(plain["micro_f1"])
    assert own["micro_f1_low"] < own["micro_f1"] < own["micro_f1_high"]
    assert own["shift_micro_f1_low"] < own["shift_micro_f1"] < own["micro_f1"]
    known = [NAMES.index(name) for name in disk.tables["test_gold"]["label"]]
    on_test = score_metrics(test.logits, np.array(known), 0)
    assert own["test_micro_f1"] == pytest.approx(on_test["micro_f1"])
    assert own["test_auprc"] == pytest.approx(on_test["auprc"])
    facts = ["rank", "kind", "status", "why", "rows", "folds", "verdict", "mlflow_run"]
    assert own[facts].tolist() == [
        1, "single", "finished", "왜 strong", N_ROWS, 2, "best", "run-strong",
    ]  # fmt: skip
    assert (own["training_seconds"], own["rows_per_second"]) == (8, 2 * 3 * 120 / 8)
    assert own[["difference", "mcnemar_p", "error"]].isna().all()
    assert not own["note"]
    assert "given, 60.0% without a relation (60 rows)" in page
    address = "http://mlflow:5000/#/experiments/3/runs/run-strong?workflowType=machine_learning"
    assert f'<a href="{address}"' in page


def test_a_difference_within_noise_is_called_so_and_a_clear_one_too(disk):
    disk.put_experiment("equal", 2.0, 11)
    disk.put_experiment("weak", 0.5, 2)
    table, page = disk.run()
    assert set(table.index[:2]) == {"strong", "equal"}
    second, third = table.iloc[1], table.iloc[2]
    assert second["verdict"] == "no difference: noise"
    assert second["difference_low"] <= 0 <= second["difference_high"]
    assert second["mcnemar_p"] > 0.05
    assert (third["experiment"], third["verdict"]) == ("weak", "worse")
    assert third["difference_high"] < 0
    assert third["mcnemar_p"] < 0.001
    assert table["rank"].tolist() == [1, 2, 3]
    assert "no difference: noise" in page


def test_a_failed_run_without_scores_is_listed_with_its_error(disk):
    error = f"ValueError: loss is nan {ATTACK}"
    disk.put_record("broken", "failed", error=error, failed_node="fold_0.train", scored=False)
    table, page = disk.run()
    assert table.index.tolist() == ["strong", "broken"]
    own = table.loc["broken"]
    assert (own["status"], own["error"]) == ("failed", f"fold_0.train: {error}")
    assert own["why"] == "왜 broken"
    assert own[["rank", "micro_f1", "rows"]].isna().all()
    assert not own["verdict"]
    assert ATTACK not in page
    assert f"fold_0.train: {html.escape('ValueError: loss is nan')}" in page


def test_a_failed_run_says_whose_scores_are_on_disk(disk):
    disk.put_record("strong", "failed", error="OSError: full", scored=False)
    own = disk.run()[0].loc["strong"]
    assert (own["status"], own["error"], own["rank"]) == ("failed", "OSError: full", 1)
    assert own["note"] == "The last run failed; these scores may be of an earlier one."


def test_an_experiment_from_before_there_were_records_has_scores_only(disk):
    disk.put_scores("old", disk.out_of_fold(1.0, 3))
    own = disk.run()[0].loc["old"]
    assert (own["status"], own["rank"]) == ("scores only", 2)
    assert pd.isna(own[["test_micro_f1", "training_seconds"]]).all()


def test_there_may_be_records_alone(disk):
    """Where the first run of all has failed."""
    shutil.rmtree(disk.folder / "scores")
    disk.tables |= dict.fromkeys(["ensemble_out_of_fold@latest", "ensemble_report@latest"])
    table, page = disk.run()
    assert table.index.tolist() == ["strong"]
    assert pd.isna(table.loc["strong", "rank"])
    assert "strong" in page


def test_a_record_that_cannot_be_read_is_told_and_left_out(disk, caplog):
    disk.put_scores("old", disk.out_of_fold(1.0, 3))
    disk.put_json("old/run_record.json", {"status": "finished"})
    assert disk.run()[0].loc["old", "status"] == "scores only"
    assert "The run record of old is left out" in caplog.text


def test_an_experiment_of_other_rows_is_listed_with_the_reason(disk):
    disk.put_experiment("others", 3.0, 4)
    table = disk.out_of_fold(3.0, 4)
    disk.put_scores("others", replace(table, fingerprint=table.fingerprint | {"rows": "9" * 64}))
    table, page = disk.run()
    own = table.loc["others"]
    assert own["note"].startswith("its rows are 99999999, those of this run")
    assert pd.isna(own[["rank", "micro_f1", "shift_micro_f1", "test_micro_f1"]]).all()
    assert own["status"] == "finished"
    assert "its rows are 99999999" in page


def test_a_member_of_composites_answers_another_question(disk):
    scores = disk.out_of_fold(1.0, 5)
    binary = replace(scores, logits=scores.logits[:, :2], labels=("no_relation", "relation"))
    disk.put_scores("binary", binary)
    disk.put_record("binary", kind="member")
    own = disk.run()[0].loc["binary"]
    assert (own["kind"], pd.isna(own["rank"])) == ("member", True)
    assert own["note"].startswith("it tells 2 labels apart, this run 4")


def test_a_bundle_is_ranked_among_the_others(disk):
    disk.drop_bundle("kim", 3.0, 7)
    own = disk.run()[0].loc["kim"]
    facts = ["rank", "kind", "status", "why", "mlflow_run", "note", "verdict"]
    assert own[facts].tolist() == [
        1, "bundle", "scores only", "그쪽 서버", "there", "rbert--lr3e5 of another server", "best",
    ]  # fmt: skip
    assert own["test_micro_f1"] > 80


def test_a_broken_bundle_and_one_of_other_folds_are_listed_with_the_reason(disk):
    for name in ("kim", "lee"):
        disk.drop_bundle(name, 3.0, 7, **({"folds": "8" * 64} if name == "lee" else {}))
    (disk.folder / "bundles/kim/bundle.json").write_text("{")
    table, _ = disk.run()
    assert table["rank"].dropna().index.tolist() == ["strong"]
    assert (table.loc["kim", "kind"], table.loc["kim", "status"]) == ("bundle", "failed")
    assert "kim is no sound score bundle" in table.loc["kim", "error"]
    assert table.loc["lee", "note"].partition("; ")[2].startswith("its folds are 88888888")


@pytest.mark.parametrize("name", ["strong", "crashed"])
def test_a_bundle_named_like_an_experiment_hides_nothing(disk, name):
    disk.put_record("crashed", "failed", error="ValueError: no", scored=False)
    disk.drop_bundle(name, 3.0, 7)
    table, _ = disk.run()
    assert set(table.index) == {"strong", "crashed", f"{name} (bundle)"}
    assert table.loc["strong", "rank"] == 1
    assert table.loc["crashed", "error"] == "ValueError: no"
    assert (
        f"there is an experiment {name} on disk already" in table.loc[f"{name} (bundle)", "error"]
    )


def test_the_latest_blend_is_ranked_if_there_was_something_to_blend(disk):
    assert "blend of the last run" not in disk.run()[0].index
    predicted = {"micro_f1": {"value": 61.5, "low": 50.0, "high": 70.0}}
    report = {"method": "stacking", "members": {"strong": {}, "kim": {}}, "predicted": predicted}
    disk.tables |= {
        "ensemble_report@latest": report,
        "ensemble_out_of_fold@latest": disk.out_of_fold(4.0, 8),
        "ensemble_scores@latest": disk.test_scores(4.0, 8),
    }
    table, page = disk.run()
    assert "Expected on the test rows: micro F1 61.50 [50.00, 70.00]" in page
    own = table.loc["blend of the last run"]
    assert own[["rank", "kind", "status"]].tolist() == [1, "blend", "finished"]
    assert own["why"] == "stacking of strong, kim; judged nested"
    assert own["test_micro_f1"] > 90


def test_without_true_labels_of_the_test_rows_nothing_is_said_of_them(disk):
    disk.tables["test_gold"] = pd.DataFrame({"row_id": [], "label": []}, dtype="str")
    table, _ = disk.run()
    assert table[["test_micro_f1", "test_auprc"]].isna().all().all()
    assert table.loc["strong", "rank"] == 1


def test_a_member_reads_no_blend():
    reads = {}
    for kind in ("single", "member", "composite"):
        topology.set_shape(topology.Shape(FOLDS, kind, ("a", "b") if kind == "composite" else ()))
        reads[kind] = create_pipeline().inputs()
    parts = ("out_of_fold", "scores", "report", "target_prior")
    blend = {f"ensemble_{part}@latest" for part in parts}
    assert reads["single"] - reads["member"] == blend
    assert reads["composite"] == reads["single"]
