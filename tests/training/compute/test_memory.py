"""What a training has freed goes back to the machine, and nothing of it outlives the training."""

import gc
import importlib
import os
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from klue_pipeline.training import trainer as trainers
from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.compute import memory
from klue_pipeline.training.compute.memory import return_free_memory


def resident_megabytes():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is asked")
def test_gaps_between_blocks_are_given_back():
    # Blocks below 128 KiB come from the heap, and each second one that stays keeps a gap apart.
    blocks = [torch.ones(8_000) for _ in range(8_000)]
    kept = blocks[::2]
    del blocks
    gc.collect()
    before = resident_megabytes()
    return_free_memory()
    assert resident_megabytes() < before - 50
    assert all(block[0] == 1 for block in kept)


@pytest.mark.parametrize(("set_before", "wanted"), [(None, "64"), ("1024", "1024")])
def test_products_of_few_shapes_are_remembered_unless_told_otherwise(
    set_before, wanted, monkeypatch
):
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.delenv(name)  # set when the module was first imported
    if set_before:
        monkeypatch.setenv(name, set_before)
    importlib.reload(memory)
    assert os.environ[name] == wanted


class Scorer(nn.Module):
    """The smallest thing that learns."""

    def __init__(self):
        super().__init__()
        self.embeddings = nn.Embedding(10, 2)

    def forward(self, batch):
        return self.embeddings(batch["input_ids"]).sum((1, 2)) ** 2


def test_nothing_but_the_model_outlives_a_training(training_params, tmp_path, monkeypatch):
    """A search trains hundreds of models in one process; each left its moments behind."""
    made = []

    class Watched(trainers.BestStateTrainer):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append(weakref.ref(self))

    monkeypatch.setattr(trainers, "BestStateTrainer", Watched)
    rows = EncodedRows(
        input_ids=np.arange(8), token_type_ids=None, offsets=np.arange(0, 9, 2),
        columns={"weights": np.ones(4, dtype=np.float32)}, padding_id=0,
    )  # fmt: skip
    gc.disable()
    try:
        trainers.train(
            Scorer(), rows, lambda model, batch, _: model(batch), None, training_params(), tmp_path
        )
    finally:
        gc.enable()
    assert [watched() for watched in made] == [None]
