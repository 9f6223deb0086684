"""The list of rules: their order, what is said of each, and that nothing is changed in place."""

import json
import logging
from typing import get_args

import pandas as pd
import pytest

from klue_pipeline.relation.cleaning import RULES
from klue_pipeline.relation.cleaning.driver import require_rows_left
from klue_pipeline.relation.settings.clean_params import CleanRule

QUOTED = "“[[이순신]]”은 <<수군>>을 이끌었다."
PLAIN = '"[[이순신]]"은 <<수군>>을 이끌었다.'


def test_every_rule_of_the_settings_has_a_function_in_their_order():
    assert list(RULES) == list(get_args(CleanRule))


def test_rules_run_in_the_order_of_the_list(as_rows, run, clean_params):
    rows = as_rows([QUOTED, PLAIN])
    first = run(rows, clean_params("normalise_text", "exact_duplicates"))
    last = run(rows, clean_params("exact_duplicates", "normalise_text"))
    assert [len(result.tables.train) for result in (first, last)] == [1, 2]


def test_the_report_counts_every_rule_and_is_json(as_rows, as_test, run, clean_params, caplog):
    rows = as_rows([QUOTED, PLAIN])
    with caplog.at_level(logging.INFO):
        result = run(rows, clean_params("normalise_text", "exact_duplicates"), as_test(rows))
    report = result.report
    assert json.loads(json.dumps(report)) == report
    assert (report["rows_in"], report["rows_out"], report["test_rows"]) == (2, 1, 2)
    assert report["dropped_by_reason"] == {"exact_duplicate": 1}
    normalised, deduplicated = report["rules"]
    assert normalised["rows_changed"] == {"train": 1, "test": 1}
    assert normalised["cells_changed"] == {"test.sentence": 1, "train.sentence": 1}
    assert (deduplicated["rows_in"], deduplicated["rows_out"]) == (2, 1)
    assert [entry.getMessage() for entry in caplog.records] == [
        "Cleaning by normalise_text: 2 training rows in, 2 out (1 train row changed, "
        "1 test row changed)",
        "Cleaning by exact_duplicates: 2 training rows in, 1 out (1 dropped: exact_duplicate)",
    ]


def test_without_rules_everything_passes(as_rows, as_test, run, clean_params):
    rows = as_rows([QUOTED, PLAIN])
    result = run(rows, clean_params(), as_test(rows))
    pd.testing.assert_frame_equal(result.tables.train, rows)
    pd.testing.assert_frame_equal(result.tables.test, as_test(rows))
    assert (len(result.dropped_rows), len(result.changed_rows)) == (0, 0)


def test_tables_are_not_changed_in_place(as_rows, as_test, run, clean_params):
    rows = as_rows([QUOTED, PLAIN, PLAIN], label=["a", "per:title", "b"])
    test = as_test(rows)
    before = rows.copy(deep=True), test.copy(deep=True)
    by_all = [name for name in RULES if name != "reviewed_rows"]
    run(rows, clean_params(*by_all), test)
    pd.testing.assert_frame_equal(rows, before[0])
    pd.testing.assert_frame_equal(test, before[1])


@pytest.mark.parametrize("name", sorted(RULES))
def test_tables_without_rows_pass_every_rule(name, as_rows, run, clean_params):
    result = run(as_rows([]), clean_params(name))
    assert (len(result.tables.train), result.report["rows_out"]) == (0, 0)


def test_no_row_left_says_which_rules_dropped_how_many():
    rules = [
        {"rule": "exact_duplicates", "dropped_by_reason": {"exact_duplicate": 1}},
        {"rule": "test_overlap", "dropped_by_reason": {"in_test_file": 1_000}},
    ]
    report = {"rows_in": 1_001, "dropped_by_reason": {"in_test_file": 1_000}, "rules": rules}
    wanted = (
        r"of 1,001, cleaning dropped 1 exact_duplicate \(exact_duplicates\), 1,000 in_test_file "
        r"\(test_overlap\)\. Is raw\.test the training file\?"
    )
    with pytest.raises(ValueError, match=wanted):
        require_rows_left(pd.DataFrame({"row_id": []}), report)
    require_rows_left(pd.DataFrame({"row_id": ["a"]}), report)
