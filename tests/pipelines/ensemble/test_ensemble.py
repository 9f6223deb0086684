"""The ensemble stage on score tables on disk, as the catalog stores them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.score_bundles import ScoredExperiment, make_bundle
from klue_pipeline.evaluation.scores import ScoreTable, average_probabilities
from klue_pipeline.pipelines.ensemble import create_pipeline
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.params import BlendMethod, EnsembleParams
from klue_pipeline.relation.splits import fingerprints
from klue_pipeline.relation.submissions.submission import make_submission

DATASETS = "klue_pipeline.datasets"
SCORES = f"{DATASETS}.tables.score_table.ScoreTableDataset"
FOLDERS = {
    "out_of_fold@all": "out_of_fold.parquet",
    "test_scores@all": "test_scores.parquet",
    "all_fold_test_scores": "test.parquet",
}
PLAIN = {
    "members": "all", "plain_submissions": "none", "method": "soft_vote", "methods": ["soft_vote"],
    "calibrate": False, "exhaustive_up_to": 6, "greedy_rounds": 5, "stacking_strength": 0.1,
    "type_pair_mask": "never", "type_pair_min_count": 3, "negative_bias": "never",
}  # fmt: skip
OTHER_ROWS = {"rows": "1", "folds": "2"}


def ensemble_params(**changes):
    return EnsembleParams.model_validate({**PLAIN, **changes})


@pytest.fixture
def tables(small_sentences):
    """The first 20 rows to train on, in two folds, and the rest to test on."""
    clean, test = small_sentences[:20], small_sentences[20:]
    members = pd.DataFrame({"fold": [0, 1] * 10, "row_id": clean["row_id"]})
    names = sorted(small_sentences["label"].unique())
    prior = {"source": "given", "negative_share": 0.5, "estimator": "auto",
             "max_disagreement": 0.1, "min_effective_rows": 1}  # fmt: skip
    return {
        "clean_sentences": clean,
        "fold_members": members.sort_values(["fold", "row_id"], ignore_index=True),
        "clean_test_sentences": test.assign(label=None),
        "labels": LabelSet(names=names, negative="no_relation"),
        "density_ratios": pd.DataFrame(
            {"row_id": clean["row_id"], "split": "train", "log_ratio": 0.0}
        ),
        "text_shift": {"auc": 0.5, "unknown_type_pairs": 0.0},
        "params:ensemble": ensemble_params(),
        "params:evaluation": EvaluationParams.model_validate(
            {"target_prior": prior, "n_resamples": 100, "confidence": 0.95, "seed": 1,
             "select_by": "shift_micro_f1"}
        ),
    }  # fmt: skip


@pytest.fixture
def catalog(tmp_path, tables):
    """A catalog like the project's; ``base`` is the experiment of this run."""
    scores = tmp_path / "scores"
    config = {
        f"{name}@one": {"type": SCORES, "filepath": str(scores / "base" / f"{name}.parquet")}
        for name in ("out_of_fold", "test_scores")
    }
    config |= {
        name: {
            "type": "partitions.PartitionedDataset", "path": str(scores), "dataset": SCORES,
            "filename_suffix": f"/{file}",
        }
        for name, file in FOLDERS.items()
    }  # fmt: skip
    config["blend_scores"] = {
        "type": "partitions.PartitionedDataset", "path": str(tmp_path / "ensemble"),
        "dataset": SCORES, "filename_suffix": "/test_scores.parquet", "overwrite": True,
    }  # fmt: skip
    config["score_bundles"] = {
        "type": f"{DATASETS}.shared.drop_folders.ScoreBundlesDataset",
        "filepath": str(tmp_path / "bundles"),
    }
    config["plain_submissions"] = {
        "type": f"{DATASETS}.shared.drop_folders.PlainSubmissionsDataset",
        "filepath": str(tmp_path / "submissions"),
    }
    made = DataCatalog.from_config(config)
    for name, table in tables.items():
        made[name] = table
    return made


def score_rows(row_ids, tables, seed, folds=None):
    names = tables["labels"].names
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


def score_out_of_fold(tables, seed):
    members = tables["fold_members"]
    return score_rows(members["row_id"], tables, seed, members["fold"].to_numpy())


