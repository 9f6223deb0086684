"""Our settings of a training as the arguments of Transformers' Trainer."""

from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from klue_pipeline.training.optimizer import count_warmup_steps
from klue_pipeline.training.params import Precision, TrainingParams

_SCHEDULES = {
    "linear": "linear",
    "constant": "constant_with_warmup",
    "cosine": "cosine",
    "cosine_restarts": "cosine_with_restarts",
}


def trainer_arguments(
    params: TrainingParams,
    device: torch.device,
    precision: Precision,
    total_steps: int,
    scratch_folder: Path,
    *,
    judged: bool = True,
) -> TrainingArguments:
    """Return the arguments of a training on one device.

    Args:
        params: How to train.
        device: Where.
        precision: A resolved precision, not ``auto``.
        total_steps: Optimizer steps of the whole training.
        scratch_folder: Where Trainer leaves its resume state.
        judged: Whether there is anything to evaluate on.
    """
    arguments = TrainingArguments(
        output_dir=str(scratch_folder),
        num_train_epochs=params.epochs,
        max_steps=total_steps,
        per_device_train_batch_size=params.batch_size,
        gradient_accumulation_steps=params.accumulation_steps,
        learning_rate=params.learning_rate,
        lr_scheduler_type=_SCHEDULES[params.schedule],
        lr_scheduler_kwargs=_schedule_options(params),
        warmup_steps=count_warmup_steps(total_steps, params),
        max_grad_norm=params.max_gradient_norm or 0.0,
        bf16=precision == "bf16",
        fp16=precision == "fp16",
        torch_compile=params.compile,
        seed=params.seed,
        use_cpu=device.type == "cpu",
        logging_steps=params.log_every_steps,
        save_total_limit=1,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        **(_strategy("eval", params.evaluate_every_steps) if judged else {}),
        **_strategy("save", params.checkpoint_every_steps or params.evaluate_every_steps),
    )
    if device.type == "cuda":
        _drive_one_gpu(arguments, device)
    return arguments


def _schedule_options(params: TrainingParams) -> dict[str, Any]:
    return {} if params.schedule_cycles is None else {"num_cycles": params.schedule_cycles}


def _strategy(event: str, every_steps: int | None) -> dict[str, Any]:
    if every_steps is None:
        return {f"{event}_strategy": "epoch"}
    return {f"{event}_strategy": "steps", f"{event}_steps": every_steps}


def _drive_one_gpu(arguments: TrainingArguments, device: torch.device) -> None:
    # Trainer wraps the model in DataParallel as soon as it sees two GPUs. Both names are where
    # TrainingArguments keeps its answer (a cached property and a plain attribute).
    torch.cuda.set_device(device)
    arguments.__dict__["_setup_devices"] = device
    arguments._n_gpu = 1
