"""Settings of the tests' environment, with some changed, as a run has them."""

import copy
from pathlib import Path

import pytest

from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.parameters import ODQA, check_parameters

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def odqa_settings(configured):
    """Resolve and check what the command line would say below ``odqa``."""
    settings = read_configuration("test", str(ROOT / "conf"))["parameters"]

    def make(**odqa):
        return check_parameters(resolve_run(copy.deepcopy(settings), {"odqa": odqa}), ODQA)

    return make
