"""The map of inverse relations against the lists of labels."""

from pathlib import Path

import pytest
import yaml

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.augmentation.rows.inverse_relations import INVERSES, find_inverse

LABELS_FILE = Path(__file__).resolve().parents[4] / "conf/base/parameters_labels.yml"
LABEL_SETS = {
    name: LabelSet(**labels)
    for name, labels in yaml.safe_load(LABELS_FILE.read_text("utf-8"))["label_sets"].items()
}
SYMMETRIC = {
    *("per:spouse", "per:siblings", "per:other_family", "per:colleagues", "per:alternate_names"),
    *("org:alternate_names", "인물:배우자", "인물:형제/자매/남매", "인물:기타_친족", "인물:동료"),
    *("인물:별칭", "단체:별칭"),
}
TYPE_OF_PREFIX = {"per": "PER", "인물": "PER", "org": "ORG", "단체": "ORG"}


def test_the_inverse_of_the_inverse_is_the_relation():
    for label, inverse in INVERSES.items():
        assert INVERSES[inverse.label].label == label


def test_symmetric_relations_are_their_own_inverse_and_no_other_is():
    assert {label for label, inverse in INVERSES.items() if inverse.label == label} == SYMMETRIC


def test_the_new_subject_is_what_the_new_label_is_about():
    for inverse in INVERSES.values():
        assert inverse.subject_types == (TYPE_OF_PREFIX[inverse.label.split(":")[0]],)


@pytest.mark.parametrize(
    ("name", "n_inverses"), [("klue_30", 12), ("contest_30", 12), ("legacy_42", 14)]
)
def test_shipped_label_sets_hold_every_inverse_of_theirs(name, n_inverses):
    labels = LABEL_SETS[name]
    found = [label for label in labels.names if label in INVERSES]
    assert len(found) == n_inverses
    for label in found:
        assert find_inverse(label, labels) == INVERSES[label]


def test_labels_outside_of_the_set_are_no_inverse():
    labels = LabelSet(names=["no_relation", "per:parents", "per:title"], negative="no_relation")
    assert find_inverse("per:parents", labels) is None
    assert find_inverse("per:title", labels) is None


def test_the_negative_label_is_its_own_noisy_inverse_whatever_it_is_called():
    labels = LabelSet(names=["관계_없음", "인물:동료"], negative="관계_없음")
    negative = find_inverse("관계_없음", labels)
    assert negative.label == "관계_없음"
    assert negative.is_noisy
    every_label_is_a_relation = LabelSet(names=["관계_없음", "인물:동료"], negative=None)
    assert find_inverse("관계_없음", every_label_is_a_relation) is None
