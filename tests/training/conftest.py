"""Settings that the tests of training share."""

import pytest
import torch

from klue_pipeline.training.params import TrainingParams

PLAIN = {
    "epochs": 2, "learning_rate": 0.05, "batch_size": 8, "evaluation_batch_size": 16,
    "accumulation_steps": 1, "max_tokens": 64, "weight_decay": 0.0, "adam_beta1": 0.9,
    "adam_beta2": 0.999, "adam_epsilon": 1e-8, "schedule": "constant", "warmup_share": 0.0,
    "precision": "fp32", "device": "cpu", "seed": 7, "group_by_length": False,
    "compile": False, "log_every_steps": 1, "select_by": "accuracy",
}  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Keep tiny matrices on one thread, so that test files beside each other do not fight."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def training_params():
    """Make training settings with everything optional switched off, but for what is named."""
    return lambda **changes: TrainingParams(**{**PLAIN, **changes})
