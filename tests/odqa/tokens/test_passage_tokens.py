"""Tokens of passages as arrays: what is kept, when it is made again, what a killed run leaves."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.odqa.tokens import passage_tokens
from klue_pipeline.odqa.tokens.passage_tokens import PassageTokens, tokenise_passages


@pytest.fixture
def passages():
    return pd.DataFrame(
        {
            "passage_id": ["p0", "p1", "p2"],
            "title": ["이순신", "", "조선"],
            "text": ["이순신은 조선의 무신", "무신", "?"],
        }
    )


@pytest.fixture
def calls(monkeypatch):
    made = []

    def tokenise(texts, name, tokenizer):
        made.append(name)
        return original(texts, name, tokenizer)

    original = passage_tokens.tokenise
    monkeypatch.setattr(passage_tokens, "tokenise", tokenise)
    return made


def spelled(tokens, column):
    return [[tokens.vocabulary[number] for number in text] for text in column]


def test_titles_stand_apart_and_are_read_first(passages, tmp_path):
    tokens = tokenise_passages(passages, "character_bigram", tmp_path)
    assert spelled(tokens, tokens.searched(title=False))[1:] == [["무신"], []]
    assert spelled(tokens, tokens.searched(title=True)) == [
        ["이순", "순신", "이순", "순신", "신은", "조선", "선의", "무신"], ["무신"], ["조선"],
    ]  # fmt: skip
    assert isinstance(tokens.texts.token_ids, np.memmap)
    assert tokens.texts.token_ids.dtype == np.int32


@pytest.mark.parametrize("name", ["whitespace", "character_bigram"])
def test_equal_content_is_read_and_other_content_made_anew(passages, tmp_path, calls, name):
    first = tokenise_passages(passages, name, tmp_path)
    again = tokenise_passages(passages.copy(), name, tmp_path)
    assert calls == [name, name]  # titles and texts, once
    assert spelled(again, again.texts) == spelled(first, first.texts)
    changed = tokenise_passages(passages.assign(title="고려"), name, tmp_path)
    assert changed.origin != first.origin
    assert len(calls) == 4
    assert [folder.name for folder in (tmp_path / name).iterdir()] == [
        changed.origin.fingerprint[:16]
    ]


def test_a_damaged_folder_is_made_again(passages, tmp_path, calls, caplog):
    tokens = tokenise_passages(passages, "whitespace", tmp_path)
    cut = next((tmp_path / "whitespace").glob("*/texts.token_ids.npy"))
    cut.write_bytes(cut.read_bytes()[:-4])
    again = tokenise_passages(passages, "whitespace", tmp_path)
    assert len(calls) == 4
    assert spelled(again, again.texts) == [text.split() for text in passages["text"]]
    assert "cannot be read" in caplog.text
    assert again.origin == tokens.origin


def test_an_error_on_the_way_leaves_nothing(passages, tmp_path, monkeypatch):
    monkeypatch.setattr(PassageTokens, "save", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tokenise_passages(passages, "whitespace", tmp_path)
    assert list((tmp_path / "whitespace").iterdir()) == []


def test_another_tokenizer_makes_other_tokens(
    passages, tmp_path, wordpiece_tokenizer, xlm_roberta_tokenizer
):
    one = tokenise_passages(passages, "wordpiece", tmp_path, wordpiece_tokenizer)
    other = tokenise_passages(passages, "wordpiece", tmp_path, xlm_roberta_tokenizer)
    assert one.origin.tokenizer_hash != other.origin.tokenizer_hash
    assert one.vocabulary != other.vocabulary
