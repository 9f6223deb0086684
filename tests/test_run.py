"""``kedro run``: the whole job and its parts, as a person types them."""

import hashlib
import json
import re
import shutil
import sqlite3

import numpy as np
import pyarrow.parquet as pq
import pytest
from projects import read_ledger, read_table

from klue_pipeline.runs.records.mlflow_pages import LOCAL_SERVER

pytestmark = pytest.mark.slow


def _words(text):
    return text.split()


RESULTS = _words("""
02_intermediate/labels.json 02_intermediate/rejected_rows.csv 02_intermediate/sentences.parquet
02_intermediate/test_gold.parquet 02_intermediate/test_sentences.parquet
03_primary/clean_sentences.parquet 03_primary/clean_test_sentences.parquet
03_primary/changed_rows.csv 03_primary/dropped_rows.csv 03_primary/fold_members.parquet
04_feature/typed_punct_query/training_sentences.parquet
05_model_input/typed_punct_query/test_features.arrow
05_model_input/typed_punct_query/tokenizer/tokenizer.json
05_model_input/typed_punct_query/tokenizer/tokenizer_config.json
05_model_input/typed_punct_query/train_features.arrow
06_models/typed_punct_query/fold_0/model.safetensors
06_models/typed_punct_query/fold_1/model.safetensors
06_models/typed_punct_query/exported/README.md
06_models/typed_punct_query/exported/fold_0/model.safetensors
06_models/typed_punct_query/exported/fold_1/model.safetensors
07_model_output/typed_punct_query/fold_0/test.parquet
07_model_output/typed_punct_query/fold_0/validation.parquet
07_model_output/typed_punct_query/fold_1/test.parquet
07_model_output/typed_punct_query/fold_1/validation.parquet
07_model_output/typed_punct_query/out_of_fold.parquet
07_model_output/typed_punct_query/test_scores.parquet
08_reporting/typed_punct_query/augmentation_report.json
08_reporting/typed_punct_query/confusion_matrix.png
08_reporting/typed_punct_query/learning_curves.png
08_reporting/typed_punct_query/fold_0/history.csv
08_reporting/typed_punct_query/fold_0/metrics.json
08_reporting/typed_punct_query/fold_1/history.csv
08_reporting/typed_punct_query/fold_1/metrics.json 08_reporting/typed_punct_query/metrics.json
08_reporting/typed_punct_query/per_label.csv 08_reporting/typed_punct_query/submission.csv
08_reporting/typed_punct_query/calibration.json 08_reporting/typed_punct_query/reliability.csv
08_reporting/typed_punct_query/reliability.png 08_reporting/typed_punct_query/slices.csv
08_reporting/typed_punct_query/shift_sensitivity.csv
08_reporting/typed_punct_query/prediction.html
08_reporting/typed_punct_query/target_prior.json 08_reporting/ensemble_target_prior.json
08_reporting/typed_punct_query/shift_sensitivity.png
08_reporting/typed_punct_query/error_rows.parquet 08_reporting/typed_punct_query/run_record.json
08_reporting/blend_scores/soft_vote.parquet 08_reporting/ensemble/soft_vote/submission.csv
08_reporting/density_ratios.parquet 08_reporting/text_shift.json
08_reporting/cleaning_report.json 08_reporting/ensemble_diversity.csv
08_reporting/ensemble_out_of_fold.parquet 08_reporting/ensemble_report.html
08_reporting/ensemble_report.json 08_reporting/ensemble_scores.parquet 08_reporting/errors.html
08_reporting/fold_report.json 08_reporting/leaderboard.csv 08_reporting/leaderboard.html
08_reporting/metrics.json 08_reporting/submission.csv 08_reporting/submissions.csv
08_reporting/submissions.html
""")
NODES = _words("""
parse_train parse_test parse_test_gold clean_sentences assign_folds augment_sentences
prepare_tokenizer encode_train encode_test fold_0.train fold_1.train collect_out_of_fold
fold_0.predict fold_1.predict average_folds combine_experiments render_ensemble write_submission
write_blend_submissions write_experiment_submission evaluate tabulate_labels
weigh_texts resolve_target_prior render_prediction
plot_confusion_matrix calibrate plot_reliability slice_scores
trace_sensitivity plot_sensitivity plot_learning_curves enter_submissions render_submissions
tabulate_errors render_errors
rank_experiments export_model
""")
NUMBERED_LINE = re.compile(r"\[(\d+)/(\d+)\] (\S+)")


