"""What a row must fulfil to be trained on, and the table of those that do not."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from klue_pipeline.relation.ingest.labels import name_label
from klue_pipeline.relation.ingest.parsing.raw_row import RawEntity, RawRow
from klue_pipeline.text.counts import counted
from klue_pipeline.text.lookalikes import hint_at_lookalikes
from klue_pipeline.text.shortened import list_shortly, shorten

REJECTED_COLUMNS = ("file", "row_number", "row_id", "reason", "detail")
_MOST_FOLDS = 10_000
_LONGEST_LABEL = 200
_REASONS_SHOWN = 3


@dataclass(frozen=True)
class RowRules:
    """What the rows of one file may say.

    Attributes:
        label_names: The labels to be learned; None takes any.
        numbered_names: What labels written as numbers stand for, in order.
        entity_types: The entity types that may occur; None takes any.
    """

    label_names: frozenset[str] | None = None
    numbered_names: tuple[str, ...] = ()
    entity_types: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row cannot be used: a reason to count, and what was found in this row."""

    row: RawRow
    reason: str
    detail: str


RowCheck = Callable[[RawRow, RowRules], str | None]
"""Returns what is wrong with a row in words, or None."""


def check_row_readable(row: RawRow, _: RowRules) -> str | None:
    """Want a line that its format could be read from at all."""
    return row.problem


def check_text_present(row: RawRow, _: RowRules) -> str | None:
    """Want a sentence and two entities, whatever they hold."""
    parts = {"sentence": row.sentence, "subject": row.subject, "object": row.object}
    missing = [name for name, value in parts.items() if value is None]
    return f"no {' and no '.join(missing)}" if missing else None


def check_fields_plain(row: RawRow, _: RowRules) -> str | None:
    """Want text or a number in id, label, source and fold, and a label that can be one."""
    label = str(row.label)
    if row.misfits is None and (len(label) > _LONGEST_LABEL or "\0" in label):
        wanted = f"wanted at most {_LONGEST_LABEL} characters without NUL"
        return f"label is {shorten(repr(label))} ({len(label):,} characters), {wanted}"
    return row.misfits


def check_id_and_label_present(row: RawRow, rules: RowRules) -> str | None:
    """Want an id and a label."""
    label = name_label(row.label, rules.numbered_names)
    missing = [name for name, value in (("id", row.row_id), ("label", label)) if value is None]
    return f"no {' and no '.join(missing)}" if missing else None


def check_entities_parsed(row: RawRow, _: RowRules) -> str | None:
    """Want entities that could be read, or found where only their words are given."""
    for role, entity in (("subject", row.subject), ("object", row.object)):
        if isinstance(entity, str):
            return f"{role}: {entity}"
    return None


def check_sentence_not_empty(row: RawRow, _: RowRules) -> str | None:
    """Want a sentence with more than blanks."""
    is_filled = row.sentence and row.sentence.strip()
    return None if is_filled else f"sentence is {shorten(repr(row.sentence))}"


def check_text_encodable(row: RawRow, _: RowRules) -> str | None:
    """Refuse what escapes can smuggle in: NUL, and halves of surrogate pairs, which UTF-8 lacks."""
    words = (text for entity in _entities(row) for text in (entity.word, entity.type or ""))
    for text in (row.sentence or "", *words):
        if "\0" in text:
            return f"NUL at character {text.index(chr(0))} of {shorten(ascii(text))}"
        try:
            text.encode()
        except UnicodeEncodeError as error:
            return f"half a surrogate pair at character {error.start} of {shorten(ascii(text))}"
    return None


def check_words_at_offsets(row: RawRow, _: RowRules) -> str | None:
    """Want each entity's words where its offsets say they are."""
    sentence = row.sentence or ""
    for entity in _entities(row):
        if entity.word and not entity.word.strip():
            return f"characters {entity.start} to {entity.end - 1} hold no word"
        inside = 0 <= entity.start < entity.end <= len(sentence)
        found = sentence[entity.start : entity.end] if inside else ""
        if not inside or found != entity.word:
            return (
                f"wanted {shorten(repr(entity.word))} at characters {entity.start} to "
                f"{entity.end - 1}, found {shorten(repr(found))}"
            )
    return None


def check_spans_apart(row: RawRow, _: RowRules) -> str | None:
    """Want entities that share no character."""
    first, second = sorted(_entities(row), key=lambda entity: entity.start)
    if first.end <= second.start:
        return None
    return f"{shorten(repr(first.word))} and {shorten(repr(second.word))} share characters"


def check_types_known(row: RawRow, rules: RowRules) -> str | None:
    """Want entity types of the list, or none at all in a format without types."""
    types = [entity.type for entity in _entities(row) if entity.type is not None]
    if rules.entity_types is None or rules.entity_types.issuperset(types):
        return None
    unknown = [name for name in types if name not in rules.entity_types]
    found = list_shortly([repr(name) for name in unknown])
    return f"found {found}; known are {list_shortly(sorted(rules.entity_types))}"


def check_label_known(row: RawRow, rules: RowRules) -> str | None:
    """Want a label of the chosen label set."""
    label = name_label(row.label, rules.numbered_names)
    if rules.label_names is None or label in rules.label_names:
        return None
    hint = hint_at_lookalikes([label or ""], rules.label_names)
    return (
        f"found {shorten(repr(label))}; the chosen label set has {len(rules.label_names)} others."
        f"{hint}"
    ).removesuffix(".")