def score_folds(tables, seed):
    """Test scores of the model of each fold."""
    row_ids = tables["clean_test_sentences"]["row_id"]
    return [score_rows(row_ids, tables, 100 * seed + fold) for fold in (0, 1)]


def write_experiment(tmp_path, tables, name, seed, out_of_fold=None, **test_changes):
    """Put an experiment's scores where the train and predict stages put them."""
    by_fold = score_folds(tables, seed)
    test_scores = replace(average_probabilities(by_fold), **test_changes)
    written = {
        "out_of_fold": out_of_fold or score_out_of_fold(tables, seed),
        "test_scores": test_scores,
        "fold_0/test": by_fold[0],
        "fold_1/test": by_fold[1],
    }
    for table, scores in written.items():
        path = str(tmp_path / "scores" / name / f"{table}.parquet")
        DataCatalog.from_config({"scores": {"type": SCORES, "filepath": path}}).save(
            "scores", scores
        )
    return test_scores


def drop_bundle(tmp_path, tables, name, seed, **fingerprint):
    """Put a team mate's bundle into the folder for it; ``fingerprint`` tells of other rows."""
    tables_of = [score_out_of_fold(tables, seed), average_probabilities(score_folds(tables, seed))]
    out_of_fold, test_scores = (
        replace(table, fingerprint=table.fingerprint | fingerprint) for table in tables_of
    )
    about = ScoredExperiment(
        experiment="rbert", folder="rbert", why="왜", kind="single", settings={}, metrics={},
        labels=tables["labels"], code_version="1",
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )  # fmt: skip
    entry = {"type": f"{DATASETS}.shared.score_bundle.ScoreBundleDataset",
             "filepath": str(tmp_path / "bundles" / name)}  # fmt: skip
    bundle = make_bundle(about, out_of_fold, test_scores)
    DataCatalog.from_config({"bundle": entry}).save("bundle", bundle)
    return test_scores


def run(catalog):
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    return {name: dataset.load() for name, dataset in outputs.items()}


def best_labels(tables, probabilities):
    return np.array(tables["labels"].names)[np.asarray(probabilities).argmax(axis=1)].tolist()


def probabilities_of(submission):
    return np.array([[float(share) for share in row.strip("[]").split(", ")]
                     for row in submission["probs"]])  # fmt: skip


def mean_of(*scores):
    return np.mean([table.probabilities for table in scores], axis=0)


def test_all_experiments_are_blended_and_written(tmp_path, tables, catalog):
    scores = [
        write_experiment(tmp_path, tables, name, seed) for seed, name in enumerate(["base", "b"])
    ]
    outputs = run(catalog)
    assert set(outputs) == {
        "ensemble_out_of_fold@one", "ensemble_page", "ensemble_target_prior@one", "submission",
        "blend_submissions", "experiment_submission",
    }  # fmt: skip
    for name, probabilities in [
        ("submission", mean_of(*scores)),
        ("experiment_submission", scores[0].probabilities),
    ]:
        written = outputs[name]
        assert written["id"].tolist() == tables["clean_test_sentences"]["row_id"].tolist()
        assert written["pred_label"].tolist() == best_labels(tables, probabilities)
        np.testing.assert_allclose(probabilities_of(written), probabilities, atol=1e-6)


@pytest.fixture
def blend(catalog, tmp_path):
    """Run the stage but for what is written for the contest, and return what it tells."""

    def run_blend(**settings):
        catalog["params:ensemble"] = ensemble_params(**settings)
        pipeline = create_pipeline().filter(node_names=["combine_experiments"])
        outputs = SequentialRunner().run(pipeline, catalog)
        return {name: outputs[name].load() for name in outputs}

    return run_blend


def test_the_report_tells_members_method_and_what_is_expected(tmp_path, tables, blend):
    for seed, name in enumerate(["base", "b"]):
        write_experiment(tmp_path, tables, name, seed)
    outputs = blend()
    report = outputs["ensemble_report@one"]
    assert report["method"] == "soft_vote"
    assert list(report["members"]) == ["b", "base"]
    assert report["out_of_fold"]["rows"] == report["rows"] == 20
    assert report["skipped"] == {}
    assert report["select_by"] == "shift_micro_f1"
    assert report["prior"]["negative_share"] == 0.5
    expected = report["predicted"]["micro_f1"]
    assert expected["low"] <= expected["value"] <= expected["high"]
    assert outputs["ensemble_diversity"][["first", "second"]].to_numpy().tolist() == [["b", "base"]]
    assert len(outputs["ensemble_out_of_fold@one"]) == 20


