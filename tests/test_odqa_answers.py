"""Answering questions through the command line: what lies there afterwards, what is refused."""

import json
import os
import sqlite3

import pytest
from projects import Project, read_table

from klue_pipeline.odqa.inference.answerer import QuestionAnswerer

pytestmark = pytest.mark.slow

JOB = ("--pipelines", "odqa")
# Digits do not depend on the machine, and the curve of a training of nine steps has points.
SHORT = "odqa.ingest.max_questions=150,odqa.training.precision=fp32,odqa.training.log_every_steps=2"
TWO_FOLDS = "odqa.experiment=cnn,odqa.folds.strategy=group,odqa.folds.n_splits=2"
AFTER_INDEX = "odqa_retrieve,odqa_tokenize,odqa_train,odqa_answer,odqa_report"
REPORTS = "08_reporting/odqa"
CANDIDATES = "07_model_output/odqa/reader/fold_0/candidates.parquet"
RESUME = "--only-missing-outputs"


def params(*settings: str) -> tuple[str, str]:
    return ("--params", ",".join([SHORT, *settings]))


def run(project: Project, *arguments: str) -> str:
    ended = project.run(*arguments)
    assert ended.code == 0, ended.console
    return " ".join(ended.console.split())


def questions_to_answer(project: Project) -> dict[str, str]:
    path = project.folder / "data/01_raw/sample/odqa/test.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {row["id"]: row["question"] for row in rows}


@pytest.fixture(scope="module")
def answered(command_server, tmp_path_factory):
    """A project after the whole job, tracked in MLflow, and what was printed; copy to change it."""
    project = Project.create(tmp_path_factory.mktemp("answered") / "project")
    return project, run(project, *JOB, *params("mlflow.enabled=true"))


@pytest.fixture(scope="module")
def several(answered, tmp_path_factory):
    """The same after a reader of two folds, one of all questions, and what joins experiments."""
    project = answered[0].copy_to(tmp_path_factory.mktemp("several") / "project")
    run(project, *JOB, *params(TWO_FOLDS))
    unjudged = run(project, "--pipelines", AFTER_INDEX, *params("odqa.experiment=train_on_all"))
    joined = run(project, "--pipelines", "odqa_ensemble,odqa_submissions,odqa_bundle", *params())
    return project, unjudged, joined


def test_every_test_question_has_one_answer_and_its_place(answered):
    project, _ = answered
    asked = list(questions_to_answer(project))
    predictions = project.read_json(f"{REPORTS}/reader/predictions.json")
    n_best = project.read_json(f"{REPORTS}/reader/nbest_predictions.json")
    assert list(predictions) == list(n_best) == asked
    assert all(predictions.values())
    assert all(best[0]["text"] == predictions[name] for name, best in n_best.items())
    documents = project.folder / "data/01_raw/sample/odqa/documents.jsonl"
    texts = [json.loads(line)["text"] for line in documents.read_text("utf-8").splitlines()]
    assert all(best[0]["text"] in texts[int(best[0]["passage_id"])] for best in n_best.values())
    rows = read_table(project, f"{REPORTS}/reader/answers.csv", "utf-8-sig")
    listed = {row["question_id"]: row for row in rows}
    assert len(listed) == len(rows)
    for name, best in n_best.items():
        assert listed[name]["passage_id"] == best[0]["passage_id"]
        assert float(listed[name]["probability"]) == pytest.approx(best[0]["probability"], rel=1e-4)
        assert listed[name]["title"]


def test_answers_are_judged_given_the_gold_passage_and_end_to_end(answered):
    project, console = answered
    metrics = project.read_json(f"{REPORTS}/reader/metrics.json")
    for name in ("exact_match", "character_f1"):
        for how in ("given_gold_passage", "end_to_end"):
            low, high = metrics["intervals"][name][how]
            assert 0 <= low <= metrics[name][how] <= high <= 100
    assert metrics["character_f1"]["end_to_end"] > 0
    assert metrics["refused"] is None
    assert "exact match end to end, 9 validation questions" in console
    assert f"data/test/{REPORTS}/reader/predictions.json" in console
    for page in ("answer_report", "answer_errors", "../answer_leaderboard"):
        text = (project.data / REPORTS / f"reader/{page}.html").read_text("utf-8")
        assert "<html" in text
        assert "reader" in text
    assert (project.data / REPORTS / "reader/risk_coverage.png").stat().st_size > 1000
    (row,) = read_table(project, f"{REPORTS}/answer_leaderboard.csv", "utf-8-sig")
    assert (row["experiment"], row["rank"], row["status"]) == ("reader", "1", "finished")
    wanted = metrics["character_f1"]["end_to_end"]
    assert float(row["character_f1"]) == pytest.approx(wanted, rel=1e-4)


