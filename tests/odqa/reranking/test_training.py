"""A cross-encoder's training: it learns, resumes, and stores what Transformers opens."""

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from klue_pipeline.odqa.reranking.cross_encoder import load_reranker
from klue_pipeline.odqa.reranking.training import RerankerSettings, score_candidates, train_reranker
from klue_pipeline.odqa.settings.retriever_params import (
    ContrastiveParams,
    RerankParams,
    RetrieverTrainingParams,
)
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.training.progress import listening
from klue_pipeline.training.tokenizer import load_tokenizer
from klue_pipeline.training.workspace import FoldWorkspace

TRAINING = {
    "epochs": 2, "learning_rate": 0.01, "batch_size": 3, "evaluation_batch_size": 20,
    "accumulation_steps": 1, "max_tokens": 48, "weight_decay": 0.0, "adam_beta1": 0.9,
    "adam_beta2": 0.999, "adam_epsilon": 1e-8, "schedule": "constant", "warmup_share": 0.0,
    "precision": "fp32", "device": "cpu", "seed": 7, "group_by_length": False, "compile": False,
    "log_every_steps": 1, "select_by": "mrr",
}  # fmt: skip
SCRATCH = {
    "vocabulary_size": 300, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": 16, "max_positions": 64,
}  # fmt: skip


@pytest.fixture(scope="module")
def learn(tiny_questions, tiny_passages, encoder_folders, tmp_path_factory):
    """Train a cross-encoder; the n-th passage is gold for the n-th question."""
    labelled = [f"q{number}" for number in range(9)]
    gold = pd.DataFrame(
        {"question_id": labelled, "passage_id": [f"p{number}" for number in range(9)]}
    )
    # q0 has no hard negative.
    negatives = pd.DataFrame(
        {
            "question_id": labelled[1:] * 3,
            "passage_id": [
                f"p{(number + step) % 10}" for step in (2, 4, 5) for number in range(1, 9)
            ],
        }
    )

    def learn(family="bert", folder=None, encoder=None, negatives=negatives, **training):
        settings = RerankerSettings(
            EncoderParams(**(encoder or {"name": str(encoder_folders[family])})),
            ContrastiveParams(
                negatives_from="bm25", hard_negatives=2, negatives_depth=5, temperature=1,
                share_weights=True, seed=3,
            ),
            RetrieverTrainingParams(**{**TRAINING, **training}),
            RerankParams(
                name="cross_encoder", model="trained", top_n=5, max_tokens=60, batch_size=4
            ),
        )  # fmt: skip
        return train_reranker(
            tiny_questions, tiny_passages, gold, negatives,
            load_tokenizer(str(encoder_folders[family])), settings,
            FoldWorkspace(0, folder or tmp_path_factory.mktemp("scratch")),
        )  # fmt: skip

    return learn


def weights(result):
    return result.model.model.model.state_dict()


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "roberta", "electra", "xlm_roberta"])
def test_what_is_learnt_is_stored_as_transformers_opens_it(learn, family, tmp_path):
    result = learn(family, epochs=1, layer_decay=0.9)
    result.model.save_pretrained(tmp_path)
    opened = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert opened.config.num_labels == 1
    assert all(torch.equal(opened.state_dict()[n], value) for n, value in weights(result).items())
    assert load_reranker(str(tmp_path), 60).segments == (family in ("bert", "electra"))
    assert [result.metrics[f"{name}_questions"] for name in ("training", "held_out")] == [6, 2]
    assert np.isfinite(list(result.metrics.values())).all()


@pytest.mark.slow
def test_it_learns_to_tell_gold_passages_from_others(learn):
    result = learn(epochs=40, learning_rate=0.006, encoder={"name": "scratch", "scratch": SCRATCH})
    # Of three candidates, a model that knows nothing has log 3.
    assert result.history["train_loss"].min() < 0.5 * np.log(3)
    assert result.metrics["mrr"] == result.history["validation_mrr"].max()


class Killed(BaseException):
    """Not an Exception: nobody on the way handles it, as nobody handles a kill -9."""


@pytest.mark.slow
def test_a_training_that_died_goes_on_to_the_same_weights(learn, tmp_path, caplog):
    def die(now, values):
        if now == 5 and "train_loss" in values:
            raise Killed

    with listening(die), pytest.raises(Killed):
        learn(folder=tmp_path / "killed", epochs=3, checkpoint_every_steps=2)
    with caplog.at_level("INFO"):
        resumed = learn(folder=tmp_path / "killed", epochs=3, checkpoint_every_steps=2)
    assert "Resuming from checkpoint-4" in caplog.text
    unbroken = learn(epochs=3)
    found, wanted = weights(resumed), weights(unbroken)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_scores_stand_by_question_with_the_gold_one_first():
    batch = {
        "input_ids": torch.arange(5),
        "attention_mask": torch.ones(5),
        "candidates": torch.tensor([[0, 1, 2], [3, 4, -1]]),
    }
    scores = score_candidates(lambda input_ids, attention_mask: input_ids * 2.0, batch)
    assert scores.tolist() == [[0, 2, 4], [6, 8, -torch.inf]]


def test_without_hard_negatives_there_is_nothing_to_learn(learn):
    with pytest.raises(ValueError, match="No question has a hard negative"):
        learn(negatives=pd.DataFrame({"question_id": [], "passage_id": []}, dtype=str))
