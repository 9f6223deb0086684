"""The odqa_tokenize pipeline over a hand-made catalog."""

import pytest
from kedro.runner import SequentialRunner
from reader_catalog import EXAMPLES, PASSAGES, make_reader_catalog
from tiny_readers import MAX_TOKENS

from klue_pipeline.odqa.settings.reader_params import QuestionAugmentParams
from klue_pipeline.pipelines.odqa_tokenize import create_pipeline
from klue_pipeline.runs import topology
from klue_pipeline.training.params import FoldsParams

RELATION = FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2)
LEARNT = EXAMPLES.loc[EXAMPLES["part"] == "train", "question_id"]


@pytest.fixture(autouse=True)
def _one_fold():
    shape(learns_from_run=False)
    yield
    topology.forget_shape()


def shape(*, learns_from_run):
    reading = topology.Reading((0,), 1, learns_from_run)
    topology.set_shape(topology.Shape(RELATION, reading=reading))


def run(catalog):
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    return outputs["odqa.reader_examples_report"].load()


def test_labelled_questions_become_windows_on_disk(tmp_path):
    catalog = make_reader_catalog(tmp_path)
    report = run(catalog)
    members, rows = catalog.load("odqa.fold_members"), catalog.load("odqa.reader_examples")
    assert set(members["row_id"]) < set(LEARNT)
    assert rows["row_id"].tolist() == EXAMPLES["question_id"][:11].tolist()
    assert report["rows"] == {"train": {"original": 9}, "validation": {"original": 2}}
    features = catalog.load("odqa.reader_features")
    windows = features.table.to_pandas()
    assert windows["row_id"].unique().tolist() == rows["row_id"].tolist()
    assert windows["length"].max() <= MAX_TOKENS
    tokenizer = catalog.load("odqa.reader_tokenizer")
    for window in windows[windows["has_answer"]].itertuples():
        start, end = window.answer_starts[0], window.answer_ends[0]
        said = tokenizer.decode(window.input_ids[start:end]).replace(" ", "")
        (answer,) = EXAMPLES.set_index("question_id").loc[window.row_id, "answers"]
        assert said == answer
    assert windows.groupby("row_id")["has_answer"].any().all()


def test_a_scratch_tokenizer_knows_passages_and_questions(tmp_path):
    catalog = make_reader_catalog(tmp_path)
    run(catalog)
    tokenizer = catalog.load("odqa.reader_tokenizer")
    for text in (*PASSAGES["text"], *EXAMPLES["question"][:11]):
        assert tokenizer.unk_token not in tokenizer.tokenize(text)


def test_hard_passages_are_those_of_the_run(tmp_path):
    shape(learns_from_run=True)
    catalog = make_reader_catalog(tmp_path, hard_passages=1)
    report = run(catalog)
    rows = catalog.load("odqa.reader_examples").query("method == 'hard_passage'")
    number = LEARNT.str[1:].astype(int)
    assert rows["question_id"].tolist() == LEARNT.tolist()
    assert rows["passage_id"].tolist() == [f"p{n + 1}" for n in number]
    assert report["rows"]["train"]["hard_passage"] == 9
    windows = catalog.load("odqa.reader_features").table.to_pandas()
    assert not windows.loc[windows["method"] == "hard_passage", "has_answer"].any()


def test_questions_that_are_added_are_encoded_too(tmp_path):
    catalog = make_reader_catalog(tmp_path)
    catalog["params:odqa.augment"] = QuestionAugmentParams(
        methods=["random_flip", "question_mask"], random_flip={"share": 1},
        question_mask={"share": 1, "max_words": 1}, seed=1,
    )  # fmt: skip
    report = run(catalog)
    made = report["rows"]["train"]
    assert made["question_mask"] == report["methods"]["question_mask"]["rows"] > 0
    windows = catalog.load("odqa.reader_features").table.to_pandas()
    tokenizer = catalog.load("odqa.reader_tokenizer")
    masked = windows[windows["method"] == "question_mask"]
    assert masked["input_ids"].map(lambda ids: tokenizer.mask_token_id in ids).all()
    assert set(masked["question_id"]) <= set(LEARNT)
