"""The benchmarks are no part of the package; their folder's parent has to be on the path."""

import logging
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)


@pytest.fixture
def run_script(monkeypatch, capsys):
    """Call a script's ``main`` as its command line would, from the root; return what it prints."""
    monkeypatch.chdir(ROOT)

    def run(main, *arguments):
        monkeypatch.setattr(sys, "argv", ["script", *map(str, arguments)])
        main()
        return capsys.readouterr().out

    yield run
    logging.disable(logging.NOTSET)  # scripts keep the log off their tables
