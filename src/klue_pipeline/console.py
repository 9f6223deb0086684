"""Keep the console for our own lines and for warnings that a user can act on.

Every filter names the library whose message it drops and why nobody can act on it. Lines are text:
what stands in a label, a word or a path is shown as it is.
"""

import copy
import io
import logging
import os
import re
import sys
import time
import warnings
from typing import Any

_IGNORED = (
    # Kedro 1.7 registers its resolvers by a name that OmegaConf 2.4 deprecates, at every command.
    (r".*register_new_resolver.*", Warning),
    # A fold's datasets are read outside its namespace by the nodes that collect the folds.
    (r".*One or more dataset names contain '\.'.*", UserWarning),
    # Kedro itself still calls what pydantic 2.11 deprecates.
    (r".*Accessing the 'model_fields' attribute on the instance.*", Warning),
    # The option works as before; README names the new one.
    (r".*'--pipeline' is deprecated.*", Warning),
    # Our validation parts are as small as the user made them.
    (r".*The least populated class in y has only.*", UserWarning),
    # PyTorch on a machine without a GPU, for every DataLoader.
    (r".*'pin_memory' argument is set as true but no accelerator.*", UserWarning),
)

_OF_RUNNERS = (
    "Completed node",
    "Using synchronous mode",
    "Asynchronous mode",
    r"No nodes ran\. Repeat the previous command",
)
"""Kedro's runners log each node twice and count tasks; ``hooks/node_log.py`` says the same in one
line with the fold's name. What they say about skipped nodes stays. To repeat a command whose input
is wrong does not help."""
_OF_COUNTED = (*_OF_RUNNERS, r"Completed \d+ out of")
"""Workers know nothing of each other's nodes: of a parallel run, Kedro's count is the only one."""

_DROPPED = {
    "kedro.runner.sequential_runner": _OF_COUNTED,
    "kedro.runner.parallel_runner": _OF_RUNNERS,
    "klue_pipeline.runners.parallel_runner": _OF_RUNNERS,
    "klue_pipeline.runners.dask_runner": _OF_RUNNERS,
    "kedro.runner.thread_runner": _OF_COUNTED,
    # Kedro-Viz draws timings of whole runs only; nobody misses them after a partial one.
    "kedro_viz.integrations.kedro.run_hooks": ("Workflow tracking is disabled",),
    # A packaged project runs without its repository; flow chart and statistics are made there only.
    "kedro_viz.integrations.kedro.hooks_utils": ("No Kedro project found",),
    "kedro_viz.integrations.kedro.hooks": ("Could not find a Kedro project",),
    # A click on a dataset that no run has made yet.
    "kedro_viz.models.flowchart.node_metadata": (
        r"'[^']+' could not be previewed[\s\S]*(No such file|FileNotFoundError|DatasetNotFound)",
    ),
    # Short epochs leave checkpoints of the same second; their numbers order them just as well.
    "transformers.trainer_utils": ("mtime may not be reliable",),
}
"""How lines begin that are dropped, as patterns, by the logger that writes them."""

_LEVELS = {
    # Our own hook names each node in one line, also one that fails (hooks/node_log.py); why it
    # failed is said once, at the end of the command.
    "kedro.pipeline.node": logging.CRITICAL,
    # Settings are checked by our own hook; a stage without any is no news.
    "kedro.validation": logging.WARNING,
    "kedro.framework.session": logging.WARNING,
    # One line per loaded and saved dataset is noise when every stage says what it did.
    "kedro.io": logging.WARNING,
}
"""Levels of Kedro's loggers where ``conf/logging.yml`` says nothing of them, or does not exist."""


class LineHandler(logging.Handler):
    """Write each message as it is; on a terminal and in a notebook Kedro's handler draws the line.

    Kedro reads square brackets in a message as instructions to Rich: ``[/b]`` in a label would end
    the run, and ``[eda]`` in a remedy would vanish. Rich also breaks lines at a file's supposed
    width and pads them to it.

    Args:
        drawn: Kedro's handler, from whichever logging configuration Kedro found.
    """

    def __init__(self, drawn: Any) -> None:
        super().__init__(drawn.level)
        self.setFormatter(logging.Formatter(_LINE, _TIME))
        drawn.markup = False
        self._drawn = drawn

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        console = self._drawn.console
        if console.is_terminal or console.is_jupyter:
            self._draw(record)
            return
        try:
            console.file.write(self.format(record).replace("\n", f"\n{_INDENT}") + "\n")
            console.file.flush()
        except Exception:  # as every handler of logging does: no line is worth a run
            self.handleError(record)

    def _draw(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        text = copy.copy(record)
        text.__dict__.pop("rich_format", None)  # Kedro's request for markup in its own lines
        message = text.getMessage()
        whole = self._begin_lines_with_long_words(message)
        with tqdm.external_write_mode():  # bars make room, and stand below the line afterwards
            if whole == message or text.exc_info or self._drawn.console.is_jupyter:
                self._drawn.emit(text)
            else:
                self._draw_unbroken(text, whole)

    def _begin_lines_with_long_words(self, message: str) -> str:
        """Put a word that is too long for Rich's column at the left edge.

        Rich would cut an address in two, which nobody can copy or click.
        """
        from rich.cells import cell_len

        room = self._drawn.console.width - len(_INDENT)
        words = message.split(" ")
        return " ".join(f"\n{word}" if cell_len(word) > room else word for word in words).replace(
            " \n", "\n"
        )

    def _draw_unbroken(self, record: logging.LogRecord, message: str) -> None:
        """Leave it to the terminal where a line is folded: what it folds it also copies as one."""
        from rich.text import Text

        moment = time.strftime(_TIME, time.localtime(record.created))
        level = self._drawn.get_level_text(record)
        text = self._drawn.render_message(record, message)
        line = Text.assemble((f"{moment} ", "log.time"), level, " ", text)
        self._drawn.console.print(line, soft_wrap=True)


_LINE, _TIME = "%(asctime)s %(levelname)-8s %(message)s", "%H:%M:%S"
_INDENT = " " * len("00:00:00 WARNING  ")


def quieten() -> None:
    """Filter third-party noise, and switch telemetry off unless the user switched it on."""
    _write_lines_as_text()
    for name in _DROPPED:
        logging.getLogger(name).addFilter(_is_worth_showing)
    for name, level in _LEVELS.items():
        if logging.getLogger(name).level == logging.NOTSET:
            logging.getLogger(name).setLevel(level)
    for pattern, category in _IGNORED:
        warnings.filterwarnings("ignore", message=pattern, category=category)
    os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def _write_lines_as_text() -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A console that knows no Hangul shows codes for it and does not end the run.
        sys.stdout.reconfigure(errors="backslashreplace")
    root = logging.getLogger()
    for handler in list(root.handlers):
        if type(handler).__module__ == "kedro.logging":
            root.removeHandler(handler)
            root.addHandler(LineHandler(handler))


def _is_worth_showing(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    return not any(re.match(pattern, message) for pattern in _DROPPED[record.name])
