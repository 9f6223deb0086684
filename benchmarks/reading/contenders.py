"""Windows a second: the project's training and reading against plain padded float32 loops."""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import pad

from benchmarks.contenders import Stopwatch
from benchmarks.inference import pad_batch
from benchmarks.markdown import write_table
from benchmarks.reading.workload import ReadingWorkload
from benchmarks.turns import OURS, Seconds, ratios, take_turns
from klue_pipeline.odqa.reader.labelled_rows import labelled_rows
from klue_pipeline.odqa.reader.loss import loss_of_spans, span_losses
from klue_pipeline.odqa.reader.reader_model import ReaderModel, window_logits
from klue_pipeline.odqa.reader.spans import score_spans
from klue_pipeline.odqa.reader.window_reading import SpanRules, read_windows
from klue_pipeline.training.batches import Batch, EncodedRows
from klue_pipeline.training.device import choose_device
from klue_pipeline.training.trainer import BestStateTrainer

N_BEST = 20
TO_THE_LONGEST, TO_THE_LIMIT = (
    "fp32, padded to the longest of the batch",
    "fp32, padded to the longest that is allowed",
)

_MASKS = ("may_start", "may_end", "candidates")
"""Columns that are as long as the longest window."""

Found = tuple[NDArray[np.int64], NDArray[np.float32]]
"""First and last token of the best span of each window, and logarithms of sums over all spans."""


def _rows(workload: ReadingWorkload) -> EncodedRows:
    padding_id, gold_spans = workload.tokenizer.pad_token_id, workload.settings.reader.gold_spans
    return labelled_rows(workload.features, padding_id, gold_spans)


def train_ours(workload: ReadingWorkload) -> Seconds:
    """Train one epoch by the project's trainer, without judge; return the time of all steps."""
    stopwatch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        trainer = BestStateTrainer(
            workload.build_reader(),
            _rows(workload),
            loss_of_spans(workload.settings.training.label_smoothing),
            None,
            workload.settings.training,
            Path(folder),
        )
        trainer.add_callback(stopwatch)
        trainer.train()
    return stopwatch.seconds, stopwatch.cpu_seconds


def _train_padded(workload: ReadingWorkload, tokens: int | None) -> Seconds:
    """Train one epoch by a plain loop, windows in random order; return the time of all steps."""
    training, rows = workload.settings.training, _rows(workload)
    device, _ = choose_device(training)
    model = workload.build_reader().to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=training.learning_rate)
    order = np.random.default_rng(0).permutation(len(rows))
    began = time.perf_counter(), time.process_time()
    for start in range(0, len(rows), training.batch_size):
        batch = _batch(rows, order[start : start + training.batch_size], device, tokens)
        span_losses(window_logits(model, batch), batch, 0.0).mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), training.max_gradient_norm or torch.inf)
        optimizer.step()
        optimizer.zero_grad()
    return time.perf_counter() - began[0], time.process_time() - began[1]


def _batch(
    rows: EncodedRows, places: NDArray[np.integer], device: torch.device, tokens: int | None
) -> Batch:
    batch = rows.__getitems__(places.tolist())
    if tokens is not None:
        masks = {name: pad(batch[name], (0, tokens - batch[name].shape[1])) for name in _MASKS}
        batch = pad_batch(batch, rows.padding_id, tokens) | masks
    return {name: value.to(device) for name, value in batch.items()}


def read_ours(model: ReaderModel, rows: EncodedRows, workload: ReadingWorkload) -> Found:
    """Read as a run does."""
    training = workload.settings.training
    _, precision = choose_device(training)
    rules = SpanRules("logits", workload.settings.max_answer_tokens, N_BEST)
    found = read_windows(model, rows, training.evaluation_batch_size, precision, rules)
    return np.stack([found.starts[:, 0], found.ends[:, 0]], axis=1), found.log_totals


