"""Whether ``torch.compile`` works for training and prediction, once for batches of all lengths."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch._dynamo.utils import counters

from benchmarks.gpu_checks.setup import NotTriedError, Setup, learn, read_losses
from benchmarks.gpu_checks.training import Figures, compare_losses
from klue_pipeline.relation.model.relation_model import RelationModel
from klue_pipeline.training.device import resolve_device, resolve_precision
from klue_pipeline.training.prediction import predict_logits

_MOST_GRAPHS = 2
"""One for all lengths; PyTorch may want another for a batch of a single row."""

_LOGIT_TOLERANCE = 0.05


def check_compiled_training(setup: Setup) -> tuple[str, Figures]:
    """Train with ``training.compile``, compare with a plain training, and export the result."""
    _require_compiler()
    plain = learn(setup.learning_workload(dropout=0.0))
    counters.clear()
    compiled = learn(setup.learning_workload(dropout=0.0, compile=True))
    graphs = _count_graphs(len(read_losses(compiled)))
    names = [list(result.model.state_dict()) for result in (plain, compiled)]
    if names[0] != names[1]:
        raise ValueError(f"the weights have other names, such as {names[1][0]}")
    with tempfile.TemporaryDirectory() as folder:
        compiled.model.save_pretrained(Path(folder))
        exported = RelationModel.from_pretrained(Path(folder)).state_dict()
    if not all(value.equal(exported[k]) for k, value in compiled.model.state_dict().items()):
        raise ValueError("the exported weights are others than those in memory")
    losses = {"plain": read_losses(plain), "compiled": read_losses(compiled)}
    return f"{graphs}; {compare_losses(losses, 'plain', 'compiled')}", {}


def check_compiled_prediction(setup: Setup) -> tuple[str, Figures]:
    """Score rows by a compiled model, compare with the plain one, and time both."""
    _require_compiler()
    device = resolve_device("auto")
    workload = setup.timed_workload()
    rows, size = workload.encode_rows(), setup.sizes.evaluation_batch_size
    precision = resolve_precision("auto", device)
    model = workload.build_model().to(device).eval()
    compiled = torch.compile(model, dynamic=True)
    counters.clear()
    found = predict_logits(compiled, rows, size, precision)
    graphs = _count_graphs(len(rows) // size)
    apart = float(np.abs(found - predict_logits(model, rows, size, precision)).max())
    text = f"{graphs}; logits differ by {apart:.1e} at most; {_LOGIT_TOLERANCE} is allowed"
    if not apart <= _LOGIT_TOLERANCE:
        raise ValueError(text)
    seconds = []
    for contender in (compiled, model):
        started_at = time.perf_counter()
        predict_logits(contender, rows, size, precision)
        seconds.append(time.perf_counter() - started_at)
    return text, {"prediction: compiled / not compiled": f"{seconds[1] / seconds[0]:.2f}"}


def _count_graphs(batches: int) -> str:
    graphs = counters["stats"]["unique_graphs"]
    if not 1 <= graphs <= _MOST_GRAPHS:
        raise ValueError(
            f"{graphs} graphs were compiled for {batches} batches, where 1 to {_MOST_GRAPHS} "
            "were wanted"
        )
    return f"{graphs} graph(s) for {batches} batches"


def _require_compiler() -> None:
    wanted = os.environ.get("CXX", "g++")
    if shutil.which(wanted) is None:
        raise NotTriedError(f"torch.compile needs a C++ compiler, and there is no {wanted}")
