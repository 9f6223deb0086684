"""What a person sees while a fold trains."""

import logging

import pytest
from transformers import TrainerControl, TrainerState

from klue_pipeline.training import callbacks
from klue_pipeline.training.callbacks import ProgressReporter
from klue_pipeline.training.progress import listening


class Bar:
    """Records what is done to a progress bar."""

    def __init__(self, **options):
        self.options, self.n, self.postfix, self.closed = options, options["initial"], {}, False

    def update(self, count):
        self.n += count

    def set_postfix(self, **values):
        self.postfix = values

    def close(self):
        self.closed = True


@pytest.fixture
def bars(monkeypatch):
    drawn = []
    monkeypatch.setattr(callbacks, "tqdm", lambda **o: drawn.append(Bar(**o)) or drawn[-1])
    return drawn


@pytest.fixture
def reporter():
    return ProgressReporter(total_steps=20, description="fold_1")


def at(step, epoch=0.5):
    return None, TrainerState(global_step=step, epoch=epoch), TrainerControl()


def test_the_bar_runs_from_start_to_end(bars, reporter):
    reporter.on_train_begin(*at(13))  # resumed
    for step in range(14, 21):
        reporter.on_step_end(*at(step))
    reporter.on_log(*at(20), logs={"loss": 0.12345, "learning_rate": 1e-5})
    (bar,) = bars
    assert (bar.options["total"], bar.options["desc"], bar.n) == (20, "fold_1", 20)
    assert bar.postfix == {"loss": "0.123"}
    assert not bar.closed
    reporter.on_train_end(*at(20))
    assert bar.closed


def test_values_are_reported_without_a_bar(reporter):
    """Trainer logs evaluations before it begins to train when it resumes at the end."""
    seen = []
    with listening(lambda step, values: seen.append((step, values))):
        reporter.on_log(*at(5), logs={"loss": 0.5, "grad_norm": 2.0, "epoch": 1.0})
        reporter.on_log(*at(6), logs={"train_runtime": 3.0, "train_loss": 0.7})
        reporter.on_log(*at(7), logs=None)
    assert seen == [(5, {"train_loss": 0.5, "gradient_norm": 2.0})]


def test_one_line_per_evaluation(reporter, caplog):
    with caplog.at_level(logging.INFO, "klue_pipeline"):
        reporter.on_evaluate(*at(5, 1.0), metrics={"eval_micro_f1": 61.234, "eval_loss": 0.98765})
    assert caplog.messages == ["fold_1, epoch 1: micro_f1 61.23, loss 0.99"]


def test_the_end_without_a_beginning_is_harmless(reporter):
    reporter.on_step_end(*at(1))
    reporter.on_train_end(*at(1))
