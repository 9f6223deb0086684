"""Devices and precisions, on machines that this one is not."""

from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import nn
from transformers import TrainingArguments

from klue_pipeline.training import device as device_module
from klue_pipeline.training.arguments import trainer_arguments
from klue_pipeline.training.device import (
    autocast,
    explain_out_of_memory,
    resolve_device,
    resolve_precision,
)

CPU, CUDA, MPS = torch.device("cpu"), torch.device("cuda", 0), torch.device("mps")


@pytest.fixture
def gpus(monkeypatch):
    """Pretend that PyTorch sees a number of GPUs."""

    def pretend(count):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    return pretend


@pytest.fixture
def cpu_flags(monkeypatch, tmp_path):
    """Pretend that the processor describes itself so; None: the system does not tell."""

    def pretend(text):
        cpuinfo = tmp_path / "cpuinfo"
        if text is not None:
            cpuinfo.write_text(text, encoding="utf-8")
        monkeypatch.setattr(device_module, "Path", lambda _: Path(cpuinfo))

    return pretend


@pytest.mark.parametrize(
    ("count", "setting", "wanted"),
    [
        (0, "auto", "cpu"),
        (0, "cpu", "cpu"),
        (1, "auto", "cuda:0"),
        (1, "cuda", "cuda:0"),
        (4, "auto", "cuda:0"),
        (4, "cuda:3", "cuda:3"),
        (4, "cpu", "cpu"),
    ],
)
def test_one_device_is_chosen(gpus, count, setting, wanted):
    gpus(count)
    assert resolve_device(setting) == torch.device(wanted)


@pytest.mark.parametrize(("count", "setting"), [(0, "cuda"), (0, "cuda:0"), (1, "cuda:1")])
def test_a_missing_gpu_is_an_error_that_says_what_to_set(gpus, count, setting):
    gpus(count)
    with pytest.raises(ValueError, match=f"is {setting}, but PyTorch sees {count} .*device=auto"):
        resolve_device(setting)


def test_missing_mps(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match="mps, but this machine has no such device; set auto"):
        resolve_device("mps")


@pytest.mark.parametrize(
    ("setting", "device", "flags", "wanted"),
    [
        ("auto", CUDA, "", "fp16"),
        ("auto", CPU, "flags : fpu avx512f avx512_bf16 sse", "bf16"),
        ("auto", CPU, "processor : 0\nflags\t\t: fpu amx_bf16", "bf16"),
        ("auto", CPU, "Features : fp asimd bf16", "bf16"),
        ("auto", CPU, "flags : fpu avx2 avx512f", "fp32"),
        ("auto", CPU, "model name : bf16\nflags : fpu", "fp32"),
        ("auto", CPU, None, "fp32"),
        ("auto", MPS, "flags : amx_bf16", "fp32"),
        ("fp32", CUDA, "", "fp32"),
        ("bf16", CUDA, "", "bf16"),
        ("fp16", CUDA, "", "fp16"),
        ("fp32", CPU, "flags : amx_bf16", "fp32"),
        ("bf16", CPU, "flags : fpu", "bf16"),
    ],
)
def test_precision(cpu_flags, setting, device, flags, wanted):
    cpu_flags(flags)
    assert resolve_precision(setting, device) == wanted


@pytest.mark.parametrize("device", [CPU, MPS])
def test_fp16_needs_a_gpu(device):
    with pytest.raises(ValueError, match=f"fp16 needs a GPU; this is {device.type}, set auto"):
        resolve_precision("fp16", device)


@pytest.mark.parametrize(("precision", "wanted"), [("fp32", "float32"), ("bf16", "bfloat16")])
def test_autocast_computes_in_the_precision(precision, wanted):
    layer = nn.Linear(4, 4)
    with autocast(precision, CPU):
        assert layer(torch.ones(1, 4)).dtype == getattr(torch, wanted)
    assert layer(torch.ones(1, 4)).dtype == torch.float32
    assert layer.weight.dtype == torch.float32


def test_out_of_memory_names_every_setting_that_helps(training_params):
    params = training_params(batch_size=48, evaluation_batch_size=96, max_tokens=200)
    with (
        pytest.raises(
            RuntimeError, match=r"batch_size=48.*max_tokens=200.*batch_size=96"
        ) as raised,
        explain_out_of_memory(params),
    ):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    for setting in ("batch_size", "accumulation_steps", "max_tokens", "evaluation_batch_size"):
        assert f"training.{setting}" in str(raised.value)


def test_out_of_memory_names_the_budget_of_tokens(training_params):
    params = training_params(tokens_per_batch=4096)
    said = r"training\.tokens_per_batch=4096.*Halve training\.tokens_per_batch and"
    with pytest.raises(RuntimeError, match=said), explain_out_of_memory(params):
        raise torch.cuda.OutOfMemoryError


def test_other_errors_pass_as_they_are(training_params):
    with (
        pytest.raises(RuntimeError, match=r"^mat1 and mat2$"),
        explain_out_of_memory(training_params()),
    ):
        raise RuntimeError("mat1 and mat2")


@pytest.fixture
def _fresh_accelerator():
    """Accelerate keeps its device for the life of a process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.usefixtures("_fresh_accelerator")
def test_several_gpus_do_not_become_data_parallel(gpus, monkeypatch, tmp_path, training_params):
    gpus(4)
    chosen = []
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    wanted = torch.device("cuda", 2)
    # What Trainer would do on its own, which shows that four GPUs are seen at all.
    assert TrainingArguments(output_dir=str(tmp_path), report_to="none").n_gpu == 4
    arguments = trainer_arguments(training_params(), wanted, "fp32", 10, tmp_path)
    assert (arguments.n_gpu, arguments.device, chosen[-1]) == (1, wanted, wanted)
    assert arguments.train_batch_size == training_params().batch_size
