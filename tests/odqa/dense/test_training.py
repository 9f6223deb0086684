"""A retriever's training: it learns, resumes, pools its batches, and stores what it learnt."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModel

from klue_pipeline.odqa.dense.training import train_retriever
from klue_pipeline.training.fingerprint import hash_encoder_folder
from klue_pipeline.training.progress import listening
from klue_pipeline.training.tokenizer import load_tokenizer
from klue_pipeline.training.workspace import FoldWorkspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def learn(tables, encoder_folders, make_settings, tmp_path_factory):
    """Train a retriever."""

    def learn(tables=tables, folder=None, family="bert", **changes):
        tokenizer = load_tokenizer(str(encoder_folders[family]))
        workspace = FoldWorkspace(0, folder or tmp_path_factory.mktemp("scratch"))
        return train_retriever(tables, tokenizer, make_settings(family, **changes), workspace)

    return learn


def weights(result):
    passage, question = (
        each.state_dict() for each in (result.encoders.passage, result.encoders.question)
    )
    return {
        **{f"passage.{name}": value for name, value in passage.items()},
        **{f"question.{name}": value for name, value in question.items()},
    }


def same(one, other, **tolerance):
    one, other = weights(one), weights(other)
    return all(torch.allclose(one[name], other[name], **tolerance) for name in one)


def test_what_is_learnt_is_stored_as_two_encoders(learn, encoder_folders, tmp_path):
    seen = []
    with listening(lambda step, values: seen.append((step, dict(values)))):
        result = learn(epochs=6)
    metrics = result.metrics
    assert metrics["mrr"] > metrics["mrr_before"]
    assert metrics["training_questions"] == 7
    assert metrics["held_out_questions"] == 2
    assert metrics["held_out_passages"] == 10  # the corpus is small
    assert [step for step, values in seen if "train_loss" in values] == list(range(1, 19))
    assert {"validation_mrr", "validation_loss", "train_loss"} <= set(result.history)
    assert metrics["mrr"] == result.history["validation_mrr"].max()
    result.encoders.save_pretrained(tmp_path)
    assert len({hash_encoder_folder(tmp_path / name) for name in ("p_encoder", "q_encoder")}) == 1
    opened = AutoModel.from_pretrained(tmp_path / "q_encoder").state_dict()
    start = AutoModel.from_pretrained(encoder_folders["bert"]).state_dict()
    for name, value in result.encoders.question.state_dict().items():
        assert torch.equal(opened[name], value)
        if name.endswith("query.weight"):
            assert not torch.equal(start[name], value)
    assert load_tokenizer(str(tmp_path / "p_encoder")).tokenize("조선의") == ["조선의"]


@pytest.mark.parametrize("family", ["roberta", "electra", "xlm_roberta"])
def test_encoders_of_every_family_learn_apart(learn, family, tmp_path):
    result = learn(
        family=family, contrastive={"share_weights": False}, epochs=1, layer_decay=0.9,
        freeze="embeddings",
    )  # fmt: skip
    passage, question = (
        each.state_dict() for each in (result.encoders.passage, result.encoders.question)
    )
    differing = {name for name in passage if not torch.equal(passage[name], question[name])}
    assert any(".layer." in name for name in differing)
    assert not any(name.startswith("embeddings.") for name in differing)
    result.encoders.save_pretrained(tmp_path)
    assert len({hash_encoder_folder(tmp_path / name) for name in ("p_encoder", "q_encoder")}) == 2


def test_accumulated_batches_are_one_batch(learn, encoder_folders, tmp_path):
    """Without dropout, parts of a batch give what the whole batch gives."""
    shutil.copytree(encoder_folders["bert"], tmp_path / "encoder")
    config = tmp_path / "encoder/config.json"
    config.write_text(re.sub(r'(_dropout_prob": )[0-9.]+', r"\g<1>0.0", config.read_text()))
    # Of a bias whose gradient is nothing but rounding, Adam would make whole steps.
    plain = {"encoder": {"name": str(tmp_path / "encoder")}, "epochs": 2, "adam_epsilon": 1e-3}
    whole = learn(batch_size=6, **plain)
    parts = learn(batch_size=2, accumulation_steps=3, **plain)
    apart = learn(batch_size=2, **plain)
    assert same(whole, parts, atol=1e-5)
    assert not same(whole, apart, atol=1e-3)
    losses = [each.history["train_loss"].to_numpy() for each in (whole, parts)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)


class Killed(BaseException):
    """Not an Exception: nobody on the way handles it, as nobody handles a kill -9."""


def test_a_training_that_died_goes_on_to_the_same_weights(learn, tmp_path, caplog):
    steps = {"epochs": 3, "max_steps": 7}  # 7 of 9, the last of them in mid-epoch

    def die(now, values):
        if now == 6 and "train_loss" in values:
            raise Killed

    with listening(die), pytest.raises(Killed):
        learn(folder=tmp_path / "killed", **steps, checkpoint_every_steps=2)
    assert [path.name for path in (tmp_path / "killed").glob("*/checkpoint-*")] == ["checkpoint-4"]
    with caplog.at_level("INFO"):
        resumed = learn(folder=tmp_path / "killed", **steps, checkpoint_every_steps=2)
    assert "Resuming from checkpoint-4" in caplog.text
    unbroken = learn(**steps)
    assert unbroken.history["step"].max() == 7
    assert same(resumed, unbroken, atol=0, rtol=0)
    columns = ["step", "train_loss", "validation_mrr", "validation_loss"]
    pd.testing.assert_frame_equal(resumed.history[columns], unbroken.history[columns])
    different = {"training_seconds"}
    assert {k: v for k, v in resumed.metrics.items() if k not in different} == {
        k: v for k, v in unbroken.metrics.items() if k not in different
    }


def test_without_hard_negatives_or_validation_questions(learn, tables):
    examples = tables.examples.assign(part=tables.examples["part"].replace("validation", "train"))
    result = learn(
        replace(tables, examples=examples, hard_negatives=None),
        contrastive={"negatives_from": None, "hard_negatives": 0},
        epochs=1,
    )
    counts = [result.metrics[f"{name}_questions"] for name in ("training", "held_out")]
    assert counts in ([8, 1], [7, 2])  # one group, of which one has two questions


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_tokens": 200}, r"^odqa\.retriever_training\.max_tokens is 200, .* 128 positions"),
        ({"precision": "fp16"}, r"^odqa\.retriever_training\.precision=fp16 needs a GPU"),
        ({"encoder": {"name": "./no"}}, r"Give odqa\.encoder\.name a folder"),
    ],
)
def test_messages_name_the_settings_of_this_task(learn, change, message):
    with pytest.raises(ValueError, match=message):
        learn(**change)


def test_nothing_to_learn_from_is_refused(learn, tables):
    with pytest.raises(ValueError, match=r"found 0 to learn from .* 9 without a gold passage"):
        learn(replace(tables, gold_passages=tables.gold_passages.iloc[:0]))
    one_group = tables.passage_groups.assign(group_id="p0")
    with pytest.raises(ValueError, match=r"All 7 questions .* one group"):
        learn(replace(tables, passage_groups=one_group, hard_negatives=None))


def test_every_loss_is_finite_though_the_last_batch_is_short(learn):
    history = learn(epochs=1, batch_size=4).history
    assert np.isfinite(history["train_loss"]).all()
    assert len(history) == 2
