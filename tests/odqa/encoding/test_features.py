"""Reader examples as a table of windows."""

import pandas as pd
import pytest

from klue_pipeline.odqa.encoding import features as features_module
from klue_pipeline.odqa.encoding.features import SCHEMA, encode_reader_examples
from klue_pipeline.odqa.encoding.schema import ReaderExamples
from klue_pipeline.odqa.settings.reader_params import ReaderParams

READER = ReaderParams.model_construct(max_question_tokens=20, stride=3)
LONG = "이순신은 조선의 무신이다.\\n" + "수군을 이끌었다. " * 12 + "이순신은 서울에서 만났다."
QUESTION = "이순신과 수군의 관계는 [MASK]?"


def example(row_id, method="original", context=LONG, answers=("이순신",), **changed):
    return {
        "row_id": row_id,
        "question_id": row_id.partition(".")[0],
        "method": method,
        "question": QUESTION,
        "passage_id": "p0",
        "context": context,
        "answers": list(answers),
        "answer_starts": [context.rindex(answer) for answer in answers],
        "part": "train",
        **changed,
    }


@pytest.fixture
def examples():
    rows = [
        example("q0"),
        example("q0.question_mask", "question_mask"),
        example("q0.hard_passage", "hard_passage", "조지 해리슨이 쓴 노래다.", ()),
        example("q1", answers=("수군", "무신", "이순신은")),
    ]
    return ReaderExamples.validate(pd.DataFrame(rows))


def encode(examples, tokenizer, max_tokens=48):
    return encode_reader_examples(examples, tokenizer, READER, max_tokens)


def test_windows_hold_the_answers_of_their_example(examples, any_tokenizer):
    examples = examples[examples["method"] != "question_mask"]
    rows = encode(examples, any_tokenizer, max_tokens=40).table.to_pylist()
    given = examples.set_index("row_id")
    held = {row_id: [] for row_id in given.index}
    for row in rows:
        context, answers = given.loc[row["row_id"], ["context", "answers"]]
        places = zip(row["answer_starts"], row["answer_ends"], strict=True)
        texts = [context[row["start_chars"][a] : row["end_chars"][b - 1]] for a, b in places]
        assert row["has_answer"] == bool(texts)
        assert all(any(answer in text for answer in answers) for text in texts)
        assert row["window"] == len(held[row["row_id"]])
        assert row["length"] == len(row["input_ids"]) == len(row["token_type_ids"]) <= 40
        assert 0 < row["passage_start"] <= row["owned_start"] < row["owned_end"]
        assert row["owned_end"] <= row["passage_end"] < row["length"]
        held[row["row_id"]].append(texts)
    assert [row["row_id"] for row in rows] == [name for name in held for _ in held[name]]
    # The answer of q0 is at the end of its passage.
    assert held["q0"][0] == []
    assert any(held["q0"])
    assert not any(held["q0.hard_passage"])
    assert sum(map(len, held["q1"])) >= 3


def test_a_mask_is_a_token_only_in_rows_that_mask(examples, wordpiece_tokenizer):
    encoded = encode(examples, wordpiece_tokenizer)
    masked = {
        row["method"]
        for row in encoded.table.to_pylist()
        if wordpiece_tokenizer.mask_token_id in row["input_ids"]
    }
    assert masked == {"question_mask"}


def test_masks_without_a_token_for_them_are_refused(examples, byte_level_tokenizer):
    assert byte_level_tokenizer.mask_token is None
    with pytest.raises(ValueError, match=r"no mask token; leave out the methods that mask"):
        encode(examples, byte_level_tokenizer, max_tokens=64)


def test_chunks_change_nothing(examples, wordpiece_tokenizer, monkeypatch):
    whole = encode(examples, wordpiece_tokenizer)
    monkeypatch.setattr(features_module, "ROWS_PER_CHUNK", 1)
    assert encode(examples, wordpiece_tokenizer).table.equals(whole.table)
    assert whole.select([1, 0]).table["window"].to_pylist() == [1, 0]
    nothing = encode(examples.iloc[:0], wordpiece_tokenizer)
    assert len(nothing) == 0
    assert nothing.table.schema == SCHEMA


def test_fingerprint_says_what_the_windows_are_made_of(examples, wordpiece_tokenizer):
    known = encode(examples, wordpiece_tokenizer).fingerprint
    assert encode(examples.iloc[[0, 3]], wordpiece_tokenizer).fingerprint == known
    other_answer = examples.assign(
        answer_starts=[[0], *examples["answer_starts"].iloc[1:]],
    )
    assert encode(other_answer, wordpiece_tokenizer).fingerprint["rows"] != known["rows"]
    longer = encode(examples, wordpiece_tokenizer, max_tokens=60).fingerprint
    assert longer["tokenizer"] != known["tokenizer"]
    assert longer["rows"] == known["rows"]
