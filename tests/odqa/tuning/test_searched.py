"""Which settings an experiment's trials can vary, and which searches are refused."""

import pytest

from klue_pipeline.odqa.tuning.searched import read_groups, require_search, searched_dimensions


def tuned(odqa_settings, part="retriever", **odqa):
    tune = {"part": part, **odqa.pop("tune", {})}
    return odqa_settings(tune=tune, **odqa)


@pytest.mark.parametrize(
    ("part", "odqa", "searched", "read"),
    [
        ("reader", {}, {"odqa.reader.", "odqa.head.", "odqa.training."},
         ["folds", "augment", "reader", "head", "training", "answer.max_answer_tokens"]),
        ("retriever", {"experiment": "bm25_kiwi"}, {"odqa.retrievers.bm25_kiwi."},
         ["retrievers.bm25_kiwi", "retrieval"]),
        ("retriever", {"experiment": "bm25_wordpiece"}, {"odqa.retrievers.bm25_wordpiece."},
         ["retrievers.bm25_wordpiece", "encoder", "retrieval"]),
        ("retriever", {"experiment": "dense_trained"},
         {"odqa.retriever_training.", "odqa.contrastive."},
         ["retrievers.dense_trained", "encoder", "contrastive", "retriever_training",
          "retrievers.bm25", "retrieval"]),
    ],
)  # fmt: skip
def test_an_experiment_is_searched_in_what_it_reads(odqa_settings, part, odqa, searched, read):
    params = tuned(odqa_settings, part, **odqa)
    names = searched_dimensions(params)
    assert {name[: name.rindex(".") + 1] for name in names} == searched
    assert read_groups(params) == read
    require_search(params)


@pytest.mark.parametrize(
    ("part", "odqa", "message"),
    [
        ("reader", {"experiment": "train_on_all"}, r"odqa\.folds\.strategy=all holds no question"),
        ("reader", {"tune": {"folds": [0, 1]}}, r"odqa\.tune\.folds: found \[1\]; .* folds 0 to 0"),
        ("retriever", {"experiment": "hybrid"}, r"found bm25, bm25_kiwi, tfidf; a search is about"),
        ("retriever", {"experiment": "external", "raw": {"run": "run.csv"}},
         r"odqa\.retrievers\.external: external has no settings to search"),
        ("retriever", {"experiment": "tfidf"}, r"retriever tfidf reads; .*odqa\.retrievers\.tf"),
    ],
)  # fmt: skip
def test_a_search_that_could_find_nothing_is_refused(odqa_settings, part, odqa, message):
    with pytest.raises(ValueError, match=message):
        require_search(tuned(odqa_settings, part, **odqa))
