"""Raw questions of all parts -> the table of examples.

A labelled question that cannot be used is set aside with its reason. A test question is never left
out: one that cannot be asked stops the run.
"""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from klue_pipeline.odqa.ingest.answer_places import PlacedAnswer, compose, place_answers
from klue_pipeline.odqa.ingest.parsing import RawQuestion, read_questions
from klue_pipeline.odqa.ingest.question_checks import (
    ANSWER_CHECKS,
    TEST_CHECKS,
    find_problem,
    sort_out,
)
from klue_pipeline.odqa.ingest.raw_questions import RawQuestions
from klue_pipeline.odqa.ingest.schema import TEST, TRAIN, VALIDATION
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams
from klue_pipeline.text.records.problems import (
    RowProblem,
    count_reasons,
    require_few_problems,
    require_rows,
    table_problems,
)
from klue_pipeline.text.records.raw_file import RawFile
from klue_pipeline.text.shortened import list_shortly, shorten

_SETTINGS = "odqa.ingest"
_TEXTS = ("question_id", "question", "part", "title", "context", "kind", "document_id")
_COLUMNS = (
    "question_id", "question", "part", "title", "context", "answers", "answer_starts", "kind",
    "document_id",
)  # fmt: skip

logger = logging.getLogger(__name__)


def parse_questions(
    train: RawQuestions,
    validation: RawQuestions | None,
    test: RawQuestions,
    params: OdqaIngestParams,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the questions of all parts, verify their answers, and set aside what cannot be used.

    Ids are unique over all parts: of questions with one id the test question stays, then that of
    validation, then the first.

    Args:
        train: Labelled questions; a folder of ``save_to_disk`` may hold validation questions too.
        validation: More labelled questions, to judge on; None for those of ``train``, if any.
        test: Questions to answer.
        params: Format, columns, how many may be set aside, how many to keep.

    Returns:
        A table of schema ``Questions`` (train, validation, test, each in the order of its file) and
        one of schema ``RejectedRows``. Labelled questions in = labelled questions out + rejected +
        those that ``max_questions`` left out, which are logged.

    Raises:
        ValueError: A file is in no known format or broken, too many labelled questions are unusable
            or none is left, or a test question cannot be asked.
    """
    test_file = test.pick(TEST, VALIDATION)
    test_rows = _require_askable(test_file.name, read_questions(test_file, params, TEST))
    tables = {TEST: _table_questions(test_rows, TEST)}
    taken = {str(row.row_id): f"test question {row.row_number}" for row in test_rows}
    rejected = {}
    for part, file in _labelled_files(train, validation).items():
        good, problems = _read_labelled(file, params, part, taken)
        tables[part] = _table_questions(good, part)
        rejected[part] = table_problems(file.name, problems)
        taken |= {str(row.row_id): f"{part} question {row.row_number}" for row in good}
    labelled = [tables[part] for part in (TRAIN, VALIDATION) if part in tables]
    kept = _draw(pd.concat(labelled, ignore_index=True), params)
    questions = pd.concat([kept, tables[TEST]], ignore_index=True)
    problems_table = pd.concat([rejected[part] for part in sorted(rejected)], ignore_index=True)
    return questions, problems_table


def _labelled_files(train: RawQuestions, validation: RawQuestions | None) -> dict[str, RawFile]:
    """Return the labelled files, those first whose questions stay where ids are shared."""
    files = {}
    if validation is not None:
        files[VALIDATION] = validation.pick(VALIDATION, TEST)
    elif VALIDATION in train.parts and TRAIN in train.parts:
        files[VALIDATION] = train.parts[VALIDATION]
    return {**files, TRAIN: train.pick(TRAIN)}


def _read_labelled(
    file: RawFile, params: OdqaIngestParams, part: str, taken: dict[str, str]
) -> tuple[list[RawQuestion], list[RowProblem]]:
    rows = read_questions(file, params, part)
    good, problems = sort_out(rows, taken)
    require_rows(file.name, len(good), problems, f"say in {_SETTINGS} what its columns hold")
    setting = f"{_SETTINGS}.max_rejected_share"
    require_few_problems(file.name, len(rows), problems, params.max_rejected_share, setting)
    logger.info(
        "%s: %d questions read (%s); set aside %d (%s)",
        file.name, len(good), part, len(problems), count_reasons(problems),
    )  # fmt: skip
    return good, problems


def _require_askable(name: str, rows: Sequence[RawQuestion]) -> Sequence[RawQuestion]:
    """Refuse a test file with a question that cannot be asked or told from another."""
    first: dict[str, int] = {}
    problems = []
    for row in rows:
        if problem := find_problem(row, TEST_CHECKS):
            problems.append(f"row {row.row_number} (id {row.row_id}): {problem.detail}")
            continue
        earlier = first.setdefault(str(row.row_id), row.row_number)
        if earlier != row.row_number:
            problems.append(
                f"row {row.row_number} has the id of row {earlier}, {shorten(str(row.row_id))}"
            )
    if problems:
        raise ValueError(
            f"{name}: {len(problems):,} of {len(rows):,} test questions cannot be asked, and none "
            f"may be left out.\n{list_shortly(problems)}\nCorrect the file."
        )
    return rows


def _table_questions(rows: Sequence[RawQuestion], part: str) -> pd.DataFrame:
    """Write questions as a table, with composed text and the places of their answers in it."""
    placed = [_answers_of(row) for row in rows]
    _warn_of_lost_answers(rows, placed, part)
    lines = [
        (
            _composed(row.row_id),
            _composed(row.question),
            part,
            _composed(row.title),
            _composed(row.context),
            [answer.text for answer in answers],
            [answer.start for answer in answers],
            row.kind,
            row.document_id,
        )
        for row, answers in zip(rows, placed, strict=True)
    ]
    return pd.DataFrame(lines, columns=list(_COLUMNS)).astype(dict.fromkeys(_TEXTS, "str"))


def _answers_of(row: RawQuestion) -> list[PlacedAnswer]:
    """Return the answers that stand in their context; a test question may have bad ones."""
    if not isinstance(row.answers, tuple) or find_problem(row, ANSWER_CHECKS):
        return []
    return place_answers(row.context or "", row.answers)[0]


def _composed(text: str | None) -> str | None:
    return None if text is None else compose(text)


def _warn_of_lost_answers(
    rows: Sequence[RawQuestion], placed: Sequence[list[PlacedAnswer]], part: str
) -> None:
    lost = [
        f"row {row.row_number}: {', '.join(shorten(answer.text) for answer in row.answers)}"
        for row, answers in zip(rows, placed, strict=True)
        if isinstance(row.answers, tuple) and len(answers) < len(row.answers)
    ]
    if lost:
        logger.warning(
            "%d %s questions have answers that are not in their context and are left out: %s",
            len(lost), part, list_shortly(lost),
        )  # fmt: skip


def _draw(questions: pd.DataFrame, params: OdqaIngestParams) -> pd.DataFrame:
    """Keep a random part of the labelled questions, in their order."""
    n_kept = params.max_questions
    if n_kept is None or n_kept >= len(questions):
        return questions
    drawn = np.random.default_rng(params.seed).choice(len(questions), n_kept, replace=False)
    logger.info(
        "Drew %d of %d labelled questions (%s.max_questions)", n_kept, len(questions), _SETTINGS
    )
    return questions.iloc[np.sort(drawn)].reset_index(drop=True)
