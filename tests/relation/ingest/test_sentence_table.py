import pandas as pd
import pytest

from klue_pipeline.relation.ingest.parsing import RawEntity, RawRow
from klue_pipeline.relation.ingest.schema import Sentences
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE, build_sentences

ROWS = [
    RawRow(1, "a", "나래는 가람과 산다.", RawEntity("나래", 0, 2, "PER"),
           RawEntity("가람", 4, 6, "PER"), "per:spouse", "wikipedia", 2),
    RawRow(2, "b", "가람, 나래", RawEntity("가람", 0, 2, None), RawEntity("나래", 4, 6, None), 1),
]  # fmt: skip


def test_columns_follow_from_the_rows():
    table = build_sentences(ROWS, ["per:spouse", "no_relation"])
    assert table["type_pair"].tolist() == ["PER:PER", f"{NO_TYPE}:{NO_TYPE}"]
    assert table["pair_key"].tolist() == ["가람\t나래", "가람\t나래"]
    assert table["label"].tolist() == ["per:spouse", "no_relation"]
    assert table["source"].isna().tolist() == [False, True]
    assert table["given_fold"].isna().tolist() == [False, True]
    assert table["given_fold"][0] == 2


@pytest.mark.parametrize("rows", [ROWS, []])
def test_a_table_fits_its_schema_exactly_even_an_empty_one(rows):
    table = build_sentences(rows, ["x"] * len(rows))
    pd.testing.assert_frame_equal(Sentences.validate(table), table)


def test_rows_must_be_checked_first():
    row = RawRow(1, "a", "문장", "no dictionary", None, None)
    with pytest.raises(TypeError, match="check rows before"):
        build_sentences([row], [None])
