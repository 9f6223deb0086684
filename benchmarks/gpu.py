"""Say what works on this machine's GPU, and how fast it is; ``python benchmarks/gpu.py``.

Each check runs in a process of its own, so that the others go on after a failure, and within a time
of its own, so that all end in time. Nothing is downloaded: encoders start from scratch, rows are
those of the bundled sample. ``--device cpu --size tiny`` tries the script itself.
"""

import argparse
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.markdown import write_table

WORKS, FAILS, NOT_TRIED = "works", "fails", "not tried"
_LEAST_SECONDS = 5
_SIZE_WEIGHTS = {"tiny": 1, "base": 1, "large": 2}


@dataclass(frozen=True)
class Step:
    """One check.

    Attributes:
        name: What is checked.
        place: Module in ``gpu_checks`` and function, with the function's first arguments.
        weight: Its share of the time that is left, in proportion to the checks that are left.
        every_size: Whether it is done with every size of the encoder, not only the first.
    """

    name: str
    place: tuple[str, ...]
    weight: int
    every_size: bool = False


STEPS = (
    Step("device", ("ratios", "describe_device"), 6),
    Step("fp16 training", ("training", "check_precision", "fp16"), 5),
    Step("bf16 training", ("training", "check_precision", "bf16"), 5),
    Step("dynamic padding", ("training", "check_padding"), 4),
    Step("resume after a kill", ("training", "check_resume"), 8),
    Step("out of memory", ("training", "check_memory"), 5),
    Step("compiled training", ("compiled", "check_compiled_training"), 14),
    Step("compiled prediction", ("compiled", "check_compiled_prediction"), 8),
    Step("training, ratios", ("ratios", "compare_training"), 8, every_size=True),
    Step("inference, ratios", ("ratios", "compare_inference"), 5, every_size=True),
)


@dataclass(frozen=True)
class Answer:
    """What a check found.

    Attributes:
        result: ``works``, ``fails`` or ``not tried``.
        detail: What was seen, or why not.
        seconds: What it took.
        figures: What was measured, by its name.
    """

    result: str
    detail: str
    seconds: float = 0.0
    figures: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """A check with one size of the encoder."""

    step: Step
    size: str

    @property
    def title(self) -> str:
        """Name and size."""
        return f"{self.step.name}, {self.size}" if self.step.every_size else self.step.name

    @property
    def weight(self) -> int:
        """Share of the time, in proportion to those of the others."""
        return self.step.weight * _SIZE_WEIGHTS[self.size]


Asker = Callable[[Task, float], Answer]


def main() -> None:
    """Run all checks, print each and a table of all, and end with 1 if one failed."""
    arguments = _parse_arguments()
    if arguments.check:
        print(json.dumps(asdict(answer(arguments)), ensure_ascii=False))
        return
    tasks = plan_tasks(arguments.size, arguments.only)

    def ask(task: Task, seconds: float) -> Answer:
        return ask_child(task, arguments.device, seconds)

    answers = run_tasks(tasks, 60 * arguments.minutes, ask)
    results = Counter(found.result for _, found in answers)
    print(f"\n{write_answers(answers)}\n\n{write_figures(answers)}\n")
    print(", ".join(f"{result}: {count}" for result, count in results.items()))
    sys.exit(int(results[FAILS] > 0))


def plan_tasks(sizes: Sequence[str], only: Sequence[str] | None) -> list[Task]:
    """Return the checks in their order; the device comes first, large encoders come last."""
    chosen = [step for step in STEPS if not only or step.name in only]
    return [
        Task(step, size)
        for place, size in enumerate(sizes)
        for step in chosen
        if place == 0 or step.every_size
    ]


def run_tasks(tasks: Sequence[Task], seconds: float, ask: Asker) -> list[tuple[Task, Answer]]:
    """Ask for one check after the other and print what it found.

    Args:
        tasks: The checks.
        seconds: Time for all. A check gets its share of what is left; what one does not need
            remains for those after it.
        ask: Runs a check within so many seconds.
    """
    ends_at = time.monotonic() + seconds
    answers: list[tuple[Task, Answer]] = []
    for place, task in enumerate(tasks):
        weights = sum(each.weight for each in tasks[place:])
        share = (ends_at - time.monotonic()) * task.weight / weights
        found = _ask_if_possible(task, share, answers, ask)
        print(f"{task.title}: {found.result} ({found.detail}), {found.seconds:.0f} s", flush=True)
        answers.append((task, found))
    return answers


