from dataclasses import replace

import pytest

from klue_pipeline.relation.ingest.parsing import RawEntity, RawRow
from klue_pipeline.relation.ingest.row_checks import (
    TRAIN_CHECKS,
    RowRules,
    find_problem,
    sort_out,
)
from klue_pipeline.text.records.problems import (
    count_reasons,
    require_few_problems,
    table_problems,
)

RULES = RowRules(
    label_names=frozenset({"no_relation", "per:spouse"}),
    numbered_names=("no_relation", "per:spouse", "per:title"),
    entity_types=frozenset({"PER", "LOC"}),
)
GOOD = RawRow(
    row_number=1,
    row_id="7",
    sentence="이순신은 조선의 무신이다.",
    subject=RawEntity("이순신", 0, 3, "PER"),
    object=RawEntity("조선", 5, 7, "LOC"),
    label="no_relation",
)


def problem_of(**changes):
    return find_problem(replace(GOOD, **changes), RULES, TRAIN_CHECKS)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"label": 1},
        {"given_fold": 0},
        {"source": None},
        {"subject": RawEntity("이순신", 0, 3, None)},
        {"subject": RawEntity("조선", 5, 7, "LOC"), "object": RawEntity("이순신", 0, 3, "PER")},
        {"subject": RawEntity("이순신은 ", 0, 5, "PER")},  # touching spans share no character
    ],
)
def test_a_good_row_has_no_problem(changes):
    assert problem_of(**changes) is None


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        ({"sentence": None, "object": None}, "missing value", "no sentence and no object"),
        ({"row_id": None}, "missing value", "no id"),
        ({"label": None}, "missing value", "no label"),
        ({"label": 100}, "missing value", "no label"),
        ({"subject": "type is missing"}, "unusable entity", "subject: type is missing"),
        ({"sentence": " \n"}, "empty sentence", r"sentence is ' \n'"),
        ({"sentence": "", "subject": None}, "empty sentence", "sentence is ''"),
        (
            {"sentence": "이순신은 조선\ud800"},
            "broken character",
            r"half a surrogate pair at character 7 of '\uc774",
        ),
        (
            {"object": RawEntity("고려", 5, 7, "LOC")},
            "word not at its offsets",
            "wanted '고려' at characters 5 to 6, found '조선'",
        ),
        ({"object": RawEntity("다.", -2, 0, "LOC")}, "word not at its offsets", "found ''"),
        ({"object": RawEntity("", 5, 5, "LOC")}, "word not at its offsets", "wanted ''"),
        ({"object": RawEntity(" ", 4, 5, "LOC")}, "word not at its offsets", "hold no word"),
        ({"object": RawEntity("무신", 10, 10**20, "LOC")}, "word not at its offsets", "'무신'"),
        (
            {"object": RawEntity("신은 조선", 2, 7, "LOC")},
            "overlapping spans",
            "'이순신' and '신은 조선' share characters",
        ),
        ({"object": GOOD.subject}, "overlapping spans", "'이순신' and '이순신'"),
        (
            {"object": RawEntity("조선", 5, 7, "COUNTRY")},
            "unknown type",
            "found 'COUNTRY'; known are LOC, PER",
        ),
        ({"sentence": "이순신은\0 조선"}, "broken character", r"NUL at character 4 of '\uc774"),
        ({"subject": RawEntity("이순신", 0, 3, "\ud800")}, "broken character", "half a surrogate"),
        ({"misfits": "label is True, wanted text"}, "unusable value", "label is True, wanted text"),
        ({"label": "관" * 201}, "unusable value", "(201 characters), wanted at most 200"),
        ({"label": "관\0"}, "unusable value", "without NUL"),
        ({"label": "per:spuse"}, "unknown label", "found 'per:spuse'"),
        ({"label": "PER:spouse"}, "unknown label", "'PER:spouse' is 'per:spouse' in other case"),
        ({"label": 2}, "unknown label", "found 'per:title'"),
        ({"label": 57}, "unknown label", "found '57'"),
        ({"given_fold": "둘"}, "unreadable fold", "fold is '둘'"),
        ({"given_fold": -1}, "unreadable fold", "fold is -1"),
    ],
)
def test_a_bad_row_says_why(changes, reason, detail):
    problem = problem_of(**changes)
    assert problem.reason == reason
    assert detail in problem.detail


def test_of_one_id_the_first_good_row_stays_and_nothing_is_lost():
    rows = [
        replace(GOOD, row_number=1, sentence=""),
        replace(GOOD, row_number=2),
        replace(GOOD, row_number=3),
        replace(GOOD, row_number=4, row_id="8"),
    ]
    good, problems = sort_out(rows, RULES)
    assert [row.row_number for row in good] == [2, 4]
    assert [(bad.row.row_number, bad.reason) for bad in problems] == [
        (1, "empty sentence"),
        (3, "duplicate id"),
    ]
    assert problems[1].detail == "row 2 has the same id"


def test_problems_become_a_table():
    _, problems = sort_out([replace(GOOD, row_number=9, row_id=None)], RULES)
    table = table_problems("train.csv", problems)
    assert table.iloc[0].dropna().to_dict() == {
        "file": "train.csv",
        "row_number": 9,
        "reason": "missing value",
        "detail": "no id",
    }
    assert table.dtypes.equals(table_problems("train.csv", []).dtypes)


def test_too_many_problems_stop_with_share_reasons_examples_and_setting():
    rows = [GOOD] * 2 + [replace(GOOD, row_number=5, row_id="12", sentence=" ")]
    _, problems = sort_out(rows, RULES)
    require_few_problems("train.csv", 3, problems, max_share=2 / 3)
    with pytest.raises(ValueError, match=r"2 of 3 rows \(66\.7%\)") as error:
        require_few_problems("train.csv", 3, problems, max_share=0.01)
    for part in (
        "train.csv",
        "ingest.max_rejected_share allows 1.0%",
        "- duplicate id: 1 row, such as row 1 (id 7): row 1 has the same id",
        "- empty sentence: 1 row, such as row 5 (id 12): sentence is ' '",
    ):
        assert part in str(error.value)


def test_reasons_are_counted_most_frequent_first():
    rows = [replace(GOOD, sentence=""), GOOD, GOOD, GOOD]
    _, problems = sort_out(rows, RULES)
    assert count_reasons(problems) == "duplicate id 2, empty sentence 1"
