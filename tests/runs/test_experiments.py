"""Experiments: which of three layers wins, and when a group starts afresh."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.base_settings import merge_settings
from klue_pipeline.runs.experiments import merge_group, resolve_experiment
from klue_pipeline.runs.parameters import RELATION

GROUPS = RELATION.groups

CONFIGURED = {
    "experiment": "baseline",
    "folds": {"n_splits": 3, "run": None},
    "experiment_defaults": {
        "input": {"name": "punct", "query": "question", "type_words": {"PER": "사람"}},
        "encoder": {"name": "scratch", "revision": None, "scratch": {"hidden_size": 128}},
        "head": {"name": "cls", "dropout": 0.1},
        "loss": {"name": "focal", "gamma": 2.0},
        "training": {"epochs": 3, "learning_rate": 1e-3, "seed": 42},
        "augment": {"methods": []},
        "target": {"name": "all"},
        "composite": {"name": "cascade"},
    },
    "experiments": {
        "baseline": {"why": "x"},
        "long": {"why": "더 오래", "training": {"epochs": 9, "seed": 7}},
        "plain": {
            "why": "x",
            "loss": {"name": "cross_entropy"},
            "head": {"name": "rbert", "width": 64},
            "encoder": {"name": "klue/roberta-base"},
            "input": {"name": "entity_mask"},
        },
        "gamma": {"why": "x", "loss": {"gamma": 5.0}, "encoder": {"name": "scratch"}},
    },
}
DEFAULTS = CONFIGURED["experiment_defaults"]


def resolve(**runtime):
    return resolve_experiment(CONFIGURED, runtime)


def changed(group, **changes):
    return {group: DEFAULTS[group] | changes}


@pytest.mark.parametrize(
    ("runtime", "groups"),
    [
        ({}, DEFAULTS),
        ({"experiment": "long"}, changed("training", epochs=9, seed=7)),
        (
            {"experiment": "long", "training": {"epochs": 2, "learning_rate": 5.0}},
            changed("training", epochs=2, seed=7, learning_rate=5.0),
        ),
        (  # another name starts afresh; all representations share the settings of input
            {"experiment": "plain"},
            {
                "loss": {"name": "cross_entropy"},
                "head": {"name": "rbert", "width": 64},
                "encoder": {"name": "klue/roberta-base"},
                **changed("input", name="entity_mask"),
            },
        ),
        (  # the same name does not
            {"experiment": "gamma"},
            {**changed("loss", gamma=5.0), "encoder": DEFAULTS["encoder"]},
        ),
        (
            {"experiment": "plain", "head": {"name": "cls"}, "encoder": {"name": "./mine"}},
            {"head": {"name": "cls"}, "encoder": {"name": "./mine"}},
        ),
        (
            {"encoder": {"name": "./mine", "num_hidden_layers": 4}},
            {"encoder": {"name": "./mine", "num_hidden_layers": 4}},
        ),
        # Defaults and entries of the command line count too, else they would do nothing.
        ({"experiment_defaults": {"training": {"seed": 1}}}, changed("training", seed=1)),
        ({"experiments": {"baseline": {"training": {"seed": 2}}}}, changed("training", seed=2)),
        (
            {"experiment": "long", "experiment_defaults": {"training": {"epochs": 2}}},
            changed("training", epochs=9, seed=7),
        ),
    ],
)
def test_which_layer_wins(runtime, groups):
    resolved = resolve(**runtime)
    assert {group: resolved[group] for group in groups} == groups


def test_the_command_line_wins_elsewhere_too():
    resolved = resolve(folds={"n_splits": 5}, raw={"train": "my.csv"})
    assert resolved["folds"] == {"n_splits": 5, "run": None}
    assert resolved["raw"] == {"train": "my.csv"}


TEXT = {
    "language": "ko",
    "type_words": {"ko": {"PER": "인물", "ORG": "조직"}, "en": {"PER": "person", "LOC": "place"}},
}


def resolve_input(language, configured=CONFIGURED, **runtime):
    configured = configured | {"text": TEXT}
    return resolve_experiment(configured, {"text": {"language": language}, **runtime})["input"]


def test_the_language_brings_its_type_words_and_those_of_the_input_win():
    korean, english = resolve_input("ko"), resolve_input("en")
    assert korean == DEFAULTS["input"] | {
        "language": "ko", "type_words": {"PER": "사람", "ORG": "조직"}
    }  # fmt: skip
    assert english == DEFAULTS["input"] | {
        "language": "en", "type_words": {"PER": "사람", "LOC": "place"}
    }  # fmt: skip
    assert list(korean["type_words"]) == ["PER", "ORG"]  # the order of the special tokens


def test_type_words_come_from_every_layer():
    experiments = CONFIGURED["experiments"] | {
        "own": {"why": "x", "input": {"type_words": {"LOC": "site"}}}
    }
    runtime = {"experiment": "own", "input": {"type_words": {"AGE": "age"}}}
    found = resolve_input("en", CONFIGURED | {"experiments": experiments}, **runtime)
    assert found["type_words"] == {"PER": "사람", "LOC": "site", "AGE": "age"}


def test_the_language_is_said_in_one_place_only():
    message = r"input\.language: found 'en', but what decides .* is text\.language; set that"
    with pytest.raises(ValueError, match=message):
        resolve_input("ko", input={"language": "en"})
    experiments = {"baseline": {"why": "x", "input": {"language": "en"}}}
    with pytest.raises(ValueError, match=message):
        resolve_input("en", CONFIGURED | {"experiments": experiments})


@pytest.mark.parametrize("language", ["fr", None, 3, ["ko", "en"]])
def test_a_language_without_words_is_left_to_the_check_of_all_parameters(language):
    assert resolve_input(language) == DEFAULTS["input"]


@pytest.mark.parametrize("text", [None, {"language": "en", "type_words": None}])
def test_text_settings_that_are_none_are_left_to_it_too(text):
    assert resolve_experiment(CONFIGURED | {"text": text}, {})["input"] == DEFAULTS["input"]


def test_an_unknown_experiment_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"no experiment 'plan'.*Did you mean plain\?") as raised:
        resolve(experiment="plan")
    assert "All: baseline, gamma, long, plain." in str(raised.value)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_given_as_one_value_is_refused_by_name(group):
    """``--params encoder=klue/roberta-base`` is an easy slip."""
    with pytest.raises(ValueError, match=rf"{group}: found 'klue/roberta-base'.*{group}\."):
        resolve(**{group: "klue/roberta-base"})


def test_a_run_knows_what_the_lab_book_says_about_it():
    assert resolve(experiment="long")["about"] == {
        "experiment": "long", "folder": "long", "why": "더 오래", "members": [],
    }  # fmt: skip
    variant = resolve(experiment="long", run={"name": "lr3e5"})["about"]
    assert (variant["folder"], variant["why"]) == ("long--lr3e5", "더 오래")
    members = {"kind": "composite", "members": ["baseline", "plain"]}
    configured = CONFIGURED | {"experiments": CONFIGURED["experiments"] | {"joint": members}}
    joint = resolve_experiment(configured, {"experiment": "joint"})["about"]
    assert (joint["members"], joint["why"]) == (["baseline", "plain"], "")


def test_nobody_says_otherwise_what_a_run_is_about():
    assert resolve(about={"folder": "elsewhere"})["about"] == resolve()["about"]


def test_nothing_given_is_changed():
    before = copy.deepcopy(CONFIGURED)
    runtime = {"experiment": "long", "training": {"epochs": 1}, "input": {"type_words": {"A": "b"}}}
    given_before = copy.deepcopy(runtime)
    resolve_experiment(CONFIGURED, runtime)["training"]["epochs"] = 99
    assert before == CONFIGURED
    assert runtime == given_before


trees = st.recursive(
    st.integers(), lambda below: st.dictionaries(st.sampled_from("abc"), below), max_leaves=8
).filter(lambda tree: isinstance(tree, dict))


def leaves(tree, path=()):
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


@given(trees, trees)
def test_merging_keeps_every_leaf_of_the_latter(former, latter):
    merged = dict(leaves(merge_settings(former, latter)))
    for path, value in leaves(latter):
        if value != {}:
            assert merged[path] == value


@given(trees, trees, trees)
def test_merging_one_by_one_is_merging_all(first, second, third):
    """Kedro merges base and environment before us; the order of the steps must not matter."""
    left = merge_settings(merge_settings(first, second), third)
    assert left == merge_settings(first, merge_settings(second, third)) or _clash(first, second)


def _clash(first, second):
    """A leaf against a mapping: there, the later mapping hides what the leaf replaced."""
    for key in first.keys() & second.keys():
        below = (first[key], second[key])
        both = [isinstance(value, dict) for value in below]
        if any(both) and (not all(both) or _clash(*below)):
            return True
    return False


@given(trees)
def test_merging_nothing_changes_nothing(tree):
    assert merge_settings(tree, {}) == merge_settings({}, tree) == tree


@pytest.mark.parametrize("group", ["training", "input", "augment"])
def test_groups_without_a_choice_are_always_merged(group):
    assert merge_group(group, {"name": "a", "x": 1}, {"name": "b"}) == {"name": "b", "x": 1}


def test_a_command_that_turns_an_entry_into_something_else_is_warned(caplog):
    resolve(experiment="long", training={"epochs": 2, "learning_rate": 5.0, "seed": 7})
    (warning,) = caplog.messages
    assert "training.epochs wins over what experiment long is about" in warning
    assert "experiment_defaults.training.epochs changes only" in warning
    caplog.clear()
    resolve(experiment="long", experiment_defaults={"training": {"epochs": 2, "seed": 1}})
    assert caplog.messages == []
    resolve(experiment="long", training={"epochs": 2}, run={"name": "short"})
    assert caplog.messages == []


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_at_the_top_level_of_a_file_is_refused(group):
    """Nothing would read it there, and a run would go on without it."""
    with pytest.raises(ValueError, match=f"{group}: belongs to experiments; put it under"):
        resolve_experiment(CONFIGURED | {group: {"name": "x"}}, {})


PRIOR = {"source": "given", "negative_share": 0.6, "shares": None, "given_for": "sample.csv"}
NO_PRIOR = PRIOR | {"source": "none", "negative_share": None}


def with_prior(**changes):
    return CONFIGURED | {
        "evaluation": {"seed": 1, "target_prior": PRIOR | changes},
        "raw": {"test": "sample.csv"},
    }


@pytest.mark.parametrize(
    ("changes", "runtime", "wanted"),
    [
        ({}, {}, PRIOR),
        ({}, {"raw": {"test": "mine.csv"}}, NO_PRIOR),
        ({"given_for": None}, {"raw": {"test": "mine.csv"}}, PRIOR | {"given_for": None}),
        (
            {"source": "estimated", "negative_share": None},
            {"raw": {"test": "mine.csv"}},
            PRIOR | {"source": "estimated", "negative_share": None},
        ),
        (
            {},
            {"raw": {"test": "mine.csv"}, "evaluation": {"target_prior": {"negative_share": 0.3}}},
            PRIOR | {"negative_share": 0.3},
        ),
    ],
)
def test_given_shares_count_for_the_test_file_they_are_of(changes, runtime, wanted):
    resolved = resolve_experiment(with_prior(**changes), runtime)
    assert resolved["evaluation"] == {"seed": 1, "target_prior": wanted}
