"""The list of suspects: order, marks, and cells that survive a spreadsheet."""

import io
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.label_audit import tabulate_suspects
from klue_pipeline.relation.label_audit.suspects import make_cell, mark_entities

PIECES = st.lists(
    st.sampled_from(
        ["김하늘", "李舜臣", "😀", '"', "'", ",", " ", "[[", ">>", "\n", "\r", "=", "-", "은", "\0"]
    ),
    max_size=6,
).map("".join)
WORDS = st.sampled_from(["이순신", "朝鮮", "김, 하늘", "A@B", "=1+1", "😀"])


@st.composite
def marked_rows(draw):
    """A sentence of random pieces around two entities, and the marked form it should get."""
    before, between, after = draw(PIECES), draw(PIECES), draw(PIECES)
    words = draw(st.tuples(WORDS, WORDS))
    roles = draw(st.permutations(["subject", "object"]))
    row, starts = {"sentence": before + words[0] + between + words[1] + after}, []
    starts = [len(before), len(before) + len(words[0]) + len(between)]
    for role, word, start in zip(roles, words, starts, strict=True):
        row |= {f"{role}_start": start, f"{role}_end": start + len(word)}
    marks = {"subject": "[[{}]]", "object": "<<{}>>"}
    first, second = (marks[role].format(word) for role, word in zip(roles, words, strict=True))
    return row, before + first + between + second + after


@given(st.lists(marked_rows(), min_size=1, max_size=5))
@settings(deadline=None)
def test_only_marks_are_added_and_they_stand_at_the_entities(rows):
    table = pd.DataFrame([row for row, _ in rows])
    assert mark_entities(table) == [marked for _, marked in rows]


@given(st.lists(st.text(max_size=20) | PIECES, min_size=1, max_size=4))
@settings(deadline=None)
def test_cells_come_back_from_a_csv_in_their_rows_and_are_no_formulas(texts):
    cells = [make_cell(text) for text in texts]
    file = io.StringIO()
    pd.DataFrame({"text": cells, "row_id": range(len(cells))}).to_csv(file, index=False)
    file.seek(0)
    read = pd.read_csv(file, keep_default_na=False, dtype=str)
    assert read["text"].tolist() == cells
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)
    changed = [cell.removeprefix("'") != text for cell, text in zip(cells, texts, strict=True)]
    assert not any(
        differs and not re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029]", text)
        for differs, text in zip(changed, texts, strict=True)
        if not text.startswith("'")
    )


@pytest.fixture
def suspects(small_sentences, make_audited, make_judgement):
    """Three of the small sentences with odd contents; ranked 2, 0, 1."""
    rows = small_sentences.head(3).assign(source=["=SUM(A1)", None, "wikitree"])
    names = ["per:origin", "org:top_members/employees", "relation"]
    probabilities = [[0.3, 0.5, 0.2], [0.1, 0.7, 0.2], [0.2, 0.1, 0.7]]
    audited = make_audited([0, 1, 1], probabilities, rows=rows, names=names)
    judgement = make_judgement(
        3,
        is_issue=[True, False, True],
        self_confidence=[0.3, 0.7, 0.1],
        suggested=[1, 2, 2],
        suggested_probability=[0.5, 0.2, 0.7],
        order=[2, 0, 1],
    )
    task = LabelSet(names=["per:origin", "org:top_members/employees"], negative=None)
    return lambda size, reviewed=None: tabulate_suspects(audited, judgement, task, size, reviewed)


def test_suspects_are_listed_worst_first_with_all_a_reviewer_needs(suspects):
    table = suspects(None)
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["row_id"].tolist() == ["2", "0", "1"]
    assert table["sentence"].tolist() == [
        "<<김하늘>> 대표는 [[한강출판]]의 신간을 소개했다.",
        "[[이순신]]은 <<조선>>의 무신이다.",
        "[[한강출판]]은 <<김하늘>> 대표가 이끈다.",
    ]
    assert table["subject_text"].tolist() == ["한강출판", "이순신", "한강출판"]
    assert table["object_type"].tolist() == ["PER", "LOC", "PER"]
    assert table["given_label"].tolist() == [
        "org:top_members/employees", "per:origin", "org:top_members/employees",
    ]  # fmt: skip
    assert table["suggested_label"].tolist() == [
        "relation", "org:top_members/employees", "relation",
    ]  # fmt: skip
    assert table["margin"].round(3).tolist() == [0.6, 0.2, -0.5]
    assert table["is_issue"].tolist() == [True, True, False]
    assert table["source"].iloc[:2].tolist() == ["wikitree", "'=SUM(A1)"]
    assert pd.isna(table["source"].iloc[2])


def test_the_reviewer_finds_an_empty_decision_and_a_label_that_the_task_has(suspects):
    table = suspects(None)
    assert (table["decision"] == "").all()
    # The first and the last are suggested `relation`, which is no label of the task.
    assert table["new_label"].tolist() == ["", "org:top_members/employees", ""]


def test_the_list_can_be_short(suspects):
    assert suspects(2)["row_id"].tolist() == ["2", "0"]


def test_what_was_decided_before_is_filled_in(suspects):
    reviewed = pd.DataFrame(
        [
            ["1", "Keep ", "per:origin"], ["0", " relabel", "per:origin "], ["9", "drop", ""],
            ["2", "", "per:origin"], ["1", "keep", ""],
        ],
        columns=["row_id", "decision", "new_label"],
    )  # fmt: skip
    table = suspects(None, reviewed)
    assert table["row_id"].tolist() == ["2", "0", "1"]
    assert table["decision"].tolist() == ["", "relabel", "keep"]
    # The suggestion stands where no other label was chosen.
    assert table["new_label"].tolist() == ["", "per:origin", ""]
    nothing = suspects(None, reviewed.head(0))
    pd.testing.assert_frame_equal(nothing, suspects(None), check_dtype=False)


def test_a_table_of_decisions_without_its_columns_is_refused(suspects):
    with pytest.raises(ValueError, match="has no column row_id, decision, new_label; found id"):
        suspects(None, pd.DataFrame({"id": ["0"]}))
