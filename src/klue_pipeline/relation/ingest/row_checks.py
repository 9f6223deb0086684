"""What a row must fulfil to be trained on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from klue_pipeline.relation.ingest.labels import name_label
from klue_pipeline.relation.ingest.parsing.raw_row import RawEntity, RawRow
from klue_pipeline.text.lookalikes import hint_at_lookalikes
from klue_pipeline.text.records.cells import find_broken_character
from klue_pipeline.text.records.problems import RowProblem
from klue_pipeline.text.shortened import list_shortly, shorten

_MOST_FOLDS = 10_000
_LONGEST_LABEL = 200


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
    """Want a sentence with more than blanks, if there is one."""
    is_empty = row.sentence is not None and not row.sentence.strip()
    return f"sentence is {shorten(repr(row.sentence))}" if is_empty else None


def check_text_encodable(row: RawRow, _: RowRules) -> str | None:
    """Refuse what escapes can smuggle in: NUL, and halves of surrogate pairs, which UTF-8 lacks."""
    words = (text for entity in _entities(row) for text in (entity.word, entity.type or ""))
    found = (find_broken_character(text) for text in (row.sentence or "", *words))
    return next((problem for problem in found if problem), None)


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
    ("empty sentence", check_sentence_not_empty),  # in which no entity is found
    ("missing value", check_text_present),
    ("unusable entity", check_entities_parsed),
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
