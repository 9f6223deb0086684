"""A corpus, its questions, and dense retrievers that are small enough to be trained in a test."""

import pandas as pd
import pytest

from klue_pipeline.odqa.settings.retriever_params import RetrieverParams

DENSE = {
    "name": "dense", "trained": False, "title": True, "pooling": "mean", "similarity": "cosine",
    "question_prefix": "", "passage_prefix": "", "max_question_tokens": 32,
    "max_passage_tokens": 48, "batch_size": 4, "index": "exact",
}  # fmt: skip
NAMES = [
    "이순신",
    "조지 해리슨",
    "조선",
    "서울",
    "수군",
    "다온전자",
    "새벽당",
    "노래",
    "앨범",
    "무신",
]


@pytest.fixture(scope="session")
def retriever_params():
    """Make the settings of a dense retriever, but for what is named."""
    return lambda **changes: RetrieverParams(**{**DENSE, **changes})


@pytest.fixture(scope="session")
def tiny_passages():
    """Ten passages; the last has no title, the sixth a written line break."""
    texts = [
        f"{name}은 조선의 {other}을 이끌었다."
        for name, other in zip(NAMES, NAMES[::-1], strict=True)
    ]
    texts[5] = "다온전자가\\n새벽당과 만났다. " * 12
    return pd.DataFrame(
        {
            "passage_id": [f"p{number}" for number in range(10)],
            "document_id": [f"d{number}" for number in range(10)],
            "title": [*NAMES[:9], ""],
            "text": texts,
            "start_char": 0,
        }
    )


@pytest.fixture(scope="session")
def tiny_questions():
    """Ten questions, the n-th on the n-th passage; two validate, one is to be answered."""
    return pd.DataFrame(
        {
            "question_id": [f"q{number}" for number in range(10)],
            "question": [f"{name}이 이끈 것은 무엇입니까?" for name in NAMES],
            "part": ["train"] * 7 + ["validation"] * 2 + ["test"],
            "title": [*NAMES[:9], None],
            "context": None,
            "answers": [[NAMES[-1 - number]] for number in range(9)] + [[]],
            "answer_starts": [[] for _ in range(10)],
            "kind": None,
        }
    )


@pytest.fixture(scope="session")
def tiny_encoder(encoder_folders, retriever_params):
    """The tiny BERT, loaded for questions and passages."""
    from klue_pipeline.odqa.dense.encoder import Placement, load_encoder
    from klue_pipeline.training.params import EncoderParams

    encoder = EncoderParams(name=str(encoder_folders["bert"]))
    return load_encoder(encoder, retriever_params(), Placement("cpu", "fp32"))
