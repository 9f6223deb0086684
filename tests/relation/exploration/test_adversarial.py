"""Telling the files apart: it finds what differs, and nothing where nothing does."""

import json

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.relation.exploration.adversarial import FEATURE_COLUMNS, tell_files_apart
from klue_pipeline.relation.exploration.row_measures import measure_rows
from klue_pipeline.relation.ingest.sentence_table import pair_key
from klue_pipeline.relation.settings.exploration_params import AdversarialParams

PARAMS = AdversarialParams(
    max_rows=None, n_splits=3, seed=1, shortest_ngram=2, longest_ngram=3, max_ngrams=500,
    min_rows=2, inverse_regularisation=1.0, listed_features=10,
)  # fmt: skip
SYLLABLES = "가나다라마바사아자차카타파하"


def make_rows(n_rows, seed, ending="", source="wikipedia", repeat=1):
    """Rows of random syllables between a subject and an object of their own."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n_rows // repeat):
        subject, object_, *words = ("".join(rng.choice(list(SYLLABLES), 4)) for _ in range(8))
        sentence = f"{subject} {' '.join(words)} {object_}{ending}"
        start = sentence.rindex(object_)
        line = {
            "sentence": sentence, "subject_text": subject, "object_text": object_,
            "subject_start": 0, "subject_end": len(subject), "object_start": start,
            "object_end": start + len(object_), "subject_type": "PER", "object_type": "ORG",
            "pair_key": pair_key(subject, object_), "source": source, "label": "no_relation",
        }  # fmt: skip
        rows += [{**line, "row_id": f"{seed}-{number}-{copy}"} for copy in range(repeat)]
    return pd.DataFrame(rows)


def tell(train, test, **changes):
    measures = pd.concat(
        [
            measure_rows(rows).assign(split=split)
            for split, rows in (("train", train), ("test", test))
        ]
    )
    return tell_files_apart(train, test, measures, PARAMS.model_copy(update=changes))


def test_the_same_kind_of_rows_cannot_be_told_apart():
    found = tell(make_rows(300, 1), make_rows(300, 2))
    for auc in found.report["auc"].values():
        assert auc["mean"] == pytest.approx(0.5, abs=0.1)
        assert auc["mean"] == pytest.approx(np.mean(auc["folds"]))
        assert len(auc["folds"]) == 3
    assert found.report["not_measured"] is None


def test_copies_of_a_row_stay_in_one_fold():
    """Were they spread, a held-out row would be known by its twin in the other folds."""
    found = tell(make_rows(300, 1, repeat=10), make_rows(300, 2, repeat=10))
    assert found.report["auc"]["text"]["mean"] < 0.8


def test_what_gives_the_file_away_is_named_with_its_direction():
    found = tell(make_rows(200, 1), make_rows(200, 2, ending=" 했습니다"))
    assert found.report["auc"]["all"]["mean"] > 0.99
    assert found.report["auc"]["text"]["mean"] > 0.99
    table = found.features
    assert table.columns.tolist() == list(FEATURE_COLUMNS)
    ngrams = table[table["kind"] == "n-gram"]
    first = ngrams.iloc[0]
    assert first["feature"] in " 했습니다"
    assert first["direction"] == "test"
    assert (first["train_mean"], first["test_mean"]) == (0, pytest.approx(1))
    longer = table[table["feature"] == "characters"].iloc[0]
    assert longer["direction"] == "test"
    assert longer["test_mean"] == pytest.approx(longer["train_mean"] + 5)
    assert (table["contribution"] > 0).all()


def test_ngrams_that_are_part_of_each_other_are_listed_once():
    found = tell(make_rows(200, 1, ending=" 것이다."), make_rows(200, 2, ending=" 했습니다"))
    ngrams = found.features.loc[found.features["kind"] == "n-gram", "feature"].tolist()
    assert len(ngrams) > 2
    assert not [(a, b) for a in ngrams for b in ngrams if a != b and a in b]


def test_a_source_tells_the_files_apart_only_if_both_state_it():
    train, other = make_rows(200, 1), make_rows(200, 2, source="wikitree")
    stated = tell(train, other)
    assert stated.report["auc"]["meta"]["mean"] > 0.99
    assert {"wikitree", "wikipedia"} <= set(stated.features["feature"])
    silent = tell(train, other.assign(source=pd.Series([None] * 200, dtype="str")))
    assert silent.report["auc"]["meta"]["mean"] < 0.65
    assert silent.report["left_out"] == ["source"]


def test_types_that_one_format_lacks_are_left_out():
    train = make_rows(100, 1).assign(subject_type="NONE", object_type="NONE")
    found = tell(train, make_rows(100, 2))
    assert found.report["left_out"] == ["subject_type", "object_type"]
    assert not set(found.features["kind"]) & {"subject_type", "object_type"}


def test_rows_are_capped_by_file_and_drawn_by_the_seed():
    train, test = make_rows(200, 1), make_rows(90, 2)
    found = tell(train, test, max_rows=60)
    assert found.report["rows"] == {"train": 60, "test": 60}
    again = tell(train, test, max_rows=60)
    assert again.report == found.report
    pd.testing.assert_frame_equal(again.features, found.features)
    assert tell(train, test, max_rows=60, seed=2).report["auc"] != found.report["auc"]


def test_labels_are_never_read():
    train, test = make_rows(60, 1), make_rows(60, 2)
    relabelled = tell(train.assign(label="a"), test.assign(label="b"))
    assert relabelled.report == tell(train, test).report


def test_rows_with_a_problem_are_left_out():
    test = make_rows(60, 2).assign(problem=[None] * 50 + ["empty sentence"] * 10)
    assert tell(make_rows(60, 1), test).report["rows"] == {"train": 60, "test": 50}


@pytest.mark.parametrize("n_test", [0, 1, 2])
def test_too_few_rows_are_not_measured_and_say_so(n_test):
    found = tell(make_rows(30, 1), make_rows(10, 2)[:n_test])
    assert found.report["auc"] == {}
    assert "fewer folds or more rows" in found.report["not_measured"]
    assert found.features.empty
    assert found.features.columns.tolist() == list(FEATURE_COLUMNS)


def test_a_handful_of_rows_is_enough():
    found = tell(make_rows(12, 1), make_rows(9, 2), min_rows=5)
    assert set(found.report["auc"]) == {"all", "text", "meta"}


def test_the_report_is_plain_json():
    found = tell(make_rows(30, 1), make_rows(30, 2))
    assert json.loads(json.dumps(found.report, allow_nan=False)) == found.report