def check_fold_readable(row: RawRow, _: RowRules) -> str | None:
    """Want a whole number from 0 in the column ``fold``, or nothing."""
    fold = row.given_fold
    if fold is None or (isinstance(fold, int) and 0 <= fold < _MOST_FOLDS):
        return None
    return f"fold is {shorten(repr(fold))}, wanted a whole number from 0"


TEXT_CHECKS: tuple[tuple[str, RowCheck], ...] = (
    ("unreadable line", check_row_readable),
    ("missing value", check_text_present),
    ("unusable entity", check_entities_parsed),
    ("empty sentence", check_sentence_not_empty),
    ("broken character", check_text_encodable),
    ("word not at its offsets", check_words_at_offsets),
    ("overlapping spans", check_spans_apart),
)
"""What any row needs before a model can read it, training or test; the first that fails counts."""

TRAIN_CHECKS: tuple[tuple[str, RowCheck], ...] = (
    *TEXT_CHECKS,
    ("unusable value", check_fields_plain),
    ("missing value", check_id_and_label_present),
    ("unknown type", check_types_known),
    ("unknown label", check_label_known),
    ("unreadable fold", check_fold_readable),
)
"""What a training row needs; its id must be new, too."""


def _entities(row: RawRow) -> list[RawEntity]:
    return [entity for entity in (row.subject, row.object) if isinstance(entity, RawEntity)]


def find_problem(
    row: RawRow, rules: RowRules, checks: tuple[tuple[str, RowCheck], ...]
) -> RowProblem | None:
    """Return the first problem of a row, or None."""
    for reason, check in checks:
        if detail := check(row, rules):
            return RowProblem(row, reason, detail)
    return None


def sort_out(rows: Iterable[RawRow], rules: RowRules) -> tuple[list[RawRow], list[RowProblem]]:
    """Part training rows into good ones and problems; every row is in exactly one of the two.

    Of rows with the same id the first good one stays.
    """
    good: dict[str, RawRow] = {}
    problems = []
    for row in rows:
        problem = find_problem(row, rules, TRAIN_CHECKS) or _id_problem(row, good)
        if problem:
            problems.append(problem)
        else:
            good[str(row.row_id)] = row
    return list(good.values()), problems


def _id_problem(row: RawRow, good: dict[str, RawRow]) -> RowProblem | None:
    earlier = good.get(str(row.row_id))
    if earlier is None:
        return None
    return RowProblem(row, "duplicate id", f"row {earlier.row_number} has the same id")


def table_problems(file_name: str, problems: Iterable[RowProblem]) -> pd.DataFrame:
    """Write problems as a table of schema ``RejectedRows``, in the order of the file."""
    lines = [
        (file_name, problem.row.row_number, problem.row.row_id, problem.reason, problem.detail)
        for problem in problems
    ]
    table = pd.DataFrame(lines, columns=list(REJECTED_COLUMNS))
    types = {name: "int64" if name == "row_number" else "str" for name in REJECTED_COLUMNS}
    return table.astype(types)


def count_reasons(problems: Iterable[RowProblem]) -> str:
    """Return how often each reason occurs in words, the most frequent first.

    >>> count_reasons([])
    'none'
    """
    counts = Counter(problem.reason for problem in problems).most_common()
    return ", ".join(f"{reason} {n_rows:,}" for reason, n_rows in counts) or "none"


def require_few_problems(
    file_name: str, n_rows: int, problems: list[RowProblem], max_share: float
) -> None:
    """Stop when too many training rows are bad to be an accident.

    Args:
        file_name: The training file, for the message.
        n_rows: All its rows, good and bad.
        problems: Its bad rows.
        max_share: Largest share of bad rows that passes, from 0 to 1.

    Raises:
        ValueError: Naming the share, the top reasons with an example each, and the setting.
    """
    share = len(problems) / n_rows
    if share <= max_share:
        return
    raise ValueError(
        f"{file_name}: {len(problems):,} of {n_rows:,} rows ({share:.1%}) cannot be trained on; "
        f"ingest.max_rejected_share allows {max_share:.1%}.\n{_examples(problems)}\n"
        "Correct the file, or set ingest.max_rejected_share higher to go on with the other rows."
    )


def require_rows(file_name: str, n_good: int, problems: list[RowProblem]) -> None:
    """Stop where all rows of a file are bad.

    Args:
        file_name: The file, for the message.
        n_good: Rows that can be used.
        problems: The others.

    Raises:
        ValueError: Naming how many rows there are and the top reasons, with an example each.
    """
    if not n_good:
        raise ValueError(
            f"{file_name}: none of its {len(problems):,} rows can be used.\n{_examples(problems)}\n"
            "Correct the file, or say in ingest what its columns hold."
        )


def _examples(problems: list[RowProblem]) -> str:
    first_of = {problem.reason: problem for problem in reversed(problems)}
    top = Counter(problem.reason for problem in problems).most_common(_REASONS_SHOWN)
    return "\n".join(
        f"- {reason}: {counted(n_rows, 'row')}, such as row {first_of[reason].row.row_number} "
        f"(id {shorten(str(first_of[reason].row.row_id))}): {first_of[reason].detail}"
        for reason, n_rows in top
    )
