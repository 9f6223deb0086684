"""What does not go together in the settings of open-domain QA, and what belongs to which method."""

import copy
from pathlib import Path
from typing import get_args

import pytest

from klue_pipeline.odqa.settings.reader_params import ReaderHeadName
from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.parameters import ODQA, check_parameters

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def settings(configured):
    return read_configuration("base", str(ROOT / "conf"))["parameters"]


def check(settings, odqa):
    resolved = resolve_run(copy.deepcopy(settings), {"odqa": odqa})
    return check_parameters(resolved, ODQA)


@pytest.mark.parametrize("environment", ["base", "klue", "test"])
def test_every_entry_of_the_lab_book_can_be_run(configured, environment):
    settings = read_configuration(environment, str(ROOT / "conf"))["parameters"]
    given = {"encoder": {"name": "some/encoder"}, "raw": {"run": "run.csv"}}
    names = settings["odqa"]["experiments"]
    assert {"bm25", "bm25_kiwi", "bm25_whitespace", "tfidf", "dense", "dense_trained", "hybrid",
            "external", "reader", *get_args(ReaderHeadName), "frozen_first_epochs", "smoothed",
            "random_flip", "multiple_answers", "train_on_all", "hard_passages",
            } - {"linear"} <= names.keys()  # fmt: skip
    for name in names:
        checked = check(settings, {"experiment": name, **given})
        assert checked.about.experiment == name
        assert checked.about.why


@pytest.mark.parametrize(
    ("odqa", "message"),
    [
        ({"retrieval": {"retrievers": ["bm26"]}}, r"retrieval\.retrievers: there is no retriever "
         r"'bm26'\. Did you mean bm25"),
        ({"retrieval": {"retrievers": []}}, r"odqa\.retrieval\.retrievers: .* at least 1 item"),
        ({"retrieval": {"retrievers": ["bm25", "bm25"]}}, "names one twice"),
        ({"retrieval": {"top_k": 0}}, r"odqa\.retrieval\.top_k: found 0"),
        ({"experiment": "dense"}, r"odqa\.encoder\.name: found scratch, and retriever dense"),
        ({"experiment": "external"}, r"odqa\.raw\.run: retriever external reads"),
        ({"experiment": "dense_trained", "contrastive": {"negatives_from": "bm"}},
         r"contrastive\.negatives_from: there is no retriever 'bm'"),
        ({"contrastive": {"hard_negatives": 0}}, "negatives_from and hard_negatives go together"),
        ({"contrastive": {"hard_negatives": 0, "negatives_from": None},
          "rerank": {"name": "cross_encoder", "model": "trained", "top_n": 5, "max_tokens": 64,
                     "batch_size": 8}},
         r"odqa\.contrastive\.negatives_from: found None, and a cross-encoder"),
        ({"retrievers": {"bm25": {"variant": "okapi"}}}, r"odqa\.retrievers\.bm25\.variant"),
        ({"retrievers": {"bm25": {"max_ngram": 2}}}, "max_ngram belongs to tfidf"),
        ({"retrievers": {"tfidf": {"tokens": None}}}, "tfidf needs tokens"),
        ({"retrievers": {"my.own": {"name": "external"}}}, r"odqa\.retrievers: found 'my\.own'"),
        ({"retrievers": {"old": {"name": "experiment", "experiment": "bm24"}}},
         r"retrievers\.old\.experiment: there is no experiment 'bm24'"),
        ({"retrievers": {"two": {**dict.fromkeys(["question_encoder"], "a"), "name": "dense"}}},
         r"dense needs"),
        ({"retrievers": {"dense": {"question_encoder": "a"}}}, "go together; set both or none"),
        ({"retrievers": {"dense_trained": {"question_encoder": "a", "passage_encoder": "b"}}},
         "a trained retriever starts from"),
        ({"retrieval": {"retrievers": ["dense_trained", "mine"]},
          "retrievers": {"mine": {"name": "dense", "title": True, "trained": True,
                                  "pooling": "cls", "similarity": "dot", "question_prefix": "",
                                  "passage_prefix": "", "max_question_tokens": 8,
                                  "max_passage_tokens": 16, "batch_size": 1, "index": "exact"}}},
         "both to be trained"),
        ({"passages": {"name": "characters"}}, "characters needs max_characters, overlap_char"),
        ({"passages": {"name": "characters", "max_characters": 50, "overlap_characters": 50}},
         "max_characters=50 must exceed"),
        ({"fusion": {"name": "weighted"}}, "weighted needs normalise"),
        ({"rerank": {"name": "cross_encoder"}}, "cross_encoder needs"),
        ({"raw": {"documents": None}}, r"odqa\.raw\.documents: .* is needed"),
        ({"parts": {"validation_share": 1.0}}, r"odqa\.parts\.validation_share"),
        ({"reader": {"stride": 204}}, r"odqa\.reader\.stride: reader\.max_question_tokens=48 and "
         r"reader\.stride=204 leave nothing of training\.max_tokens=256"),
        ({"answer": {"top_k": 101}}, r"odqa\.answer\.top_k: found 101, and retrieval\.top_k=100"),
        ({"folds": {"strategy": "all"}}, r"odqa\.answer\.retrieval_weight: found None, and "
         r"folds\.strategy=all leaves no question"),
        ({"experiment": "train_on_all", "answer": {"abstain_below": 0.5}},
         r"odqa\.answer\.abstain_below: found 0\.5, and folds\.strategy=all"),
        ({"experiment": "train_on_all", "training": {"early_stopping_patience": 2}},
         r"odqa\.training\.early_stopping_patience: folds\.strategy=all holds nothing out"),
        ({"folds": {"strategy": "group"}}, r"strategy group needs n_splits of 2 or more; found 1"),
        ({"folds": {"n_splits": 2}}, r"strategy holdout needs n_splits of 1; found 2"),
        ({"folds": {"run": [1]}}, r"run names folds \[1\]; name some of 0 to 0"),
        ({"folds": {"strategy": "stratified"}}, r"odqa\.folds\.strategy: found 'stratified'"),
        ({"head": {"hidden_size": 8}}, r"odqa\.head.*hidden_size"),
        ({"training": {"select_by": "micro_f1"}}, r"odqa\.training\.select_by: found 'micro_f1'"),
        ({"training": {"label_smoothing": 1.0}}, r"odqa\.training\.label_smoothing"),
        ({"training": {"tokens_per_batch": 200}}, "200, which a row of max_tokens=256 tokens"),
        ({"retriever_training": {"tokens_per_batch": 4096}}, "tokens_per_batch and .* of no use"),
        ({"augment": {"methods": ["random_flip", "random_flip"]}}, "methods names one twice"),
        ({"answer": {"abstain_below": 1.5}}, r"odqa\.answer\.abstain_below"),
        ({"ensemble": {"method": "mean"}}, r"odqa\.ensemble\.method: found 'mean'"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_named(settings, odqa, message):
    with pytest.raises(ValueError, match=message):
        check(settings, odqa)


def test_the_models_that_nodes_load_are_known_by_their_settings(settings):
    encoders = {"question_encoder": "q", "passage_encoder": "p"}
    checked = check(
        settings,
        {
            "retrieval": {"retrievers": ["bm25", "dense"]},
            "retrievers": {"dense": encoders},
            "rerank": {"name": "cross_encoder", "model": "m", "top_n": 5, "max_tokens": 64,
                       "batch_size": 8},
            "reader": {"name": "r"},
        },
    )  # fmt: skip
    assert checked.model_folders == {
        "odqa.retrievers.dense": "p",
        "odqa.rerank": "m",
        "odqa.reader": "r",
    }
