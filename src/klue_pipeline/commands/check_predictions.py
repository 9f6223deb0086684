"""``kedro check-submission`` of JSON files: the answers of open-domain QA, by question."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import click

from klue_pipeline.commands.check_submission import show_report
from klue_pipeline.commands.options import read_settings
from klue_pipeline.commands.project import open_context
from klue_pipeline.odqa.answer_ensemble.answer_bundle import PlainAnswers
from klue_pipeline.odqa.answer_ensemble.prediction_files import find_prediction_problems
from klue_pipeline.odqa.ingest.schema import TEST
from klue_pipeline.runs.checks.remote_results import fetch_datasets
from klue_pipeline.runs.remedies import kedro_run

_EXAMPLES = "odqa.examples"


def is_predictions(path: Path) -> bool:
    """Tell files of answers from tables of labels, by their names.

    >>> is_predictions(Path("predictions.JSON")), is_predictions(Path("submission.csv"))
    (True, False)
    """
    return path.suffix.lower() == ".json"


def check_predictions(files: Sequence[Path], *, env: str | None, settings: Sequence[str]) -> int:
    """Check files one after the other, and print what is wrong with each, or what it holds.

    Args:
        files: Files that exist.
        env: The environment whose test questions they have to answer.
        settings: ``name=value`` texts, as ``--params`` of a run.

    Returns:
        The exit code: 0, or 1 if any file has a problem.
    """
    catalog = open_context(env, settings).catalog
    fetch_datasets(catalog, [_EXAMPLES])
    wanted = None
    if catalog.exists(_EXAMPLES):
        examples = catalog.load(_EXAMPLES)
        wanted = examples["question_id"][examples["part"] == TEST].tolist()
    are_valid = [_report(path, wanted) for path in files]
    if wanted is None:
        run_params = {"env": env, "runtime_params": read_settings(settings)}
        click.echo(
            "Only the form was checked. Not checked: whether the questions are the test questions. "
            f"To have that checked too, first run {kedro_run(run_params, pipelines='odqa_ingest')}"
        )
    return int(not all(are_valid))


def _report(path: Path, wanted: Sequence[str] | None) -> bool:
    content = path.read_bytes()
    answers, problems = find_prediction_problems(content, wanted)
    description = [
        f"answers {len(answers):,}, {len(set(answers.values())):,} of them different",
        *_tell_empty(answers),
        f"sha256  {hashlib.sha256(content).hexdigest()}",
    ]
    return show_report(path, problems, description)


def _tell_empty(answers: PlainAnswers) -> list[str]:
    """Count the questions that are left unanswered, if any are."""
    count = sum(not text.strip() for text in answers.values())
    if not count:
        return []
    return [
        f"empty   {count:,}, where nothing was retrieved or odqa.answer.abstain_below keeps an "
        "answer back; a contest counts them as wrong"
    ]
