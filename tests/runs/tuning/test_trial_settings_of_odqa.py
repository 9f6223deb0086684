"""Trials of open-domain QA: settings by their whole names, and those of one retriever of many."""

import copy
from pathlib import Path

import pytest

from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.parameters import ODQA
from klue_pipeline.runs.tuning.trial_settings import (
    check_attempt,
    require_space,
    settings_of_trial,
    usual_values,
)
from klue_pipeline.training.tuning.trials import Attempt, RefusedError
from klue_pipeline.training.tuning.tune_params import Dimension

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def parameters(configured):
    return resolve_run(read_configuration("test", str(ROOT / "conf"))["parameters"], {})


def test_a_trial_replaces_settings_below_the_task(parameters):
    before = copy.deepcopy(parameters)
    values = {
        "odqa.training.learning_rate": 0.5,
        "odqa.reader.scratch.hidden_size": 32,
        "odqa.retrievers.bm25.k1": 0.1,
    }
    changed = settings_of_trial(parameters, values, ODQA)
    assert parameters == before
    assert usual_values(changed, list(values), ODQA) == values
    assert changed["training"] == parameters["training"]
    others = {**changed["odqa"]["retrievers"], "bm25": parameters["odqa"]["retrievers"]["bm25"]}
    assert others == parameters["odqa"]["retrievers"]


def test_what_is_left_out_has_the_value_that_stands_for_it(parameters):
    found = usual_values(parameters, ["odqa.training.head_learning_rate"], ODQA)
    rate = parameters["odqa"]["training"]["learning_rate"]
    assert found == {"odqa.training.head_learning_rate": rate}


@pytest.mark.parametrize(
    ("name", "dimension", "problem"),
    [
        ("odqa.retrievers.bm25.k1", {"low": 0.1, "high": 3.0}, None),
        ("odqa.retrievers.bm25.k1", {"low": -1.0, "high": 3.0}, "k1: found -1.0"),
        ("odqa.retrievers.bm25.b", {"choices": [0.5, 2.0]}, "b: found 2.0"),
        ("odqa.retrievers.bm26.b", {"choices": [0.5]}, "no odqa.retrievers.bm26. Did you mean"),
        ("odqa.retrievers.bm25.kl", {"choices": [0.5]}, "no setting odqa.retrievers.bm25.kl"),
        ("odqa.contrastive.temperature", {"low": 0.0, "high": 1.0}, "temperature: found 0.0"),
        ("odqa.head.dropout", {"low": 0.0, "high": 0.5}, "settings of odqa.retrievers, odqa.contr"),
        ("retrievers.bm25.k1", {"low": 0.1, "high": 3.0}, "found retrievers.bm25.k1"),
    ],
)
def test_a_space_is_checked_by_the_settings_of_the_task(parameters, name, dimension, problem):
    space = {name: Dimension(**dimension)}
    groups = ("retrievers", "contrastive")
    if problem is None:
        require_space(parameters, space, groups, ODQA, "odqa.tune.spaces.retriever")
        return
    with pytest.raises(ValueError, match="Settings are wrong") as raised:
        require_space(parameters, space, groups, ODQA, "odqa.tune.spaces.retriever")
    line = str(raised.value).splitlines()[1]
    assert line.startswith(f"  odqa.tune.spaces.retriever.{name}: ")
    assert problem in line


def test_an_attempt_has_a_seed_of_its_own_and_may_be_refused(parameters):
    seed = "odqa.training.seed"
    checked = check_attempt(parameters, Attempt({"odqa.training.epochs": 3}, seed=2), seed, ODQA)
    assert checked.training.epochs == 3
    assert checked.training.seed == parameters["odqa"]["training"]["seed"] + 2
    unseeded = check_attempt(parameters, Attempt({}, seed=2), "", ODQA)
    assert unseeded.training.seed == parameters["odqa"]["training"]["seed"]
    with pytest.raises(RefusedError, match=r"odqa\.reader\.stride: .* leave nothing"):
        check_attempt(parameters, Attempt({"odqa.reader.stride": 150}), seed, ODQA)
