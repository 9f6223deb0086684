"""``kedro check-submission``: list all that is wrong with submission files, by line."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import click
import pandas as pd

from klue_pipeline.commands.options import read_settings
from klue_pipeline.commands.project import open_context
from klue_pipeline.relation.submissions.submission_lines import SubmissionLines, split_submission
from klue_pipeline.relation.submissions.submission_problems import (
    COLUMNS,
    ROUNDED_SUM_TOLERANCE,
    Problem,
    find_problems,
)
from klue_pipeline.runs.checks.remote_results import fetch_datasets
from klue_pipeline.runs.remedies import kedro_run
from klue_pipeline.text.counts import counted

_MOST_SHOWN = 20
_MOST_LABELS = 5
_CHECKED_WITH = {
    "clean_test_sentences": "whether ids are those of the test rows, in their order",
    "labels": "whether all labels are known and probs in their order",
}
"""What is not checked without a dataset."""


@dataclass(frozen=True)
class Expected:
    """What a submission has to fit.

    Attributes:
        row_ids: Ids of all test rows in file order; None where they are not known.
        label_names: Labels in the order of ``probs``; None where they are not known.
        negative: The label that means no relation; None where there is none, or it is not known.
    """

    row_ids: list[str] | None = None
    label_names: list[str] | None = None
    negative: str | None = None


def check_submissions(files: Sequence[Path], *, env: str | None, settings: Sequence[str]) -> int:
    """Check files one after the other, and print what is wrong with each, or what it holds.

    Args:
        files: Files that exist.
        env: The environment whose test rows and labels they have to fit.
        settings: ``name=value`` texts, as ``--params`` of a run.

    Returns:
        The exit code: 0, or 1 if any file has a problem.
    """
    expected, remark = _read_expected(env, settings)
    are_valid = [_report(path, path.read_bytes(), expected) for path in files]
    if remark:
        click.echo(remark)
    return int(not all(are_valid))


def find_line_problems(content: bytes, expected: Expected) -> list[str]:
    """List what is wrong with the bytes of a submission file, by line.

    Args:
        content: The bytes.
        expected: What it has to fit.

    Returns:
        What is wrong with the file as a whole, then with its lines, from the first on. A row with
        too many or too few cells is looked at no further.
    """
    try:
        lines = split_submission(content)
    except ValueError as error:
        return [str(error)]
    if lines.header != COLUMNS:
        columns = pd.DataFrame(columns=lines.header)
        return [f"line 1: {problem.message}" for problem in find_problems(columns)]
    problems = _find_row_problems(lines, expected)
    whole = [problem.message for problem in problems if problem.row is None]
    by_row = [(problem.row, problem.message) for problem in problems if problem.row is not None]
    in_order = sorted(by_row, key=itemgetter(0))
    return whole + [f"line {lines.rows[row].number}{message}" for row, message in in_order]


def _find_row_problems(lines: SubmissionLines, expected: Expected) -> list[Problem]:
    wanted = len(COLUMNS)
    rows = [line.fields for line in lines.rows]
    uneven = {
        row: f"{wanted} cells were wanted, found {len(cells)}; is probs in double quotes?"
        for row, cells in enumerate(rows)
        if len(cells) != wanted
    }
    uneven |= lines.broken
    # The id of an uneven row stays, so that it does not count as missing too.
    even = [[cells[0], "", ""] if row in uneven else cells for row, cells in enumerate(rows)]
    table = pd.DataFrame(even, columns=COLUMNS, dtype=str)
    found = find_problems(table, expected.row_ids, expected.label_names, ROUNDED_SUM_TOLERANCE)
    problems = [Problem(row, f": {message}") for row, message in uneven.items()]
    return [*problems, *(problem for problem in found if problem.row not in uneven)]


def _report(path: Path, content: bytes, expected: Expected) -> bool:
    problems = find_line_problems(content, expected)
    return show_report(path, problems, [] if problems else _describe(content, expected))


def show_report(path: Path, problems: Sequence[str], description: Sequence[str]) -> bool:
    """Print what is wrong with a file, or what it holds; return whether nothing is wrong."""
    lines = _show_problems(problems) if problems else description
    click.echo("\n  ".join([f"{path}: {_count(problems)}", *lines]))
    return not problems


def _count(problems: Sequence[str]) -> str:
    if not problems:
        return "no problems"
    return counted(len(problems), "problem")


def _show_problems(problems: Sequence[str]) -> list[str]:
    rest = len(problems) - _MOST_SHOWN
    return [*problems[:_MOST_SHOWN], *([f"and {rest:,} more"] if rest > 0 else [])]


def _describe(content: bytes, expected: Expected) -> list[str]:
    place = COLUMNS.index("pred_label")
    labels = pd.Series([line.fields[place] for line in split_submission(content).rows])
    shares = labels.value_counts(normalize=True)
    shown = ", ".join(f"{label} {share:.1%}" for label, share in shares.head(_MOST_LABELS).items())
    more = f" and {len(shares) - _MOST_LABELS} more" if len(shares) > _MOST_LABELS else ""
    return [
        f"rows    {len(labels):,}",
        f"labels  {shown}{more}",
        f"sha256  {hashlib.sha256(content).hexdigest()}",
        *([_warn_of_one(str(labels[0]), expected)] if len(shares) == 1 else []),
    ]


def _warn_of_one(label: str, expected: Expected) -> str:
    if label == expected.negative:
        return (
            f"warning: every row is {label}, which micro F1 leaves out: the file would score 0. "
            "Was the model trained to the end?"
        )
    return f"warning: every row is {label}. Was the model trained to the end?"


def _read_expected(env: str | None, settings: Sequence[str]) -> tuple[Expected, str]:
    """Read what is on disk of the test rows and the labels, and say what is not."""
    context = open_context(env, settings)
    catalog = context.catalog
    fetch_datasets(catalog, _CHECKED_WITH)
    missing = [name for name in _CHECKED_WITH if not catalog.exists(name)]
    row_ids = None if "clean_test_sentences" in missing else _read_ids(catalog)
    labels = None if "labels" in missing else catalog.load("labels")
    expected = Expected(row_ids, labels and labels.names, labels and labels.negative)
    remarks = [_name_test_file(context, env, row_ids)] if row_ids is not None else []
    run_params = {"env": env, "runtime_params": read_settings(settings)}
    remarks += [_explain_missing(missing, run_params)] if missing else []
    return expected, "\n".join(remarks)


def _name_test_file(context: Any, env: str | None, row_ids: Sequence[str]) -> str:
    file = f"{len(row_ids):,} test rows of {context.params['raw'].test}"
    if env:
        return f"Compared with the {file} (--env {env})."
    return f"Compared with the {file}; --env chooses those of another environment."


def _read_ids(catalog: Any) -> list[str]:
    return [str(row_id) for row_id in catalog.load("clean_test_sentences")["row_id"]]


def _explain_missing(missing: Sequence[str], run_params: Mapping[str, Any]) -> str:
    unchecked = ", and ".join(f"{_CHECKED_WITH[name]} (no {name})" for name in missing)
    scope = "Only the form was checked. " if len(missing) == len(_CHECKED_WITH) else ""
    return (
        f"{scope}Not checked: {unchecked}. To have that checked too, first run "
        f"{kedro_run(run_params, pipelines='ingest,clean')}"
    )
