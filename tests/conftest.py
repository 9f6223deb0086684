"""What all tests share: fixtures from ``tests/shared``, and how a session starts."""

import os
import signal

import pytest

# Tiny models train faster on one thread each, side by side, than one after the other on all cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_plugins = ["projects", "sentences", "tiny_models", "tokenizers_of_all_families"]


def pytest_configure() -> None:
    """Hear Ctrl-C also where a shell started the tests in the background, deaf to it.

    Processes that the tests start and interrupt inherit that deafness.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests share what is expensive: ``--dist loadgroup`` runs a group in one process.

    All tests that type commands are one group, the rest of each file is another.
    """
    for item in items:
        types_commands = "command_server" in getattr(item, "fixturenames", ())
        group = "commands" if types_commands else item.path.stem.removeprefix("test_")
        item.add_marker(pytest.mark.xdist_group(group))
