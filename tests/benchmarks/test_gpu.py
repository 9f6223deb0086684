"""``benchmarks/gpu.py`` on a CPU, up to the edge of what only a GPU can show."""

import logging
import sys
import time

import pytest
import torch
from benchmarks.gpu import FAILS, NOT_TRIED, STEPS, WORKS, Answer, Task, choose_visible, main
from benchmarks.gpu_checks import compiled, training
from benchmarks.gpu_checks.ratios import alternate
from benchmarks.gpu_checks.setup import Setup
from benchmarks.gpu_checks.training import check_memory, compare_losses

from benchmarks import gpu
from klue_pipeline.relation.model.relation_model import RelationModel

SETUP = Setup("tiny", "cpu", 600.0)
AVAILABLE = torch.cuda.is_available


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the script with checks that answer what they are told; return its code and its text."""

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # set by each check

    def run_with(ask, *arguments):
        monkeypatch.setattr(gpu, "ask_child", ask)
        monkeypatch.setattr(sys, "argv", ["gpu.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().out

    yield run_with
    logging.disable(logging.NOTSET)  # checks keep the log off their answers


def test_it_goes_on_after_a_failure_and_ends_with_it(run):
    def ask(task, device, seconds):
        if task.step.name == "fp16 training":
            return Answer(FAILS, "ValueError: the loss is nan", 3.0)
        return Answer(WORKS, "seen", 1.0, {"ours / theirs": f"of {task.size}"})

    code, shown = run(ask)
    assert code == 1
    assert "fp16 training: fails (ValueError: the loss is nan), 3 s" in shown
    assert "| inference, ratios, large | works | seen | 1 |" in shown
    assert "| ours / theirs | of base | of large |" in shown
    assert "works: 11, fails: 1" in shown


def test_without_the_device_nothing_is_tried(run):
    code, shown = run(lambda *_: Answer(FAILS, "sees no CUDA device"), "--size", "base")
    assert code == 1
    assert f"fails: 1, not tried: {len(STEPS) - 1}" in shown


def test_time_that_is_left_goes_to_the_checks_that_are_left(run):
    asked = []

    def ask(task, device, seconds):
        asked.append(seconds)
        if len(asked) == 2:
            time.sleep(0.3)  # more than its share
        return Answer(WORKS, "seen")

    only = ["--only", "device", "fp16 training", "bf16 training"]
    code, _ = run(ask, "--size", "base", "--minutes", str(16 / 60), *only)
    assert code == 0
    assert asked == pytest.approx([6.0, 8.0, 15.7], abs=0.2)
    code, shown = run(ask, "--size", "base", "--minutes", str(6 / 60), *only)
    assert "device: not tried (left out: its share of the time left is 2 s)" in shown


def test_a_check_that_does_not_end_is_ended(monkeypatch, tmp_path):
    script = tmp_path / "endless.py"
    script.write_text("import time\ntime.sleep(60)", encoding="utf-8")
    monkeypatch.setattr(gpu, "__file__", str(script))
    found = gpu.ask_child(Task(STEPS[0], "tiny"), "cpu", 0.2)
    assert (found.result, found.detail) == (NOT_TRIED, "left out: not done within 0 s")
    script.write_text("import os\nos.abort()", encoding="utf-8")
    found = gpu.ask_child(Task(STEPS[0], "tiny"), "cpu", 60.0)
    assert (found.result, found.detail) == (FAILS, "the process ended with -6: no message")


@pytest.mark.parametrize(
    ("device", "seen", "wanted"),
    [("cpu", "3", ""), ("cuda", None, "0"), ("cuda:1", None, "1"), ("cuda:1", "2,GPU-5", "GPU-5"),
     ("cuda:1", "2", "")],
)  # fmt: skip
def test_a_check_sees_one_device(device, seen, wanted, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if seen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen)
    assert choose_visible(device) == wanted


@pytest.mark.parametrize(
    ("losses", "reason"),
    [
        ([3.0, 2.0, 1.0, float("nan")], "the loss is nan"),
        ([3.0, 3.0, 3.0, 3.1], "does not fall, 3.000 at the start and 3.100 at the end"),
        ([3.0, 2.0, 1.0, 1.2], "fp32 ends at 1.000; 0.1 apart are allowed"),
    ],
)
def test_losses_are_compared(losses, reason):
    with pytest.raises(ValueError, match=reason):
        compare_losses({"fp32": [3.0, 2.0, 1.0, 1.0], "fp16": losses}, "fp32", "fp16")


def answer_here(task, device, seconds):
    """Answer in this process, without the seconds that importing torch anew takes."""
    setup = gpu.argparse.Namespace(
        check=task.step.name, size=[task.size], device=device, seconds=seconds
    )
    return gpu.answer(setup)


@pytest.mark.slow
@pytest.mark.skipif(AVAILABLE(), reason="is about a machine without a GPU")
def test_on_a_cpu_all_works_but_what_needs_a_gpu(run, monkeypatch):
    monkeypatch.setattr(compiled.shutil, "which", lambda name: None)  # compiling takes minutes
    code, shown = run(answer_here, "--device", "cpu", "--size", "tiny", "--minutes", "60")
    assert code == 0, shown
    for title in ("fp16 training", "out of memory"):
        assert f"{title}: not tried (needs a GPU)" in shown
    for title in ("compiled training", "compiled prediction"):
        assert f"{title}: not tried (torch.compile needs a C++ compiler" in shown
    assert "gone on from checkpoint-8: logits and losses differ by 0.0e+00" in shown
    assert "training: ours / tuned plain Trainer |" in shown
    assert f"works: {len(STEPS) - 4}, not tried: 4" in shown


def fail_above(monkeypatch, rows):
    """Let a model run out of memory by a batch of more rows."""
    forward = RelationModel.forward

    def forward_or_fail(self, input_ids, *others, **named):
        if self.training and len(input_ids) > rows:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return forward(self, input_ids, *others, **named)

    monkeypatch.setattr(RelationModel, "forward", forward_or_fail)


def test_a_baseline_that_does_not_fit_is_left_out_but_not_ours():
    def fail(workload):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    seconds, memory, rounds = alternate({"ours": lambda _: 2.0, "large": fail}, None, SETUP)
    assert (seconds, list(memory), rounds) == ({"ours": 2.0}, ["ours"], 1)
    with pytest.raises(torch.cuda.OutOfMemoryError):
        alternate({"ours": fail}, None, SETUP)


@pytest.mark.slow
def test_running_out_of_memory_must_be_explained(monkeypatch):
    monkeypatch.setattr(training, "require_gpu", lambda: None)
    monkeypatch.setattr(training, "limit_memory", lambda factor: None)
    with pytest.raises(ValueError, match="a batch of 48 rows fitted"):
        check_memory(SETUP)
    fail_above(monkeypatch, rows=8)
    assert check_memory(SETUP)[0].startswith("48 rows in a batch: the settings to lower were named")
