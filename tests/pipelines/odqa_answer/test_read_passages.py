"""What one fold reads goes to disk while it is read, each table checked."""

import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError

from klue_pipeline.odqa.settings.reader_params import ReaderFoldsParams
from klue_pipeline.pipelines.odqa_answer.nodes import read_passages
from klue_pipeline.training.fingerprint import hash_table
from klue_pipeline.training.tokenizer import load_tokenizer

FOLDS = ReaderFoldsParams(strategy="holdout", n_splits=1, validation_share=0.2, seed=1)
MEMBERS = pd.DataFrame({"fold": [0], "row_id": ["q2"]})


@pytest.fixture
def reading(tmp_path, reader_folder, make_reader, tiny_questions, tiny_passages, reader_training):
    """Prepare to read two passages of two questions, of which one was learnt from."""
    tokenizer = load_tokenizer(str(reader_folder))
    fingerprint = {"folds": hash_table(MEMBERS, ["fold", "row_id"])}
    make_reader(tokenizer, fingerprint=fingerprint).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    pairs = [(question, passage) for question in ("q1", "q2") for passage in ("p1", "p2", "p3")]
    run = pd.DataFrame(pairs, columns=["question_id", "passage_id"]).assign(rank=[1, 2, 3] * 2)
    gold = pd.DataFrame({"question_id": ["q1", "q2"], "passage_id": ["p1", "p2"]})

    def prepare(members=MEMBERS):
        return read_passages(
            tmp_path, run, tiny_questions, tiny_passages, gold, members, FOLDS, reader_training(),
            2, "separate", "logits", 5, 3,
        )  # fmt: skip

    return prepare


@pytest.fixture
def catalog(tmp_path):
    entry = {
        "type": "klue_pipeline.datasets.whole.parquet.ParquetDataset",
        "filepath": str(tmp_path / "candidates.parquet"),
        "validator": "klue_pipeline.odqa.answering.schema.FoldCandidates",
    }
    return DataCatalog.from_config({"candidates": entry})


def test_what_is_read_is_saved(catalog, reading):
    catalog.save("candidates", reading())
    found = catalog.load("candidates")
    pairs = set(found[["question_id", "passage_id"]].itertuples(index=False, name=None))
    assert pairs == {("q2", "p1"), ("q2", "p2")}
    assert len(found) == 6


def test_a_table_that_is_wrong_leaves_what_was_there(catalog, reading):
    catalog.save("candidates", reading())
    before = catalog.load("candidates")
    with pytest.raises(DatasetError, match="start_char"):
        catalog.save("candidates", [before, before.assign(start_char=-1)])
    pd.testing.assert_frame_equal(catalog.load("candidates"), before)


def test_a_reader_of_another_split_is_refused(reading):
    with pytest.raises(ValueError, match=r"another split of the questions .*odqa_train"):
        reading(MEMBERS.assign(row_id="q3"))
