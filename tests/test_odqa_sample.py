"""The bundled encyclopedia: made again byte by byte, and as difficult as its README says."""

import doctest
import importlib.util
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import bm25s
import numpy as np
import pytest
import yaml

from klue_pipeline.text.josa import choose_josa
from klue_pipeline.text.morphemes import analyse

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "01_raw" / "sample" / "odqa"
FILES = ("train.jsonl", "validation.jsonl", "test.jsonl", "test_gold.jsonl", "documents.jsonl")
PLANNED = yaml.safe_load((ROOT / "scripts/odqa_sample_articles.yml").read_text(encoding="utf-8"))
CONTENT_TAGS = ("N", "VV", "VA", "XR", "SN", "SL")
Lines = list[dict[str, Any]]


def read_lines(name: str) -> Lines:
    return [json.loads(line) for line in (SAMPLE / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def make_odqa_sample() -> ModuleType:
    path = ROOT / "scripts/make_odqa_sample.py"
    spec = importlib.util.spec_from_file_location("make_odqa_sample", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def documents() -> Lines:
    return read_lines("documents.jsonl")


@pytest.fixture(scope="module")
def parts(documents) -> dict[str, Lines]:
    """The questions of each part, all with context and answers."""
    texts = {line["document_id"]: line for line in documents}
    test = [
        {**question, **gold, "title": document["title"], "context": document["text"]}
        for question, gold in zip(
            read_lines("test.jsonl"), read_lines("test_gold.jsonl"), strict=True
        )
        for document in [texts[gold["document_id"]]]
    ]
    return {**{part: read_lines(f"{part}.jsonl") for part in ("train", "validation")}, "test": test}


@pytest.fixture(scope="module")
def questions(parts) -> Lines:
    return [question for lines in parts.values() for question in lines]


@pytest.fixture(scope="module")
def answered(questions) -> Lines:
    return [question for question in questions if question["answers"]["text"]]


def test_script_writes_the_committed_files_again(make_odqa_sample, tmp_path):
    make_odqa_sample.main(["--output-dir", str(tmp_path)])
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (SAMPLE / name).read_bytes(), name
    assert sum((SAMPLE / name).stat().st_size for name in FILES) < 2_000_000


def test_examples_in_the_script_hold(make_odqa_sample):
    result = doctest.testmod(make_odqa_sample)
    assert result.attempted > 0
    assert result.failed == 0


def test_more_documents_begin_with_those_of_the_sample(make_odqa_sample, documents, tmp_path):
    make_odqa_sample.main(["--documents", "1000", "--output-dir", str(tmp_path)])
    more = (tmp_path / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in more[: len(documents)]] == documents
    assert len(set(more)) == 1000
    other = list(make_odqa_sample.make_documents(5, seed=1))
    assert len(other) == 5
    assert other != documents[:5]


def test_bundled_documents_are_not_written_over_by_others(make_odqa_sample):
    with pytest.raises(SystemExit):
        make_odqa_sample.main(["--documents", "3"])


def test_documents(documents):
    assert [line["document_id"] for line in documents] == list(range(len(documents)))
    assert len({line["text"] for line in documents}) == len(documents) > 500
    articles = Counter(line["title"] for line in documents)
    assert len(articles) == PLANNED["articles"] >= 400
    assert max(articles.values()) > 1
    assert max(len(line["text"]) for line in documents) <= 600


def test_counts_and_ids(parts, questions):
    assert {part: len(lines) for part, lines in parts.items()} == PLANNED["questions"]
    assert len({line["id"] for line in questions}) == len(questions) >= 700
    assert len({line["question"] for line in questions}) == len(questions)
    assert all(set(line) == {"id", "question"} for line in read_lines("test.jsonl"))


def test_parts_ask_about_articles_of_their_own(parts):
    titles = {part: {line["title"] for line in lines} for part, lines in parts.items()}
    for one, other in combinations(titles.values(), 2):
        assert not one & other


def test_answers_stand_at_their_places_in_a_document(documents, answered):
    texts = {(line["title"], line["text"]) for line in documents}
    for line in answered:
        assert (line["title"], line["context"]) in texts
        (answer,), (start_char,) = line["answers"]["text"], line["answers"]["answer_start"]
        assert line["context"].startswith(answer, start_char)
        assert answer not in line["question"]


def test_some_questions_have_no_answer(parts):
    for part, lines in parts.items():
        in_vain = [line for line in lines if not line["answers"]["text"]]
        assert 0.03 < len(in_vain) / len(lines) < 0.08
        if part != "test":
            assert in_vain == [line for line in lines if line["is_impossible"]]


def test_answers_stand_in_other_documents_too(documents, answered):
    def is_elsewhere(line: dict[str, Any]) -> bool:
        answer = line["answers"]["text"][0]
        return sum(answer in document["text"] for document in documents) > 1

    assert 0.5 < np.mean([is_elsewhere(line) for line in answered]) < 0.95


def test_some_documents_are_nearly_the_same(documents):
    shingles = [
        {tuple(words[i : i + 3]) for i in range(len(words) - 2)}
        for words in (line["text"].split() for line in documents)
    ]
    holders = defaultdict(list)
    for number, held in enumerate(shingles):
        for shingle in held:
            holders[shingle].append(number)
    shared = Counter(pair for numbers in holders.values() for pair in combinations(numbers, 2))
    near = [
        (one, other)
        for (one, other), n_shared in shared.items()
        if n_shared >= 0.8 * len(shingles[one] | shingles[other])
    ]
    assert 20 <= len(near) <= 80


@pytest.mark.parametrize("pair", ["은/는", "을/를", "이/가"])
def test_particles_fit_answers(answered, pair):
    checked = 0
    for line in answered:
        answer, start_char = line["answers"]["text"][0], line["answers"]["answer_start"][0]
        rest = line["context"][start_char + len(answer) :].removeprefix("》")
        if rest[:1] in pair.split("/") and rest[1:2] == " ":
            assert rest[0] == choose_josa(answer, pair), line["context"]
            checked += 1
    assert checked > 10


def test_no_template_is_left_unfilled(documents, questions):
    texts = [line["text"] for line in documents] + [line["question"] for line in questions]
    assert not [text for text in texts if re.search(r"[{}\[\]|]|  |\.\.", text)]


def recall_at(k: int, corpus: Sequence[list[str]], asked: Sequence[list[str]], gold: list[int]):
    """Percent of the questions whose document is among the k best of BM25."""
    index = bm25s.BM25(method="bm25+")
    index.index(list(corpus), show_progress=False)
    found, _ = index.retrieve(list(asked), k=k, show_progress=False)
    return 100 * np.mean([right in row for right, row in zip(gold, found, strict=True)])


def bigrams(texts: Sequence[str]) -> list[list[str]]:
    return [[w[i : i + 2] for w in text.split() for i in range(len(w) - 1)] for text in texts]


def morphemes(texts: Sequence[str]) -> list[list[str]]:
    return [[m.form for m in found if m.tag.startswith(CONTENT_TAGS)] for found in analyse(texts)]


def words(texts: Sequence[str]) -> list[list[str]]:
    return [text.split() for text in texts]


@pytest.mark.parametrize(
    ("tokenise", "at_1", "at_10"),
    [(words, (25, 55), (50, 80)), (bigrams, (60, 85), (90, 100)), (morphemes, (55, 85), (85, 98))],
)
def test_retrievers_differ(
    documents,
    questions,
    tokenise: Callable[[Sequence[str]], list[list[str]]],
    at_1: tuple[float, float],
    at_10: tuple[float, float],
):
    places = {line["text"]: number for number, line in enumerate(documents)}
    gold = [places[line["context"]] for line in questions]
    corpus = tokenise([f"{line['title']} {line['text']}" for line in documents])
    asked = tokenise([line["question"] for line in questions])
    for k, (low, high) in ((1, at_1), (10, at_10)):
        assert low < recall_at(k, corpus, asked, gold) < high, k
