"""Which relations there are, in which order, and how files name them."""

from pydantic import ConfigDict, RootModel

from klue_pipeline.relation.params import LabelSet

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


class LabelSets(RootModel[dict[str, LabelSet]]):
    """The ordered label lists of ``label_sets``, by name."""

    model_config = ConfigDict(frozen=True)

    def numbered_names(self, format_name: str) -> tuple[str, ...]:
        """Return what numbers stand for in files of a format; nothing if that list is gone."""
        labels = self.root.get(NUMBERS_OF_FORMAT[format_name])
        return tuple(labels.names) if labels else ()


class EntityTypes(RootModel[frozenset[str]]):
    """The entity types that a training row may have."""

    model_config = ConfigDict(frozen=True)


def choose_label_set(setting: str, format_name: str, label_sets: LabelSets) -> LabelSet:
    """Return the label set that ``ingest.label_set`` means for files of a format.

    Args:
        setting: Name of a label set, or ``auto``.
        format_name: Name of the training file's format.
        label_sets: All ordered lists by name.

    Raises:
        ValueError: There is no such list, it names a label twice, or it lacks its negative label.
    """
    name = setting
    if setting == "auto":
        name = LABEL_SET_OF_FORMAT.get(format_name, CONTEST_LABEL_SET)
    if name not in label_sets.root:
        known = ", ".join(["auto", *label_sets.root])
        raise ValueError(f"ingest.label_set is {name}; known label sets are {known}.")
    labels = label_sets.root[name]
    _require_sound(name, labels)
    return labels


def _require_sound(name: str, labels: LabelSet) -> None:
    twice = sorted({label for label in labels.names if labels.names.count(label) > 1})
    if twice:
        raise ValueError(f"label_sets.{name} names {', '.join(twice)} more than once.")
    if labels.negative is not None and labels.negative not in labels.names:
        raise ValueError(
            f"label_sets.{name}: its negative label {labels.negative} is not among its names; "
            "add it, or set negative to null if every label is a relation."
        )


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
