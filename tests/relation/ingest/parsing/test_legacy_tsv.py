import pytest

from klue_pipeline.relation.ingest.parsing import RawEntity, RawFile, RawRow, legacy_tsv

LINE = "wikipedia-1-0-2-5-6\t비틀즈는 런던에\t비틀즈\t0\t2\t런던\t5\t6\t관계_없음"


def parse(text: str) -> list[RawRow]:
    return list(legacy_tsv.parse(RawFile("train.tsv", text)))


def test_a_row_comes_out_with_exclusive_ends_and_no_types():
    assert parse(LINE + "\r\n") == [
        RawRow(
            row_number=1,
            row_id="wikipedia-1-0-2-5-6",
            sentence="비틀즈는 런던에",
            subject=RawEntity("비틀즈", 0, 3, None),
            object=RawEntity("런던", 5, 7, None),
            label="관계_없음",
            source="wikipedia",
        )
    ]


def test_doubled_quotes_become_single_ones():
    (row,) = parse('x\t"""예"" 하고"\t예\t1\t1\t하고\t4\t5\tblind')
    assert (row.sentence, row.source) == ('"예" 하고', None)


def test_offsets_that_are_no_numbers_are_a_problem():
    (row,) = parse(LINE.replace("\t0\t2", "\t0\t둘"))
    assert row.subject == "start and end are 0 and '둘', wanted whole numbers"


def test_an_empty_entity_is_a_missing_one():
    (row,) = parse(LINE.replace("런던\t5\t6", "\t\t"))
    assert row.object is None


def test_another_number_of_fields_stops():
    with pytest.raises(ValueError, match=r"train\.tsv, line 2: found 8 fields, wanted 9"):
        parse(f"{LINE}\n" + LINE.rsplit("\t", 1)[0])
