"""What retrieval is measured on: passages by the sample's script or of a file, and questions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from scripts.make_odqa_sample import DEFAULT_OUTPUT, make_documents

from benchmarks.settings import read_settings
from klue_pipeline.datasets.inputs.raw_documents import RawDocumentsDataset
from klue_pipeline.odqa.passages.splitting import split_documents
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams, PassagesParams
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams

SAMPLE_QUESTIONS = DEFAULT_OUTPUT / "train.jsonl"


def read_odqa_settings() -> dict[str, Any]:
    """Read what stands below ``odqa`` in ``conf/base``, with the defaults of experiments."""
    files = ("odqa", "odqa_experiments")
    settings: list[dict[str, Any]] = [read_settings(name)["odqa"] for name in files]
    return settings[0] | settings[1]


def read_retriever(name: str, **changed: Any) -> RetrieverParams:
    """Read the settings of a retriever of ``conf/base``, some of them changed."""
    return RetrieverParams(**(read_odqa_settings()["retrievers"][name] | changed))


def write_documents(path: Path, n_documents: int) -> None:
    """Write so many documents by the sample's script, one a line."""
    with path.open("w", encoding="utf-8") as file:
        for line in make_documents(n_documents):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def split_file(path: Path, **changed: Any) -> pd.DataFrame:
    """Read documents and cut them into passages as ``conf/base`` does, but for what is changed."""
    settings = read_odqa_settings()
    params = PassagesParams.model_validate(settings["passages"] | changed)
    ingest = OdqaIngestParams.model_validate(settings["ingest"])
    raw = RawDocumentsDataset(source=str(path), setting="--documents").load()
    return split_documents(raw, pd.DataFrame(), params, ingest).passages


def read_questions(path: Path, n_questions: int) -> pd.DataFrame:
    """Read the first different questions of a file of JSON lines with ``id`` and ``question``."""
    lines = pd.DataFrame(_read_lines(path)).rename(columns={"id": "question_id"})
    unique = lines[["question_id", "question"]].drop_duplicates("question")
    return unique.head(n_questions).reset_index(drop=True)


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
