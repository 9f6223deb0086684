"""What is wrong with a submission: every problem, and the row that has it.

Nothing is evaluated: ``probs`` are read with ``ast.literal_eval``, which knows numbers and lists
and calls nothing.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = ["id", "pred_label", "probs"]
SUM_TOLERANCE = 1e-6
"""How far the sum of a row's probabilities may be from 1 in a file that this project writes."""

ROUNDED_SUM_TOLERANCE = 1e-3
"""The same for files from elsewhere, whose probabilities may be rounded or in half precision."""

_NAMED_IDS = 5
_SHOWN_CHARACTERS = 60
_HINTS = {
    "nan": "NaN is no probability: a score was not finite",
    "inf": "infinity is no probability: a score was not finite",
    "np.float": "write Python's numbers, as array.tolist() gives them",
    "array(": "write a plain list, as array.tolist() gives it",
    "tensor(": "write a plain list, as tensor.tolist() gives it",
    "...": "a printed array leaves numbers out; write array.tolist()",
}
"""What a text that is no list of numbers may hold, and where it comes from."""


@dataclass(frozen=True)
class Problem:
    """Something that a submission must not have.

    Attributes:
        row: Place of the row, counted from 0; None where it is the table as a whole.
        message: What was found and what was wanted. With a row, the words go on after its name;
            without one, they are sentences.
    """

    row: int | None
    message: str

    def at(self, place: str) -> str:
        """Say it of a place, such as ``Row 3`` or ``line 5``.

        >>> Problem(3, " has id 'b'.").at("line 5"), Problem(None, "Found no rows.").at("line 5")
        ("line 5 has id 'b'.", 'Found no rows.')
        """
        return self.message if self.row is None else place + self.message


def find_problems(
    submission: pd.DataFrame,
    row_ids: Sequence[str] | None = None,
    label_names: Sequence[str] | None = None,
    sum_tolerance: float = SUM_TOLERANCE,
) -> list[Problem]:
    """Find all that a contest would refuse, or score wrongly.

    Args:
        submission: The table to check.
        row_ids: Ids of all test rows in file order; None where they are not known, then ids must
            only differ from each other.
        label_names: Labels in the order of ``probs``; None where they are not known, then lists
            must be as long as most are, and a label must belong to the same place in them as in
            most rows.
        sum_tolerance: Largest distance of a row's sum from 1.

    Returns:
        Problems of the columns, after which nothing else is looked at; else of the ids, of the
        form of ``probs``, of their values and of the labels, each in file order.
    """
    columns = list(submission.columns)
    if columns != COLUMNS:
        return [Problem(None, f"A submission has the columns {COLUMNS}; found {columns}.")]
    if submission.empty:
        return [Problem(None, "A submission has one row per test row; found no rows.")]
    ids = submission["id"].tolist()
    problems = _find_repeated(ids) if row_ids is None else _compare_ids(ids, row_ids)
    return problems + _find_cell_problems(submission, label_names, sum_tolerance)


def _find_repeated(found: list[str]) -> list[Problem]:
    rows = np.flatnonzero(pd.Index(found).duplicated())
    problems = [Problem(int(row), f" repeats the id {found[row]!r}.") for row in rows]
    if not problems:
        return []
    first = f"Every id stands once in a submission; {found[rows[0]]!r} is repeated."
    return [Problem(None, first), *problems]


def _compare_ids(found: list[str], wanted: Sequence[str]) -> list[Problem]:
    place_of = {row_id: place for place, row_id in enumerate(wanted)}
    places = np.array([place_of.get(row_id, -1) for row_id in found])
    unknown = [
        Problem(int(row), f" has id {found[row]!r}, which no test row has.")
        for row in np.flatnonzero(places < 0)
    ]
    return [
        *_compare_counts(found, wanted),
        *_find_repeated(found),
        *unknown,
        *_find_misplaced(found, wanted, places),
    ]


def _compare_counts(found: list[str], wanted: Sequence[str]) -> list[Problem]:
    problems = []
    if len(found) != len(wanted):
        message = f"A submission has one row per test row: {len(wanted)}; found {len(found)} rows."
        problems.append(Problem(None, message))
    present = set(found)
    missing = [row_id for row_id in wanted if row_id not in present]
    if missing:
        named = ", ".join(map(repr, missing[:_NAMED_IDS]))
        more = f" and {len(missing) - _NAMED_IDS:,} more" if len(missing) > _NAMED_IDS else ""
        message = f"No line for {len(missing):,} of {len(wanted):,} test rows: {named}{more}."
        problems.append(Problem(None, message))
    return problems


