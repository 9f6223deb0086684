"""What is done to passages, stage by stage, each measured in a process of its own.

    python benchmarks/retrieval/stages.py <stage> <folder> <folder of few passages>

A folder begins with ``documents.jsonl``; every stage finds there what the stages before it left.
"""

import json
import logging
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.memory import read_peak_megabytes
from benchmarks.retrieval.corpus import (
    SAMPLE_QUESTIONS,
    read_odqa_settings,
    read_questions,
    read_retriever,
    split_file,
)
from klue_pipeline.odqa.passages.groups import group_passages
from klue_pipeline.odqa.settings.ingest_params import PassagesParams
from klue_pipeline.odqa.settings.retriever_params import TokenizerName
from klue_pipeline.odqa.sparse.bm25 import Bm25Index, fit_bm25
from klue_pipeline.odqa.tokens.passage_tokens import PassageTokens, tokenise_passages
from klue_pipeline.training.params import EncoderParams

DOCUMENTS, _PASSAGES, _INDEX = "documents.jsonl", "passages.parquet", "index"
_BIGRAMS: TokenizerName = "character_bigram"
_N_QUESTIONS, _TOP_K, _TAUGHT = 200, 100, 500
_SENTENCES = {"name": "sentences", "max_characters": 200}
_ENOUGH_SECONDS, _MOST_REPEATS = 1.0, 5

Stage = Callable[[Path], Callable[[], object]]
"""Reads what a stage needs from a folder; what it returns does the work."""


def _split(folder: Path) -> Callable[[], object]:
    def work() -> None:
        split_file(folder / DOCUMENTS).to_parquet(folder / _PASSAGES)

    return work


def _split_sentences(folder: Path) -> Callable[[], object]:
    return lambda: split_file(folder / DOCUMENTS, **_SENTENCES)


def _group(folder: Path) -> Callable[[], object]:
    params = PassagesParams.model_validate(read_odqa_settings()["passages"])
    passages = _read_passages(folder)
    return lambda: group_passages(passages, params)


def _tokenise(name: TokenizerName) -> Stage:
    def prepare(folder: Path) -> Callable[[], object]:
        passages, cache = _read_passages(folder), folder / name

        def work() -> PassageTokens:
            shutil.rmtree(cache, ignore_errors=True)  # else nothing would be left to do
            return tokenise_passages(passages, name, cache)

        return work

    return prepare


def _index(folder: Path) -> Callable[[], object]:
    tokens = PassageTokens.load(next((folder / _BIGRAMS / _BIGRAMS).iterdir()))
    params, target = read_retriever("bm25", tokens=_BIGRAMS), folder / _INDEX

    def work() -> None:
        target.mkdir(exist_ok=True)
        fit_bm25(tokens, params).save(target)

    return work


def _search(folder: Path) -> Callable[[], object]:
    index = Bm25Index.load(folder / _INDEX)
    questions = read_questions(SAMPLE_QUESTIONS, _N_QUESTIONS)
    return lambda: index.search(questions, _TOP_K)


def _embed(folder: Path) -> Callable[[], object]:
    from benchmarks.retrieval.embedding import embed_ours, prepare_encoder

    passages, params = _read_passages(folder), read_retriever("dense")
    settings = read_odqa_settings()["experiment_defaults"]["encoder"]
    encoder = prepare_encoder(
        EncoderParams.model_validate(settings), passages["text"].head(_TAUGHT)
    )
    return lambda: embed_ours(passages, encoder, params)


STAGES: dict[str, Stage] = {
    "split: whole documents": _split,
    "split: sentences": _split_sentences,
    "group near duplicates": _group,
    "tokens: character_bigram": _tokenise(_BIGRAMS),
    "tokens: kiwi_content": _tokenise("kiwi_content"),
    "index: bm25": _index,
    f"search: {_N_QUESTIONS} questions": _search,
    "embed: scratch": _embed,
}
"""In their order; the work of one may need what those before it left."""

SLOW = ("split: sentences", "tokens: kiwi_content", "embed: scratch")
"""Stages that take milliseconds a passage."""


def _read_passages(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / _PASSAGES)


def measure_stage(stage: str, folder: Path, warm: Path) -> dict[str, float]:
    """Do the work of a stage, up to five times if it is short, once on few passages before.

    Returns:
        ``cpu_seconds`` of all threads, the median, and ``peak_megabytes`` of this process.
    """
    STAGES[stage](warm)()  # imports, dictionaries: these are no growth
    work = STAGES[stage](folder)
    seconds: list[float] = []
    while len(seconds) < _MOST_REPEATS and sum(seconds) < _ENOUGH_SECONDS:
        started_at = time.process_time()
        work()
        seconds.append(time.process_time() - started_at)
    return {"cpu_seconds": statistics.median(seconds), "peak_megabytes": read_peak_megabytes()}


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    print(json.dumps(measure_stage(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
