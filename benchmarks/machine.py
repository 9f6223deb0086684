"""What the machine could do at best: its matrix products, and what training needs of them."""

import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from benchmarks.workload import Workload
from klue_pipeline.training.batches import LengthGroupedBatchSampler
from klue_pipeline.training.device import resolve_device, resolve_precision
from klue_pipeline.training.params import Precision
from klue_pipeline.training.prediction import NOT_FOR_THE_MODEL

NUMBER_TYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
"""By precision."""

_SIZES = {"cpu": 2048, "cuda": 8192}
"""A GPU would do 2,048 rows in less time than it takes to ask for them."""
_TRIES = 8
_BACKWARD_AND_FORWARD = 3
"""A backward pass computes two matrix products for each one of the forward pass."""


def measure_peak(precision: Precision) -> float:
    """Return the best rate of a large matrix product, in operations a second.

    Args:
        precision: That of both factors; ``auto`` is what the project computes in on this machine.
    """
    number_type = NUMBER_TYPES[resolve_precision(precision, resolve_device("auto"))]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    size = _SIZES[device]
    left, right = (torch.randn(size, size, dtype=number_type, device=device) for _ in range(2))
    seconds = []
    for _ in range(_TRIES):
        started_at = time.perf_counter()
        (left @ right)[0, 0].item()
        seconds.append(time.perf_counter() - started_at)
    return 2 * size**3 / min(seconds)


def count_operations(workload: Workload) -> float:
    """Count the operations of one training epoch over the project's own batches."""
    device = resolve_device("auto")
    model = workload.build_model().to(device).eval()
    rows = workload.encode_rows()
    sampler = LengthGroupedBatchSampler(
        rows.lengths, workload.params.training.batch_size, workload.params.training.seed
    )

    def score() -> None:
        for indices in sampler:
            batch = rows.__getitems__(indices)
            model(**{k: v.to(device) for k, v in batch.items() if k not in NOT_FOR_THE_MODEL})

    with torch.no_grad():
        return count_forward_operations(score) * _BACKWARD_AND_FORWARD


def count_forward_operations(run: Callable[[], object]) -> float:
    """Count the operations of all matrix products of what is run."""
    # PyTorch has the formula for every fused kernel but the one of a CPU.
    fused = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _count_attention}
    with FlopCounterMode(display=False, custom_mapping=fused) as counter:
        run()
    return float(counter.get_total_flops())


def _count_attention(
    query: torch.Size, key: torch.Size, value: torch.Size, *_: object, **__: object
) -> int:
    return int(sdpa_flop_count(query, key, value))
