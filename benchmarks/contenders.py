"""Three ways to train the same model on the same encoded rows, timed from first to last step."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerState,
    TrainingArguments,
)

from benchmarks.workload import Workload
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.training.classification import loss_of_rows
from klue_pipeline.training.device import choose_device
from klue_pipeline.training.losses import LossContext, build_loss
from klue_pipeline.training.prediction import predict_logits
from klue_pipeline.training.tokens.vocabulary_in_use import vocabulary_in_use
from klue_pipeline.training.trainer import BestStateTrainer

PADDED_TOKENS = 256
"""The contest baseline pads every row to this length."""


class Stopwatch(TrainerCallback):
    """Measure from the start of the first step to the end of the last, without saves around it."""

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Start."""
        self.started_at = time.perf_counter(), time.process_time()
        self.seconds = self.cpu_seconds = 0.0

    def on_step_end(self, _: TrainingArguments, state: TrainerState, *__: Any, **___: Any) -> None:
        """Remember the end of the latest step; a GPU is waited for once, at the last one."""
        if state.global_step == state.max_steps and torch.cuda.is_available():
            torch.cuda.synchronize()
        self.seconds = time.perf_counter() - self.started_at[0]
        self.cpu_seconds = time.process_time() - self.started_at[1]


class WithLoss(nn.Module):
    """Our model under the interface of a plain Trainer: it returns its own loss."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        positions: torch.Tensor,
        type_ids: torch.Tensor,
        labels: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """Return loss and logits; ``**kwargs`` here would make Trainer pass more than these."""
        logits = self.model(input_ids, attention_mask, positions, type_ids)
        return {"loss": nn.functional.cross_entropy(logits.float(), labels), "logits": logits}


def train_ours(workload: Workload) -> float:
    """Train with the project's trainer; return the seconds of all steps."""
    rows = workload.encode_rows()
    tiny = replace(workload, features=workload.features.select([0])).encode_rows()
    gold = tiny.columns["labels"].astype(np.int64)
    labels = tuple(workload.labels.names)
    loss = build_loss(workload.params.loss, LossContext(labels, torch.ones(len(labels))))
    params = workload.params.training
    _, precision = choose_device(params)
    stopwatch = Stopwatch()
    model = workload.build_model()
    with tempfile.TemporaryDirectory() as folder, vocabulary_in_use(model, rows):
        trainer = BestStateTrainer(
            model,
            rows,
            loss_of_rows(loss),
            lambda model: score_metrics(predict_logits(model, tiny, 1, precision), gold, 0),
            params,
            Path(folder),
        )
        trainer.add_callback(stopwatch)
        trainer.train()
    return stopwatch.seconds


def train_contest_baseline(workload: Workload) -> float:
    """Plain Trainer, every row padded to 256 tokens, float32, random batches."""
    return _train_plain(workload, PADDED_TOKENS, {})


def train_tuned_trainer(workload: Workload) -> float:
    """Plain Trainer with its own dynamic padding, length groups and bfloat16."""
    options = {"bf16": True, "train_sampling_strategy": "group_by_length"}
    return _train_plain(workload, None, options)


CONTENDERS: dict[str, Callable[[Workload], float]] = {
    "ours": train_ours,
    "contest baseline": train_contest_baseline,
    "tuned plain Trainer": train_tuned_trainer,
}


def _train_plain(workload: Workload, padded_tokens: int | None, options: dict[str, Any]) -> float:
    params = workload.params.training
    stopwatch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=1,
            per_device_train_batch_size=params.batch_size,
            learning_rate=params.learning_rate,
            weight_decay=params.weight_decay,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            remove_unused_columns=False,
            use_cpu=not torch.cuda.is_available(),
            **options,
        )
        trainer = Trainer(
            model=WithLoss(workload.build_plain_model()),
            args=arguments,
            train_dataset=_as_dictionaries(workload),
            data_collator=_Collator(workload.tokenizer.pad_token_id, padded_tokens),
            callbacks=[stopwatch],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return stopwatch.seconds


class _Collator:
    def __init__(self, padding_id: int, padded_tokens: int | None) -> None:
        self._padding_id = padding_id
        self._padded_tokens = padded_tokens

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        width = self._padded_tokens or max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), width), self._padding_id)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        for index, row in enumerate(rows):
            ids[index, : len(row["input_ids"])] = torch.tensor(row["input_ids"])
            mask[index, : len(row["input_ids"])] = 1
        return {
            "input_ids": ids,
            "attention_mask": mask,
            **{
                name: torch.tensor([row[name] for row in rows])
                for name in ("positions", "type_ids", "labels")
            },
        }


def _as_dictionaries(workload: Workload) -> list[dict[str, Any]]:
    columns = workload.encode_rows().columns
    tokens = workload.features.table["input_ids"].to_pylist()
    names = ("positions", "type_ids", "labels")
    return [
        {"input_ids": row, **{name: columns[name][place].tolist() for name in names}}
        for place, row in enumerate(tokens)
    ]