@pytest.fixture(scope="module")
def finished(whole_run):
    """The finished project; only looked at."""
    return whole_run[0]


@pytest.fixture(scope="module")
def console(whole_run):
    return whole_run[1].console


def test_it_makes_every_result_and_leaves_nothing_else(finished):
    made = set(finished.snapshot())
    stored_origins = {name for name in made if "/.fingerprints/" in name}
    assert made - stored_origins >= set(RESULTS)
    hidden = {name for name in made - stored_origins if "/." in name or name.startswith(".")}
    assert hidden == {".running/.mutex"}


def test_the_submission_has_a_line_per_test_row_in_file_order(finished):
    row_ids = [row["id"] for row in read_table(finished, "../01_raw/sample/test.csv")]
    names = finished.read_json("02_intermediate/labels.json")["names"]
    for name in ("08_reporting/submission.csv", "08_reporting/typed_punct_query/submission.csv"):
        lines = read_table(finished, name)
        assert [line["id"] for line in lines] == row_ids
        probabilities = np.array([json.loads(line["probs"]) for line in lines])
        assert probabilities.shape == (len(row_ids), 30)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        assert [line["pred_label"] for line in lines] == [names[i] for i in probabilities.argmax(1)]


def test_the_metrics_are_those_of_all_folds_and_of_the_test_rows(finished):
    metrics = finished.read_json("08_reporting/metrics.json")
    assert metrics == finished.read_json("08_reporting/typed_punct_query/metrics.json")
    assert set(metrics) == {
        "out_of_fold", "intervals", "shift_aware", "prior", "averaging_gain", "predicted",
        "not_predicted", "witnesses", "text_shift", "folds", "leak_rate", "test",
    }  # fmt: skip
    assert metrics["out_of_fold"]["rows"] == 240
    assert metrics["test"]["rows"] == len(read_table(finished, "08_reporting/submission.csv"))
    assert set(metrics["folds"]) == {"fold_0", "fold_1"}
    for fold, values in metrics["folds"].items():
        trained = finished.read_json(f"08_reporting/typed_punct_query/{fold}/metrics.json")
        for name in ("micro_f1", "auprc", "accuracy", "loss"):
            assert values[name] == pytest.approx(trained[name])
    accuracies = [fold["accuracy"] for fold in metrics["folds"].values()]
    assert metrics["out_of_fold"]["accuracy"] == pytest.approx(np.mean(accuracies))
    assert metrics["leak_rate"] == 0.0


def test_scores_are_given_for_the_share_of_no_relation_that_the_settings_give(finished):
    metrics = finished.read_json("08_reporting/metrics.json")
    assert (metrics["prior"]["source"], metrics["prior"]["negative_share"]) == ("given", 0.6)
    assert metrics["prior"]["rows"] == metrics["test"]["rows"]
    for group in ("intervals", "shift_aware", "predicted"):
        for name in ("micro_f1", "auprc", "accuracy"):
            ends = [metrics[group][f"{name}{end}"] for end in ("_low", "", "_high")]
            assert ends == sorted(ends), (group, name)
    curve = read_table(finished, "08_reporting/typed_punct_query/shift_sensitivity.csv")
    assert [float(point["negative_share"]) for point in curve] == pytest.approx(
        np.linspace(0.05, 0.95, 19).tolist()
    )
    calibration = finished.read_json("08_reporting/typed_punct_query/calibration.json")
    assert calibration["rows"] == 240
    assert calibration["temperature"] > 0


def test_parts_of_the_rows_are_judged_apart(finished):
    parts = {}
    for part in read_table(finished, "08_reporting/typed_punct_query/slices.csv"):
        parts.setdefault(part["kind"], []).append(int(part["rows"]))
    assert set(parts) == {
        "label", "type_pair", "source", "entity_distance", "sentence_length", "pair",
    }  # fmt: skip
    assert len(parts["label"]) == 30
    assert {kind: sum(rows) for kind, rows in parts.items()} == dict.fromkeys(parts, 240)


