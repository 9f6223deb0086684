"""Candidates of all folds in one table, trimmed in the context of their passages."""

import pandas as pd
import pytest

from klue_pipeline.odqa.answering.collecting import collect
from klue_pipeline.odqa.answering.schema import Candidates

PASSAGES = pd.DataFrame(
    {
        "passage_id": ["p0", "p1"],
        "text": ["이순신은 서울에서 났다.\\n그는 조선의 무신이다.", "소설 《토지》는 길다."],
    }
)


def make_fold(*spans):
    rows = [
        {"question_id": "q0", "passage_id": passage, "is_joined": joined, "text": text,
         "start_char": start, "end_char": start + len(text), "logit": 1.0, "passage_log_total": 2.0}
        for passage, start, text, joined in spans
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_folds_are_stacked_and_every_span_is_trimmed():
    first = make_fold(("p1", 3, "《토지", False), ("p0", 5, "서울에서", False))
    # An answer from joined passages may end in the next one.
    second = make_fold(("p0", 5, "서울에서", False), ("p1", 7, "는 길다. 이순신은", True))
    found = Candidates.validate(collect(PASSAGES, {0: first, 2: second}))
    wanted = [
        (0, "《토지", 3, 7, "《토지》"),
        (0, "서울에서", 5, 7, "서울"),
        (2, "서울에서", 5, 7, "서울"),
        (2, "는 길다. 이순신은", 7, 17, "는 길다. 이순신은"),
    ]
    columns = ["fold", "text", "trimmed_start_char", "trimmed_end_char", "trimmed_text"]
    assert list(found[columns].itertuples(index=False, name=None)) == wanted


def test_no_candidates():
    empty = make_fold(("p0", 5, "서울에서", False))[:0]
    assert Candidates.validate(collect(PASSAGES, {0: empty})).empty


@pytest.mark.parametrize(
    ("span", "message"),
    [
        (("p0", 5, "부산", False), "Passage p0 has '서울' where '부산' was read"),
        (("p7", 5, "부산", False), "1 passages that are not among the 2 given, such as p7"),
    ],
)
def test_candidates_of_other_passages_are_refused(span, message):
    with pytest.raises(ValueError, match=message):
        collect(PASSAGES, {0: make_fold(span)})
