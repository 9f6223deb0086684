"""The ensemble stage on score tables on disk, as the catalog stores them."""

from dataclasses import replace
from typing import get_type_hints

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.pipelines.ensemble import create_pipeline
from klue_pipeline.relation import fingerprints
from klue_pipeline.relation.params import EnsembleParams
from klue_pipeline.relation.scores import ScoreTable

SCORES = "klue_pipeline.datasets.score_table.ScoreTableDataset"


@pytest.fixture
def tables(small_sentences):
    """The first 16 rows to train on, in two folds, and the rest to test on."""
    clean, test = small_sentences[:16], small_sentences[16:]
    members = pd.DataFrame({"fold": [0, 1] * 8, "row_id": clean["row_id"]})
    names = sorted(small_sentences["label"].unique())
    return {
        "clean_sentences": clean,
        "fold_members": members.sort_values(["fold", "row_id"], ignore_index=True),
        "clean_test_sentences": test.assign(label=None),
        "labels": {"names": names, "negative": "no_relation"},
        "params:ensemble": EnsembleParams(members="all", method="soft_vote"),
    }


@pytest.fixture
def catalog(tmp_path, tables):
    """A catalog like the project's; ``base`` is the experiment of this run."""
    config = {}
    for name in ("out_of_fold", "test_scores"):
        config[f"{name}@one"] = {
            "type": SCORES,
            "filepath": str(tmp_path / "base" / f"{name}.parquet"),
        }
        config[f"{name}@all"] = {
            "type": "partitions.PartitionedDataset",
            "path": str(tmp_path),
            "dataset": SCORES,
            "filename_suffix": f"/{name}.parquet",
        }
    made = DataCatalog.from_config(config)
    for name, table in tables.items():
        made[name] = table
    return made


def score_rows(row_ids, tables, seed, folds=None):
    names = tables["labels"]["names"]
    logits = np.random.default_rng(seed).normal(size=(len(row_ids), len(names))) * 3
    fingerprint = {
        "rows": fingerprints.rows_fingerprint(tables["clean_sentences"]),
        "folds": fingerprints.folds_fingerprint(tables["fold_members"]),
    }
    if folds is None:
        fingerprint["test_rows"] = fingerprints.test_rows_fingerprint(
            tables["clean_test_sentences"]
        )
    ids = row_ids.to_numpy(dtype=object)
    return ScoreTable(ids, logits.astype(np.float32), tuple(names), folds, fingerprint)


def write_experiment(tmp_path, tables, name, seed, **test_changes):
    """Put an experiment's scores where the train and predict stages put them."""
    members = tables["fold_members"]
    out_of_fold = score_rows(members["row_id"], tables, seed, members["fold"].to_numpy())
    test_scores = replace(
        score_rows(tables["clean_test_sentences"]["row_id"], tables, seed), **test_changes
    )
    entries = {
        table: {"type": SCORES, "filepath": str(tmp_path / name / f"{table}.parquet")}
        for table in ("out_of_fold", "test_scores")
    }
    made = DataCatalog.from_config(entries)
    made.save("out_of_fold", out_of_fold)
    made.save("test_scores", test_scores)
    return test_scores


def run(catalog):
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    return {name: dataset.load() for name, dataset in outputs.items()}


def test_all_experiments_are_blended_and_written(tmp_path, tables, catalog):
    scores = [
        write_experiment(tmp_path, tables, name, seed) for seed, name in enumerate(["base", "b"])
    ]
    outputs = run(catalog)
    assert set(outputs) == {"ensemble_report", "submission", "experiment_submission"}
    report = outputs["ensemble_report"]
    assert report["method"] == "soft_vote"
    assert list(report["members"]) == ["b", "base"]
    assert report["out_of_fold"]["rows"] == 16
    assert report["skipped"] == {}
    blended = np.mean([table.probabilities for table in scores], axis=0)
    for name, probabilities in [
        ("submission", blended),
        ("experiment_submission", scores[0].probabilities),
    ]:
        written = outputs[name]
        assert written["id"].tolist() == tables["clean_test_sentences"]["row_id"].tolist()
        best = np.array(tables["labels"]["names"])[probabilities.argmax(axis=1)]
        assert written["pred_label"].tolist() == best.tolist()


def test_an_experiment_on_other_test_rows_is_left_out(tmp_path, tables, catalog, caplog):
    write_experiment(tmp_path, tables, "base", 0)
    write_experiment(tmp_path, tables, "old", 1, fingerprint={"rows": "1", "folds": "2"})
    report = run(catalog)["ensemble_report"]
    assert list(report["members"]) == ["base"]
    assert "rows are 1, those of this run" in report["skipped"]["old"]
    assert "Experiment old is left out" in caplog.text


def test_naming_it_stops_the_run(tmp_path, tables, catalog):
    write_experiment(tmp_path, tables, "base", 0)
    write_experiment(tmp_path, tables, "old", 1, fingerprint={"rows": "1", "folds": "2"})
    catalog["params:ensemble"] = EnsembleParams(members=["base", "old"], method="soft_vote")
    with pytest.raises(ValueError, match="old: its rows are 1"):
        run(catalog)


def test_scores_made_before_the_rows_changed_are_not_blended(tmp_path, tables, catalog):
    write_experiment(tmp_path, tables, "base", 0)
    catalog["clean_sentences"] = tables["clean_sentences"][:-1]
    with pytest.raises(ValueError, match=r"No experiment on disk can be blended. base: its rows"):
        run(catalog)


def test_it_waits_for_the_scores_of_this_experiment():
    from kedro.pipeline import Pipeline, node

    names = ["out_of_fold@one", "test_scores@one"]
    predict = Pipeline([node(lambda: (1, 2), None, names, name="predict")])
    order = [found.name for found in (create_pipeline() + predict).nodes]
    assert order[0] == "predict"


def test_kedro_sees_the_model_of_the_settings():
    (blend,) = [node for node in create_pipeline().nodes if node.name == "combine_experiments"]
    assert get_type_hints(blend.func)["ensemble"] is EnsembleParams
