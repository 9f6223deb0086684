"""Scoring rows: the project's prediction against batches padded to 256 tokens in float32."""

import time

import torch

from benchmarks.contenders import PADDED_TOKENS
from benchmarks.workload import Workload
from klue_pipeline.training.device import resolve_device, resolve_precision
from klue_pipeline.training.prediction import NOT_FOR_THE_MODEL, predict_logits


def predict_ours(workload: Workload) -> float:
    """Score all rows with the project's prediction; return seconds."""
    device = resolve_device("auto")
    model = workload.build_model().to(device).eval()
    rows = workload.encode_rows()
    size = workload.params.training.evaluation_batch_size
    started_at = time.perf_counter()
    predict_logits(model, rows, size, resolve_precision("auto", device))
    return time.perf_counter() - started_at


def predict_padded(workload: Workload) -> float:
    """Score all rows in file order, each padded to 256 tokens, in float32; return seconds."""
    device = resolve_device("auto")
    model = workload.build_plain_model().to(device).eval()
    rows = workload.encode_rows()
    size = workload.params.training.evaluation_batch_size
    started_at = time.perf_counter()
    with torch.no_grad():
        for start in range(0, len(rows), size):
            batch = rows.__getitems__(list(range(start, min(start + size, len(rows)))))
            inputs = {k: v.to(device) for k, v in batch.items() if k not in NOT_FOR_THE_MODEL}
            model(**pad_batch(inputs, workload.tokenizer.pad_token_id, PADDED_TOKENS)).cpu()
    return time.perf_counter() - started_at


PREDICTORS = {"ours": predict_ours, "padded fp32": predict_padded}


def pad_batch(
    inputs: dict[str, torch.Tensor], padding_id: int, tokens: int
) -> dict[str, torch.Tensor]:
    """Pad what is as long as the rows of a batch to so many tokens."""
    missing = tokens - inputs["input_ids"].shape[1]
    fills = {"input_ids": padding_id, "attention_mask": 0, "token_type_ids": 0}
    return {
        name: torch.nn.functional.pad(value, (0, missing), value=fills[name])
        if name in fills
        else value
        for name, value in inputs.items()
    }