def test_test_scores_of_the_folds_tell_what_averaging_brings(tmp_path, tables, blend):
    write_experiment(tmp_path, tables, "base", 0)
    write_experiment(tmp_path, tables, "b", 1)
    own = blend()["ensemble_report@one"]["methods"]["soft_vote"]
    assert own["averaging_gain"]["gains"].keys() == {"micro_f1", "auprc", "accuracy"}
    drop_bundle(tmp_path, tables, "kim", 2)
    with_bundle = blend()["ensemble_report@one"]["methods"]["soft_vote"]
    assert with_bundle["averaging_gain"] is None  # a bundle brings no folds along


def test_the_page_names_members_and_those_left_out(tmp_path, tables, catalog):
    write_experiment(tmp_path, tables, "base", 0)
    write_experiment(tmp_path, tables, "b", 1)
    drop_bundle(tmp_path, tables, "kim", 2, folds="b" * 64)
    drop_bundle(tmp_path, tables, "<lee>", 3)  # a name that nobody can type
    page = run(catalog)["ensemble_page"]
    assert page.startswith("<!DOCTYPE html>")
    assert "its folds are bbbbbbbb" in page
    assert "&lt;lee&gt;" in page
    assert "<lee>" not in page


def test_every_method_leaves_a_submission(tmp_path, tables, catalog):
    for seed, name in enumerate(["base", "b", "c"]):
        write_experiment(tmp_path, tables, name, seed)
    methods = list(get_args(BlendMethod))
    catalog["params:ensemble"] = ensemble_params(methods=methods, method="auto", calibrate=True)
    outputs = run(catalog)
    submissions = outputs["blend_submissions"]
    assert set(submissions) == set(methods)
    for submission in submissions.values():
        assert submission["id"].tolist() == tables["clean_test_sentences"]["row_id"].tolist()
    chosen = [name for name in methods if outputs["submission"].equals(submissions[name])]
    assert chosen
    assert f"{chosen[0]}" in outputs["ensemble_page"]
    folders = {path.name for path in (tmp_path / "ensemble").iterdir()}
    assert folders == set(methods)


def test_a_method_that_is_no_longer_asked_for_leaves_nothing(tmp_path, tables, catalog):
    for seed, name in enumerate(["base", "b"]):
        write_experiment(tmp_path, tables, name, seed)
    catalog["params:ensemble"] = ensemble_params(methods=["soft_vote", "hard_vote"])
    run(catalog)
    catalog["params:ensemble"] = ensemble_params(methods=["logit_average"], method="auto")
    assert set(run(catalog)["blend_submissions"]) == {"logit_average"}


def test_an_experiment_on_other_test_rows_is_left_out(tmp_path, tables, blend, caplog):
    write_experiment(tmp_path, tables, "base", 0)
    write_experiment(tmp_path, tables, "old", 1, fingerprint=OTHER_ROWS)
    report = blend()["ensemble_report@one"]
    assert list(report["members"]) == ["base"]
    assert "rows are 1, those of this run" in report["skipped"]["old"]
    assert "Experiment old is left out" in caplog.text


def test_scores_made_before_the_rows_changed_are_not_blended(tmp_path, tables, catalog, blend):
    write_experiment(tmp_path, tables, "base", 0)
    catalog["clean_sentences"] = tables["clean_sentences"][:-1]
    with pytest.raises(ValueError, match=r"No experiment on disk can be blended. base: its rows"):
        blend()


PLANTED = "20 of its out-of-fold scores are by a fold that does not hold the row out, such as row"