def test_mlflow_has_a_run_of_the_fold_with_its_curve(answered):
    project, _ = answered
    with sqlite3.connect(project.folder / "mlflow.db") as database:
        runs = dict(database.execute("select name, run_uuid from runs"))
        assert set(runs) == {"reader: odqa", "fold_0"}
        parent, child = runs["reader: odqa"], runs["fold_0"]
        tags = dict(database.execute("select key, value from tags where run_uuid = ?", [child]))
        assert tags["mlflow.parentRunId"] == parent
        curve = "select step from metrics where run_uuid = ? and key = 'train_loss' order by step"
        steps = [step for (step,) in database.execute(curve, [child])]
        assert steps == [2, 4, 6, 8]
        last = "select key, value from latest_metrics where run_uuid = ?"
        logged, of_fold = (dict(database.execute(last, [uuid])) for uuid in (parent, child))
    metrics = project.read_json(f"{REPORTS}/reader/metrics.json")
    for name in ("exact_match", "character_f1"):
        for how, value in metrics[name].items():
            assert logged[f"{name}.{how}"] == pytest.approx(value)
    assert of_fold["exact_match"] == of_fold["validation_exact_match"]
    copy = project.folder / f"mlartifacts/{parent}/artifacts/submission/predictions.json"
    assert json.loads(copy.read_text("utf-8")).keys() == questions_to_answer(project).keys()


def test_the_exported_folder_answers_as_the_run_did(answered):
    project, _ = answered
    folder = project.data / "06_models/odqa/reader/exported"
    answerer = QuestionAnswerer.from_pretrained(folder, device="cpu", precision="fp32")
    questions = dict(list(questions_to_answer(project).items())[:10])
    predictions = project.read_json(f"{REPORTS}/reader/predictions.json")
    said = answerer(list(questions.values()))
    assert [each.answer for each in said] == [predictions[name] for name in questions]


def test_new_questions_are_answered_from_a_file(answered, tmp_path):
    project = answered[0].copy_to(tmp_path / "new")
    name, question = next(iter(questions_to_answer(project).items()))
    rows = [
        {"id": "known", "question": question},
        {"id": "read", "question": "금강의 길이는?", "context": "금강의 길이는 397km이다."},
    ]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (project.folder / "new.jsonl").write_text("\n".join(lines), encoding="utf-8")
    console = run(project, "--pipelines", "odqa_answer_new", *params("odqa.questions=new.jsonl"))
    assert "2 questions read: 2 answered" in console
    answers = read_table(project, f"{REPORTS}/reader/answers_new/new/answers.csv", "utf-8-sig")
    assert [row["question_id"] for row in answers] == ["known", "read"]
    predictions = project.read_json(f"{REPORTS}/reader/predictions.json")
    assert answers[0]["answer"] == predictions[name]
    assert answers[0]["title"]
    assert answers[1]["answer"] in rows[1]["context"]


def test_a_fold_reads_again_and_other_ways_to_choose_read_nothing(answered, tmp_path):
    project = answered[0].copy_to(tmp_path / "again")
    candidates = project.data / CANDIDATES
    before = candidates.read_bytes()
    run(project, "--nodes", "odqa.fold_0.read_passages", *params())
    assert candidates.read_bytes() == before
    read_at = candidates.stat().st_mtime_ns
    choose = ("--pipelines", "odqa_answer", "--from-nodes", "odqa.choose_answers")
    console = run(project, *choose, *params("odqa.answer.trim_josa=false"))
    assert "odqa.choose_answers" in console
    assert "read_passages" not in console
    assert candidates.stat().st_mtime_ns == read_at
    others, former = (
        each.read_json(f"{REPORTS}/reader/predictions.json") for each in (project, answered[0])
    )
    assert others.keys() == former.keys()
    assert others != former
    other = project.run("--pipelines", "odqa_answer", *params("odqa.training.epochs=2"))
    assert other.code == 1
    assert "odqa.training.epochs was 1, this run says 2" in other.console


