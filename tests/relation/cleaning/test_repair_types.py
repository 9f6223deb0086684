"""Entity types by usage: thresholds, roles, both files, and no look at labels."""

import pytest

MARKED = "[[이순신]]은 <<수군>>을 이끌었다."


@pytest.fixture
def repaired(as_rows, as_test, run, clean_params):
    """Repair training rows with these object types, and test rows with those."""

    def clean(train_types, test_types=(), min_support=4, min_purity=0.75, **columns):
        params = clean_params(
            "repair_types", repair_types={"min_support": min_support, "min_purity": min_purity}
        )
        train = as_rows([MARKED] * len(train_types), object_type=train_types, **columns)
        test = as_test(as_rows([MARKED] * len(test_types), object_type=list(test_types)))
        return run(train, params, test)

    return clean


def types(result):
    return [rows["object_type"].tolist() for rows in (result.tables.train, result.tables.test)]


def test_the_usual_type_wins_in_both_files_and_is_counted(repaired):
    result = repaired(["ORG", "ORG", "ORG", "LOC", "ORG"], ["PER", "ORG", "ORG"])
    assert types(result) == [["ORG"] * 5, ["ORG"] * 3]
    assert set(result.tables.train["type_pair"]) == {"PER:ORG"}
    report = result.report["rules"][0]
    assert report["repaired"] == {"train": {"LOC -> ORG": 1}, "test": {"PER -> ORG": 1}}
    changed = result.changed_rows
    assert changed.query("row_id == 'r3'")["column"].tolist() == ["object_type", "type_pair"]
    assert changed.query("row_id == 'r3'")["before"].tolist() == ["LOC", "PER:LOC"]


@pytest.mark.parametrize(
    ("settings", "repairs"),
    [
        ({"min_support": 4, "min_purity": 0.75}, True),
        ({"min_support": 5, "min_purity": 0.75}, False),
        ({"min_support": 4, "min_purity": 0.76}, False),
    ],
)
def test_thresholds_are_reached_from_below(repaired, settings, repairs):
    found, _ = types(repaired(["ORG", "ORG", "ORG", "LOC"], **settings))
    assert found == ["ORG", "ORG", "ORG", "ORG" if repairs else "LOC"]


def test_mentions_of_both_files_and_both_roles_count(repaired):
    _, found = types(repaired(["ORG"], ["ORG", "ORG", "LOC"]))
    assert found == ["ORG", "ORG", "ORG"]
    swapped = {"subject_text": ["수군"] * 4, "subject_type": ["ORG", "ORG", "ORG", "PER"]}
    result = repaired(["ORG", "ORG", "ORG", "ORG"], **swapped)
    assert result.tables.train["subject_type"].tolist() == ["ORG"] * 4


def test_labels_change_nothing(repaired):
    mixed = ["ORG", "ORG", "ORG", "LOC", "ORG"]
    labels = ["no_relation", "a", "b", "per:title", "a"]
    with_labels = types(repaired(mixed, ["LOC"], label=labels))
    assert with_labels == types(repaired(mixed, ["LOC"], label=labels[::-1]))


def test_no_role_gets_a_type_that_it_never_has_in_training(as_rows, as_test, run, clean_params):
    params = clean_params("repair_types", repair_types={"min_support": 3, "min_purity": 0.75})
    train = as_rows(["<<수원>>의 [[정조]]는 왕이다."] * 4, object_type="LOC")
    test = as_test(as_rows(["<<정조>>의 [[수원]]은 성이다."]))
    result = run(train, params, test)
    assert result.tables.test["subject_type"].tolist() == ["PER"]
    assert result.tables.test["object_type"].tolist() == ["ORG"]
    assert len(result.changed_rows) == 0


def test_entities_without_a_type_and_neutral_rows_stay(as_rows, as_test, run, clean_params):
    params = clean_params("repair_types", repair_types={"min_support": 2, "min_purity": 0.6})
    train = as_rows([MARKED] * 4, object_type=["NONE", "NONE", "NONE", "ORG"])
    problem = as_rows([MARKED] * 2, object_type=["LOC", "LOC"])
    result = run(train, params, as_test(problem, ["empty sentence", "empty sentence"]))
    assert len(result.changed_rows) == 0
