"""A tokenizer's folder: whole or not there, and the same after a round trip."""

import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.models.tokenizer import TokenizerDataset
from klue_pipeline.training.tokenizer import train_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(["@ * 사람 * 이순신 @은 # ^ 조직 ^ 수군 #을 이끌었다."] * 3, 300, 96)


@pytest.fixture
def dataset(tmp_path):
    return TokenizerDataset(filepath=str(tmp_path / "deep" / "tokenizer"))


def test_round_trip_keeps_everything(dataset, tokenizer):
    dataset.save(tokenizer)
    loaded = dataset.load()
    assert loaded.backend_tokenizer.to_str() == tokenizer.backend_tokenizer.to_str()
    assert loaded("이순신은", "수군을") == tokenizer("이순신은", "수군을")
    assert loaded.model_max_length == 96
    assert loaded.pad_token_id == tokenizer.pad_token_id


def test_bert_tokenizer_keeps_its_class(dataset, tokenizer):
    from transformers import BertTokenizerFast

    bert = BertTokenizerFast(vocab=tokenizer.get_vocab(), do_lower_case=False)
    dataset.save(bert)
    loaded = dataset.load()
    assert type(loaded) is type(bert)
    assert loaded("이순신은", "수군을") == bert("이순신은", "수군을")


@pytest.mark.parametrize("missing", ["tokenizer.json", "tokenizer_config.json"])
def test_half_a_folder_is_none(dataset, tokenizer, tmp_path, missing):
    dataset.save(tokenizer)
    (tmp_path / "deep" / "tokenizer" / missing).unlink()
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"No whole tokenizer.*prepare_tokenizer"):
        dataset.load()
