"""Rows as input texts: what is marked, what goes in bare, what is refused."""

import pandas as pd
import pytest

from klue_pipeline.relation.inputs.input_texts import InputText, iterate_texts, write_inputs
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.text.written_texts import WrittenText

PARAMS = InputParams(
    name="typed_entity_marker_punct",
    query="question",
    query_position="after",
    type_words={"PER": "사람", "LOC": "장소"},
)


@pytest.fixture
def rows(small_sentences):
    return small_sentences.head(3)


def as_test(rows, **changes):
    return rows.assign(label=None, **changes)


def test_row_is_written_with_its_markers_and_its_query(rows):
    first = write_inputs(rows, PARAMS)[0]
    assert first.sentence.text == "@ * 사람 * 이순신 @은 # ^ 장소 ^ 조선 #의 무신이다."
    assert first.query.text == "이순신과 조선의 관계는 무엇입니까?"


def test_query_none_writes_none(rows):
    silent = PARAMS.model_copy(update={"query": "none"})
    assert [entry.query for entry in write_inputs(rows, silent)] == [None] * 3
    assert list(iterate_texts(rows, silent)) == [
        entry.sentence.text for entry in write_inputs(rows, PARAMS)
    ]


def test_texts_for_a_tokenizer_have_no_special_tokens_and_all_texts(rows):
    changes = {"name": "entity_marker_with_prefix", "query": "semantic_typing_marked"}
    texts = list(iterate_texts(rows.head(1), PARAMS.model_copy(update=changes)))
    prefix, sentence = ["이순신-조선"], ["이순신", "은 ", "조선", "의 무신이다."]
    query = [" 이순신 (사람) ", "과 ", " 조선 (장소) ", "의 관계는 무엇인가"]
    assert texts == [*prefix, *sentence, *query]


@pytest.mark.parametrize("name", ["pair_prefix", "entity_mask"])
def test_bare_row_has_no_prefix(rows, name):
    test_rows = as_test(rows.head(1), problem=["entity_not_found"])
    entry = write_inputs(test_rows, PARAMS.model_copy(update={"name": name}))[0]
    assert (entry.prefix, entry.query) == ((), None)


def test_test_row_with_a_problem_goes_in_bare_and_the_others_do_not(rows):
    test_rows = as_test(rows, problem=[None, "unknown_type", float("nan")])
    entries = write_inputs(test_rows, PARAMS)
    assert entries[1] == InputText(WrittenText(rows["sentence"][1]), None, None)
    assert entries[0].marked
    assert entries[2].marked


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_start": pd.array([0, pd.NA, 0], dtype="Int64")},
        {"subject_start": [0.0, float("nan"), 0.0]},
        {"subject_start": [0, -4, 0]},
        {"object_end": [9, 999, 9]},
        {"subject_text": ["이순신", None, "x"]},
        {"subject_text": ["이순신", "다른말", "x"]},
        {"subject_text": ["이순신", "", "x"], "subject_end": [3, 0, 3]},
        {"object_type": ["LOC", None, "LOC"]},
        {"object_start": [0, 0, 0], "object_end": [4, 4, 4], "object_text": ["한강출판"] * 3},
        {"sentence": ["", None, ""]},
    ],
    ids=str,
)
def test_test_row_with_unusable_entities_goes_in_bare(rows, changes):
    entry = write_inputs(as_test(rows, **changes).iloc[1:2], PARAMS)[0]
    sentence = changes.get("sentence", rows["sentence"])[1] or ""
    assert entry == InputText(WrittenText(sentence), None, None)


def test_labelled_row_with_unusable_entities_is_refused_by_its_id(rows):
    moved = rows.assign(subject_start=rows["subject_start"] + 1)
    with pytest.raises(
        ValueError, match=r"Training row 0 cannot be marked.*'이순신' is not at 1 to 3"
    ):
        write_inputs(moved, PARAMS)


def test_missing_column_is_named(rows):
    with pytest.raises(ValueError, match=r"lacks \['object_end'\]"):
        write_inputs(rows.drop(columns="object_end"), PARAMS)


def as_made(rows, sentence, **changes):
    """The first row as augmentation would have made it."""
    made = {"sentence": sentence, "origin_id": "elsewhere", **changes}
    return rows.head(1).assign(**made)


def special_of(written):
    return [written.text[span.start_char : span.end_char] for span in written.special]


def test_masks_of_made_rows_are_special_and_those_in_a_text_are_not(rows):
    masked = "이순신은 조선의 [MASK]"
    made = as_made(rows, masked)
    assert special_of(write_inputs(made, PARAMS)[0].sentence) == ["[MASK]"]
    written = as_made(rows, masked).assign(origin_id=rows["row_id"].head(1))
    assert special_of(write_inputs(written, PARAMS)[0].sentence) == []
    assert special_of(write_inputs(rows.head(1).assign(sentence=masked), PARAMS)[0].sentence) == []


def test_a_masked_entity_is_masked_wherever_it_is_written(rows):
    made = as_made(rows, "[MASK]은 조선의 무신이다.", subject_text="[MASK]", subject_end=6,
                   object_start=8, object_end=10)  # fmt: skip
    changes = {"name": "entity_marker_with_prefix", "query": "semantic_typing_marked"}
    entry = write_inputs(made, PARAMS.model_copy(update=changes))[0]
    assert special_of(entry.sentence) == ["<subj>", "[MASK]", "</subj>", "<obj>", "</obj>"]
    assert special_of(entry.query) == ["[SE]", "[MASK]", "[/SE]", "[OE]", "[/OE]"]
    assert special_of(entry.prefix[0]) == ["[MASK]"]


def test_a_tokenizer_learns_no_masks(rows):
    made = as_made(rows, "이순신은 조선의 [MASK]")
    assert not any("MASK" in text for text in iterate_texts(made, PARAMS))
