"""What the tests of dense retrieval share: one thread, and a retriever that can be trained."""

import pandas as pd
import pytest
import torch

from klue_pipeline.odqa.dense.training import RetrieverSettings, TrainingTables
from klue_pipeline.odqa.settings.retriever_params import ContrastiveParams, RetrieverTrainingParams
from klue_pipeline.training.params import EncoderParams

CONTRASTIVE = {
    "negatives_from": "bm25", "hard_negatives": 1, "negatives_depth": 5, "temperature": 0.05,
    "share_weights": True, "seed": 3,
}  # fmt: skip
TRAINING = {
    "epochs": 2, "learning_rate": 0.01, "batch_size": 3, "evaluation_batch_size": 8,
    "accumulation_steps": 1, "max_tokens": 48, "weight_decay": 0.0, "adam_beta1": 0.9,
    "adam_beta2": 0.999, "adam_epsilon": 1e-8, "schedule": "constant", "warmup_share": 0.0,
    "precision": "fp32", "device": "cpu", "seed": 7, "group_by_length": False, "compile": False,
    "log_every_steps": 1, "select_by": "mrr",
}  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Keep tiny matrices on one thread."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def make_settings(encoder_folders, retriever_params):
    """Make the settings of a trained retriever, but for what is named."""

    def make(family="bert", encoder=None, contrastive=None, **training):
        return RetrieverSettings(
            retriever_params(trained=True),
            EncoderParams(**(encoder or {"name": str(encoder_folders[family])})),
            ContrastiveParams(**{**CONTRASTIVE, **(contrastive or {})}),
            RetrieverTrainingParams(**{**TRAINING, **training}),
        )

    return make


@pytest.fixture(scope="session")
def tables(tiny_questions, tiny_passages):
    """The n-th passage is gold for the n-th question; the next but one is a hard negative.

    p3 says the same as p2.
    """
    labelled = [f"q{number}" for number in range(9)]
    return TrainingTables(
        tiny_questions,
        tiny_passages,
        pd.DataFrame(
            {
                "question_id": labelled,
                "passage_id": [f"p{number}" for number in range(9)],
                "shift": 0,
                "how": "text",
            }
        ),
        pd.DataFrame(
            {
                "passage_id": tiny_passages["passage_id"],
                "group_id": tiny_passages["passage_id"].replace("p3", "p2"),
            }
        ),
        pd.DataFrame(
            {
                "question_id": labelled * 2,
                "passage_id": [f"p{(number + 2) % 10}" for number in range(9)]
                + [f"p{(number + 5) % 10}" for number in range(9)],
            }
        ),
    )
