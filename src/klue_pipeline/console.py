"""Keep the console for our own lines and for warnings that a user can act on.

Every filter names the library whose message it drops and why nobody can act on it.
"""

import logging
import os
import sys
import warnings

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

_DROPPED = {
    # Kedro's runner logs each node twice and counts tasks; ``hooks/node_log.py`` says the same in
    # one line with the fold's name. What it says about skipped nodes stays. To repeat a command
    # whose input is wrong does not help.
    "kedro.runner.sequential_runner": (
        "Completed ",
        "Using synchronous mode",
        "Asynchronous mode",
        "No nodes ran. Repeat the previous command",
    ),
    # Kedro-Viz draws timings of whole runs only; nobody misses them after a partial one.
    "kedro_viz.integrations.kedro.run_hooks": ("Workflow tracking is disabled",),
    # Short epochs leave checkpoints of the same second; their numbers order them just as well.
    "transformers.trainer_utils": ("mtime may not be reliable",),
}
"""Beginnings of lines that are dropped, by the logger that writes them."""

_WIDE_COLUMNS = "160"


def quieten() -> None:
    """Filter third-party noise, and switch telemetry off unless the user switched it on."""
    for name in _DROPPED:
        logging.getLogger(name).addFilter(_is_worth_showing)
    if not sys.stdout.isatty():
        # A log file has no width; at Rich's 80 columns every path would be broken.
        os.environ.setdefault("COLUMNS", _WIDE_COLUMNS)
    for pattern, category in _IGNORED:
        warnings.filterwarnings("ignore", message=pattern, category=category)
    os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def _is_worth_showing(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_DROPPED[record.name])