def _find_misplaced(
    found: list[str], wanted: Sequence[str], places: NDArray[np.int64]
) -> list[Problem]:
    """Find the first row that is out of order among those that belong here, once each."""
    rows = np.flatnonzero((places >= 0) & ~pd.Index(found).duplicated())
    sorted_places = np.sort(places[rows])
    differs = np.flatnonzero(places[rows] != sorted_places)
    if not len(differs):
        return []
    row, place = int(rows[differs[0]]), int(sorted_places[differs[0]])
    message = (
        f" has id {found[row]!r}; the test file has {wanted[place]!r} there. "
        "Keep the rows in file order."
    )
    return [Problem(row, message)]


def _find_cell_problems(
    submission: pd.DataFrame, label_names: Sequence[str] | None, sum_tolerance: float
) -> list[Problem]:
    texts = submission["probs"].tolist()
    lists = [_parse_list(text) for text in texts]
    wanted = _commonest_length(lists) if label_names is None else len(label_names)
    is_list = np.array([0 < len(values) == wanted for values in lists])
    listed, unlisted = np.flatnonzero(is_list), np.flatnonzero(~is_list)
    probabilities = np.array([lists[row] for row in listed]).reshape(len(listed), wanted or 1)
    found = [
        *((row, _describe_text(texts[row], lists[row], wanted)) for row in unlisted),
        *((listed[place], why) for place, why in _judge_values(probabilities, sum_tolerance)),
        *_judge_labels(submission["pred_label"].tolist(), listed, probabilities, label_names),
    ]
    ids = submission["id"].tolist()
    return [Problem(int(row), f" (id {ids[row]}): {message}") for row, message in found]


def _parse_list(text: object) -> list[float]:
    """Return the numbers that ``text`` lists, or an empty list if it lists none."""
    try:
        values = ast.literal_eval(str(text))
        is_list = isinstance(values, list) and all(type(value) in (int, float) for value in values)
        return [float(value) for value in values] if is_list else []
    except (ValueError, SyntaxError, MemoryError, RecursionError, OverflowError):
        return []


def _commonest_length(lists: list[list[float]]) -> int:
    """Return how long most lists are, the first length of several; 0 if there is none."""
    lengths = Counter(len(values) for values in lists if values)
    return lengths.most_common(1)[0][0] if lengths else 0


def _describe_text(text: object, values: list[float], wanted: int) -> str:
    shown = repr(str(text)[:_SHOWN_CHARACTERS])
    found = f"{len(values)}, {shown}" if values else shown
    hint = "" if values else _hint(str(text))
    count = f"{wanted} " if wanted else ""
    return f"probs must be a list of {count}numbers as text; found {found}{hint}."


def _hint(text: str) -> str:
    return next((f" ({hint})" for part, hint in _HINTS.items() if part in text.lower()), "")


def _judge_values(
    probabilities: NDArray[np.float64], sum_tolerance: float
) -> list[tuple[int, str]]:
    in_range = ((probabilities >= 0) & (probabilities <= 1)).all(axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        sums = probabilities.sum(axis=1)
        is_off = ~(np.abs(sums - 1) <= sum_tolerance)
    problems = []
    for place in np.flatnonzero(~in_range | is_off).tolist():
        row = probabilities[place]
        message = (
            "probs must lie in 0 to 1 and sum to 1; found "
            f"{row.min():.6g} to {row.max():.6g} with sum {sums[place]:.9g}."
        )
        problems.append((place, message))
    return problems


def _judge_labels(
    labels: list[str],
    listed: NDArray[np.intp],
    probabilities: NDArray[np.float64],
    names: Sequence[str] | None,
) -> list[tuple[int, str]]:
    if names is None:
        return _find_disagreeing(labels, listed, probabilities)
    place_of = {name: place for place, name in enumerate(names)}
    places = np.array([place_of.get(label, -1) for label in labels])
    unknown = [(int(row), f"unknown label {labels[row]!r}.") for row in np.flatnonzero(places < 0)]
    known = places[listed] >= 0
    rows, values = listed[known], probabilities[known]
    # A label that ties with the largest is as right as the first of the tie.
    of_label = values[np.arange(len(rows)), places[rows]]
    wrong = np.flatnonzero(of_label < values.max(axis=1))
    best = values.argmax(axis=1)
    return unknown + [
        (int(rows[place]), _describe_label(labels[rows[place]], names[best[place]]))
        for place in wrong
    ]


def _find_disagreeing(
    labels: list[str], listed: NDArray[np.intp], probabilities: NDArray[np.float64]
) -> list[tuple[int, str]]:
    """Find rows whose label is not the one that most rows have with the same largest place."""
    best = probabilities.argmax(axis=1).tolist()
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row, place in zip(listed, best, strict=True):
        counts[place][labels[row]] += 1
    label_of = {place: count.most_common(1)[0][0] for place, count in counts.items()}
    return [
        (int(row), _describe_label(labels[row], label_of[place]))
        for row, place in zip(listed, best, strict=True)
        if labels[row] != label_of[place]
    ]


def _describe_label(found: str, wanted: str) -> str:
    return (
        f"pred_label is {found!r}, but the largest of probs belongs to {wanted!r}; "
        "are the probs in label order?"
    )
