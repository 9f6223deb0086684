"""Our BM25 against rank_bm25's BM25Plus: the same tokens, the same questions, the same passages.

Both take turns, so that a machine whose speed drifts treats them alike: all questions by one and
then by the other, and also question by question, where each finds the processor's caches cold.
What counts is CPU time: beside other jobs a clock on the wall counts long searches as longer still,
and short ones, which end before another job's turn, as they are.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.markdown import write_table
from benchmarks.retrieval.corpus import read_retriever
from klue_pipeline.odqa.passages.run_table import best_passages
from klue_pipeline.odqa.settings.retriever_params import TokenizerName
from klue_pipeline.odqa.sparse.bm25 import Bm25Index, fit_bm25
from klue_pipeline.odqa.tokens.passage_tokens import tokenise_passages
from klue_pipeline.odqa.tokens.tokenizers import tokenise

TOKENS: tuple[TokenizerName, ...] = ("character_bigram", "kiwi_content")
TOP_K = 100
_K1, _B = 1.5, 0.75  # what BM25Plus has by default
_RATIOS = ("search", "slowest_tenth", "cold", "from_text_to_run")
_COLUMNS = ("tokens", "passages", "questions", "tokens of a question", "search", "slowest tenth",
            "caches cold", "from text to run", "same passages")  # fmt: skip


@dataclass(frozen=True)
class Contest:
    """Both engines over the same tokens.

    Attributes:
        tokens: The tokenizer.
        ours: The project's index, mapped into memory as a run finds it on disk.
        theirs: A ``rank_bm25.BM25Plus``.
    """

    tokens: TokenizerName
    ours: Bm25Index
    theirs: Any

    def search_ours(self, question: list[str]) -> Any:
        """Return the places of the best passages, and their scores."""
        return best_passages(next(self.ours.score([question])), TOP_K)

    def search_theirs(self, question: list[str]) -> Any:
        """Return the ids of the best passages."""
        return self.theirs.get_top_n(question, self.ours.header.passage_ids, n=TOP_K)

    def agrees(self, question: list[str]) -> bool:
        """Tell whether both find the same passages, or others of equal score.

        BM25Plus adds a constant to every passage, also to those that share nothing.
        """
        places, _ = self.search_ours(question)
        scores = self.theirs.get_scores(question)
        best = np.sort(scores)[::-1][: len(places)]
        return bool(np.allclose(scores[places], best, rtol=1e-5, atol=1e-4))


def measure_latency(
    passages: pd.DataFrame, questions: pd.DataFrame, rounds: int
) -> list[dict[str, Any]]:
    """Compare both with each tokenizer; see :data:`_COLUMNS`."""
    return [compare_search(prepare(passages, name), questions, rounds) for name in TOKENS]


def prepare(passages: pd.DataFrame, name: TokenizerName) -> Contest:
    """Take passages apart once and make both indexes of the very same tokens."""
    from rank_bm25 import BM25Plus

    params = read_retriever("bm25", tokens=name, variant="bm25p", k1=_K1, b=_B)
    with tempfile.TemporaryDirectory() as folder:
        tokens = tokenise_passages(passages, name, Path(folder) / "tokens")
        lists = [[tokens.vocabulary[n] for n in ids] for ids in tokens.searched(title=params.title)]
        index = Path(folder) / "index"
        index.mkdir()
        fit_bm25(tokens, params).save(index)
        # The files stay readable while they are mapped, also without a name.
        return Contest(name, Bm25Index.load(index), BM25Plus(lists, k1=_K1, b=_B))


def compare_search(contest: Contest, questions: pd.DataFrame, rounds: int) -> dict[str, Any]:
    """Time the search of each question by both, and that of all questions from text to run."""
    token_lists = list(tokenise(questions["question"], contest.tokens))
    whole = statistics.median(_whole_ratio(contest, questions) for _ in range(rounds))
    ratios = np.median([_ratios(contest, token_lists) for _ in range(rounds)], axis=0)
    cold = np.median([_cold_ratios(contest, token_lists) for _ in range(rounds)], axis=0)
    return {
        "tokens": contest.tokens,
        "passages": len(contest.ours.header.passage_ids),
        "questions": len(questions),
        "tokens_of_a_question": float(np.mean([len(tokens) for tokens in token_lists])),
        "search": float(np.median(ratios)),
        "slowest_tenth": float(np.quantile(ratios, 0.1)),
        "cold": float(np.median(cold)),
        "from_text_to_run": whole,
        "same_passages": float(np.mean([contest.agrees(tokens) for tokens in token_lists])),
    }


def _ratios(contest: Contest, token_lists: list[list[str]]) -> list[float]:
    ours, theirs = (
        [_seconds(search, tokens) for tokens in token_lists]
        for search in (contest.search_ours, contest.search_theirs)
    )
    return [slow / fast for slow, fast in zip(theirs, ours, strict=True)]


def _cold_ratios(contest: Contest, token_lists: list[list[str]]) -> list[float]:
    return [
        _seconds(contest.search_theirs, tokens) / _seconds(contest.search_ours, tokens)
        for tokens in token_lists
    ]


def _whole_ratio(contest: Contest, questions: pd.DataFrame) -> float:
    def search_theirs(table: pd.DataFrame) -> list[Any]:
        token_lists = tokenise(table["question"], contest.tokens)
        return [contest.search_theirs(tokens) for tokens in token_lists]

    ours = _seconds(lambda table: contest.ours.search(table, TOP_K), questions)
    return _seconds(search_theirs, questions) / ours


def _seconds(work: Callable[[Any], Any], given: Any) -> float:
    started_at = time.process_time()
    work(given)
    return time.process_time() - started_at


def write_latency(results: list[dict[str, Any]]) -> str:
    """Write the table: how many times as fast ours is."""
    lines = [
        [
            each["tokens"],
            f"{each['passages']:,}",
            f"{each['questions']:,}",
            f"{each['tokens_of_a_question']:.1f}",
            *(f"{each[name]:.0f}" for name in _RATIOS),
            f"{each['same_passages']:.1%}",
        ]
        for each in results
    ]
    return write_table(_COLUMNS, lines)
