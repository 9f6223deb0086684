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


def test_saving_again_replaces_the_folder_whole(dataset, tokenizer, tmp_path):
    dataset.save(tokenizer)
    (tmp_path / "deep" / "tokenizer" / "stale.txt").touch()
    dataset.save(train_tokenizer(["다른 글"], 200))
    assert len(dataset.load()) < len(tokenizer)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["tokenizer"]
    assert not (tmp_path / "deep" / "tokenizer" / "stale.txt").exists()


def test_failed_save_leaves_the_former_one(dataset, tokenizer, tmp_path):
    class Breaks:
        def save_pretrained(self, folder):
            tokenizer.save_pretrained(folder)
            raise OSError("disk full")

    dataset.save(tokenizer)
    with pytest.raises(DatasetError, match="disk full"):
        dataset.save(Breaks())
    assert dataset.exists()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["tokenizer"]


@pytest.mark.parametrize("missing", ["tokenizer.json", "tokenizer_config.json"])
def test_half_a_folder_is_none(dataset, tokenizer, tmp_path, missing):
    dataset.save(tokenizer)
    (tmp_path / "deep" / "tokenizer" / missing).unlink()
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"No whole tokenizer.*prepare_tokenizer"):
        dataset.load()


def test_leftovers_of_a_killed_save_are_not_taken_for_a_tokenizer(dataset, tokenizer, tmp_path):
    leftover = tmp_path / "deep" / ".tokenizer.partial"
    tokenizer.save_pretrained(leftover)
    assert not dataset.exists()
    dataset.save(tokenizer)
    assert dataset.exists()
    assert not leftover.exists()
