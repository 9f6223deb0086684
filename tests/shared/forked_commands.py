"""Commands that are forked from a process which has imported everything already.

A command of its own process spends seconds on importing torch, Transformers and MLflow, often more
than on its work. A fork is a process as well: it has settings, logs, locks and an end of its own,
and may be killed.
"""

import atexit
import gc
import importlib
import multiprocessing
import os
import pkgutil
import signal
import sys
import weakref
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path

import pytest

_LIBRARIES = (
    "PIL.GifImagePlugin", "PIL.JpegImagePlugin", "alembic.command", "cleanlab",
    "kedro.framework.cli.cli", "kedro.framework.context", "kedro.validation",
    "kedro_telemetry.plugin", "kedro_viz.integrations.kedro.hooks",
    "kedro_viz.integrations.kedro.run_hooks", "kedro_viz.launchers.cli.main",
    "matplotlib.backends.backend_agg", "mlflow.store.tracking.sqlalchemy_workspace_store",
    "pandera.accessors.pandas_accessor", "pandera.backends.pandas.builtin_checks",
    "pandera.backends.pandas.register", "sklearn.feature_extraction.text", "sklearn.metrics",
    "sqlalchemy.dialects.sqlite", "transformers.convert_slow_tokenizer",
    "transformers.integrations", "transformers.integrations.mistral",
    "transformers.models.auto.tokenization_auto", "transformers.models.bert.modeling_bert",
    "transformers.models.encoder_decoder",
)  # fmt: skip
"""What commands import late."""
_IMPORT_ALL = "KLUE_TESTS_IMPORT_ALL"
SIGNAL_AT = "KLUE_TESTS_SIGNAL_AT"
"""In a command's environment: training, step and signal, as in ``fold_1:13:9``."""
_ROOT = Path(__file__).resolve().parents[2]


def fork_command(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], console: Path
) -> multiprocessing.Process:
    """Start ``kedro`` with these arguments in a folder; both its streams go to a file."""
    context = multiprocessing.get_context("forkserver")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(_ROOT)  # Kedro reads conf/logging.yml of where it is imported
        for name in set(os.environ) - set(environment):
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        search_path = [str(Path(__file__).parent), environment.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, search_path)))
        patch.setenv(_IMPORT_ALL, "1")
        context.set_forkserver_preload([__name__])
        forkserver.ensure_running()
    process = context.Process(
        target=_type_command, args=(list(arguments), folder, dict(environment), console)
    )
    process.start()
    return process


def stop_server() -> None:
    """End the process that is forked from, if there is one, and wait until it is gone."""
    server = forkserver._forkserver
    if server._forkserver_pid is not None:
        os.kill(server._forkserver_pid, signal.SIGKILL)
        server._stop()


def _type_command(
    arguments: list[str], folder: Path, environment: dict[str, str], console: Path
) -> None:
    with console.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    from klue_pipeline.commands import child_run

    child_run._wait_for = _fork_child
    _call_kedro(arguments)


def _call_kedro(arguments: Sequence[str]) -> None:
    sys.argv = ["kedro", *arguments]

    from kedro.framework.cli.cli import main

    from klue_pipeline.console import quieten

    quieten()  # what it sets in the environment
    if moment := os.environ.pop(SIGNAL_AT, None):
        _signal_at(*moment.split(":"))
    try:
        main()
    finally:
        atexit._run_exitfuncs()


def _fork_child(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run what a command starts, ``python -m kedro run …``, in a fork of the command."""
    child = multiprocessing.get_context("fork").Process(
        target=_be_child, args=(command[3:], environment)
    )
    child.start()
    child.join()
    return child.exitcode


def _be_child(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    weakref.finalize._registry.clear()  # temporary folders are the parent's, which goes on
    os.environ.update(environment)
    _call_kedro(arguments)


def _signal_at(training: str, step: str, number: str) -> None:
    """Send this process a signal at the end of an optimizer step, however busy the machine is."""
    from klue_pipeline.training.callbacks import ProgressReporter

    on_step_end = ProgressReporter.on_step_end

    def on_step_end_or_signal(self, args, state, control, **kwargs):
        on_step_end(self, args, state, control, **kwargs)
        if (self._description, state.global_step) == (training, int(step)):
            os.kill(os.getpid(), int(number))

    ProgressReporter.on_step_end = on_step_end_or_signal


def _import_all() -> None:
    for name in ("COLUMNS", "LINES"):  # readline, which pytest imports, sets them for children
        os.environ.pop(name, None)

    import pandas as pd
    import pandera.pandas as pa

    import klue_pipeline

    for name in _LIBRARIES:
        importlib.import_module(name)
    pa.DataFrameSchema().validate(pd.DataFrame())  # looks for every library of tables, once
    for module in pkgutil.walk_packages(klue_pipeline.__path__, "klue_pipeline."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    gc.freeze()  # no command looks through all of this for garbage, nor copies it by doing so


if os.environ.pop(_IMPORT_ALL, None):
    _import_all()
