import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.ingest.parsing import RawEntity, RawFile, RawRow, contest_csv

HEADER = "id,sentence,subject_entity,object_entity,label,source\n"
SUBJECT = "\"{'word': '비틀즈', 'start_idx': 0, 'end_idx': 2, 'type': 'ORG'}\""
OBJECT = "\"{'word': '런던', 'start_idx': 5, 'end_idx': 6, 'type': 'LOC'}\""


def parse(text: str) -> list[RawRow]:
    return list(contest_csv.parse(RawFile("train.csv", text)))


def test_a_row_comes_out_with_exclusive_ends():
    assert parse(f"{HEADER}7,비틀즈는 런던에,{SUBJECT},{OBJECT},no_relation,wikipedia\n") == [
        RawRow(
            row_number=1,
            row_id="7",
            sentence="비틀즈는 런던에",
            subject=RawEntity("비틀즈", 0, 3, "ORG"),
            object=RawEntity("런던", 5, 7, "LOC"),
            label="no_relation",
            source="wikipedia",
        )
    ]


def test_other_columns_are_left_alone_and_fold_is_read():
    text = f"memo,fold,object_entity,id,subject_entity,sentence\n…,3,{OBJECT},7,{SUBJECT},문장\n"
    (row,) = parse(text)
    assert (row.given_fold, row.label, row.source, row.object.word) == (3, None, None, "런던")


@pytest.mark.parametrize(("cell", "label"), [("100", 100), ("", None), ("17", 17), ("a:b", "a:b")])
def test_labels(cell, label):
    (row,) = parse(f"{HEADER}7,문장,{SUBJECT},{OBJECT},{cell},wikipedia\n")
    assert row.label == label


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "id,sentence,subject_entity\n1,2,3\n",
            "lacks object_entity: found id, sentence, subject_",
        ),
        (HEADER.replace("label", "source"), "more than one column source"),
        (f"{HEADER}1,문장\n", r"line 2: found 2 fields, wanted 6"),
        (f"{HEADER}1,쉼표, 없는 따옴표,{SUBJECT},{OBJECT},x,y\n", r"line 2: found 7 fields"),
        (f'{HEADER}1,"열린 따옴표,{SUBJECT}\n', r"line 2: the row that begins here"),
    ],
)
def test_a_broken_file_stops_with_its_name_and_place(text, message):
    with pytest.raises(ValueError, match=message) as error:
        parse(text)
    assert "train.csv" in str(error.value)


@pytest.mark.parametrize(
    "cell",
    [
        "{'word': '비틀즈'",
        "__import__('os').system('true')",
        "[" * 10_000,
        "nan",
        "{[]: 1}",
        "\x00",
    ],
)
def test_what_is_no_literal_is_a_problem_and_never_code(cell):
    assert contest_csv.read_entity_literal(cell).startswith(("not a Python dictionary", "wanted"))


words = st.text(
    st.sampled_from("가힣韓鑽😀👨‍👩‍👧aZ0 ,:;'\"\\\n\r\t{}[]《》·"), min_size=1, max_size=12
)


@given(st.lists(st.tuples(words, words, words, words, words), min_size=1, max_size=4))
def test_round_trip_of_any_text(rows):
    """What a CSV writer and ``repr`` wrote comes back to the last character."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["id", "sentence", "subject_entity", "object_entity", "label"])
    wanted = []
    for number, (before, subject, between, object_, after) in enumerate(rows, start=1):
        sentence = before + subject + between + object_ + after
        starts = len(before), len(before + subject + between)
        entities = [
            RawEntity(word, start, start + len(word), "PER")
            for word, start in zip((subject, object_), starts, strict=True)
        ]
        cells = [
            {"word": entity.word, "start_idx": entity.start, "end_idx": entity.end - 1}
            for entity in entities
        ]
        writer.writerow([number, sentence, *(repr(cell | {"type": "PER"}) for cell in cells), "x"])
        wanted.append(RawRow(number, str(number), sentence, *entities, label="x"))
    found = parse(text.getvalue())
    assert found == wanted
    assert all(row.sentence[row.object.start : row.object.end] == row.object.word for row in found)