def test_two_folds_answer_what_each_has_not_learnt_from(several):
    project, *_ = several
    for fold in ("fold_0", "fold_1"):
        assert project.read_json(f"{REPORTS}/cnn/{fold}/metrics.json")["training_windows"] > 50
        assert (project.data / f"06_models/odqa/cnn/exported/{fold}/reader.json").exists()
    rows = read_table(project, f"{REPORTS}/cnn/answers.csv", "utf-8-sig")
    held_out = [row["part"] for row in rows if row["is_held_out"] == "True"]
    assert held_out == ["train"] * 141
    assert len(rows) == 250


def test_a_reader_of_all_questions_states_no_score(several):
    project, unjudged, _ = several
    metrics = project.read_json(f"{REPORTS}/train_on_all/metrics.json")
    assert metrics["exact_match"] == {"given_gold_passage": None, "end_to_end": None}
    assert "odqa.folds.strategy=all" in metrics["refused"]
    assert "Answers are not judged" in unjudged
    assert "exact match" not in unjudged
    predictions = project.read_json(f"{REPORTS}/train_on_all/predictions.json")
    assert list(predictions) == list(questions_to_answer(project))
    board = read_table(project, f"{REPORTS}/answer_leaderboard.csv", "utf-8-sig")
    ranks = {row["experiment"]: row["rank"] for row in board}
    assert ranks.keys() == {"reader", "cnn", "train_on_all"}
    assert ranks["train_on_all"] == ""
    assert ranks["reader"]


def test_experiments_are_joined_entered_and_bundled(several):
    project, _, joined = several
    report = project.read_json(f"{REPORTS}/ensemble/ensemble_report.json")
    assert report["voters"] == {"cnn": 0.5, "reader": 0.5}
    assert list(report["skipped"]) == ["train_on_all"]
    assert "train_on_all is left out of the ensemble" in joined
    predictions = project.read_json(f"{REPORTS}/ensemble/predictions.json")
    assert list(predictions) == list(questions_to_answer(project))
    members = {
        name: project.read_json(f"{REPORTS}/{name}/predictions.json") for name in ("reader", "cnn")
    }
    assert all(text in {each[name] for each in members.values()} or text for name, text in
               predictions.items())  # fmt: skip
    names = {row["name"] for row in read_table(project, f"{REPORTS}/submissions.csv", "utf-8-sig")}
    assert "reader" in names
    assert (project.data / REPORTS / "bundles/reader/bundle.json").exists()


def test_a_killed_command_goes_on_to_the_same_answers(answered, tmp_path):
    """Once in the training, once while what was read is written."""
    settings = params("odqa.training.checkpoint_every_steps=2")
    project = Project.create(tmp_path / "killed")
    killed = project.run_until("fold_0", 3, *JOB, *settings)
    assert killed.code == -9, killed.console
    reading = project.start(*JOB, RESUME, *settings)
    partial = reading.partial_of(project.data / CANDIDATES)
    partial.parent.mkdir(parents=True)
    os.mkfifo(partial)  # who opens it waits for a reader who never comes
    console = reading.kill_when(lambda: "odqa.fold_0.read_passages" in reading.printed())
    assert "Resuming from checkpoint-2" in console
    assert not (project.data / CANDIDATES).exists()
    partial.unlink()
    whole = run(project, *JOB, RESUME, *settings)
    assert "] odqa.fold_0.train_reader" not in whole  # it is named among what is skipped
    assert "] odqa.fold_0.read_passages" in whole
    for name in ("predictions.json", "nbest_predictions.json", "metrics.json"):
        found, wanted = (each.data / REPORTS / "reader" / name for each in (project, answered[0]))
        assert found.read_bytes() == wanted.read_bytes()
    assert not (project.data / "06_models/odqa/reader/.scratch").exists()
