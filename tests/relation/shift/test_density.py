"""Density ratios: they re-create the test's rows from training rows, or say why they cannot."""

import json

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.relation.exploration.file_guesses import NO_SPLIT
from klue_pipeline.relation.settings.exploration_params import AdversarialParams
from klue_pipeline.relation.shift.density import TextShift, weigh_texts
from klue_pipeline.relation.shift.support import LARGEST_RATIO
from klue_pipeline.relation.shift.weights import effective_rows

PARAMS = AdversarialParams(
    max_rows=None, n_splits=3, seed=1, shortest_ngram=1, longest_ngram=2, max_ngrams=500,
    min_rows=2, inverse_regularisation=1.0, listed_features=10,
)  # fmt: skip
OTHER = "거너더러머버서어저처커터퍼허"


@pytest.fixture(scope="module")
def of_kinds(make_rows):
    """Return a function that makes a file of rows of two kinds, told by their syllables."""

    def make(n_usual, n_other, seed):
        return pd.concat(
            [make_rows(n_usual, seed), make_rows(n_other, seed, syllables=OTHER)],
            ignore_index=True,
        )

    return make


@pytest.fixture(scope="module")
def shifted(of_kinds):
    """Of the test's rows a third is of a kind that a tenth of training is.

    Single syllables tell the kinds apart; what else is counted of so few rows is noise, which draws
    all ratios towards 1.
    """
    train, test = of_kinds(1080, 120, 1), of_kinds(400, 200, 2)
    return train, test, weigh_texts(train, test, PARAMS.model_copy(update={"longest_ngram": 1}))


def test_two_files_of_one_kind_have_ratios_near_one(of_kinds):
    table, report = weigh_texts(of_kinds(300, 0, 1), of_kinds(200, 0, 2), PARAMS)
    assert len(table) == 500  # of all rows, whatever max_rows is
    assert table["log_ratio"].abs().quantile(0.9) < 0.5
    assert report["auc"] == pytest.approx(0.5, abs=0.1)
    assert report["effective_rows"] > 250
    assert report["read"] == "all"
    assert TextShift.from_tables(table, report).distance < 0.2


def test_weights_re_create_the_shares_of_the_test(shifted):
    train, _, (table, report) = shifted
    weights = np.exp(table.loc[table["split"] == "train", "log_ratio"].to_numpy())
    is_other = train["sentence"].str.contains("[거너더러머버서]", regex=True).to_numpy()
    assert is_other.mean() == pytest.approx(0.1)
    assert weights[is_other].sum() / weights.sum() == pytest.approx(1 / 3, abs=0.05)
    assert report["effective_rows"] < 1000
    assert 0 < TextShift.from_tables(table, report).distance < 1


def test_scored_rows_are_weighed_by_their_ids(shifted, make_scores):
    """In any order, some of them, and each as often as it was scored."""
    train, _, (table, report) = shifted
    texts = TextShift.from_tables(table, report)
    chosen = [7, 1199, 7, 0]
    scores = make_scores(np.zeros((4, 4)))
    scores.row_ids[:] = train["row_id"].to_numpy()[chosen]
    assert texts.weigh(scores) == pytest.approx(np.exp(table["log_ratio"].to_numpy()[chosen]))


def test_rows_that_were_not_drawn_do_not_speak(of_kinds, make_scores):
    train = of_kinds(80, 0, 1)
    table, report = weigh_texts(
        train, of_kinds(50, 0, 2), PARAMS.model_copy(update={"max_rows": 60})
    )
    by_split = table.groupby("split", sort=False)["log_ratio"]
    assert by_split.agg(["size", "count"]).to_numpy().tolist() == [[80, 60], [50, 50]]
    scores = make_scores(np.zeros((80, 4)))
    scores.row_ids[:] = train["row_id"].to_numpy()
    weights = TextShift.from_tables(table, report).weigh(scores)
    assert (weights > 0).sum() == 60
    assert report["effective_rows"] == pytest.approx(effective_rows(weights))


def test_ids_of_another_file_are_refused_with_the_reason(shifted, make_scores):
    _, test, (table, report) = shifted
    scores = make_scores(np.zeros((2, 4)))
    scores.row_ids[0] = table["row_id"][0]
    scores.row_ids[1] = test["row_id"][0]
    with pytest.raises(ValueError, match="1 of 2 scored rows have no density ratio") as refused:
        TextShift.from_tables(table, report).weigh(scores)
    assert test["row_id"][0] in str(refused.value)
    assert "Run the pipeline report anew" in str(refused.value)


def test_too_few_rows_have_no_ratios_and_the_report_says_so(of_kinds, make_scores, caplog):
    table, report = weigh_texts(of_kinds(30, 0, 1), of_kinds(2, 0, 2), PARAMS)
    assert table.columns.tolist() == ["row_id", "split", "log_ratio"]
    assert not len(table)
    assert (report["auc"], report["effective_rows"], report["unsupported"]) == (None, None, None)
    assert report["not_measured"] == NO_SPLIT
    assert NO_SPLIT in caplog.text
    texts = TextShift.from_tables(table, report)
    assert texts.distance == 1
    assert texts.weigh(make_scores(np.zeros((3, 4)))).tolist() == [1, 1, 1]


def test_what_gives_each_row_away_leaves_the_words_to_weigh_by(of_kinds):
    test = of_kinds(200, 0, 2).assign(source="wikitree")
    table, report = weigh_texts(of_kinds(300, 0, 1), test, PARAMS)
    assert report["read"] == "text"
    assert report["auc"] > 0.99
    assert table["log_ratio"].abs().quantile(0.9) < 0.5
    assert report["unsupported"] < 0.1
    assert [found["value"] for found in report["lacking"]] == ["wikitree"]
    assert TextShift.from_tables(table, report).distance > 0.98


def test_ratios_end_where_training_has_no_like(of_kinds):
    """The words of half of the test's rows stand in no training row."""
    table, report = weigh_texts(of_kinds(300, 0, 1), of_kinds(150, 150, 2), PARAMS)
    is_other = table["row_id"].str.startswith("거")
    assert table["log_ratio"].abs().max() == pytest.approx(np.log(LARGEST_RATIO))
    assert table["log_ratio"][is_other].min() > 1
    assert report["unsupported"] > 0.3


def test_rows_with_a_problem_are_left_out(of_kinds):
    train, test = of_kinds(60, 0, 1), of_kinds(60, 0, 2)
    broken = test.assign(problem=[None] * 50 + ["empty sentence"] * 10)
    table, report = weigh_texts(train, broken, PARAMS)
    assert table["row_id"].tolist() == [*train["row_id"], *test["row_id"][:50]]
    wanted, same_report = weigh_texts(train, test[:50], PARAMS)
    pd.testing.assert_frame_equal(table, wanted)
    assert report == same_report


def test_the_report_is_plain_json(shifted):
    report = shifted[2][1]
    assert json.loads(json.dumps(report, allow_nan=False)) == report
