"""What all tests share: fixtures from ``tests/shared``, and how a session starts."""

import functools
import gc
import os
import re
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Nothing may depend on how busy the machine is.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any")

# Tiny models train faster on one thread each, side by side, than one after the other on all cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

gc.disable()  # until everything is collected: next to nothing of it is garbage

ROOT = Path(__file__).resolve().parents[1]

pytest_plugins = [
    "buckets",
    "postgres_server",
    "projects",
    "sentences",
    "tiny_models",
    "tiny_answerers",
    "tiny_readers",
    "tiny_retrievers",
    "tokenizers_of_all_families",
]


def pytest_configure() -> None:
    """Hear Ctrl-C also where a shell started the tests in the background, deaf to it.

    Processes that the tests start and interrupt inherit that deafness.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Look for examples in docstrings in ``src`` only: tests have none."""
    found = yield
    return [each for each in found if type(each) is pytest.Module]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays until the end: modules, tests and settings.

    Every training collects garbage, and needs most of a second to look through all of these.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


SHARED_RUN = re.compile(
    r"\b(command_server|whole_run|two_experiments|staged_run|finished_project)\b"
    r"|def test_\w+\(project\b"
)
"""Fixtures of ``tests/shared/projects.py`` that are worth being made once in a session."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep each file in one process, and all files that look at the shared runs in the same one.

    ``--dist loadgroup`` would do, but pytest 9 ignores the names that xdist 3.8 gives to groups.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByWhatIsShared(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "commands" if _looks_at_shared_runs(file) else file

    return ByWhatIsShared(config, log)


@functools.cache
def _looks_at_shared_runs(file: str) -> bool:
    return bool(SHARED_RUN.search((ROOT / file).read_text(encoding="utf-8")))