def test_scores_by_models_that_trained_on_the_rows_are_refused_by_name(tmp_path, tables, blend):
    """The planted mistake: the fingerprint is right, and every row stands under the other fold."""
    write_experiment(tmp_path, tables, "base", 0)
    sound = score_out_of_fold(tables, 1)
    write_experiment(tmp_path, tables, "odd", 1, replace(sound, folds=1 - sound.folds))
    report = blend()["ensemble_report@one"]
    assert list(report["members"]) == ["base"]
    assert report["skipped"]["odd"].startswith(PLANTED)
    with pytest.raises(ValueError, match=f"cannot be blended. odd: {PLANTED}"):
        blend(members=["base", "odd"], method="stacking", methods=["stacking"])


def test_a_bundle_joins_the_blend(tmp_path, tables, catalog):
    own = write_experiment(tmp_path, tables, "base", 0)
    other = drop_bundle(tmp_path, tables, "kim.rbert", 1)
    outputs = run(catalog)
    probabilities = probabilities_of(outputs["submission"])
    np.testing.assert_allclose(probabilities, mean_of(own, other), atol=1e-6)
    assert "kim.rbert" in outputs["ensemble_page"]


def test_a_broken_bundle_is_refused_with_the_reason(tmp_path, tables, blend):
    write_experiment(tmp_path, tables, "base", 0)
    drop_bundle(tmp_path, tables, "kim", 1)
    scores = tmp_path / "bundles/kim/test_scores.parquet"
    scores.write_bytes(scores.read_bytes()[:-1])
    report = blend()["ensemble_report@one"]
    assert list(report["members"]) == ["base"]
    assert "kim is no sound score bundle" in report["skipped"]["kim"]


def test_a_bundle_named_like_an_experiment_does_not_keep_it_out(tmp_path, tables, blend):
    """Such as one's own, exported here and copied into the wrong folder."""
    write_experiment(tmp_path, tables, "base", 0)
    drop_bundle(tmp_path, tables, "base", 0)
    for members in ("all", ["base"]):
        report = blend(members=members)["ensemble_report@one"]
        assert list(report["members"]) == ["base"]
    skipped = blend()["ensemble_report@one"]["skipped"]
    assert skipped.keys() == {"base (bundle)"}
    assert "rename the bundle's folder" in skipped["base (bundle)"]


@pytest.fixture
def friend(tmp_path, tables):
    """A submission file in the folder for it, and what it says."""
    scores = score_rows(tables["clean_test_sentences"]["row_id"], tables, 77)
    submission = make_submission(scores, scores.row_ids.tolist(), tables["labels"].names)
    (tmp_path / "submissions").mkdir()
    submission.to_csv(tmp_path / "submissions/friend.csv", index=False)
    return scores


@pytest.mark.parametrize("wanted", ["all", ["friend.csv"]])
def test_a_plain_submission_votes(tmp_path, tables, catalog, friend, wanted):
    own = write_experiment(tmp_path, tables, "base", 0)
    catalog["params:ensemble"] = ensemble_params(plain_submissions=wanted)
    outputs = run(catalog)
    probabilities = probabilities_of(outputs["submission"])
    np.testing.assert_allclose(probabilities, mean_of(own, friend), atol=1e-6)
    assert "friend.csv" in outputs["ensemble_page"]


def test_one_of_other_test_rows_does_not_vote(tmp_path, tables, blend, friend, caplog):
    write_experiment(tmp_path, tables, "base", 0)
    path = tmp_path / "submissions/friend.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    report = blend(plain_submissions="all")["ensemble_report@one"]
    assert report["plain_submissions"] == []
    assert "friend.csv is no submission for these test rows" in caplog.text
    with pytest.raises(ValueError, match=r"names files that cannot vote. friend.csv is no"):
        blend(plain_submissions=["friend.csv"])
    with pytest.raises(ValueError, match=r"foe.csv: there is no such file in raw.submissions"):
        blend(plain_submissions=["foe.csv"])


def test_a_file_that_nobody_asked_for_does_not_vote(tmp_path, tables, blend, friend):
    write_experiment(tmp_path, tables, "base", 0)
    assert blend()["ensemble_report@one"]["plain_submissions"] == []


def test_it_waits_for_the_scores_of_this_experiment():
    from kedro.pipeline import Pipeline, node

    names = ["out_of_fold@one", "test_scores@one"]
    predict = Pipeline([node(lambda: (1, 2), None, names, name="predict")])
    order = [found.name for found in (create_pipeline() + predict).nodes]
    assert order[0] == "predict"
