"""Requests of Python callers and servers: the table they become, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.relation.inference.requests import as_records, read_requests, table_requests
from klue_pipeline.relation.ingest.schema import TestSentences

SENTENCE = "이순신은 조선의 무신이다."  # 14 characters
OFFSETS = {
    "sentence": SENTENCE, "subject_start": 0, "subject_end": 3, "object_start": 5, "object_end": 7,
}  # fmt: skip
WORDS = {"sentence": SENTENCE, "subject": "이순신", "object": "조선"}


def ask(sentence=SENTENCE, subject=(0, 3), object_=(5, 7), subject_type=None, object_type=None):
    arguments = {
        "sentence": sentence,
        "subject": subject,
        "object": object_,
        "subject_type": subject_type,
        "object_type": object_type,
    }
    return table_requests(read_requests(as_records(arguments)))


def test_a_question_becomes_a_row_of_the_schema():
    table = ask(subject_type="PER").assign(problem=pd.Series([None], dtype="str"))
    pd.testing.assert_frame_equal(TestSentences.validate(table), table)
    row = table.iloc[0]
    assert (row["subject_text"], row["object_text"]) == ("이순신", "조선")
    assert row["type_pair"] == "PER:NONE"
    assert pd.isna(row["label"])


@pytest.mark.parametrize(
    "given",
    [
        {"subject": [0, 3]},
        {"subject": np.array([0, 3])},
        {"subject": (np.int64(0), np.int32(3))},
        {"subject": "이순신"},
        {"subject_type": ""},
        {"subject_type": float("nan")},
    ],
    ids=str,
)
def test_the_same_question_in_other_words(given):
    pd.testing.assert_frame_equal(ask(**given), ask())


def test_many_questions_keep_their_order_whatever_holds_them():
    sentences = [SENTENCE, "한강출판은 김하늘 대표가 이끈다."]
    rows = ask(sentences, [(0, 3), "한강출판"], [(5, 7), (6, 9)], ["PER", None], None)
    assert rows["row_id"].tolist() == ["0", "1"]
    assert rows["object_text"].tolist() == ["조선", "김하늘"]
    assert rows["subject_type"].tolist() == ["PER", "NONE"]
    spans = np.array([[0, 3], [0, 4]]), np.array([[5, 7], [6, 9]])
    types = pd.Series(["PER", None])
    pd.testing.assert_frame_equal(ask(pd.Series(sentences), *spans, types), rows)
    assert ask([], [], []).empty


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            {"subject": (0, 99)},
            r"subject: characters 0 to 99 \(exclusive\) are no part of a sen",
        ),
        ({"object_": (-2, 3)}, r"object: characters -2 to 3 \(exclusive\) are no part"),
        ({"subject": (3, 3)}, r"subject: characters 3 to 3 \(exclusive\) are no part"),
        ({"subject": (3, 0)}, r"subject: characters 3 to 0 \(exclusive\) are no part"),
        ({"subject": (0, 6)}, "'이순신은 조' and '조선' share characters"),
        ({"subject": (0, 3), "object_": (0, 3)}, "'이순신' and '이순신' share characters"),
        ({"subject": (0.0, 3.0)}, r"\(0\.0, 3\.0\) is neither two whole numbers nor text"),
        ({"subject": (False, True)}, "neither two whole numbers nor text"),
        ({"subject": (0, 3, 5)}, r"\(0, 3, 5\) is neither"),
        ({"subject": 3}, "subject: '3' is not in the sentence"),
        ({"subject": ("0", "3")}, "neither two whole numbers nor text"),
        ({"subject": {"word": "이순신"}}, "is neither two whole numbers nor text"),
        ({"subject": None}, "no subject"),
        ({"subject": " "}, "no subject"),
        ({"subject_type": ["PER"]}, r"subject: type is \['PER'\], wanted text"),
        ({"subject": "원균"}, "subject: '원균' is not in the sentence"),
        ({"object_": "신"}, "object: '신' stands at characters 2 and 10 of the sentence"),
        ({"subject": "신", "object_": "신"}, "subject: '신' stands at characters 2 and 10"),
        ({"subject": "조선", "object_": "조선"}, "'조선' and '조선' share characters"),
        ({"sentence": ""}, "sentence is ''"),
        ({"sentence": " \n "}, "sentence is ' "),
        ({"sentence": "이순신은 \ud800조선의 무신이다."}, "half a surrogate pair at character 5"),
    ],
)
def test_a_bad_question_is_refused_with_what_was_found_and_wanted(given, problem):
    with pytest.raises(ValueError, match=problem) as refusal:
        ask(**given)
    assert str(refusal.value).startswith("The sentence cannot be classified: ")
    assert "Wanted: a sentence with two entities" in str(refusal.value)


def test_of_many_questions_the_bad_one_is_named():
    with pytest.raises(ValueError, match=r"Sentence 2, counted from 0, .* 0 to 99 \(exclusive\)"):
        ask([SENTENCE] * 4, [(0, 3), (0, 3), (0, 99), (0, 99)], [(5, 7)] * 4)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"subject": [(0, 3)]}, "2 of sentence, 1 of subject, 2 of object; give one for each"),
        ({"object_type": ["LOC"] * 3}, "2 of sentence, 2 of subject, 2 of object, 3 of object_typ"),
    ],
)
def test_lists_of_different_lengths_are_named(given, found):
    lists = {"sentence": [SENTENCE] * 2, "subject": [(0, 3)] * 2, "object_": [(5, 7)] * 2}
    with pytest.raises(ValueError, match=f"different lengths: {found}"):
        ask(**lists | given)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"sentence": None}, "sentence is None; wanted text or a list of texts"),
        ({"object_": None}, "object is None; wanted a list, one per sentence"),
        ({"sentence": 7}, "sentence is 7; wanted text or a list of texts"),
        ({"subject": "이순신"}, "subject is '이순신'; wanted a list, one per sentence"),
        ({"object_type": "LOC"}, "object_type is 'LOC'; wanted a list, one per sentence"),
    ],
)
def test_other_kinds_of_values_are_named(given, problem):
    lists = {"sentence": [SENTENCE] * 2, "subject": [(0, 3)] * 2, "object_": [(5, 7)] * 2}
    with pytest.raises(TypeError, match=problem):
        ask(**lists | given)


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
def test_offsets_and_words_may_stand_side_by_side_and_gaps_are_nothing(gap):
    rows = [
        WORDS | OFFSETS | {"subject_type": "PER"},
        OFFSETS,
        WORDS,
        WORDS | {"subject_type": gap},
    ]
    records = pd.DataFrame(rows, dtype=object).fillna(gap).to_dict("records")
    table = table_requests(read_requests(records))
    assert table["subject_text"].tolist() == ["이순신"] * 4
    assert table["object_start"].tolist() == [5] * 4
    assert table["subject_type"].tolist() == ["PER", "NONE", "NONE", "NONE"]


def test_offsets_may_be_text_as_in_a_csv_file():
    [row] = read_requests([OFFSETS | {"subject_end": "3", "object_end": 7.0}])
    assert (row.subject.word, row.object.word) == ("이순신", "조선")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"subject_end": None}, "subject: start and end are 0 and None, wanted whole numbers"),
        ({"object_start": 1.5}, "object: start and end are '1.5' and 7, wanted whole numbers"),
        ({"object_start": float("inf")}, "object: start and end are 'inf' and 7"),
        ({"subject_end": True}, "subject: start and end are 0 and 'True'"),
        ({"subject_end": "셋"}, "subject: start and end are 0 and '셋'"),
        ({"subject": "세종"}, "wanted '세종' at characters 0 to 2, found '이순신'"),
        ({"sentence": 3}, "sentence is 3, wanted text"),
        ({"sentence": None}, "no sentence"),
        ({"subject_start": None, "subject_end": None}, "no subject"),
        ({"subject_start": None, "subject_end": None, "subject": 7}, "'7' is not in the sentence"),
    ],
)
def test_what_is_wrong_with_a_record_comes_with_its_place(change, problem):
    with pytest.raises(ValueError, match=f"Sentence 1, counted from 0, .*: {problem}"):
        read_requests([OFFSETS, OFFSETS | change])
