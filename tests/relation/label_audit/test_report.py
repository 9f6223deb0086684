"""The report adds up and can be written as JSON."""

import json

import numpy as np
import pytest

from klue_pipeline.relation.label_audit import report_audit, tabulate_noise
from klue_pipeline.relation.settings.exploration_params import LabelAuditParams

PARAMS = LabelAuditParams(issues_by="both", rank_by="self_confidence", max_suspects=9)


@pytest.fixture
def report(make_audited, make_judgement):
    given = [0, 0, 0, 1, 1, 2]
    probabilities = np.array(
        [[0.9, 0.1, 0, 0], [0.2, 0.8, 0, 0], [0.3, 0.7, 0, 0], [0, 1, 0, 0], [0.6, 0.4, 0, 0],
         [0.9, 0.1, 0, 0]]
    )  # fmt: skip
    audited = make_audited(given, probabilities)
    judgement = make_judgement(
        6,
        is_issue=[False, True, True, False, True, False],
        self_confidence=probabilities[np.arange(6), given],
        suggested=[1, 1, 1, 0, 0, 0],
        suggested_probability=[0.1, 0.8, 0.7, 0, 0.6, 0.9],
        joint=[[1, 2, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]],
    )
    return report_audit(audited, judgement, tabulate_noise(audited, judgement), PARAMS)


def test_rows_are_all_accounted_for(report):
    rows = report["rows"]
    assert rows["all"] == rows["audited"] + rows["not_scored"] + rows["without_answer"] == 11
    assert rows["scored_more_than_once"] == 1


def test_issues_and_noise_by_hand(report):
    assert (report["issues"], report["issue_share"]) == (3, 0.5)
    assert report["agreement_share"] == pytest.approx(2 / 6)
    assert report["estimated_noise_share"] == pytest.approx(3 / 6)
    assert report["confusions"] == [
        {"given": "label_0", "suggested": "label_1", "rows": 2},
        {"given": "label_1", "suggested": "label_0", "rows": 1},
    ]


def test_labels_the_audit_cannot_judge_are_named(report):
    assert report["labels_never_predicted"] == ["label_2"]
    assert report["labels_without_rows"] == ["label_3"]


def test_it_says_how_it_was_made_and_is_json(report):
    assert "cleanlab" in report["method"]
    assert report["settings"] == PARAMS.model_dump()
    assert json.loads(json.dumps(report, allow_nan=False)) == report
