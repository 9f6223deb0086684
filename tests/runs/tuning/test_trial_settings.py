"""Settings of a trial: what is replaced, what a space may have, what entry says the same."""

import copy
import functools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from kedro.framework.project import configure_project

from klue_pipeline.base_settings import merge_settings
from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.parameters import ODQA, RELATION, check_parameters
from klue_pipeline.runs.tuning.lab_book_entry import entry_of_trial
from klue_pipeline.runs.tuning.trial_settings import (
    SEARCHED_GROUPS,
    as_written,
    check_trial,
    require_space,
    settings_of_trial,
    usual_values,
)
from klue_pipeline.training.tuning.tune_params import Dimension, TuneParams

configure_project("klue_pipeline")
BASE = read_configuration("base")["parameters"]
SHIPPED = TuneParams.model_validate(BASE["tune"]).space


@functools.cache
def resolved(experiment="typed_punct_query"):
    return resolve_run(BASE, {"experiment": experiment})


def trial(values, experiment="typed_punct_query", task=RELATION):
    return task.settings_in(settings_of_trial(resolved(experiment), values, task))


# ---- what is replaced --------------------------------------------------------------------------


def test_values_are_replaced_and_all_else_stays():
    before = copy.deepcopy(resolved())
    values = {"training.learning_rate": 0.1, "encoder.scratch.hidden_size": 64}
    found = settings_of_trial(resolved(), values)
    assert resolved() == before
    assert (found["training"].pop("learning_rate"), found["training"]) == (
        0.1, {k: v for k, v in before["training"].items() if k != "learning_rate"}
    )  # fmt: skip
    assert found["encoder"]["scratch"] == {**before["encoder"]["scratch"], "hidden_size": 64}
    same = [name for name in before if name not in ("training", "encoder")]
    assert all(found[name] == before[name] for name in same)


@pytest.mark.parametrize(
    ("experiment", "values", "loss"),
    [
        ("typed_punct_query", {"loss.gamma": 2.0, "loss.name": "focal"},
         {"name": "focal", "gamma": 2.0}),
        ("rbert_focal", {"loss.name": "cross_entropy"}, {"name": "cross_entropy"}),
        ("rbert_focal", {"loss.name": "focal"}, {"name": "focal", "gamma": 1.0}),
        # Gamma is one of both, beta of class_balanced and ldam, the smoothing everybody's.
        ("class_balanced_focal", {"loss.name": "focal"},
         {"name": "focal", "gamma": 2.0, "label_smoothing": 0.1}),
        ("class_balanced_focal", {"loss.name": "ldam", "loss.max_margin": 0.5},
         {"name": "ldam", "beta": 0.999, "max_margin": 0.5, "label_smoothing": 0.1}),
    ],
)  # fmt: skip
def test_another_method_keeps_what_it_has_as_well(experiment, values, loss):
    assert trial(values, experiment)["loss"] == {
        **({"label_smoothing": 0.0} if "label_smoothing" in resolved(experiment)["loss"] else {}),
        **loss,
    }


def test_settings_of_another_task_stand_below_its_name():
    found = settings_of_trial(resolved(), {"odqa.retrieval.top_k": 70}, ODQA)
    assert found["odqa"]["retrieval"]["top_k"] == 70
    assert {**found, "odqa": 0} == {**resolved(), "odqa": 0}


def test_settings_that_do_not_go_together_are_refused():
    with pytest.raises(ValueError, match="gamma belongs to"):
        check_trial(resolved(), {"loss.gamma": 2.0})
    with pytest.raises(ValueError, match=r"head\.name=rbert reads the entities' markers"):
        check_trial(resolved(), {"head.name": "rbert", "input.name": "pair_prefix"})


def test_the_experiments_own_values_are_found():
    assert usual_values(
        resolved("rbert_focal"),
        ["loss.gamma", "loss.beta", "encoder.scratch.hidden_size", "training.head_learning_rate",
         "encoder.revision.x"],
    ) == {
        "loss.gamma": 1.0, "loss.beta": None,
        "encoder.scratch.hidden_size": resolved()["encoder"]["scratch"]["hidden_size"],
        "training.head_learning_rate": resolved()["training"]["learning_rate"],
        "encoder.revision.x": None,
    }  # fmt: skip
    own = settings_of_trial(resolved(), {"training.head_learning_rate": 0.5})
    assert usual_values(own, ["training.head_learning_rate"])["training.head_learning_rate"] == 0.5


# ---- spaces ------------------------------------------------------------------------------------