def _read_padded(
    model: ReaderModel, rows: EncodedRows, workload: ReadingWorkload, tokens: int | None
) -> Found:
    """Read windows in the order of the file."""
    size, longest = (
        workload.settings.training.evaluation_batch_size,
        workload.settings.max_answer_tokens,
    )
    device, _ = choose_device(workload.settings.training)
    places, totals = [], []
    with torch.no_grad():
        for start in range(0, len(rows), size):
            batch = _batch(rows, np.arange(start, min(start + size, len(rows))), device, tokens)
            best = score_spans(
                window_logits(model, batch),
                batch["may_start"],
                batch["may_end"],
                longest,
                N_BEST,
            )
            places.append(torch.stack([best.starts[:, 0], best.ends[:, 0]], dim=1).cpu().numpy())
            totals.append(best.log_totals.cpu().numpy())
    return np.concatenate(places), np.concatenate(totals)


def measure_training(workload: ReadingWorkload, rounds: int) -> dict[str, Any]:
    """Train by each trainer in turn; return how many times as long each takes."""
    tokens = workload.settings.training.max_tokens
    trainers: dict[str, Callable[[ReadingWorkload], Seconds]] = {
        OURS: train_ours,
        TO_THE_LONGEST: partial(_train_padded, tokens=None),
        TO_THE_LIMIT: partial(_train_padded, tokens=tokens),
    }
    took: dict[str, list[Seconds]] = {name: [] for name in trainers}
    for _ in range(rounds):
        for name, train in trainers.items():
            took[name].append(train(workload))  # without what is prepared
    ours = float(np.median([seconds for seconds, _ in took[OURS]]))
    return _describe(workload, rounds) | {
        "batch_size": workload.settings.training.batch_size,
        "windows_per_second": len(workload.features) / ours,
        "ratios": ratios(took),
    }


def measure_reading(workload: ReadingWorkload, rounds: int) -> dict[str, Any]:
    """Read by each reader in turn; return how long each takes, and how alike what they find is."""
    model, rows = workload.build_reader().eval(), _rows(workload)
    model.to(choose_device(workload.settings.training)[0])
    tokens = workload.settings.training.max_tokens
    readers = {
        OURS: partial(read_ours, model, rows, workload),
        TO_THE_LONGEST: partial(_read_padded, model, rows, workload, None),
        TO_THE_LIMIT: partial(_read_padded, model, rows, workload, tokens),
    }
    take_turns(readers, 1)  # warms up
    began = time.perf_counter()
    readers[OURS]()
    seconds = time.perf_counter() - began
    measured, found = take_turns(readers, rounds)
    best, totals = found[OURS]
    return _describe(workload, rounds) | {
        "batch_size": workload.settings.training.evaluation_batch_size,
        "windows_per_second": len(rows) / seconds,
        "ratios": measured,
        "same_span": {
            name: float((places == best).all(1).mean()) for name, (places, _) in found.items()
        },
        "largest_difference": {
            name: float(np.abs(sums - totals).max()) for name, (_, sums) in found.items()
        },
    }


def _describe(workload: ReadingWorkload, rounds: int) -> dict[str, Any]:
    lengths = workload.features.table["length"].to_numpy()
    config: Any = workload.build_reader().encoder.config
    return {
        "windows": len(lengths),
        "mean_tokens": float(lengths.mean()),
        "longest_allowed": workload.settings.training.max_tokens,
        "layers": config.num_hidden_layers,
        "width": config.hidden_size,
        "precision": choose_device(workload.settings.training)[1],
        "rounds": rounds,
    }


def write_windows(result: dict[str, Any]) -> str:
    """Write what was trained on or read, and the table: how many times as fast ours is."""
    agreement = "same_span" in result
    lines = [
        [
            name,
            *(f"{ratio:.2f}" for ratio in found),
            *([f"{result['same_span'][name]:.1%}"] if agreement else []),
        ]
        for name, found in result["ratios"].items()
        if name != OURS
    ]
    columns = ["against", "ours is so many times as fast", "in CPU time"]
    return (
        f"{result['windows']:,} windows of {result['mean_tokens']:.0f} tokens in the mean, "
        f"{result['longest_allowed']} allowed; an encoder of {result['layers']} layers and width "
        f"{result['width']}, batches of {result['batch_size']}, ours in {result['precision']}, "
        f"{result['windows_per_second']:.1f} windows a second; alternating rounds: "
        f"{result['rounds']}.\n\n"
        f"{write_table([*columns, 'same best span'] if agreement else columns, lines)}"
    )