def _ask_if_possible(
    task: Task, seconds: float, before: Sequence[tuple[Task, Answer]], ask: Asker
) -> Answer:
    if any(each.step.name == "device" and found.result == FAILS for each, found in before):
        return Answer(NOT_TRIED, "there is no device to try it on")
    if seconds < _LEAST_SECONDS:
        return Answer(NOT_TRIED, f"left out: its share of the time left is {seconds:.0f} s")
    return ask(task, seconds)


def ask_child(task: Task, device: str, seconds: float) -> Answer:
    """Run a check in a process that sees one device; end it and its children after a time."""
    command = [sys.executable, __file__, "--check", task.step.name, "--size", task.size,
               "--device", device, "--seconds", str(seconds)]  # fmt: skip
    started_at = time.monotonic()
    with tempfile.TemporaryFile("w+") as log:
        child = subprocess.Popen(  # noqa: S603 (this script itself)
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": choose_visible(device)},
        )
        try:
            printed, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return Answer(NOT_TRIED, f"left out: not done within {seconds:.0f} s", seconds)
        finally:
            _end_group(child)
        log.seek(0)
        return _read_answer(printed, child.returncode, log.read(), time.monotonic() - started_at)


def _end_group(child: "subprocess.Popen[str]") -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def _read_answer(printed: str, code: int, log: str, seconds: float) -> Answer:
    if code == 0:
        found = json.loads(printed.splitlines()[-1])
    else:
        reason = (log.strip().splitlines() or ["no message"])[-1]
        found = {"result": FAILS, "detail": f"the process ended with {code}: {reason}"}
    if found["result"] == FAILS:
        sys.stderr.write(log)
    return Answer(**{**found, "seconds": seconds})


def choose_visible(device: str) -> str:
    """Return the GPU that a check sees, as CUDA_VISIBLE_DEVICES names it; one, however many.

    >>> choose_visible("cpu")
    ''
    """
    if device == "cpu":
        return ""
    index = int(device.partition(":")[2] or 0)
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not seen:
        return str(index)
    return "".join(seen.split(",")[index : index + 1])  # none, which the first check will say


def answer(arguments: argparse.Namespace) -> Answer:
    """Do one check in this process."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from benchmarks.gpu_checks.setup import NotTriedError, Setup

    logging.disable(logging.WARNING)
    setup = Setup(arguments.size[0], arguments.device.partition(":")[0], arguments.seconds)
    step = next(step for step in STEPS if step.name == arguments.check)
    module, function, *first = step.place
    check: Callable[..., Any] = getattr(import_module(f"benchmarks.gpu_checks.{module}"), function)
    try:
        return Answer(WORKS, *_in_order(check(*first, setup)))
    except NotTriedError as reason:
        return Answer(NOT_TRIED, str(reason))
    except Exception as error:  # whatever a driver, a compiler or a check raises is the finding
        traceback.print_exc()
        return Answer(FAILS, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")


def _in_order(found: tuple[str, dict[str, str]]) -> tuple[str, float, dict[str, str]]:
    return found[0], 0.0, found[1]


def write_answers(answers: Sequence[tuple[Task, Answer]]) -> str:
    """Write a table of what works."""
    lines = [
        [task.title, found.result, found.detail.replace("|", "/"), f"{found.seconds:.0f}"]
        for task, found in answers
    ]
    return write_table(["check", "result", "seen", "seconds"], lines)


def write_figures(answers: Sequence[tuple[Task, Answer]]) -> str:
    """Write a table of what was measured, with a column for each size."""
    sizes = list(dict.fromkeys(task.size for task, _ in answers))
    by_size: dict[str, dict[str, str]] = {size: {} for size in sizes}
    for task, found in answers:
        by_size[task.size] |= found.figures
    names = dict.fromkeys(name for figures in by_size.values() for name in figures)
    lines = [[name, *(by_size[size].get(name, "–") for size in sizes)] for name in names]
    return write_table(["measured", *sizes], lines)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = list(_SIZE_WEIGHTS)
    parser.add_argument("--size", nargs="+", choices=sizes, default=["base", "large"],
                        help="of the encoder: first for all checks, each for ratios")  # fmt: skip
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1 or cpu (default cuda)")
    parser.add_argument("--minutes", type=float, default=10, help="for all checks (default 10)")
    parser.add_argument("--only", nargs="+", choices=[s.name for s in STEPS], help="some checks")
    parser.add_argument("--check", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not re.fullmatch(r"cpu|cuda(:\d+)?", arguments.device):
        parser.error(f"--device is {arguments.device}; cuda, cuda:<number> or cpu is wanted")
    return arguments


if __name__ == "__main__":
    main()
