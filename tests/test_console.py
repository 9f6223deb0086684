"""The console is kept for our own lines: exactly the known noise is dropped, and nothing else."""

import io
import logging
import os
import re
import subprocess
import sys
import warnings

import pytest
from kedro.logging import RichHandler
from rich.console import Console
from tqdm import tqdm

from klue_pipeline.console import quieten

DROPPED = [
    ("kedro.runner.sequential_runner", "Completed node: fold_0.train"),
    ("kedro.runner.sequential_runner", "Completed 3 out of 23 tasks"),
    ("kedro.runner.sequential_runner", "Using synchronous mode for loading and saving data."),
    ("kedro.runner.sequential_runner", "No nodes ran. Repeat the previous command to attempt ..."),
    ("kedro_viz.integrations.kedro.run_hooks", "Workflow tracking is disabled during partial ..."),
    ("klue_pipeline.runners.parallel_runner", "Completed node: parse_test"),
    ("kedro_viz.integrations.kedro.hooks_utils", "No Kedro project found in here; skipping write."),
    (
        "kedro_viz.models.flowchart.node_metadata",
        "'leaderboard' could not be previewed. Full exception: DatasetError: Failed while\n"
        "[Errno 2] No such file or directory: 'leaderboard.csv'",
    ),
    ("transformers.trainer_utils", "mtime may not be reliable on this filesystem, falling back"),
]
KEPT = [
    ("kedro.runner.sequential_runner", "Skipping all 23 nodes (all persistent outputs exist)"),
    ("kedro.runner.sequential_runner", "Pipeline execution completed successfully in 2.9 sec."),
    ("kedro.runner.sequential_runner", "There are 8 nodes that have not run."),
    ("klue_pipeline.runners.parallel_runner", "Completed 3 out of 23 tasks"),
    ("klue_pipeline.hooks.node_log", "Completed node: this line is ours"),
    (
        "kedro_viz.models.flowchart.node_metadata",
        "'labels' could not be previewed. Full exception: TypeError: not JSON serializable",
    ),
    ("transformers.trainer_utils", "Something else is wrong"),
]
WARNINGS = [
    (UserWarning, "register_new_resolver() is deprecated and will be removed in a future release."),
    (UserWarning, "One or more dataset names contain '.' characters, which is not recommended"),
    (DeprecationWarning, "Accessing the 'model_fields' attribute on the instance is deprecated."),
    (DeprecationWarning, "Option '--pipeline' is deprecated and will be removed in a future one."),
    (UserWarning, "The least populated class in y has only 1 members, less than n_splits=2."),
    (UserWarning, "'pin_memory' argument is set as true but no accelerator is found"),
]


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    """Give back the environment, which quieten completes."""
    before = dict(os.environ)
    with warnings.catch_warnings():
        yield
    os.environ.clear()
    os.environ.update(before)


def shown(name, line):
    record = logging.LogRecord(name, logging.INFO, __file__, 1, line, None, None)
    return bool(logging.getLogger(name).filter(record))


@pytest.mark.parametrize(("name", "line"), DROPPED)
def test_known_noise_is_dropped(name, line):
    quieten()
    assert not shown(name, line)


@pytest.mark.parametrize(("name", "line"), KEPT)
def test_everything_else_stays(name, line):
    quieten()
    assert shown(name, line)


def test_calling_it_again_changes_nothing():
    quieten()
    before = list(logging.getLogger("kedro.runner.sequential_runner").filters)
    quieten()
    assert logging.getLogger("kedro.runner.sequential_runner").filters == before


@pytest.mark.parametrize(("category", "message"), WARNINGS)
def test_warnings_nobody_can_act_on_are_dropped(category, message):
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        quieten()
        warnings.warn(message, category, stacklevel=1)
        warnings.warn("Your file has no labels", category, stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["Your file has no labels"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("KEDRO_DISABLE_TELEMETRY", "1"), ("HF_HUB_DISABLE_TELEMETRY", "1")],
)
def test_telemetry_is_off_unless_it_was_switched_on(monkeypatch, name, value):
    monkeypatch.delenv(name, raising=False)
    quieten()
    assert os.environ[name] == value
    monkeypatch.setenv(name, "0")
    quieten()
    assert os.environ[name] == "0"


TEXTS = [
    "label [/b], word [/url], path [dim]/x[/dim]",
    "augment.methods=[eda] reads it",
    "labels :smile: and 50 % of {0} %s",
]


@pytest.fixture
def root(monkeypatch):
    """A root logger with the handlers of a configuration that leaves markup on, as Kedro's own."""
    drawn = RichHandler(console=Console(file=io.StringIO(), width=90), show_path=False)
    logger = logging.getLogger()
    monkeypatch.setattr(logger, "handlers", [drawn])
    monkeypatch.setattr(logger, "level", logging.INFO)
    return drawn.console


def written(console, message, **extra):
    quieten()
    logging.getLogger("klue_pipeline").warning("%s", message, extra=extra)
    return console.file.getvalue()


@pytest.mark.parametrize("on_terminal", [False, True])
@pytest.mark.parametrize("message", TEXTS)
def test_a_message_is_text_and_no_markup(root, message, on_terminal):
    root._force_terminal = on_terminal
    assert message in re.sub(r"\x1b\[[0-9;]*m", "", written(root, message))


@pytest.mark.parametrize("on_terminal", [False, True])
def test_kedros_own_lines_are_shown_without_the_markup_that_it_asks_for(root, on_terminal):
    root._force_terminal = on_terminal
    assert "orange" not in written(root, "sentences", rich_format=["dark_orange"])


def test_a_line_in_a_file_is_neither_broken_nor_padded(root):
    line = written(root, "word " * 30 + "end")
    assert line.endswith("end\n")
    assert line.count("\n") == 1
    assert written(root, "first\nsecond").endswith("first\n" + 18 * " " + "second\n")


@pytest.mark.parametrize("width", [80, 120])
def test_an_address_stays_in_one_piece_on_a_terminal(root, width):
    root._force_terminal, root._width = True, width
    address = f"http://127.0.0.1:5000/#/experiments/1/runs/{32 * 'a'}?workflowType=machine_learning"
    lines = re.sub(r"\x1b\[[0-9;]*m", "", written(root, f"The run: {address} [/b]")).splitlines()
    assert lines[0].endswith("WARNING  The run:")
    assert lines[1] == f"{address} [/b]"


def test_a_progress_bar_makes_room_for_a_line(root, monkeypatch):
    root._force_terminal = True
    monkeypatch.setattr(sys, "stdout", root.file)
    monkeypatch.setattr(sys, "stderr", root.file)
    with tqdm(total=2, desc="fold 0", leave=False, file=sys.stderr) as bar:
        bar.refresh()
        before, _, after = written(root, "epoch 1: done").partition("epoch 1: done")
    assert before.rpartition("fold 0")[2].count("\r") >= 2  # wiped out: back, blanks, back
    assert "fold 0" in after


def test_a_level_that_the_project_chose_stays(root):
    logging.getLogger("kedro.io").setLevel(logging.DEBUG)
    quieten()
    assert logging.getLogger("kedro.io").level == logging.DEBUG
    logging.getLogger("kedro.io").setLevel(logging.NOTSET)
    quieten()
    assert logging.getLogger("kedro.io").level == logging.WARNING


def test_importing_it_imports_next_to_nothing():
    code = "import sys, klue_pipeline.console; print(len({'kedro', 'pandas'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "0"
