"""A task with a subtree and a lab book of its own is resolved and checked by the same functions."""

import pytest
from pydantic import Field

from klue_pipeline.base_settings import AboutParams, Settings
from klue_pipeline.runs.experiments import resolve_experiment
from klue_pipeline.runs.parameters import check_parameters
from klue_pipeline.runs.tasks import Task


class Reader(Settings):
    name: str = "plain"
    depth: int | None = None


class Training(Settings):
    epochs: int = Field(ge=1)
    seed: int


class Answers(Settings):
    """All settings of the made-up task."""

    experiment: str
    reader: Reader
    training: Training
    top_k: int
    about: AboutParams
    experiment_defaults: dict
    experiments: dict


def deep_readers_train_long(settings):
    """A rule over two groups."""
    wrong = settings.reader.name == "deep" and settings.training.epochs == 1
    return ["training.epochs: found 1, but reader.name=deep needs 2"] if wrong else []


ANSWERS = Task(
    model=Answers,
    groups=("reader", "training"),
    chosen_by_name=frozenset({"reader"}),
    prefix="odqa",
    lab_book="parameters_odqa_experiments.yml",
    complete=lambda settings, given: {**settings, "top_k": given.get("top_k", 10)},
    rules=(deep_readers_train_long,),
)
CONFIGURED = {
    "experiment": "of_the_other_task",
    "training": {"of": "the other task"},
    "run": {"name": "long"},
    "odqa": {
        "experiment": "bm25",
        "experiment_defaults": {
            "reader": {"name": "plain", "depth": 3},
            "training": {"epochs": 3, "seed": 1},
        },
        "experiments": {
            "bm25": {"why": "기준"},
            "dense": {"why": "x", "reader": {"name": "deep"}, "training": {"epochs": 2}},
        },
    },
}


def resolve(**odqa):
    return resolve_experiment(CONFIGURED, {"odqa": odqa} if odqa else {}, ANSWERS)


def check(**odqa):
    return check_parameters(resolve(**odqa), ANSWERS)


def test_its_experiment_is_resolved_in_its_subtree_and_the_rest_stays():
    resolved = resolve(experiment="dense", training={"seed": 7})
    assert resolved["odqa"]["reader"] == {"name": "deep"}
    assert resolved["odqa"]["training"] == {"epochs": 2, "seed": 7}
    assert resolved["odqa"]["about"]["folder"] == "dense--long"
    assert "kind" not in resolved["odqa"]
    assert {name: value for name, value in resolved.items() if name != "odqa"} == {
        name: value for name, value in CONFIGURED.items() if name != "odqa"
    }


def test_what_is_checked_are_its_settings_only():
    checked = check(top_k=5)
    assert isinstance(checked, Answers)
    assert (checked.experiment, checked.top_k, checked.about.why) == ("bm25", 5, "기준")


@pytest.mark.parametrize(
    ("odqa", "message"),
    [
        (
            {"experiment": "dens"},
            r"'dens' in parameters_odqa_experiments\.yml\. Did you mean dense",
        ),
        ({"reader": "deep"}, r"odqa\.reader: found 'deep'; .* such as odqa\.reader\.name"),
        ({"training": {"epoch": 1}}, r"  odqa\.training\.epoch: there is no .* mean epochs\?"),
        ({"training": {"epochs": 0}}, r"  odqa\.training\.epochs: found 0; "),
        ({"trainin": {}}, r"  odqa\.trainin: there is no such setting\. Did you mean training"),
        (
            {"experiment": "dense", "training": {"epochs": 1}},
            r"  odqa\.training\.epochs: found 1, but",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_subtree(odqa, message):
    with pytest.raises(ValueError, match=message):
        check(**odqa)


def test_a_missing_setting_and_a_misplaced_group_are_named_with_their_subtree():
    lacking = {**CONFIGURED, "odqa": {**CONFIGURED["odqa"], "experiment_defaults": {}}}
    with pytest.raises(ValueError, match=r"odqa\.training\.epochs: is missing; .* odqa\.training"):
        check_parameters(resolve_experiment(lacking, {}, ANSWERS), ANSWERS)
    misplaced = {**CONFIGURED, "odqa": {**CONFIGURED["odqa"], "training": {"epochs": 1}}}
    with pytest.raises(ValueError, match=r"odqa\.training: belongs .* under odqa\.experiment_def"):
        resolve_experiment(misplaced, {}, ANSWERS)
