"""The page: every number and reason on it, nothing run, nothing fetched."""

import re
from datetime import date

import numpy as np
import pytest

from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.reporting.ledger.page import render_ledger
from klue_pipeline.reporting.ledger.rules import LedgerParams

SETTINGS = LedgerParams(max_per_day=10, near_copy_share=0.01)
ATTACK = '<script>alert("1")</script>'


def render(ledger, labels=None, **changes):
    given = {"select_by": "shift_micro_f1", "confidence": 0.95, "today": date(2021, 10, 6)}
    if labels is None:
        labels = {
            sha256: np.array([f"{number} {row}" for row in range(50)], dtype=object)
            for number, sha256 in enumerate(ledger["sha256"])
        }
    return render_ledger(ledger, labels, SETTINGS, RELATION_SCORES, **given | changes)


@pytest.fixture
def ledger(make_ledger):
    return make_ledger(
        {"name": "rbert", "predicted": (74, 72, 76), "auprc": (70, 68, 72), "public": 73.1,
         "submitted_at": "2021-10-05", "note": "first"},
        {"name": "typed", "predicted": (70, 69, 71), "public": 73},
        {"name": "blend", "predicted": (74.5, 72.5, 76.5), "members": "rbert;typed"},
        {"name": "weak", "predicted": (60, 58, 62)},
    )  # fmt: skip


def test_candidates_stand_with_score_interval_correction_and_reason(read_page, ledger):
    header, blend, weak = map(read_page(render(ledger)).texts, range(3))
    assert header == ["Rank", "File", "Verdict", "Predicted micro F1", "Offset-corrected",
                      "Differs from closest", "Why"]  # fmt: skip
    # Actual minus predicted: -0.9 and +3.0.
    assert blend == [
        "1", "blend rbert, typed file_2.csv", "worth a submission", "74.50 [72.50, 76.50]", "75.55",
        "100.0%", "It differs from rbert, the closest, in 50 rows (100.0%).",
    ]  # fmt: skip
    assert weak[2:5] == ["clearly weaker", "60.00 [58.00, 62.00]", "61.05"]
    assert weak[6] == "Its interval ends at 62.00, below the 74.50 that is predicted for blend."


def test_submitted_files_stand_with_what_came_out(read_page, ledger):
    page = read_page(render(ledger))
    assert page.tags.count("svg") == 1  # of micro F1: no file has an actual AUPRC
    assert page.texts(4) == [
        "1", "typed given", "–", "70.00 [69.00, 71.00]", "73.00", "+3.00 outside",
        "–", "–", "–", "",
    ]  # fmt: skip
    assert page.texts(5) == [
        "2", "rbert given", "2021-10-05", "74.00 [72.00, 76.00]", "73.10", "-0.90",
        "70.00 [68.00, 72.00]", "–", "–", "first",
    ]  # fmt: skip


def test_offset_spread_and_coverage_are_told_in_words(ledger):
    text = " ".join(render(ledger).split())
    assert (
        "Prior given, 2 files: actual minus predicted is +1.05, with a spread of 2.76 from file to "
        "file. 1 of 2 intervals held the actual score, where about 95% should."
    ) in text


@pytest.mark.parametrize(("n_outside", "alarm"), [(1, False), (2, True)])
def test_intervals_that_fail_too_often_are_called_so(make_ledger, n_outside, alarm):
    # Of 6 intervals at 95 %, two or more miss with a chance of 3 %.
    publics = [75.0] * n_outside + [70.0] * (6 - n_outside)
    rows = [{"name": f"n{row}", "predicted": (70, 69, 71), "public": public}
            for row, public in enumerate(publics)]  # fmt: skip
    text = render(make_ledger(*rows))
    assert ("too few for chance, so do not trust these intervals" in text) is alarm


def test_text_is_shown_and_never_run(make_ledger):
    attack = {"name": ATTACK, "note": ATTACK, "members": ATTACK, "file": f"{ATTACK}/x.csv"}
    ledger = make_ledger(
        attack | {"predicted": (70, 69, 71), "public": 70, "submitted_at": ATTACK},
        attack | {"predicted": (70, 69, 71)},
        attack | {"predicted": (69, 68, 70)},
    )
    lost = ledger["sha256"][2]
    labels = {sha256: ["x"] for sha256 in ledger["sha256"] if sha256 != lost}
    text = render(ledger, labels)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 8


def test_the_page_needs_nothing_but_itself(ledger):
    text = render(ledger)
    text = re.sub(r"xmlns(:xlink)?=.http://www.w3.org/[\w/]+", "", text)
    assert not re.search(r"""(src|href)\s*=.(?!#)|url\((?!#)|@import|https?:""", text)
    assert "prefers-color-scheme: dark" in text


def test_lost_files_stand_apart_and_unread_ones_are_named(ledger):
    text = " ".join(render(ledger, labels={}).split())
    assert "2 files that cannot be submitted" in text
    assert "0 files on disk not yet submitted, 0 of them worth it; 2 submitted." in text
    assert "No candidate was compared with typed, rbert: submitted, but no longer on disk" in text
    assert "Nothing waits" in text


def test_priors_are_told_apart_where_there_are_several(make_ledger, ledger):
    assert "cannot be compared: candidates are ranked by prior first" not in render(ledger)
    both = make_ledger(
        {"name": "a", "predicted": (70, 69, 71)},
        {"name": "b", "predicted": (80, 79, 81), "prior": "plain"},
    )
    text = " ".join(render(both).split())
    assert "Predictions for different priors (given, plain) cannot be compared" in text


def test_without_a_contest_the_page_only_compares_files(ledger, read_page):
    settings = SETTINGS.model_copy(update={"max_per_day": None})
    answers = {sha256: ["x", "y"] for sha256 in ledger["sha256"]}

    def render_by(rows):
        given = (rows, answers, settings, RELATION_SCORES)
        return render_ledger(*given, select_by="micro_f1", confidence=0.95)

    by_a_person = " ".join(render_by(ledger).split())
    assert "2 submitted" in by_a_person
    assert "a day" not in by_a_person
    text = render_by(ledger.assign(submitted_at="", public_micro_f1=np.nan, note=""))
    page = read_page(text)
    assert page.texts(0) == ["Rank", "File", "Predicted micro F1", "Differs from closest"]
    assert page.texts(1)[2:] == ["74.50 [72.50, 76.50]", "–"]
    words = text.partition("<body>")[2].lower()
    assert not [word for word in ("submi", "ledger", "contest") if word in words]


def test_an_empty_ledger_says_what_to_do(make_ledger):
    text = render(make_ledger())
    assert "Nothing waits" in text
    assert "No file has both a predicted and a public score yet" in text
    assert "<svg" not in text
