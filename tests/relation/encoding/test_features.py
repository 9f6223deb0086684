"""Features: the table's contract, fingerprints, selection."""

import copy
import logging

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.encoding import features as features_module
from klue_pipeline.relation.encoding.features import NO_LABEL, SCHEMA, encode, encode_table
from klue_pipeline.relation.settings.params import InputParams

PARAMS = InputParams(
    name="typed_entity_marker_punct",
    query="question",
    query_position="after",
    type_words={"PER": "사람", "ORG": "조직", "LOC": "장소"},
)


@pytest.fixture
def labels(small_sentences):
    return LabelSet(names=sorted(small_sentences["label"].unique()), negative="no_relation")


@pytest.fixture
def training(small_sentences):
    return small_sentences.assign(
        origin_id=small_sentences["row_id"], method="original", weight=1.0
    )


@pytest.fixture
def make(training, labels, wordpiece_tokenizer):
    """Encode the training rows, with what a test wants to be different."""

    def encode_with(rows=training, params=PARAMS, max_tokens=64):
        return encode(rows, wordpiece_tokenizer, params, max_tokens, labels)

    return encode_with


def test_table_holds_the_rows_in_order_in_the_agreed_columns(make, training, labels):
    features = make()
    table = features.table
    assert table.schema.equals(SCHEMA)
    assert features.row_ids.tolist() == training["row_id"].tolist()
    assert features.labels == tuple(labels.names)
    names = [features.labels[label_id] for label_id in table["label_id"].to_pylist()]
    assert names == training["label"].tolist()
    ids = table["input_ids"].to_pylist()
    assert table["length"].to_pylist() == [len(row) for row in ids]
    assert [len(row) for row in table["token_type_ids"].to_pylist()] == [len(row) for row in ids]
    assert table["weight"].to_pylist() == [1.0] * len(training)


def test_positions_hold_the_marked_entities(make, training, wordpiece_tokenizer):
    row = make().table.slice(0, 1).to_pylist()[0]
    blocks = [
        wordpiece_tokenizer.convert_ids_to_tokens(row["input_ids"][row[start] : row[end]])
        for start, end in (("subject_start", "subject_end"), ("object_start", "object_end"))
    ]
    assert blocks[0] == ["@", "*", "사람", "*", "이순신", "@"]
    assert blocks[1][:4] == ["#", "^", "장소", "^"]
    assert blocks[1][-1] == "#"


def test_augmented_rows_keep_origin_and_weight(make, training):
    extra = training.head(2).assign(row_id=["a0", "a1"], method="swap", weight=0.25)
    table = make(pd.concat([training, extra])).table
    assert table["origin_id"].to_pylist()[-2:] == ["0", "1"]
    assert table["weight"].to_pylist()[-3:] == [1.0, 0.25, 0.25]


def test_test_rows_have_no_label_and_bare_ones_point_nowhere(make, small_sentences, caplog):
    problems = [None] * 23 + ["entity_not_found"]
    rows = small_sentences.assign(label=None, problem=problems)
    with caplog.at_level(logging.WARNING):
        table = make(rows).table
    assert set(table["label_id"].to_pylist()) == {NO_LABEL}
    assert table["origin_id"].to_pylist() == rows["row_id"].tolist()
    last = table.slice(23).to_pylist()[0]
    ends = [last[f"{role}_{end}"] for role in ("subject", "object") for end in ("start", "end")]
    assert ends == [0, 0, 0, 0]
    assert 0 not in table.slice(0, 23)["subject_end"].to_pylist()
    assert "1 row without usable entities" in caplog.text


def test_types_of_both_entities_are_kept_and_null_where_there_is_none(make, small_sentences):
    subject_types = [None, float("nan"), *small_sentences["subject_type"][2:]]
    table = make(small_sentences.assign(label=None, subject_type=subject_types)).table
    assert table["subject_type"].to_pylist() == [None, None, *subject_types[2:]]
    assert table["object_type"].to_pylist() == small_sentences["object_type"].tolist()
    assert table["subject_end"].to_pylist()[:2] == [0, 0]


def test_chunks_do_not_show(make, monkeypatch):
    whole = make().table
    monkeypatch.setattr(features_module, "ROWS_PER_CHUNK", 5)
    chunked = make().table
    assert chunked["input_ids"].num_chunks == 5
    assert chunked.combine_chunks().equals(whole.combine_chunks())


def test_a_table_without_fingerprints_is_the_same_table(make, training, wordpiece_tokenizer):
    long = training.assign(sentence=training["sentence"] + " 그리고" * 90)
    unlabelled = long.drop(columns="label")
    table, windowed = encode_table(unlabelled, wordpiece_tokenizer, PARAMS, 64)
    assert table.equals(make(unlabelled).table)
    assert windowed == len(long)


def test_no_rows_give_an_empty_table(make, training):
    features = make(training.head(0))
    assert (len(features), features.table.schema) == (0, SCHEMA)


