"""What is said of rows without types and of types without a word: when, and how often."""

import logging

import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.encoding.features import encode
from klue_pipeline.relation.inputs.missing_types import log_untyped, warn_of_types_without_token
from klue_pipeline.relation.settings.params import InputParams


def params(name="typed_entity_marker_punct", query="none", language="ko", **words):
    return InputParams(
        language=language, name=name, query=query, query_position="after", type_words=words
    )


@pytest.fixture
def rows(small_sentences):
    """Four rows: two without any type, one without an object type, one with both."""
    types = {
        "subject_type": ["NONE", "NONE", "PER", "PER"],
        "object_type": ["NONE", "NONE", "NONE", "ORG"],
    }
    return small_sentences.head(4).assign(**types)


@pytest.fixture
def say(caplog):
    """What is logged of some rows, as (level, text)."""

    def run(function, rows, input_params):
        caplog.clear()
        with caplog.at_level(logging.INFO):
            function(rows, input_params)
        return [(record.levelname, record.getMessage()) for record in caplog.records]

    return run


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(
    ("name", "query", "settings"),
    [
        ("typed_entity_marker_punct", "question", "input.name=typed_entity_marker_punct"),
        ("typed_entity_marker", "none", "input.name=typed_entity_marker"),
        ("entity_mask", "prompt3", "input.name=entity_mask"),
        ("entity_marker", "typed_description", "input.query=typed_description"),
        (
            "typed_entity_marker",
            "punct_relation",
            "input.name=typed_entity_marker, input.query=punct_relation",
        ),
    ],
)
def test_rows_without_types_are_counted_with_what_would_tell_them(
    say, rows, name, query, settings, language
):
    (message,) = say(log_untyped, rows, params(name, query, language, PER="사람"))
    assert message == (
        "INFO",
        "3 of 4 rows have no type for one or both entities, which are written untyped "
        f"({settings}).",
    )


@pytest.mark.parametrize("name", ["typed_entity_marker", "entity_mask"])
def test_special_tokens_without_a_word_for_any_type_tell_none(say, rows, name):
    assert say(log_untyped, rows, params(name)) == []


@pytest.mark.parametrize(
    ("name", "query"), [("pair_prefix", "none"), ("entity_marker_punct", "which_relation")]
)
def test_nothing_is_said_where_nothing_tells_types(say, rows, name, query):
    assert say(log_untyped, rows, params(name, query)) == []


def test_nothing_is_said_of_rows_with_types_or_with_a_word_for_none(say, rows):
    assert say(log_untyped, rows.tail(1), params()) == []
    assert say(log_untyped, rows.head(0), params()) == []
    assert say(log_untyped, rows, params(NONE="미상")) == []


def test_a_table_is_told_once_and_not_for_each_chunk(
    rows, wordpiece_tokenizer, caplog, monkeypatch
):
    monkeypatch.setattr("klue_pipeline.relation.encoding.features.ROWS_PER_CHUNK", 1)
    labels = LabelSet(names=sorted({"no_relation", *rows["label"]}), negative="no_relation")
    with caplog.at_level(logging.INFO):
        encode(rows, wordpiece_tokenizer, params(query="semantic_typing"), 64, labels)
    (message,) = [text for text in caplog.messages if "have no type" in text]
    assert message.startswith("3 of 4 rows")


@pytest.mark.parametrize("name", ["typed_entity_marker", "entity_mask"])
def test_types_without_a_word_are_named_with_the_setting(say, rows, name):
    types = {"subject_type": ["NAVY", "PER", "NONE", "PER"], "object_type": ["AGE"] * 4}
    (message,) = say(warn_of_types_without_token, rows.assign(**types), params(name, PER="사람"))
    assert message == (
        "WARNING",
        f"Training rows have entity types without a word, for which input.name={name} writes the "
        "token of any type: AGE, NAVY. Give each a word in input.type_words, such as "
        "input.type_words.AGE=<word>.",
    )


def test_no_warning_where_every_type_has_its_token_or_none_is_written(say, rows):
    every = params("typed_entity_marker", PER="사람", ORG="조직")
    assert say(warn_of_types_without_token, rows, every) == []
    for name in ("typed_entity_marker_punct", "entity_marker", "pair_prefix"):
        assert say(warn_of_types_without_token, rows, params(name)) == []
