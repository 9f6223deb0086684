"""Predicted against actual scores: mean, spread and how many intervals held."""

import numpy as np
import pytest

from klue_pipeline.reporting.ledger.offsets import Offset, measure_offsets


def test_offsets_are_those_a_person_would_count(make_ledger):
    ledger = make_ledger(
        {"predicted": (74, 72, 76), "public": 73},  # -1, inside
        {"predicted": (70, 69, 71), "public": 74},  # +4, outside
        {"predicted": (70, 68, 72), "public": 68},  # -2, at the end, which belongs to the interval
        {"predicted": (86, 85, 87), "public": 73, "prior": "plain"},  # -13, outside
        {"predicted": (60, np.nan, np.nan), "public": 61, "prior": "plain"},  # +1, no interval
        {"predicted": (60, 50, 70)},  # not submitted
        {"public": 66, "prior": ""},  # nothing predicted
        {"predicted": (60, 50, 70), "public": 61, "prior": "estimated"},
    )
    found = measure_offsets(ledger, "micro_f1")
    assert list(found) == ["given", "estimated", "plain"]
    assert found["estimated"] == Offset(1, 1.0, None, 1, 1)  # one file has no spread
    assert measure_offsets(ledger, "auprc") == {}
    differences = np.array([-1, 4, -2])
    assert found["given"] == Offset(
        3, pytest.approx(1 / 3), pytest.approx(np.std(differences, ddof=1)), 3, 2
    )
    assert found["plain"] == Offset(2, -6.0, pytest.approx(14 / np.sqrt(2)), 1, 0)
