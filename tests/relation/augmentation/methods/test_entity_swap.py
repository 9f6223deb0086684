"""Swapped rows: labels by hand, types, and what is left out."""

from dataclasses import replace

import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.augmentation.methods.entity_swap import (
    NO_INVERSE,
    REVERSE_KNOWN,
    TOO_NOISY,
    UNFIT_TYPE,
)


@pytest.fixture(scope="session")
def swap(augment):
    def run(rows, noisy_weight=0.5, originals=(), **rest):
        return augment("entity_swap", rows, noisy_weight=noisy_weight, originals=originals, **rest)

    return run


@pytest.mark.parametrize(
    ("label", "types", "inverse", "weight"),
    [
        ("per:spouse", "PER:PER", "per:spouse", 1.0),
        ("per:siblings", "PER:PER", "per:siblings", 1.0),
        ("per:parents", "PER:PER", "per:children", 1.0),
        ("per:children", "PER:PER", "per:parents", 1.0),
        ("per:alternate_names", "PER:PER", "per:alternate_names", 1.0),
        ("org:alternate_names", "ORG:ORG", "org:alternate_names", 1.0),
        ("org:top_members/employees", "ORG:PER", "per:employee_of", 1.0),
        ("per:employee_of", "PER:ORG", "org:top_members/employees", 1.0),
        ("per:other_family", "PER:PER", "per:other_family", 0.5),
        ("per:colleagues", "PER:PER", "per:colleagues", 0.5),
        ("org:members", "ORG:ORG", "org:member_of", 0.5),
        ("org:member_of", "ORG:ORG", "org:members", 0.5),
        ("no_relation", "PER:ORG", "no_relation", 0.5),
        ("no_relation", "ORG:PER", "no_relation", 0.5),
    ],
)
def test_labels_become_their_inverse(swap, mark, label, types, inverse, weight):
    row = mark("[[한강]]은 <<김하늘>>을 안다.", label, types)
    (swapped,), skipped = swap([row])
    assert swapped.label == inverse
    assert swapped.weight == weight
    assert swapped.type_pair == ":".join(reversed(types.split(":")))
    assert (swapped.subject, swapped.object) == (row.object, row.subject)
    assert swapped.sentence == row.sentence
    assert not skipped


@pytest.mark.parametrize(
    ("label", "types", "reason"),
    [
        ("per:title", "PER:PER", NO_INVERSE),
        ("org:founded_by", "ORG:PER", NO_INVERSE),
        ("per:spouse", "PER:POH", UNFIT_TYPE),
        ("per:employee_of", "PER:PER", UNFIT_TYPE),
        ("org:top_members/employees", "ORG:ORG", UNFIT_TYPE),
        ("org:member_of", "ORG:LOC", UNFIT_TYPE),
        ("no_relation", "PER:DAT", UNFIT_TYPE),
    ],
)
def test_what_cannot_be_swapped_is_counted(swap, mark, label, types, reason):
    rows, skipped = swap([mark("[[한강]]은 <<김하늘>>을 안다.", label, types)])
    assert rows == []
    assert skipped == {reason: 1}


def test_a_noisy_weight_of_zero_leaves_noisy_labels_out(swap, mark):
    row = mark("[[한강]]과 <<새벽>>", "no_relation", "ORG:ORG")
    spouse = mark("[[한강]]과 <<새벽>>", "per:spouse", "PER:PER")
    rows, skipped = swap([row, spouse], noisy_weight=0)
    assert [new.label for new in rows] == ["per:spouse"]
    assert skipped == {TOO_NOISY: 1}


def test_the_noisy_weight_is_a_factor_on_the_weight(swap, mark):
    row = replace(mark("[[한강]]과 <<새벽>>", "no_relation", "ORG:ORG"), weight=0.5)
    (swapped,), _ = swap([row], noisy_weight=0.5)
    assert swapped.weight == 0.25


def test_a_reverse_that_annotators_labelled_is_not_made_up(swap, mark):
    row = mark("[[민태오]]와 <<최나래>>", "per:spouse", "PER:PER")
    reverse = mark("<<민태오>>와 [[최나래]]", "no_relation", "PER:PER", row_id="1")
    rows, skipped = swap([row], originals=[row, reverse])
    assert (rows, skipped) == ([], {REVERSE_KNOWN: 1})


def test_the_reverse_of_another_mention_is_no_reason(swap, mark):
    row = mark("[[민태오]]와 <<최나래>>, 민태오", "per:spouse", "PER:PER")
    elsewhere = mark("민태오와 [[최나래]], <<민태오>>", "no_relation", "PER:PER", row_id="1")
    assert len(swap([row], originals=[row, elsewhere])[0]) == 1


def test_only_labels_of_the_task_are_written(swap, mark):
    labels = LabelSet(names=["no_relation", "per:parents"], negative="no_relation")
    rows, skipped = swap([mark("[[가]]와 <<나>>", "per:parents", "PER:PER")], labels=labels)
    assert (rows, skipped) == ([], {NO_INVERSE: 1})


def test_files_without_types_leave_it_to_the_relation(swap, mark, legacy_labels):
    row = mark("[[한강]]은 <<김하늘>>이 이끈다.", "단체:구성원", "NONE:NONE")
    negative = replace(row, label="관계_없음")
    rows, skipped = swap([row, negative], labels=legacy_labels)
    assert [(new.label, new.weight) for new in rows] == [("인물:소속단체", 0.5)]
    assert skipped == {UNFIT_TYPE: 1}
