"""Training rows that the test file holds too."""

import logging

import pytest

SHARED = "[[이순신]]은 <<수군>>을 이끌었다."
SWAPPED = "<<이순신>>은 [[수군]]을 이끌었다."
OTHER_PAIR = "[[이순신]]은 수군을 <<이끌었>>다."
OTHER_SENTENCE = "[[이순신]]이 <<수군>>을 세웠다."


@pytest.fixture
def guarded(as_rows, as_test, run, clean_params):
    def clean(train, test, action="drop", problems=None):
        params = clean_params("test_overlap", test_overlap={"action": action})
        return run(as_rows(train), params, as_test(as_rows(test), problems))

    return clean


def test_rows_with_sentence_and_pair_of_a_test_row_leave_in_either_order(guarded):
    result = guarded(
        [SHARED, OTHER_PAIR, OTHER_SENTENCE, SWAPPED], [SHARED, SHARED, OTHER_PAIR[::1]]
    )
    assert result.tables.train["row_id"].tolist() == ["r2"]
    assert len(result.tables.test) == 3
    assert set(result.dropped_rows["reason"]) == {"in_test_file"}
    report = result.report["rules"][0]
    assert (report["training_rows_in_test"], report["test_rows_in_training"]) == (3, 3)


def test_they_may_stay_with_a_warning(guarded, caplog):
    with caplog.at_level(logging.WARNING):
        result = guarded([SHARED, OTHER_SENTENCE], [SWAPPED], action="report")
    assert len(result.tables.train) == 2
    assert result.report["rules"][0]["training_rows_in_test"] == 1
    assert "Kept 1 training row that the test file has too" in caplog.text


@pytest.mark.parametrize("action", ["drop", "report"])
def test_no_overlap_no_test_rows_and_unreadable_ones_change_nothing(guarded, action, caplog):
    with caplog.at_level(logging.WARNING):
        for test, problems in ([], None), ([OTHER_SENTENCE], None), ([SHARED], ["empty sentence"]):
            result = guarded([SHARED], test, action, problems)
            assert (len(result.tables.train), len(result.dropped_rows)) == (1, 0)
    assert caplog.text == ""
