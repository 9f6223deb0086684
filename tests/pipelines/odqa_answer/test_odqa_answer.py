"""The odqa_answer pipeline over a hand-made catalog: readers of two folds, a run, and passages."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.odqa.ingest.question_fingerprint import QuestionFingerprint
from klue_pipeline.odqa.settings.reader_params import AnswerParams, ReaderFoldsParams
from klue_pipeline.pipelines.odqa_answer import create_pipeline
from klue_pipeline.runs import topology
from klue_pipeline.training.fingerprint import hash_table
from klue_pipeline.training.params import FoldsParams

RELATION = FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2)
FOLDS = ReaderFoldsParams(strategy="group", n_splits=2, validation_share=0.2, seed=1)
MEMBERS = pd.DataFrame({"fold": [0, 0, 0, 1, 1, 1, 1], "row_id": [f"q{n}" for n in range(7)]})
ANSWER = AnswerParams(
    top_k=3, passages="separate", span_score="logits", max_answer_tokens=8, n_best=4,
    retrieval_weight=2.0, trim_josa=True, abstain_below=None,
)  # fmt: skip
TABLES = {"fold_0.candidates": "FoldCandidates", "fold_1.candidates": "FoldCandidates",
          "candidates": "Candidates", "n_best@one": "NBest", "answers@one": "Answers"}  # fmt: skip
FILES = ("answer_fit", "predictions", "nbest_predictions")


@pytest.fixture(autouse=True)
def two_folds():
    topology.set_shape(topology.Shape(RELATION, reading=topology.Reading((0, 1), 2)))
    yield
    topology.forget_shape()


@pytest.fixture(scope="module")
def readers(tmp_path_factory, make_reader, wordpiece_tokenizer):
    """Readers that learnt from different questions of this split."""
    folder = tmp_path_factory.mktemp("readers")
    fingerprint = {"folds": hash_table(MEMBERS, ["fold", "row_id"])}
    for fold in (0, 1):
        reader = make_reader(
            wordpiece_tokenizer, strategy="group", fold=fold, fingerprint=fingerprint
        )
        reader.head.output.weight.data *= 1 + fold
        reader.save_pretrained(folder / f"fold_{fold}")
        wordpiece_tokenizer.save_pretrained(folder / f"fold_{fold}")
    return folder


@pytest.fixture(scope="module")
def run(tiny_questions, tiny_passages):
    """Five passages of each question, in an order of chance."""
    chance = np.random.default_rng(1)
    ids = tiny_passages["passage_id"].to_numpy()
    rows = [
        (question, passage, rank, 9.0 - rank)
        for question in tiny_questions["question_id"]
        for rank, passage in enumerate(chance.permutation(ids)[:5], start=1)
    ]
    return pd.DataFrame(rows, columns=["question_id", "passage_id", "rank", "score"])


@pytest.fixture
def make_catalog(readers, run, tiny_questions, tiny_passages, reader_training):
    """Declare datasets in a folder as conf/base does, with the tables of a run."""

    def make(folder: Path, passages=tiny_passages) -> DataCatalog:
        tables = {
            f"odqa.{name}": {
                "type": "klue_pipeline.datasets.whole.parquet.ParquetDataset",
                "filepath": str(folder / f"{name.partition('@')[0]}.parquet"),
                "validator": f"klue_pipeline.odqa.answering.schema.{schema}",
            }
            for name, schema in TABLES.items()
        }
        files = {
            f"odqa.{name}": {
                "type": "klue_pipeline.datasets.whole.texts.JSONDataset",
                "filepath": str(folder / f"{name}.json"),
                "save_args": {"ensure_ascii": False},
            }
            for name in FILES
        }
        catalog = DataCatalog.from_config({**tables, **files})
        gold = tiny_questions.loc[tiny_questions["part"] != "test", ["question_id"]]
        given = {
            "odqa.run": run,
            "odqa.examples": tiny_questions,
            "odqa.passages": passages,
            "odqa.gold_passages": gold.assign(
                passage_id="p" + gold["question_id"].str[1:], shift=0, how="text"
            ),
            "odqa.passage_groups": passages[["passage_id"]].assign(group_id=passages["passage_id"]),
            "odqa.fold_members": MEMBERS,
            **{f"odqa.fold_{fold}.model": readers / f"fold_{fold}" for fold in (0, 1)},
            "params:odqa.folds": FOLDS,
            "params:odqa.training": reader_training(),
            "params:odqa.answer": ANSWER,
            **{f"params:odqa.answer.{name}": value for name, value in ANSWER},
        }
        for name, value in given.items():
            catalog[name] = value
        return catalog

    return make


@pytest.fixture
def answered(make_catalog, tmp_path):
    catalog = make_catalog(tmp_path)
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    return catalog, outputs["odqa.answers_table"].load()


def test_from_passages_to_predictions(answered, tiny_questions, tiny_passages):
    catalog, table = answered
    answers, n_best = (catalog.load(f"odqa.{name}@one") for name in ("answers", "n_best"))
    assert answers["question_id"].tolist() == [f"q{number}" for number in range(10)]
    assert answers["is_held_out"].tolist() == [True] * 7 + [False] * 3
    assert table.equals(answers)
    texts = tiny_passages.set_index("passage_id")["text"]
    for row in n_best.itertuples():
        assert texts[row.passage_id][row.start_char : row.end_char] == row.text
    (answer,) = answers.loc[answers["part"] == "test", "text"]
    assert catalog.load("odqa.predictions") == {"q9": answer}
    best = catalog.load("odqa.nbest_predictions")
    assert list(best) == ["q9"]
    assert best["q9"][0]["text"] == answer
    assert [each["probability"] for each in best["q9"]] == sorted(
        (each["probability"] for each in best["q9"]), reverse=True
    )
    fit = catalog.load("odqa.answer_fit")
    assert fit["asked"] == QuestionFingerprint.of(tiny_questions).model_dump()
    assert (fit["retrieval_weight"], fit["weight_fit"]) == (2.0, {"how": "given"})


def test_each_fold_reads_what_it_has_not_learnt_from(answered):
    candidates = answered[0].load("odqa.candidates")
    read = candidates.groupby("fold")["question_id"].unique().map(sorted)
    unseen = ["q7", "q8", "q9"]
    assert read[0] == ["q0", "q1", "q2", *unseen]
    assert read[1] == ["q3", "q4", "q5", "q6", *unseen]


def test_shuffled_passages_change_no_answer(answered, make_catalog, tiny_passages, tmp_path):
    shuffled = make_catalog(tmp_path / "shuffled", tiny_passages.sample(frac=1, random_state=3))
    SequentialRunner().run(create_pipeline(), shuffled)
    for name in ("predictions", "nbest_predictions"):
        assert shuffled.load(f"odqa.{name}") == answered[0].load(f"odqa.{name}")
    for name in ("answers@one", "n_best@one"):
        found, wanted = (each.load(f"odqa.{name}") for each in (shuffled, answered[0]))
        pd.testing.assert_frame_equal(found, wanted)


def test_other_ways_to_choose_read_nothing_again(answered):
    catalog, before = answered
    choosing = create_pipeline().only_nodes("odqa.choose_answers", "odqa.write_predictions")
    catalog["params:odqa.answer"] = ANSWER.model_copy(update={"trim_josa": False})
    SequentialRunner().run(choosing, catalog)
    n_best = catalog.load("odqa.n_best@one")
    assert n_best["text"].equals(n_best["untrimmed"])
    assert not catalog.load("odqa.answers@one")["text"].equals(before["text"])
