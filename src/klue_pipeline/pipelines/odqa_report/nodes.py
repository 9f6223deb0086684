"""Judge answers against gold answers, and compare experiments."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.odqa.answer_report.answered import PART, AnsweredQuestions, explain_refusal
from klue_pipeline.odqa.answer_report.errors_page import render_answer_errors, render_no_errors
from klue_pipeline.odqa.answer_report.failures import name_failures
from klue_pipeline.odqa.answer_report.leaderboard import rank_experiments
from klue_pipeline.odqa.answer_report.page import render_answers
from klue_pipeline.odqa.answer_report.report import Report, report_answers, report_refusal
from klue_pipeline.odqa.answer_report.table import metrics_of, tabulate_answers
from klue_pipeline.odqa.metrics.answer_judgement import JudgedQuestions
from klue_pipeline.odqa.metrics.task_scores import READER_SCORES
from klue_pipeline.odqa.metrics.truth import RetrievalTruth
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.odqa.settings.reader_params import AnswerParams, ReaderFoldsParams
from klue_pipeline.reporting.leaderboard import LeaderboardEntry, build_leaderboard
from klue_pipeline.reporting.leaderboard_page import render_leaderboard
from klue_pipeline.runs.records.run_records import RunRecord, parse_records
from klue_pipeline.runs.records.run_summary import describe_run, summarise_run

logger = logging.getLogger(__name__)

Loaders = Mapping[str, Callable[[], Any]]

ERRORS_PAGE = "answer_errors.html"
PAGES = {"retrieval": "retrieval_report.html", "all experiments": "../answer_leaderboard.html"}
PAGES_OF_A_RUN = {"answers": "answer_report.html", "one by one": ERRORS_PAGE}
"""What lies in the folder of an experiment, by what the leaderboard calls it."""


def judge_answers(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    candidates: pd.DataFrame,
    n_best: pd.DataFrame,
    answers: pd.DataFrame,
    answer_fit: dict[str, Any],
    run: pd.DataFrame,
    examples: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    passages: pd.DataFrame,
    about: AboutParams,
    folds: ReaderFoldsParams,
    answer: AnswerParams,
    evaluation: OdqaEvaluationParams,
) -> tuple[dict[str, Any], Report, pd.DataFrame, Any, str, str]:
    """Judge the answers to the validation questions, end to end and given the gold passage.

    Args:
        candidates: What was read.
        n_best: The best answers of each question.
        answers: What was answered.
        answer_fit: What was fitted for choosing.
        run: What was found.
        examples: Questions of all parts.
        gold_passages: Where their answers are.
        passage_groups: Which passages say the same.
        passages: What was searched.
        about: Which experiment it is.
        folds: What its reader learnt from.
        answer: How it answers.
        evaluation: How it is judged.

    Returns:
        The numbers that stand for the experiment, the report, its scores as a table, a figure, and
        two pages: the report, and every question. Where nothing can be judged, all say why.
    """
    from klue_pipeline.odqa.answer_report.figure import draw_risk_coverage

    truth = RetrievalTruth.of(examples, gold_passages, passage_groups, passages)
    questions = JudgedQuestions.of_part(truth, PART)
    if refusal := explain_refusal(questions, folds):
        logger.warning("Answers are not judged. %s", refusal)
        report = report_refusal(questions, refusal)
        errors = render_no_errors(refusal, about.folder)
    else:
        read = {"candidates": candidates, "run": run, "gold_passages": gold_passages}
        answered = AnsweredQuestions.of(truth, answers, n_best, read, answer_fit, answer)
        failures = name_failures(
            answered.questions, answered.scores, answered.answers, run, answer.top_k
        )
        report = report_answers(answered, failures, evaluation)
        errors = render_answer_errors(answered, failures, about.folder)
    return (
        metrics_of(report),
        report,
        tabulate_answers(report),
        draw_risk_coverage(report, about.folder),
        render_answers(report, about.folder, ERRORS_PAGE, PAGES),
        errors,
    )


def rank_answers(
    reports: Loaders,
    records: Loaders,
    answer_report: Report,
    evaluation: OdqaEvaluationParams,
) -> tuple[pd.DataFrame, str]:
    """Rank every experiment on disk that answers; failed runs are listed too.

    An experiment that finished without a report of answers was about retrieval alone, and stands in
    the leaderboard of that.

    Args:
        reports: What each experiment's report says.
        records: What each experiment's latest run came to.
        answer_report: That of this run, which knows the questions and passages of now.
        evaluation: Intervals, and what is ranked by.

    Returns:
        The table, best first, and the same as a page.
    """
    known = {name: load() for name, load in reports.items()}
    stored = parse_records(records)
    unfinished = {name for name, record in stored.items() if record.status != "finished"}
    entries = {name: _entry(name, stored.get(name), known.get(name))
               for name in sorted(unfinished | known.keys())}  # fmt: skip
    ranked = rank_experiments(entries, known, answer_report["fingerprint"], evaluation)
    page = render_leaderboard(
        ranked,
        READER_SCORES.find(evaluation.select_answers_by),
        READER_SCORES,
        confidence=evaluation.confidence,
    )
    return build_leaderboard(ranked, READER_SCORES), page


def _entry(name: str, record: RunRecord | None, report: Report | None) -> LeaderboardEntry:
    run = summarise_run(record, has_scores=report is not None)
    return describe_run(name, run, pages={} if report is None else {
        title: f"{name}/{file}" for title, file in PAGES_OF_A_RUN.items()
    })  # fmt: skip
