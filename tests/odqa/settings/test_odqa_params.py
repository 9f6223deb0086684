"""What does not go together in the settings of open-domain QA, and what belongs to which method."""

import copy
from pathlib import Path

import pytest

from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.parameters import ODQA, check_parameters

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def configured():
    return read_configuration("base", str(ROOT / "conf"))["parameters"]


def check(configured, odqa):
    resolved = resolve_run(copy.deepcopy(configured), {"odqa": odqa})
    return check_parameters(resolved, ODQA)


def test_every_entry_of_the_lab_book_can_be_run(configured):
    given = {"encoder": {"name": "some/encoder"}, "raw": {"run": "run.csv"}}
    names = configured["odqa"]["experiments"]
    assert {"bm25", "bm25_kiwi", "bm25_whitespace", "tfidf", "dense", "dense_trained", "hybrid",
            "external"} <= names.keys()  # fmt: skip
    for name in names:
        checked = check(configured, {"experiment": name, **given})
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
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_named(configured, odqa, message):
    with pytest.raises(ValueError, match=message):
        check(configured, odqa)


def test_the_models_that_nodes_load_are_known_by_their_settings(configured):
    encoders = {"question_encoder": "q", "passage_encoder": "p"}
    checked = check(
        configured,
        {
            "retrieval": {"retrievers": ["bm25", "dense"]},
            "retrievers": {"dense": encoders},
            "rerank": {"name": "cross_encoder", "model": "m", "top_n": 5, "max_tokens": 64,
                       "batch_size": 8},
        },
    )  # fmt: skip
    assert checked.model_folders == {"odqa.retrievers.dense": "p", "odqa.rerank": "m"}
