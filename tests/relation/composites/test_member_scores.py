"""Members of a composite: whose scores they are, and which are refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.composites.member_scores import MemberScores, require_fit, target_of
from klue_pipeline.relation.metrics.run_rows import Provenance, RunRows

LABELS = LabelSet(names=["per:title", "none", "per:spouse"], negative="none")
BINARY, POSITIVE = ("none", "relation"), ("per:title", "per:spouse")
ORIGIN = {"rows": "1" * 64, "folds": "2" * 64, "test_rows": "3" * 64}
RUN = RunRows(
    pd.DataFrame({"row_id": list("abcd"), "label": ["none", "per:title", "per:spouse", "none"]}),
    pd.DataFrame({"fold": [0, 0, 1, 1], "row_id": list("abcd")}),
    pd.DataFrame({"row_id": ["x", "y"]}),
    LABELS,
)
# Hashes that a message can be checked by.
vars(RUN)["provenance"] = Provenance(ORIGIN, tuple(LABELS.names), RUN.fold_members)


def table(row_ids, fold=None, labels=BINARY, **fingerprint):
    names = ("rows", "folds", "test_rows") if fold is None else ("rows", "folds")
    return ScoreTable(
        row_ids=np.array(list(row_ids), dtype=object),
        logits=np.zeros((len(row_ids), len(labels)), np.float32),
        labels=tuple(labels),
        folds=None if fold is None else np.full(len(row_ids), fold),
        fingerprint={name: ORIGIN[name] for name in names} | fingerprint,
    )


def member(test=None, **validation):
    """A member that fits, with tables changed: ``fold_1=...``."""
    tables = {0: table("ab", 0), 1: table("cd", 1)}
    tables |= {int(name.removeprefix("fold_")): changed for name, changed in validation.items()}
    return MemberScores(tables, test or table("xy"))


def test_a_member_of_this_run_fits_every_fold():
    for fold in (0, 1):
        require_fit("binary", member(), RUN, fold)


def test_rows_may_stand_in_another_order():
    require_fit("binary", member(fold_0=table("ba", 0), test=table("yx")), RUN, 0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (member(fold_0=table("ab", 0, rows="9" * 64)),
         r"rows of its validation scores of fold 0 are 99999999, those of this run 11111111;"),
        (member(fold_1=table("cd", 1, folds="8" * 64)),
         r"folds of its validation scores of fold 1 are 88888888, those of this run 22222222;"),
        (member(fold_0=replace(table("ab", 0), fingerprint={})), r"rows of its .* not recorded,"),
        (member(test=table("xy", test_rows="7" * 64)),
         r"test_rows of its test scores of fold 0 are 77777777, those of this run 33333333;"),
        (member(test=table("xy", folds="7" * 64)), r"folds of its test scores of fold 0 are 7777"),
        (member(test=table("xy", rows="7" * 64)), r"rows of its test scores of fold 0 are 7777"),
        (member(fold_0=table("ab", 1)), r"fold of its validation scores of fold 0 is \[1\];"),
        (member(fold_1=table("cd", 0)), r"fold of its validation scores of fold 1 is \[0\];"),
        (member(fold_0=replace(table("ab", 0), folds=np.array([0, 1]))), r"fold 0 is \[0, 1\];"),
        (member(fold_0=replace(table("ab", 0), folds=None)), r"fold of its .* is not recorded;"),
        (member(fold_0=table("a", 0)), r"validation scores of fold 0 lack 1 row, .*\['b'\]"),
        (member(test=table("xy", labels=POSITIVE)), r"labels of its test scores of fold 0 are not"),
        (member(test=table("xy", labels=BINARY[::-1])),
         r"test scores of fold 0 are for 2 labels \['relation', 'none'\]…, which are neither"),
        (MemberScores({1: table("cd", 1)}, table("xy")),
         r"has validation scores of folds \[1\], but those of fold 0 were wanted; train it"),
    ],
)  # fmt: skip
def test_what_is_not_of_this_run_is_refused_with_the_field_that_differs(changed, message):
    with pytest.raises(ValueError, match=f"^Experiment b-1 .*{message}"):
        require_fit("b-1", changed, RUN, 0)


@pytest.mark.parametrize(
    ("labels", "target"),
    [
        (LABELS.names, "all"),
        (BINARY, "binary"),
        (POSITIVE, "positive"),
        (LABELS.names[::-1], None),
        (("relation", "none"), None),
        (("none", "per:title"), None),
    ],
)
def test_labels_tell_the_target(labels, target):
    assert target_of(table("x", labels=labels), LABELS) == target


def test_without_a_negative_label_there_are_no_halves():
    labels = LabelSet(names=LABELS.names, negative=None)
    assert target_of(table("x", labels=LABELS.names), labels) == "all"
    assert target_of(table("x", labels=BINARY), labels) is None
