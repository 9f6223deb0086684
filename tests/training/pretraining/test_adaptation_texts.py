"""The texts to adapt to: each sentence once, held-out ones never learnt from, test rows by wish."""

import logging

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.training.pretraining.adaptation_texts import (
    choose_texts,
    gather_sentences,
    hold_out,
)


def table(*sentences, problem=None):
    return pd.DataFrame({"sentence": sentences, "problem": problem})


def test_each_sentence_once_in_the_order_of_rows():
    rows = table("나는 간다.", "가자.", "나는  간다. ", "가자.", "끝.")
    assert gather_sentences(rows) == ["나는 간다.", "가자.", "끝."]


def test_test_rows_follow_without_those_that_hold_no_text_of_their_own():
    test = table("끝.", "새 문장.", "문장이 없습니다.", problem=[None, None, "empty_sentence"])
    assert gather_sentences(table("가자.", "끝."), test) == ["가자.", "끝.", "새 문장."]


def test_blank_sentences_are_no_texts():
    assert gather_sentences(table("가자.", " \t")) == ["가자."]


@given(st.integers(2, 60), st.floats(0.001, 0.999), st.integers(0, 99))
def test_every_text_is_learnt_from_or_held_out(count, share, seed):
    texts = [f"문장 {number}" for number in range(count)]
    training, held_out = hold_out(texts, share, seed)
    assert sorted([*training, *held_out], key=texts.index) == texts
    assert list(training) == sorted(training, key=texts.index)
    assert list(held_out) == sorted(held_out, key=texts.index)
    assert training
    assert abs(len(held_out) - share * count) <= 1
    assert hold_out(texts, share, seed) == (training, held_out)


def test_the_seed_decides_which_are_held_out():
    texts = [str(number) for number in range(100)]
    assert hold_out(texts, 0.2, 1)[1] != hold_out(texts, 0.2, 2)[1]


def test_one_sentence_cannot_be_split():
    with pytest.raises(ValueError, match=r"at least two different sentences.*found 1"):
        choose_texts(table("가자.", "가자."), None, 0.05, 1)


def test_texts_of_test_rows_are_transductive_and_the_log_says_so(caplog):
    train, test = table("가자.", "끝."), table("새 문장.")
    with caplog.at_level(logging.WARNING, "klue_pipeline"):
        without = choose_texts(train, None, 0.05, 1)
        assert caplog.text == ""
        with_test = choose_texts(train, test, 0.05, 1)
    assert not without.transductive
    assert "새 문장." not in (*without.training, *without.held_out)
    assert with_test.transductive
    assert "새 문장." in (*with_test.training, *with_test.held_out)
    assert "transductive" in caplog.text