def test_the_shipped_space_is_legal_for_every_experiment():
    for name, entry in BASE["experiments"].items():
        if entry.get("kind", "single") == "single":
            require_space(resolved(name), SHIPPED, SEARCHED_GROUPS)


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("folds.seed", {"choices": [1]}, "a trial varies settings of input, encoder, head, loss, "
         "training; found folds.seed"),
        ("learning_rate", {"choices": [1]}, "a trial varies settings of"),
        ("training.learning_rat", {"choices": [1]}, "there is no setting training.learning_rat. "
         "Did you mean learning_rate or "),
        ("loss", {"choices": [1]}, "there is no setting loss. Known are: "),
        ("encoder.scratch.hiden_size", {"choices": [64]}, "there is no such setting. Did you mean "
         "hidden_size?"),
        ("training.epochs", {"choices": [3, 0]}, "found 0; Input should be greater than"),
        ("training.batch_size", {"low": 8, "high": 8.5}, "found 8.5; Input should be a valid int"),
        ("loss.label_smoothing", {"low": 0.0, "high": 1.0}, "found 1.0; Input should be less"),
        ("loss.name", {"choices": ["focal", "focla"]}, "Did you mean focal?"),
        ("training.learning_rate", {"choices": [None]}, "found None; Input should be a valid num"),
        ("loss.gamma", {"choices": [1], "when": {"loss.name": "focla"}},
         "when loss.name: found 'focla'"),
        ("loss.gamma", {"choices": [1], "when": {"loss.name": ["focal", "focla"]}},
         "when loss.name: found 'focla'"),
        ("loss.gamma", {"choices": [1], "when": {"los.name": "focal"}}, "found los.name"),
        ("loss.gamma", {"choices": [-1], "when": {"loss.name": "focal"}}, "found -1; Input should"),
        ("loss.gamma", {"choices": [1], "when": {"loss.nam": "focal"}}, "Did you mean name?"),
        ("training.seed", {"choices": [1, 2]}, "cannot be searched: all trials have the exper"),
        ("input.language", {"choices": ["ko"]}, "cannot be searched: text.language decides it"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_space_is_named(name, written, message):
    space = {**SHIPPED, name: Dimension.model_validate(written)}
    with pytest.raises(ValueError, match="Settings are wrong") as raised:
        require_space(resolved(), space, SEARCHED_GROUPS)
    _, line = str(raised.value).splitlines()
    assert line.startswith(f"  tune.space.{name}: ")
    assert message in line


def test_every_problem_is_listed_and_what_a_trial_finds_out_is_none():
    space = {
        "a.x": Dimension(choices=[1]),
        "training.epochs": Dimension(choices=[0]),
        "loss.gamma": Dimension(choices=[1.0]),  # not of the experiment's loss
    }
    with pytest.raises(ValueError, match="Settings are wrong") as raised:
        require_space(resolved(), space, SEARCHED_GROUPS, where="here")
    lines = str(raised.value).splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == ["here.a.x", "here.training.epochs"]


def test_a_space_of_another_task_is_checked_by_its_settings():
    space = {
        "odqa.retrieval.top_k": Dimension(choices=[0]),
        "odqa.retrieval.topk": Dimension(choices=[1]),
    }
    with pytest.raises(ValueError, match="Settings are wrong") as raised:
        require_space(resolved(), space, ODQA.groups, ODQA, "odqa.tune.space")
    one, two = str(raised.value).splitlines()[1:]
    assert one.startswith("  odqa.tune.space.odqa.retrieval.top_k: found 0")
    assert "Did you mean top_k" in two


# ---- the entry of a trial ----------------------------------------------------------------------


def groups_of(parameters, task=RELATION):
    checked = check_parameters(parameters, task)
    return {group: getattr(checked, group).model_dump() for group in task.groups}


def put_entry(entry, task=RELATION, book=BASE):
    """Resolve an experiment whose entry was just written into the lab book."""
    experiments = {"experiments": {"tuned": {"why": "Searched.", **entry}}}
    added = {task.prefix: experiments} if task.prefix else experiments
    chosen = {"experiment": "tuned"}
    return resolve_run(
        merge_settings(book, added), {task.prefix: chosen} if task.prefix else chosen
    )


SINGLE = sorted(
    name for name, entry in BASE["experiments"].items() if entry.get("kind", "single") == "single"
)
drawn = st.fixed_dictionaries(
    {"training.learning_rate": st.floats(1e-6, 1e-2)},
    optional={
        "training.batch_size": st.sampled_from([8, 16]),
        "training.head_learning_rate": st.floats(1e-6, 1e-2),
        "loss": st.sampled_from([
            {"loss.name": "cross_entropy"}, {"loss.name": "focal", "loss.gamma": 2.5},
            {"loss.label_smoothing": 0.1}, {"loss.label_smoothing": 0.0},
        ]),
        "head": st.sampled_from([
            {"head.dropout": 0.3}, {"head.name": "mean_pool"},
            {"head.name": "bilstm", "head.lstm_layers": 1, "head.lstm_width": 8},
        ]),
        "input.query": st.sampled_from(["none", "question", "prompt2"]),
        "encoder.scratch.num_hidden_layers": st.integers(1, 3),
        "encoder.dropout": st.sampled_from([None, 0.0]),
    },
).map(lambda values: {
    name: value
    for key, each in values.items()
    for name, value in (each if isinstance(each, dict) else {key: each}).items()
})  # fmt: skip


@settings(max_examples=25)
@given(st.sampled_from(SINGLE), drawn)
def test_the_entry_of_a_trial_is_the_trial(experiment, values):
    parameters = resolved(experiment)
    try:
        tried = settings_of_trial(parameters, values)
        wanted = groups_of(tried)
    except ValueError:
        assume(False)  # refused, so that it is no winner
    entry = entry_of_trial(parameters, values)
    assert groups_of(put_entry(entry)) == wanted


NEED_A_FILE = {"dense", "external"}


@pytest.mark.parametrize("experiment", sorted(BASE["odqa"]["experiments"].keys() - NEED_A_FILE))
def test_the_entry_of_a_trial_of_another_task_is_the_trial(experiment):
    parameters = resolve_run(BASE, {"odqa": {"experiment": experiment}})
    wanted = groups_of(settings_of_trial(parameters, {"odqa.retrieval.top_k": 70}, ODQA), ODQA)
    entry = entry_of_trial(parameters, {"odqa.retrieval.top_k": 70}, ODQA)
    assert groups_of(put_entry(entry, ODQA), ODQA) == wanted


def test_an_entry_says_only_what_differs():
    values = {"training.learning_rate": 0.1, "encoder.scratch.hidden_size": 64}
    assert entry_of_trial(resolved(), values) == {
        "training": {"learning_rate": 0.1}, "encoder": {"scratch": {"hidden_size": 64}},
    }  # fmt: skip
    assert entry_of_trial(resolved(), {}) == {}
    assert entry_of_trial(resolved("rbert_focal"), {"loss.gamma": 3.0})["loss"] == {
        "name": "focal", "label_smoothing": 0.0, "gamma": 3.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("runtime", "entry"),
    [
        ({"training": {"epochs": 7}}, {"training": {"epochs": 7}}),
        ({"training": {"device": "cpu"}}, {}),  # where it runs, not what comes out
        ({"input": {"type_words": {"PER": "인물"}}}, {"input": {"type_words": {"PER": "인물"}}}),
        ({"text": {"language": "en"}}, {}),  # a setting of the run, not of an experiment
        ({"text": {"language": "en"}, "input": {"type_words": {"PER": "one"}}},
         {"input": {"type_words": {"PER": "one"}}}),
        ({"augment": {"methods": ["aeda"], "aeda": {"share": 0.5}}},
         {"augment": {"methods": ["aeda"], "aeda": {"share": 0.5}}}),
    ],
)  # fmt: skip
def test_what_the_command_line_said_is_in_the_entry(runtime, entry):
    parameters = resolve_run(BASE, runtime)
    assert entry_of_trial(parameters, {}) == entry
    book = merge_settings(BASE, {"text": runtime.get("text", {})})
    assert groups_of(put_entry(entry, book=book)) == {
        **groups_of(parameters),
        **({"training": groups_of(resolved())["training"]} if "device" in str(runtime) else {}),
    }


def test_words_of_the_experiments_own_entry_stay_in_it():
    own = {"input": {"type_words": {"PER": "인물"}}, "training": {"epochs": 2}}
    book = merge_settings(BASE, {"experiments": {"worded": {"why": "x", **own}}})
    parameters = resolve_run(book, {"experiment": "worded"})
    assert entry_of_trial(parameters, {"training.epochs": 4}) == {
        "input": own["input"], "training": {"epochs": 4}
    }  # fmt: skip


def test_parameters_that_nodes_get_as_models_say_the_same():
    checked = check_parameters(resolved("rbert_focal"))
    models = {**resolved("rbert_focal"), **dict(checked)}
    written = as_written(models)
    assert written["loss"] == checked.loss.model_dump(mode="json")
    values = {"training.learning_rate": 0.1}
    assert entry_of_trial(written, values) == entry_of_trial(resolved("rbert_focal"), values)
