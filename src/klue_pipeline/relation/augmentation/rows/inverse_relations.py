"""What a relation is called seen from its object, and how far the annotators agree with that.

The map is semantic: a spouse's spouse is a spouse. Whether it may make training rows is a question
of the annotation, so each entry carries what was found on KLUE-RE's 32,470 training rows: of the
rows of a label whose entities have the types that the inverse needs, and for which the reverse of
the same two spans of the same sentence is labelled as well (``compared``), how many have the
inverse label there (``agreed``).

The pairs are those of public contest code (``switch_sub_obj`` of boostcamp's bc2-12, the notebook
``target_augment`` of bc2-08, which labels swapped ``per:children`` rows ``per:children`` again, and
``entity_swap`` of bc6-02).
"""

from dataclasses import dataclass, replace

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE

RELIABLE_SHARE = 0.8
"""Least agreement of an inverse that is not noisy. The labels of KLUE-RE are either above 0.87 or
below 0.75."""


@dataclass(frozen=True, slots=True)
class Inverse:
    """A relation seen from its object.

    Attributes:
        label: What it is called then.
        subject_types: Types of which one must be the old object's, which is the new subject.
        agreed: Rows whose reverse has this label.
        compared: Rows whose reverse is labelled; 0 where nobody has counted.
    """

    label: str
    subject_types: tuple[str, ...]
    agreed: int = 0
    compared: int = 0

    @property
    def is_noisy(self) -> bool:
        """Whether it often does not hold, or nobody has looked."""
        return not self.compared or self.agreed / self.compared < RELIABLE_SHARE

    def fits(self, object_type: str) -> bool:
        """Tell whether an object of this type can be the subject.

        Files without types leave it to the relation: who is somebody's spouse is a person. The
        negative label does not say what its object is.

        >>> INVERSES["per:employee_of"].fits("ORG"), INVERSES["per:employee_of"].fits("PER")
        (True, False)
        """
        if object_type == NO_TYPE:
            return len(self.subject_types) == 1
        return object_type in self.subject_types


_PER, _ORG = ("PER",), ("ORG",)

INVERSES: dict[str, Inverse] = {
    "per:spouse": Inverse("per:spouse", _PER, 206, 211),
    "per:parents": Inverse("per:children", _PER, 76, 87),
    "per:children": Inverse("per:parents", _PER, 75, 84),
    "per:siblings": Inverse("per:siblings", _PER, 24, 27),
    "per:other_family": Inverse("per:other_family", _PER, 34, 58),
    "per:colleagues": Inverse("per:colleagues", _PER, 30, 57),
    "per:alternate_names": Inverse("per:alternate_names", _PER, 22, 24),
    "per:employee_of": Inverse("org:top_members/employees", _ORG, 167, 189),
    "org:top_members/employees": Inverse("per:employee_of", _PER, 167, 186),
    "org:alternate_names": Inverse("org:alternate_names", _ORG, 48, 53),
    "org:members": Inverse("org:member_of", _ORG, 25, 38),
    "org:member_of": Inverse("org:members", _ORG, 25, 36),
    # The older contest's Korean labels. Nobody has counted these.
    "인물:배우자": Inverse("인물:배우자", _PER),
    "인물:부모님": Inverse("인물:자녀", _PER),
    "인물:자녀": Inverse("인물:부모님", _PER),
    "인물:형제/자매/남매": Inverse("인물:형제/자매/남매", _PER),
    "인물:기타_친족": Inverse("인물:기타_친족", _PER),
    "인물:동료": Inverse("인물:동료", _PER),
    "인물:별칭": Inverse("인물:별칭", _PER),
    "인물:소속단체": Inverse("단체:구성원", _ORG),
    "단체:구성원": Inverse("인물:소속단체", _PER),
    "단체:별칭": Inverse("단체:별칭", _ORG),
    "단체:모회사": Inverse("단체:자회사", _ORG),
    "단체:자회사": Inverse("단체:모회사", _ORG),
    "단체:상위_단체": Inverse("단체:하위_단체", _ORG),
    "단체:하위_단체": Inverse("단체:상위_단체", _ORG),
}
"""The inverse of each relation that has one. Absent are those whose object is no person and no
organisation, and those without a name for the other direction: a founder's view of
``org:founded_by`` is mostly ``per:employee_of`` (10 of 13), which says something else."""

_INVERSE_OF_NEGATIVE = Inverse("", (*_PER, *_ORG), 375, 506)
"""No relation one way is none the other way in 375 of 506 rows."""


def find_inverse(label: str, labels: LabelSet) -> Inverse | None:
    """Return a label's inverse, or None if it has none among the labels of the task.

    The negative label, whatever its name, is its own inverse.

    >>> labels = LabelSet(names=["none", "per:parents", "per:children"], negative="none")
    >>> find_inverse("per:parents", labels).label, find_inverse("none", labels).label
    ('per:children', 'none')
    >>> find_inverse("per:title", labels) is None
    True
    """
    if label == labels.negative:
        return replace(_INVERSE_OF_NEGATIVE, label=label)
    inverse = INVERSES.get(label)
    return inverse if inverse is not None and inverse.label in labels.names else None