def test_the_leaderboard_has_the_experiment_with_what_its_report_says(finished):
    [line] = read_table(finished, "08_reporting/leaderboard.csv")
    metrics = finished.read_json("08_reporting/metrics.json")
    known = [line[name] for name in ("rank", "experiment", "kind", "status", "rows", "folds")]
    assert known == ["1", "typed_punct_query", "single", "finished", "240", "2"]
    assert (line["verdict"], line["error"], line["note"]) == ("best", "", "")
    for column, value in {
        "micro_f1": metrics["out_of_fold"]["micro_f1"],
        "auprc": metrics["out_of_fold"]["auprc"],
        "shift_micro_f1": metrics["shift_aware"]["micro_f1"],
        "shift_micro_f1_low": metrics["shift_aware"]["micro_f1_low"],
        "test_micro_f1": metrics["test"]["micro_f1"],
        "test_auprc": metrics["test"]["auprc"],
    }.items():
        assert float(line[column]) == pytest.approx(value, rel=1e-4), column
    folds = [
        finished.read_json(f"08_reporting/typed_punct_query/fold_{fold}/metrics.json")
        for fold in (0, 1)
    ]
    seconds = sum(fold["training_seconds"] for fold in folds)
    assert float(line["training_seconds"]) == pytest.approx(seconds, rel=1e-4)
    # Two epochs of the 120 rows that the other fold holds out.
    assert float(line["rows_per_second"]) == pytest.approx(2 * 2 * 120 / seconds, rel=1e-4)
    with sqlite3.connect(finished.folder / "mlflow.db") as database:
        [run] = database.execute("select run_uuid from runs where name = 'typed_punct_query'")
    assert line["mlflow_run"] == run[0]


def test_the_ledger_has_every_file_with_what_it_should_score(finished):
    folder = finished.data / "08_reporting"
    lines = read_ledger(finished)
    assert {line["file"] for line in lines} == {
        "typed_punct_query/submission.csv", "ensemble/soft_vote/submission.csv",
    }  # fmt: skip
    for line in lines:
        assert hashlib.sha256((folder / line["file"]).read_bytes()).hexdigest() == line["sha256"]
        assert line["prior"] == "given"
    expected = finished.read_json("08_reporting/metrics.json")["predicted"]
    alone = next(line for line in lines if line["name"] == "typed_punct_query")
    for name in ("micro_f1", "micro_f1_low", "auprc_high"):
        assert float(alone[f"predicted_{name}"]) == pytest.approx(expected[name])
    # The chosen blend is that of the one method, to the byte.
    blend = (folder / "ensemble/soft_vote/submission.csv").read_bytes()
    assert (folder / "submission.csv").read_bytes() == blend


def test_the_pages_need_no_other_file_and_say_what_they_are_about(finished):
    sentence = pq.read_table(finished.data / "03_primary/clean_sentences.parquet").to_pylist()[0]
    pages = {
        "leaderboard": ["typed_punct_query", "given, 60.0% without a relation"],
        "submissions": ["Predictions for the test rows", "blend by soft_vote"],
        "ensemble_report": ["One member, typed_punct_query", "soft_vote"],
        "typed_punct_query/prediction": ["No label of the test was read", "thresholded"],
        "errors": ["240 out-of-fold rows", sentence["subject_text"]],
    }
    for name, texts in pages.items():
        page = (finished.data / f"08_reporting/{name}.html").read_text(encoding="utf-8")
        assert page.startswith("<!DOCTYPE html>")
        own = page.replace(f'href="{LOCAL_SERVER}/', "")  # a run's page, where MLflow answers
        assert not re.search(r"""(src|href)\s*=\s*["']?(https?:|//|/|\.\.?/)""", own), name
        assert [text for text in texts if text not in page] == [], name


def test_the_run_is_on_record_beside_its_metrics(finished):
    record = finished.read_json("08_reporting/typed_punct_query/run_record.json")
    assert (record["status"], record["error"], record["scored"]) == ("finished", None, True)
    assert record["seconds"] > 0


@pytest.mark.parametrize(
    "name", ["confusion_matrix", "learning_curves", "reliability", "shift_sensitivity"]
)
def test_the_figures_are_pictures_with_something_on_them(finished, name):
    from matplotlib.image import imread

    pixels = imread(finished.data / f"08_reporting/typed_punct_query/{name}.png")[::2, ::2]
    assert min(pixels.shape[:2]) > 150
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 20


