"""The page of a prediction: stated or refused, and nothing from data is run."""

import re

import pytest

from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.relation.shift.page import render_prediction
from klue_pipeline.relation.shift.prediction import flat_estimates

SCRIPT = "<script>alert(1)</script>"
LACKING = {"fact": "type_pair", "value": "PER:<b>LOC</b>", "train_share": 0.0, "test_share": 0.25,
           "examples": [f"이순신은 {SCRIPT}", "조선의 무신이다."]}  # fmt: skip
TEXTS = {"auc": 0.873, "not_measured": None, "read": "all", "effective_rows": 1234.5,
         "unsupported": 0.031, "unknown_type_pairs": 0.25, "lacking": [LACKING]}  # fmt: skip
SCORES = flat_estimates({"micro_f1": Estimate(63.9, 51.49, 72.19), "auprc": Estimate(60, 50, 70),
                         "accuracy": Estimate(70, 65, 75)})  # fmt: skip


@pytest.fixture
def show():
    """Return a function that renders metrics, some of them changed, as a page and as its words."""

    def render(texts=(), **changes):
        thresholded = {name: own for name, own in SCORES.items() if "auprc" not in name}
        witnesses = dict.fromkeys(("labels", "texts", "difference", "confidence"), SCORES)
        metrics = {"predicted": SCORES, "not_predicted": None,
                   "witnesses": witnesses | {"thresholded": thresholded},
                   "text_shift": TEXTS | dict(texts)} | changes  # fmt: skip
        page = render_prediction(metrics, "runs/1 & 2")
        assert not re.search(
            r"\{\{|\}\}|\{%|\bNone\b|\bnan\b|Undefined", page.partition("<body")[2]
        )
        return page, " ".join(re.sub("<[^>]*>", " ", page.partition("<body")[2]).split())

    return render


def test_a_stated_prediction_leads_the_page(show):
    page, words = show()
    assert "Expected micro F1 63.90 [51.49, 72.19]." in words
    assert "cannot be predicted" not in words
    assert words.count("stated 63.90 [51.49, 72.19] 60.00 [50.00, 70.00]") == 1
    assert "Prediction: runs/1 &amp; 2" in page


def test_a_refusal_leads_the_page_in_words_and_states_no_score(show):
    reason = "estimates of micro F1 are 26 points apart (believed up to 20)"
    _, words = show(predicted={}, not_predicted=reason)
    assert f"cannot be predicted E{reason[1:]}." in words
    assert "Expected micro F1" not in words
    assert "stated 63.90" not in words
    assert "difference 63.90 [51.49, 72.19]" in words


def test_every_witness_stands_with_what_it_looks_at(show):
    _, words = show()
    assert "thresholded 63.90 [51.49, 72.19] – 70.00 [65.00, 75.00] the share of test rows" in words
    for name in ("labels", "texts", "difference", "confidence"):
        assert f"{name} 63.90 [51.49, 72.19]" in words


def test_what_training_lacks_is_named_and_text_of_data_is_not_run(show):
    page, words = show()
    assert "type pair PER:&lt;b&gt;LOC&lt;/b&gt; 0.00 25.00" in words
    assert "이순신은 &lt;script&gt;alert(1)&lt;/script&gt; 조선의 무신이다." in words
    assert SCRIPT not in page


@pytest.mark.parametrize(
    ("texts", "wanted", "unwanted"),
    [
        ({}, ("an AUC of 0.87", "as 1,234 equally weighed", "3 % of the test rows", "20 times"),
         ("by their words alone", "is missing in training")),
        ({"read": "text"}, ("by their words alone",), ()),
        ({"lacking": []}, ("No source, pair of types or length of the test is missing",),
         ("What test rows have",)),
        ({"auc": None, "effective_rows": None, "unsupported": None, "lacking": [],
          "not_measured": "rows of both files do not reach every fold"},
         ("Texts could not be compared: rows of both files do not reach every fold.",),
         ("AUC of", "is missing in training")),
    ],
)  # fmt: skip
def test_the_difference_of_the_texts_is_said(show, texts, wanted, unwanted):
    _, words = show(texts)
    assert all(own in words for own in wanted)
    assert not any(own in words for own in unwanted)
