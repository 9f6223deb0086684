"""What a question must fulfil to be used."""

from collections.abc import Callable, Iterable, Mapping

from klue_pipeline.odqa.ingest.answer_places import place_answers
from klue_pipeline.odqa.ingest.parsing.raw_question import RawQuestion
from klue_pipeline.text.records.cells import find_broken_character
from klue_pipeline.text.records.problems import RowProblem

QuestionCheck = Callable[[RawQuestion], str | None]
"""Returns what is wrong with a question in words, or None."""


def check_readable(row: RawQuestion) -> str | None:
    """Want a row that its format could be read from at all."""
    return row.problem


def check_id(row: RawQuestion) -> str | None:
    """Want an id."""
    return None if row.row_id else "no id"


def check_question(row: RawQuestion) -> str | None:
    """Want a question with more than blanks."""
    return None if row.question else "no question, or only blanks"


def check_characters(row: RawQuestion) -> str | None:
    """Refuse NUL and halves of surrogate pairs, which UTF-8 lacks."""
    answers = row.answers if isinstance(row.answers, tuple) else ()
    texts = (row.row_id, row.question, row.title, row.context, *(each.text for each in answers))
    found = (find_broken_character(text) for text in texts if text)
    return next((problem for problem in found if problem), None)


def check_answers_given(row: RawQuestion) -> str | None:
    """Want answers that can be read, or word that there are none."""
    if isinstance(row.answers, str):
        return row.answers
    return "no answers" if row.answers is None else None


def check_context(row: RawQuestion) -> str | None:
    """Want the context of answers."""
    return "answers without a context" if row.answers and row.context is None else None


def check_answers_found(row: RawQuestion) -> str | None:
    """Want at least one answer that stands in the context."""
    if not isinstance(row.answers, tuple) or not row.answers:
        return None
    placed, problems = place_answers(row.context or "", row.answers)
    return None if placed else "; ".join(problems)


TEST_CHECKS: tuple[tuple[str, QuestionCheck], ...] = (
    ("unreadable row", check_readable),
    ("missing value", check_id),
    ("empty question", check_question),
    ("broken character", check_characters),
)
"""What every question needs; the first check that fails counts."""

ANSWER_CHECKS: tuple[tuple[str, QuestionCheck], ...] = (
    ("missing value", check_answers_given),
    ("missing value", check_context),
    ("answer not in its context", check_answers_found),
)
"""What the answers of a labelled question need."""

LABELLED_CHECKS = (*TEST_CHECKS, *ANSWER_CHECKS)


def find_problem(
    row: RawQuestion, checks: Iterable[tuple[str, QuestionCheck]]
) -> RowProblem | None:
    """Return the first problem of a question, or None."""
    for reason, check in checks:
        if detail := check(row):
            return RowProblem(row, reason, detail)
    return None


def sort_out(
    rows: Iterable[RawQuestion], taken: Mapping[str, str]
) -> tuple[list[RawQuestion], list[RowProblem]]:
    """Part labelled questions into good ones and problems; each is in exactly one of the two.

    Args:
        rows: The questions of one file.
        taken: Ids that questions of other parts have, and where these stand.
    """
    good: dict[str, RawQuestion] = {}
    problems = []
    for row in rows:
        problem = find_problem(row, LABELLED_CHECKS) or _id_problem(row, good, taken)
        if problem:
            problems.append(problem)
        else:
            good[str(row.row_id)] = row
    return list(good.values()), problems


def _id_problem(
    row: RawQuestion, good: Mapping[str, RawQuestion], taken: Mapping[str, str]
) -> RowProblem | None:
    row_id = str(row.row_id)
    if row_id not in good and row_id not in taken:
        return None
    where = f"row {good[row_id].row_number}" if row_id in good else taken[row_id]
    return RowProblem(row, "duplicate id", f"{where} has the same id")
