"""Which candidates are worth a submission, and the reason for each."""

from datetime import date

import numpy as np
import pytest

from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.reporting.ledger.rules import LedgerParams
from klue_pipeline.reporting.ledger.verdicts import judge_candidates, name_files
from klue_pipeline.reporting.task_scores import Score, TaskScores

TODAY = date(2021, 10, 6)
SETTINGS = LedgerParams(max_per_day=10, near_copy_share=0.01)
N_ROWS = 200


def unlike(ledger, **n_changed):
    """Labels of every file, all different but for those that change so many of the first's."""
    labels = {
        sha256: np.array([f"{name} {row % 7}" for row in range(N_ROWS)], dtype=object)
        for sha256, name in zip(ledger["sha256"], ledger["name"], strict=True)
    }
    sha_of = dict(zip(ledger["name"], ledger["sha256"], strict=True))
    for name, n_rows in n_changed.items():
        labels[sha_of[name]] = labels[ledger["sha256"][0]].copy()
        labels[sha_of[name]][:n_rows] = "other"
    return labels


def judge(ledger, labels=None, settings=SETTINGS, select_by="shift_micro_f1", today=TODAY):
    labels = unlike(ledger) if labels is None else labels
    return judge_candidates(ledger, labels, settings, RELATION_SCORES, select_by, today)


def verdicts(candidates):
    return [(candidate.name, candidate.verdict) for candidate in candidates]


def test_candidates_are_ranked_and_submitted_files_are_not_among_them(make_ledger):
    ledger = make_ledger(
        {"name": "second", "predicted": (73, 71, 75)},
        {"name": "sent", "predicted": (72, 70, 74), "public": 71.5},
        {"name": "first", "predicted": (74, 72, 76)},
    )
    found = judge(ledger)
    assert verdicts(found) == [("first", "worth a submission"), ("second", "worth a submission")]
    assert [candidate.predicted for candidate in found] == [74, 73]
    assert [candidate.corrected for candidate in found] == [73.5, 72.5]
    assert found[1].reason == "It differs from sent, the closest, in 200 rows (100.0%)."


def test_what_counts_is_the_score_that_is_selected_by(make_ledger):
    ledger = make_ledger(
        {"name": "a", "predicted": (74, 72, 76), "auprc": (60, 58, 62)},
        {"name": "b", "predicted": (70, 69, 71), "auprc": (70, 68, 72)},
    )
    assert verdicts(judge(ledger, select_by="auprc")) == [
        ("b", "worth a submission"),
        ("a", "clearly weaker"),
    ]


def test_the_lower_may_be_better(make_ledger):
    ledger = make_ledger(
        {"name": "a", "predicted": (20, 18, 22)},
        {"name": "b", "predicted": (10, 9, 11)},
        {"name": "c", "predicted": (12, 10, 14)},
    )
    scores = TaskScores((Score("micro_f1", "mean rank", higher_is_better=False),
                         Score("auprc", "AUPRC")))  # fmt: skip
    found = judge_candidates(ledger, unlike(ledger), SETTINGS, scores, "micro_f1", TODAY)
    assert verdicts(found) == [
        ("b", "worth a submission"), ("c", "worth a submission"), ("a", "clearly weaker"),
    ]  # fmt: skip
    assert found[2].reason == (
        "Its interval begins at 18.00, above the 10.00 that is predicted for b."
    )


def test_a_near_copy_names_what_it_copies(make_ledger):
    ledger = make_ledger(
        {"name": "sent", "predicted": (74, 72, 76), "submitted_at": "2021-10-01"},
        {"name": "copy", "predicted": (73.9, 72, 76)},
        {"name": "at the limit", "predicted": (73, 71, 75)},
    )
    labels = unlike(ledger, **{"copy": 1, "at the limit": 2})
    copy, other = judge(ledger, labels)
    assert (copy.verdict, copy.closest_name, copy.closest.share) == ("near copy", "sent", 0.005)
    assert copy.reason == (
        "It differs from sent in 1 row (0.5%) only; its score would tell nothing new."
    )
    assert other.verdict == "worth a submission"


def test_a_file_of_one_answer_is_nobody_s_rival(make_ledger):
    ledger = make_ledger(
        {"name": "a", "predicted": (50, 48, 52)}, {"name": "flat", "predicted": (74, 72, 76)}
    )
    found = judge(ledger, unlike(ledger, flat=N_ROWS))
    assert verdicts(found) == [("flat", "one answer"), ("a", "worth a submission")]
    assert found[0].reason == "It answers other in every row."