def test_rows_longer_than_max_tokens_are_windowed_and_counted(make, training, caplog):
    long = training.head(4).assign(
        sentence=training["sentence"] + pd.Series([" 그리고" * 90, "", " 또" * 90, ""])
    )
    with caplog.at_level(logging.INFO):
        table = make(long, max_tokens=48).table
    assert max(table["length"].to_pylist()) == 48
    assert "Encoded 4 rows: median" in caplog.text
    assert "longest 48 of at most 48 tokens; 2 rows (50.0%) windowed" in caplog.text


def test_unknown_label_is_refused(make, training):
    with pytest.raises(ValueError, match=r"labels \['per:unheard_of'\]"):
        make(training.assign(label="per:unheard_of"))


def test_selected_rows_keep_what_they_were_made_from(make):
    features = make()
    part = features.select([3, 1, 1])
    assert part.row_ids.tolist() == ["3", "1", "1"]
    assert (part.labels, part.fingerprint) == (features.labels, features.fingerprint)
    assert len(features.select(np.array([], dtype=np.int64))) == 0


def test_rows_fingerprint_is_that_of_the_original_rows(make, training):
    wanted = make().fingerprint["rows"]
    extra = training.head(2).assign(row_id=["a0", "a1"], method="swap")
    assert make(pd.concat([training, extra])).fingerprint["rows"] == wanted
    assert (
        make(training.reset_index(drop=True)[training.columns[::-1]]).fingerprint["rows"] == wanted
    )
    other_label = training.assign(label="no_relation")
    assert make(other_label).fingerprint["rows"] != wanted
    assert make(training.head(23)).fingerprint["rows"] != wanted


def test_rows_fingerprint_is_the_one_that_scores_are_compared_by(make, training):
    from klue_pipeline.relation.splits.fingerprints import rows_fingerprint, test_rows_fingerprint

    assert make().fingerprint["rows"] == rows_fingerprint(training)
    unlabelled = training.assign(label=None)
    assert make(unlabelled).fingerprint["rows"] == test_rows_fingerprint(unlabelled)


@pytest.mark.parametrize(
    "change",
    [
        {"max_tokens": 65},
        {"params": PARAMS.model_copy(update={"query": "none"})},
        {"params": PARAMS.model_copy(update={"name": "entity_marker_punct"})},
        {"params": PARAMS.model_copy(update={"query_position": "before"})},
        {"params": PARAMS.model_copy(update={"language": "en"})},
        {"params": PARAMS.model_copy(update={"type_words": {"PER": "인물"}})},
    ],
    ids=str,
)
def test_tokenizer_fingerprint_follows_every_setting(make, change):
    assert make(**change).fingerprint["tokenizer"] != make().fingerprint["tokenizer"]


def test_tokenizer_fingerprint_follows_the_tokenizer_but_not_its_last_call(
    make, training, labels, klue_roberta_tokenizer, wordpiece_tokenizer
):
    wanted = make().fingerprint["tokenizer"]
    wordpiece_tokenizer("가", truncation=True, padding="max_length", max_length=9)
    assert make().fingerprint["tokenizer"] == wanted
    other = encode(training, klue_roberta_tokenizer, PARAMS, 64, labels)
    assert other.fingerprint["tokenizer"] != wanted


@pytest.fixture
def masked(training):
    """The first row as augmentation makes it: its subject hidden, and a word."""
    row = training.head(1)  # 이순신은 조선의 무신이다.
    return row.assign(
        row_id="0.mask_entity",
        sentence="[MASK]은 조선의 [MASK].",
        subject_text="[MASK]",
        subject_end=6,
        object_start=8,
        object_end=10,
    )


@pytest.mark.parametrize("family", ["wordpiece", "klue_roberta", "xlm_roberta"])
def test_masks_become_the_mask_token_of_the_encoder(family, masked, labels, request):
    tokenizer = copy.deepcopy(request.getfixturevalue(f"{family}_tokenizer"))
    if tokenizer.mask_token_id is None:
        tokenizer.add_special_tokens({"mask_token": "<mask>"})
    row = encode(masked, tokenizer, PARAMS, 64, labels).table.to_pylist()[0]
    masks = [
        place for place, token in enumerate(row["input_ids"]) if token == tokenizer.mask_token_id
    ]
    assert len(masks) == 3  # the subject and the word in the sentence, the subject in the question
    assert row["subject_start"] < masks[0] < row["subject_end"] <= row["object_start"] < masks[1]


def test_masks_without_a_mask_token_are_refused(masked, labels, wordpiece_tokenizer):
    tokenizer = copy.deepcopy(wordpiece_tokenizer)
    tokenizer.mask_token = None
    with pytest.raises(ValueError, match="the tokenizer has no mask token; leave out the methods"):
        encode(masked, tokenizer, PARAMS, 64, labels)
