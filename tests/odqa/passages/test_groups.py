"""Groups are those that comparing all pairs finds, and comparisons grow with passages."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.odqa.ingest.schema import PassageGroups
from klue_pipeline.odqa.passages import groups
from klue_pipeline.odqa.passages.groups import choose_band_length, group_passages
from klue_pipeline.odqa.passages.shingles import Shingler, jaccard, words_of
from klue_pipeline.odqa.settings.ingest_params import PassagesParams


def group(texts, similarity=0.8):
    passages = pd.DataFrame({"passage_id": [f"p{n}" for n in range(len(texts))], "text": texts})
    params = PassagesParams(
        name="none", near_duplicate_similarity=similarity, add_contexts=False
    )  # fmt: skip
    return PassageGroups.validate(group_passages(passages, params))["group_id"].tolist()


def write_texts(n_originals, seed=7):
    """Texts of 60 words out of 500, and for each a few copies with some words changed."""
    draws = np.random.default_rng(seed)
    texts = []
    for _ in range(n_originals):
        words = draws.integers(500, size=60)
        for n_changed in (0, 1, 2, 4, 8):
            copy = words.copy()
            copy[draws.choice(60, n_changed, replace=False)] = draws.integers(500, size=n_changed)
            texts.append(" ".join(f"낱말{word}" for word in copy))
    return [texts[place] for place in draws.permutation(len(texts))]


def group_naively(texts, similarity):
    """All pairs, and connected components by repeated passing on of the smallest number."""
    words = [words_of(text) for text in texts]
    sets = [set(zip(each, each[1:], each[2:], strict=False)) for each in words]
    first = list(range(len(texts)))
    pairs = [
        (one, other)
        for one in range(len(texts))
        for other in range(one)
        if len(sets[one] & sets[other]) / len(sets[one] | sets[other]) >= similarity
    ]
    for _ in range(len(texts)):
        before = list(first)
        for one, other in pairs:
            first[one] = first[other] = min(first[one], first[other])
        if before == first:
            break
    return [f"p{place}" for place in first]


@pytest.mark.parametrize("similarity", [0.3, 0.6, 0.8, 0.95])
def test_groups_are_those_of_comparing_all_pairs(similarity):
    texts = write_texts(40)
    found = group(texts, similarity)
    assert found == group_naively(texts, similarity)
    assert 1 < len(set(found)) < len(texts)


def test_blanks_and_punctuation_do_not_count():
    texts = ["서울은, 수도다.", "(서울은)\\n\\n수도다", "서울은 항구다.", "…", "!", "…"]
    assert group(texts) == group(texts, 1) == ["p0", "p0", "p2", "p3", "p4", "p3"]
    assert group(["나 가 나 가 나", "가 나 가 나 가 나"]) == ["p0", "p0"]
    assert group(["나 가 나 가 나", "가 나 가 나 가 나"], 1) == ["p0", "p1"]
    assert group([]) == []
    assert group(["서울"]) == ["p0"]


def test_comparisons_grow_with_the_passages_and_not_with_their_pairs(monkeypatch):
    counted = []
    monkeypatch.setattr(groups, "jaccard", lambda *sets: counted.append(1) or jaccard(*sets))
    for n_originals in (20, 80):
        counted.append(0)
        group(write_texts(n_originals))
    first = counted.index(0, 1)
    small, large = sum(counted[:first]), sum(counted[first:])
    assert 0 < large < 8 * small
    counted.clear()
    group(["같은 글이 여러 번 나온다 하고 적었다"] * 1000)
    assert sum(counted) < 1000


def test_bands_find_nearly_all_pairs_that_are_just_similar_enough():
    draws = np.random.default_rng(1)
    shingler = Shingler()
    words = [f"낱말{n}" for n in draws.integers(10**6, size=200)]
    shingles = shingler.shingles_of(" ".join(words))
    assert np.array_equal(shingles, np.unique(shingles))
    assert len(shingles) == 198
    for similarity in (0.1, 0.5, 0.8, 0.99):
        length = choose_band_length(similarity)
        assert (1 - similarity**length) ** (128 // length) <= 1e-3 or length == 1