def test_the_console_has_one_numbered_line_per_node(console):
    lines = NUMBERED_LINE.findall(console)
    assert [(int(number), int(total)) for number, total, _ in lines] == [
        (number, len(NODES)) for number in range(1, len(NODES) + 1)
    ]
    assert sorted(name for *_, name in lines) == sorted(NODES)


def test_the_console_has_our_lines_only(console):
    noise = ["UserWarning", "FutureWarning", "Traceback", "deprecated", "DeprecationWarning",
             "[transformers]", "mtime", "alembic", "Workflow tracking", "huggingface",
             "site-packages", "Completed node"]  # fmt: skip
    assert [word for word in noise if word.lower() in console.lower()] == []
    # Each entry of the log starts with a time and goes on indented.
    entries = re.compile(r"^(\d\d:\d\d:\d\d (INFO|WARNING) | {9})")
    assert [line for line in console.splitlines() if line and not entries.match(line)] == []
    assert "out_of_fold: micro F1" in console


def test_mlflow_has_a_finished_parent_and_a_finished_child_per_fold(finished):
    # Read as a table: opening a client here would cost more than the run.
    with sqlite3.connect(finished.folder / "mlflow.db") as database:
        rows = database.execute(
            "select name, status, parent.value from runs left join tags as parent on "
            "parent.run_uuid = runs.run_uuid and parent.key = 'mlflow.parentRunId'"
        ).fetchall()
        [(parent_id,)] = database.execute(
            "select run_uuid from runs where name = 'typed_punct_query'"
        )
        counts = dict(
            database.execute("select key, count(*) from metrics group by key order by key")
        )
    assert sorted(rows, key=str) == [
        ("fold_0", "FINISHED", parent_id),
        ("fold_1", "FINISHED", parent_id),
        ("typed_punct_query", "FINISHED", None),
    ]
    assert counts["validation_micro_f1"] >= 2 * 2  # folds, epochs


def test_a_second_run_for_missing_outputs_skips_everything(finished_project):
    before = finished_project.snapshot()
    ended = finished_project.run("--only-missing-outputs")
    assert (ended.code, NUMBERED_LINE.findall(ended.console)) == (0, [])
    assert f"Skipping all {len(NODES)} nodes" in ended.console
    assert finished_project.snapshot() == before


def test_the_leaderboard_needs_no_blend(finished_project):
    """Where nobody has blended yet, as after experiments that were only trained."""
    for path in (finished_project.data / "08_reporting").glob("ensemble_*"):
        path.unlink()
    ended = finished_project.run("--pipelines", "leaderboard")
    assert ended.code == 0, ended.console
    [line] = read_table(finished_project, "08_reporting/leaderboard.csv")
    assert line["experiment"] == "typed_punct_query"
    ended = finished_project.run("--pipelines", "submissions")
    assert ended.code == 1
    assert "nobody has made yet: ensemble_report (made by ensemble)" in ended.console


def test_weights_go_afterwards_and_what_needs_them_says_how_to_get_them(finished_project):
    models = finished_project.data / "06_models/typed_punct_query"
    kept = ["--params", "training.keep_weights=best_fold"]
    new_rows = "predict.input=data/01_raw/sample/test.csv"
    before = finished_project.snapshot("07_model_output")
    ended = finished_project.run("--only-missing-outputs", *kept)
    assert ended.code == 0, ended.console
    assert "[1/1] export_model" in ended.console
    [best] = models.glob("fold_*/model.safetensors")
    assert [path.parent.name for path in models.glob("exported/*/model.safetensors")] == [
        best.parent.name
    ]
    [gone] = {"fold_0", "fold_1"} - {best.parent.name}
    asked, predicted, refused = finished_project.run_each(
        ["--only-missing-outputs", *kept],
        ["--pipelines", "predict_new", kept[0], f"{kept[1]},{new_rows}"],
        ["--pipelines", "predict", *kept],
    )
    assert f"Skipping all {len(NODES)} nodes" in asked.console
    assert predicted.code == 0, predicted.console
    assert refused.code == 1
    assert f"This run reads {gone}.model, whose weights are gone" in refused.console
    assert f"kedro run --env test --nodes {gone}.train" in refused.console
    assert finished_project.snapshot("07_model_output") == before


