"""The training of one fold of the reader: what it moves, what it measures, and how it goes on."""

import pandas as pd
import pytest
import torch
from transformers import set_seed

from klue_pipeline.odqa.encoding.features import encode_reader_examples
from klue_pipeline.odqa.reader.fold_training import ReaderSettings, build_reader, train_reader_fold
from klue_pipeline.odqa.reader.reader_model import ReaderModel
from klue_pipeline.odqa.settings.reader_params import (
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
)
from klue_pipeline.training.progress import listening
from klue_pipeline.training.tokenizer import train_tokenizer
from klue_pipeline.training.workspace import FoldWorkspace, last_whole_checkpoint

pytestmark = pytest.mark.slow

RIVERS = ("한강", "금강", "섬진강", "낙동강", "영산강", "임진강", "만경강", "동진강")
SEAS = ("서해", "남해", "동해", "황해")


def make_example(number, part):
    river, sea = RIVERS[number % 8], SEAS[number // 8]
    context = f"{river}은 산에서 시작한다. 길이는 {number}km이고 {sea} 쪽으로 흐른다."
    return {
        "row_id": f"{part}{number}",
        "question_id": f"{part}{number}",
        "method": "original",
        "question": f"{river}은 어디로 흐르나?",
        "passage_id": "",
        "context": context,
        "answers": [sea],
        "answer_starts": [context.index(sea)],
        "part": part,
    }


EXAMPLES = pd.DataFrame(
    [make_example(number, "validation" if number % 4 == 1 else "train") for number in range(32)]
)
HELD_OUT = EXAMPLES.loc[EXAMPLES["part"] == "validation", "row_id"].tolist()
SIZES = {
    "vocabulary_size": 300, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 16, "max_positions": 64,
}  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([*EXAMPLES["context"], *EXAMPLES["question"]], 300, 64)


@pytest.fixture(scope="module")
def fit(tokenizer, reader_training):
    """Train a fold in a folder, with some settings changed; returns its result."""

    def fit_once(folder, strategy="validation", head="linear", reader=None, **training):
        reader_params = ReaderParams(
            **{
                "name": "scratch", "scratch": SIZES, "max_question_tokens": 20, "stride": 4,
                "no_answer_share": 0.5, "hard_passages": 0, "gold_spans": "first", **(reader or {}),
            }
        )  # fmt: skip
        plain = {
            "epochs": 2, "learning_rate": 3e-3, "schedule": "constant", "warmup_share": 0.0,
            "max_tokens": 40,
        }  # fmt: skip
        settings = ReaderSettings(
            folds=ReaderFoldsParams(strategy=strategy, n_splits=1, validation_share=0.1, seed=1),
            reader=reader_params,
            head=ReaderHeadParams(name=head, dropout=0.2),
            training=reader_training(**{**plain, **training}),
            max_answer_tokens=8,
        )
        features = encode_reader_examples(EXAMPLES, tokenizer, reader_params, 40)
        held_out = [] if strategy == "all" else HELD_OUT
        members = pd.DataFrame({"fold": 0, "row_id": held_out}).astype({"row_id": "str"})
        return train_reader_fold(
            features, EXAMPLES, members, tokenizer, settings, FoldWorkspace(0, folder)
        )

    return fit_once


def weights(result):
    return result.model.model.state_dict()


@pytest.fixture(scope="module")
def judged(fit, tmp_path_factory):
    return fit(tmp_path_factory.mktemp("judged"))


def test_a_fold_leaves_metrics_history_and_a_reader(judged, tmp_path):
    assert set(judged.metrics) == {
        "exact_match", "character_f1", "loss", "best_step", "training_windows",
        "training_windows_without_answer", "epochs", "training_seconds",
    }  # fmt: skip
    assert judged.metrics["training_windows"] == 24
    assert judged.metrics["training_windows_without_answer"] == 0
    assert judged.metrics["epochs"] == 2
    row = judged.history.set_index("step").loc[int(judged.metrics["best_step"])]
    for name in ("exact_match", "character_f1", "loss"):
        assert row[f"validation_{name}"] == judged.metrics[name]
    judged.model.save_pretrained(tmp_path)
    config = ReaderModel.from_pretrained(tmp_path).reader_config
    assert (config.strategy, config.fold, config.max_tokens) == ("validation", 0, 40)
    assert set(config.fingerprint) == {"rows", "tokenizer", "folds"}


def test_it_learns(fit, tmp_path):
    result = fit(tmp_path, epochs=4, learning_rate=1e-2)
    assert result.metrics["exact_match"] > 90
    assert result.history["validation_loss"].dropna().iloc[-1] < 0.1


@pytest.mark.parametrize(
    ("how", "still"),
    [
        ({"freeze": "encoder", "freeze_epochs": 1, "epochs": 1}, "encoder."),
        ({"freeze": "encoder", "freeze_epochs": 1, "epochs": 2}, None),
        ({"freeze": "encoder", "epochs": 2}, "encoder."),
        ({"freeze": "encoder", "freeze_at": "end", "freeze_epochs": 2, "epochs": 2}, "encoder."),
        ({"freeze": "encoder", "freeze_at": "end", "freeze_epochs": 1, "epochs": 2}, None),
        ({"freeze": "embeddings", "freeze_epochs": 1, "epochs": 1}, "encoder.embeddings."),
        ({"freeze": "embeddings", "freeze_epochs": 1, "epochs": 2}, None),
    ],
)
def test_frozen_weights_stand_still_and_thawed_ones_move(fit, tmp_path, tokenizer, how, still):
    """All weights of the part, and not some; nothing is judged, so that the last state is seen."""
    result = fit(tmp_path, "all", **how)
    set_seed(1)
    start = build_reader(result.model.model.reader_config, tokenizer)
    names, found = [name for name, _ in start.named_parameters()], weights(result)
    moved = [name for name in names if not torch.equal(start.get_parameter(name), found[name])]
    assert moved == [name for name in names if not (still and name.startswith(still))]


def test_smoothing_changes_the_loss(fit, judged, tmp_path):
    smoothed = fit(tmp_path, label_smoothing=0.2).history["train_loss"].dropna()
    plain = judged.history["train_loss"].dropna()
    # Of the first step, in which both have the same weights, hardly: all tokens are as likely.
    assert smoothed.iloc[0] != plain.iloc[0]
    assert smoothed.iloc[-1] > plain.iloc[-1] + 0.05


class KilledError(Exception):
    """Stands in for a kill at one moment of the training."""


@pytest.mark.parametrize("strategy", ["validation", "all"])
def test_a_resumed_training_equals_an_unbroken_one(fit, tmp_path, strategy):
    """Of a head with dropout, killed in the middle of the second epoch of 6 or 8 steps."""
    how = {
        "strategy": strategy, "head": "cnn_bilstm", "label_smoothing": 0.1, "freeze": "encoder",
        "freeze_epochs": 1, "checkpoint_every_steps": 4, "select_by": "loss_or_exact_match",
    }  # fmt: skip

    def kill(step, values):
        if step == 11:
            raise KilledError

    with pytest.raises(KilledError), listening(kill):
        fit(tmp_path / "resumed", **how)
    (scratch,) = (tmp_path / "resumed").iterdir()
    assert last_whole_checkpoint(scratch).name == "checkpoint-8"
    steps = []
    with listening(lambda step, values: steps.append(step)):
        resumed = fit(tmp_path / "resumed", **how)
    assert min(steps) == 9
    unbroken = fit(tmp_path / "unbroken", **how)
    assert resumed.history.equals(unbroken.history)
    found, wanted = weights(resumed), weights(unbroken)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_a_training_of_other_settings_starts_anew(fit, judged, tmp_path):
    def scratch_name(**changes):
        folder = tmp_path / "scratch"
        fit(folder, epochs=1, **changes)
        (scratch,) = folder.iterdir()
        return scratch.name

    names = [
        scratch_name(),
        scratch_name(evaluation_batch_size=3),  # says nothing about the result
        scratch_name(label_smoothing=0.1),
        scratch_name(reader={"gold_spans": "all"}),
        scratch_name(head="attention"),
    ]
    assert names[0] == names[1]
    assert len(set(names)) == 4


def test_a_reader_of_all_questions_states_no_score(fit, tmp_path, caplog):
    caplog.set_level("INFO")
    result = fit(tmp_path, "all", epochs=1, log_every_steps=100)
    assert set(result.metrics) == {
        "final_train_loss", "best_step", "training_windows", "training_windows_without_answer",
        "epochs", "training_seconds",
    }  # fmt: skip
    assert result.metrics["training_windows"] == 32
    assert result.metrics["best_step"] == 8
    assert not any("validation" in name for name in result.history)
    assert "none is left to judge the reader on" in caplog.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"max_tokens": 65}, "odqa.training.max_tokens is 65, but the encoder has 64 positions"),
        ({"reader": {"name": "no/such/folder"}}, "Give odqa.reader.name a folder"),
        ({"layer_decay": 0.9, "device": "cuda:77"}, "odqa.training.device is cuda:77"),
    ],
)
def test_what_cannot_be_is_said_in_the_names_of_this_task(fit, tmp_path, changes, said):
    with pytest.raises((ValueError, OSError), match=said):
        fit(tmp_path, **changes)