def test_weaker_is_whose_interval_ends_below_the_best_prediction(make_ledger):
    ledger = make_ledger(
        {"name": "best", "predicted": (74, 72, 76)},
        {"name": "touches", "predicted": (72.5, 71, 74)},
        {"name": "below", "predicted": (72, 70, 73.9)},
        {"name": "endless", "predicted": (60, np.nan, np.nan)},
    )
    found = judge(ledger)
    assert verdicts(found) == [
        ("best", "worth a submission"),
        ("touches", "worth a submission"),
        ("below", "clearly weaker"),
        ("endless", "worth a submission"),
    ]
    assert (
        found[2].reason == "Its interval ends at 73.90, below the 74.00 that is predicted for best."
    )
    assert found[3].reason.endswith("It has no interval, so nothing says how sure its rank is.")
    assert found[0].reason == (
        "Nothing that was submitted or ranks above it could be compared with it."
    )


def test_the_best_may_have_been_submitted_but_neither_lost_nor_a_copy(make_ledger):
    ledger = make_ledger(
        {"name": "sent", "predicted": (70, 69, 71), "public": 70},
        {"name": "lost", "predicted": (90, 89, 91)},
        {"name": "copy", "predicted": (80, 79, 81)},
        {"name": "good", "predicted": (69, 68, 70)},
        {"name": "bad", "predicted": (68, 67, 69.5)},
    )
    labels = unlike(ledger, copy=0)
    del labels[ledger["sha256"][1]]
    found = judge(ledger, labels)
    assert verdicts(found) == [
        ("lost", "not on disk"),
        ("copy", "near copy"),
        ("good", "worth a submission"),
        ("bad", "clearly weaker"),
    ]
    assert "predicted for sent" in found[3].reason
    assert "make it again" in found[0].reason


def test_an_interval_that_ends_below_its_own_score_makes_nobody_weaker_than_itself(make_ledger):
    ledger = make_ledger({"name": "odd", "predicted": (74, 70, 73)})
    assert verdicts(judge(ledger)) == [("odd", "worth a submission")]


def test_predictions_for_different_priors_are_never_compared(make_ledger):
    ledger = make_ledger(
        {"name": "plain one", "predicted": (86, 85, 87), "prior": "plain"},
        {"name": "estimated", "predicted": (71, 70, 72), "prior": "estimated"},
        {"name": "given", "predicted": (74, 73, 75)},
        {"name": "plain two", "predicted": (80, 79, 81), "prior": "plain"},
        {"name": "sent", "predicted": (85, 84, 86), "prior": "plain", "public": 72},
    )
    found = judge(ledger)
    assert verdicts(found) == [
        ("given", "worth a submission"),
        ("estimated", "worth a submission"),
        ("plain one", "worth a submission"),
        ("plain two", "clearly weaker"),
    ]
    assert [candidate.corrected for candidate in found] == [None, None, 73, 67]


def test_files_without_prediction_come_last(make_ledger):
    ledger = make_ledger(
        {"name": "elsewhere", "prior": ""},
        {"name": "known", "predicted": (60, 59, 61), "prior": "plain"},
    )
    found = judge(ledger)
    assert verdicts(found) == [("known", "worth a submission"), ("elsewhere", "no prediction")]
    assert found[1].reason == "No micro F1 is predicted for it, so it has no rank."


def test_more_than_the_day_takes_are_for_another_day(make_ledger):
    rows = [{"name": f"n{row}", "predicted": (74 - row / 10, 70, 78)} for row in range(5)]
    sent = [
        {"name": "today", "predicted": (70, 69, 71), "submitted_at": "2021-10-06 18:30"},
        {"name": "earlier", "predicted": (70, 69, 71), "submitted_at": "2021-10-05"},
        {"name": "some day", "predicted": (70, 69, 71), "submitted_at": "yesterday"},
    ]
    settings = LedgerParams(max_per_day=3, near_copy_share=0.01)
    ledger = make_ledger(*rows, *sent)
    found = judge(ledger, settings=settings)
    assert [candidate.verdict for candidate in found] == [
        *["worth a submission"] * 2, *["another day"] * 3,
    ]  # fmt: skip
    assert found[4].reason.startswith(
        "The day's 3 are taken: 1 submitted, 2 ranked above it. It differs from "
    )
    next_day = judge(ledger, settings=settings, today=date(2021, 10, 7))
    assert [candidate.verdict for candidate in next_day].count("worth a submission") == 3
    no_day = judge(ledger, settings=settings, today=None)
    assert [candidate.verdict for candidate in no_day].count("worth a submission") == 3


def test_files_of_one_name_are_told_apart(make_ledger):
    ledger = make_ledger({"name": "rbert"}, {"name": "rbert"}, {"name": "typed"}, {"name": ""})
    names = list(name_files(ledger).values())
    assert names[:2] == [f"rbert {sha256[:7]}" for sha256 in ledger["sha256"][:2]]
    assert names[2:] == ["typed", "file_3.csv"]


@pytest.mark.parametrize(
    "wrong", [{"max_per_day": 0}, {"near_copy_share": 0}, {"near_copy_share": 1}, {"other": 1}]
)
def test_settings_without_a_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LedgerParams(**{"max_per_day": 10, "near_copy_share": 0.01} | wrong)