def test_one_fold_can_be_trained_again(finished_project):
    before = finished_project.snapshot()
    weights = finished_project.data / "06_models/typed_punct_query/fold_1/model.safetensors"
    former = weights.read_bytes()
    ended = finished_project.run("--nodes", "fold_1.train")
    assert (ended.code, NUMBERED_LINE.findall(ended.console)) == (0, [("1", "1", "fold_1.train")])
    assert "Workflow tracking" not in ended.console
    after = finished_project.snapshot()
    touched = {name for name in after if after[name] != before.get(name)}
    record = "08_reporting/typed_punct_query/run_record.json"
    assert {name for name in touched if "fold_1" not in name} == {record}
    assert finished_project.read_json(record)["selection"] == {"node_names": ["fold_1.train"]}
    assert "06_models/typed_punct_query/fold_1/model.safetensors" in touched
    assert "08_reporting/typed_punct_query/fold_1/history.csv" in touched
    assert weights.read_bytes() == former
    assert not (finished_project.data / "06_models/typed_punct_query/.scratch").exists()


def test_stage_by_stage_gives_the_same_numbers(staged_run, finished):
    for name in ("out_of_fold", "test_scores"):
        path = f"07_model_output/typed_punct_query/{name}.parquet"
        tables = [pq.read_table(each.data / path) for each in (staged_run, finished)]
        assert tables[0].equals(tables[1], check_metadata=True)
    for name in ("metrics.json", "submission.csv", "ensemble_report.json", "errors.html"):
        path = f"08_reporting/{name}"
        assert (staged_run.data / path).read_bytes() == (finished.data / path).read_bytes()


def test_a_quick_look_at_one_fold_goes_on_to_all_of_them(finished, tmp_path):
    quick = finished.copy_to(tmp_path / "quick")
    for stage in ("06_models", "07_model_output", "08_reporting/typed_punct_query"):
        shutil.rmtree(quick.data / stage)
    look = quick.run("--from-nodes", "fold_0.train", "--params", "folds.run=[0]")
    rest = quick.run("--only-missing-outputs")
    assert look.code == 0, look.console
    assert "Collected 120 out-of-fold rows" in look.console
    assert "fold_1" not in look.console
    assert rest.code == 0, rest.console
    assert "fold_0.train" not in "".join(rest.console.split("Running")[1:])
    assert "Making out_of_fold@one anew: it was made from fold_0" in rest.console
    for name in ("08_reporting/metrics.json", "08_reporting/submission.csv"):
        assert (quick.data / name).read_bytes() == (finished.data / name).read_bytes()


def test_a_quick_look_under_its_own_name_leaves_what_all_experiments_share(finished, tmp_path):
    quick = finished.copy_to(tmp_path / "quick")
    look = quick.run("--params", "run.name=quick,folds.run=[0]")
    assert look.code == 0, look.console
    own = "08_reporting/typed_punct_query--quick"
    for name in ("metrics.json", "submission.csv", "errors.html"):
        wanted = (finished.data / "08_reporting" / name).read_bytes()
        assert (quick.data / "08_reporting" / name).read_bytes() == wanted
        assert (quick.data / own / name).read_bytes() != wanted
    report = quick.read_json("08_reporting/ensemble_report.json")
    assert list(report["members"]) == ["typed_punct_query"]
    assert "scored on fold 0 only" in report["skipped"]["typed_punct_query--quick"]
    board = {line["experiment"]: line for line in read_table(quick, "08_reporting/leaderboard.csv")}
    assert board["typed_punct_query--quick"]["note"] == "fold 0 only"


def test_fewer_folds_leave_no_surplus_one(finished_project):
    """A full run removes the folds that are no longer there; a partial one is refused."""
    fewer = ["--params", "folds.strategy=holdout,folds.n_splits=1"]
    before = finished_project.snapshot()
    partial = finished_project.run("--pipelines", "train", *fewer)
    assert partial.code == 1
    assert "folds.n_splits was 2, this run says 1" in partial.console
    assert finished_project.snapshot() == before
    full = finished_project.run(*fewer)
    assert full.code == 0, full.console
    assert "folds.n_splits is 1 now" in " ".join(full.console.split())
    assert [name for name in finished_project.snapshot() if "fold_1" in name] == []
    assert set(finished_project.read_json("08_reporting/metrics.json")["folds"]) == {"fold_0"}
