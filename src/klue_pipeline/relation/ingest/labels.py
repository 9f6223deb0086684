"""Which relations there are, in which order, and how files name them."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import ConfigDict, RootModel

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.settings.params import OWN_LABELS_FORMAT, LabelsParams
from klue_pipeline.text.lookalikes import groups_that_look_alike, hint_at_lookalikes
from klue_pipeline.text.shortened import list_shortly, shorten

logger = logging.getLogger(__name__)


LABEL_SET_OF_FORMAT = {"legacy_tsv": "legacy_42"}
"""The label set that ``auto`` means for a format; for all others :data:`CONTEST_LABEL_SET`."""

CONTEST_LABEL_SET = "contest_30"
"""The contest's order, which the probabilities of a submission follow."""

NUMBERS_OF_FORMAT = {
    "contest_csv": CONTEST_LABEL_SET,
    "klue": "klue_30",
    "legacy_tsv": "legacy_42",
}
"""The label set whose order a label written as a number follows, by format."""

NO_LABEL = frozenset({None, 100, -1, "blind"})
"""What stands for no label in test files: the contest's 100, the hub's -1, the older ``blind``."""


_FEW_LABELS = 10
"""So many different labels are never too many for a file, however short it is."""
_LOGGED = 100


class LabelSets(RootModel[dict[str, LabelSet]]):
    """The ordered label lists of ``label_sets``, by name."""

    model_config = ConfigDict(frozen=True)

    def numbered_names(self, format_name: str) -> tuple[str, ...]:
        """Return what numbers stand for in files of a format; nothing if that list is gone."""
        labels = self.root.get(NUMBERS_OF_FORMAT.get(format_name, ""))
        return tuple(labels.names) if labels else ()


class EntityTypes(RootModel[frozenset[str]]):
    """The entity types that a training row may have."""

    model_config = ConfigDict(frozen=True)


def choose_labels(
    chosen: LabelsParams, label_set: str, format_name: str, label_sets: LabelSets
) -> LabelSet | None:
    """Return the labels that the settings mean for files of a format.

    Args:
        chosen: Labels that the user lists, or how to find them; they win.
        label_set: Name of a label set, or ``auto``.
        format_name: Name of the training file's format.
        label_sets: All ordered lists by name.

    Returns:
        None where the labels are those of the file (:func:`infer_labels`).

    Raises:
        ValueError: There is no such list, it names a label twice, or it lacks its negative label.
    """
    if chosen.names == "infer":
        return None
    if chosen.names is not None:
        return _require_sound("labels", chosen.names, chosen.negative)
    name = label_set
    if label_set == "auto" and format_name == OWN_LABELS_FORMAT:
        return None
    if label_set == "auto":
        name = LABEL_SET_OF_FORMAT.get(format_name, CONTEST_LABEL_SET)
    if name not in label_sets.root:
        known = ", ".join(["auto", *label_sets.root])
        raise ValueError(f"ingest.label_set is {name}; known label sets are {known}.")
    labels = label_sets.root[name]
    return _require_sound(f"label_sets.{name}", labels.names, labels.negative)


def infer_labels(labels: Sequence[str], negative: str | None, file_name: str) -> LabelSet:
    """Return the labels that occur: the negative one first, the others sorted.

    Args:
        labels: The label of each usable training row.
        negative: The label that means *no relation*, or None.
        file_name: The training file, for messages.

    Raises:
        ValueError: The negative label does not occur, two labels look the same, or there are so
            many different ones that they are hardly labels.
    """
    counts = Counter(labels)
    if len(counts) > max(_FEW_LABELS, len(labels) // 2):
        raise ValueError(
            f"{file_name} has {len(counts):,} different labels in {len(labels):,} rows, such as "
            f"{list_shortly(counts)}; far fewer than rows were wanted. Is ingest.columns.label the "
            "column of labels? If it is, list them in labels.names."
        )
    if negative is not None and negative not in counts:
        raise ValueError(
            f"labels.negative is {negative!r}, but the labels of {file_name} are "
            f"{list_shortly(sorted(counts))}.{hint_at_lookalikes([negative], counts)} Set "
            "labels.negative to the one that means no relation, or to null if all are relations."
        )
    _refuse_twins(counts, file_name)
    shown = list_shortly(
        [f"{shorten(label)} {n_rows:,}" for label, n_rows in counts.most_common()], most=_LOGGED
    )
    logger.info("%s: %d labels found: %s", file_name, len(counts), shown)
    names = sorted(counts, key=lambda label: (label != negative, label))
    return LabelSet(names=names, negative=negative)


def require_learnable(labels: Sequence[str], negative: str | None, what: str) -> None:
    """Refuse rows from which nothing can be learned, as all have the same label.

    Args:
        labels: The label of each training row.
        negative: The label that means *no relation*, or None.
        what: The rows, for messages.

    Raises:
        ValueError: Saying which label they have.
    """
    if len(set(labels)) != 1:
        return
    name = labels[0]
    kind = ", which means no relation" if name == negative else ""
    raise ValueError(
        f"All {len(labels):,} {what} have the label {shorten(repr(name))}{kind}; there is nothing "
        "to learn from one label. Rows of at least two labels are needed: give another file with "
        "--params raw.train=<file>."
    )


def _refuse_twins(names: Iterable[str], where: str) -> None:
    """Refuse labels that look the same, and warn of those that differ by case only."""
    if twins := groups_that_look_alike(names):
        shown = "; ".join(" and ".join(shorten(ascii(name)) for name in group) for group in twins)
        raise ValueError(
            f"{where} has labels that look the same and are not: {shown}. They differ in Unicode "
            "form (NFC, NFD) or blanks; write each in one way, such as NFC."
        )
    for group in groups_that_look_alike(names, ignore_case=True):
        logger.warning("%s: labels that differ by case only are different labels: %s", where,
                       list_shortly(group))  # fmt: skip


def _require_sound(setting: str, names: list[str], negative: str | None) -> LabelSet:
    twice = sorted({label for label in names if names.count(label) > 1})
    if twice:
        raise ValueError(f"{setting} names {', '.join(twice)} more than once.")
    if negative is not None and negative not in names:
        raise ValueError(
            f"{setting}: its negative label {negative} is not among its names; add it, or set "
            "negative to null if every label is a relation."
        )
    _refuse_twins(names, setting)
    return LabelSet(names=names, negative=negative)


def name_label(label: str | int | None, numbered_names: tuple[str, ...]) -> str | None:
    """Return the name of a label as a file states it, or None where it states none.

    A number without a name in the format's order comes back as text, which no label set holds.

    >>> name_label(1, ("no_relation", "per:spouse")), name_label("per:title", ())
    ('per:spouse', 'per:title')
    >>> name_label(100, ("no_relation",)), name_label(57, ("no_relation",))
    (None, '57')
    """
    if label in NO_LABEL:
        return None
    if isinstance(label, int) and 0 <= label < len(numbered_names):
        return numbered_names[label]
    return str(label)
