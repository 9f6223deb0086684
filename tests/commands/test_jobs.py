"""Which runs are asked for, in which order, and with which arguments."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.commands.jobs import Job, Request, plan_jobs, require_known

ENTRIES = {
    "rbert": {"why": "x"},
    "binary": {"why": "x"},
    "positive": {"why": "x"},
    "cascade": {"why": "x", "kind": "composite", "members": ["binary", "positive"]},
    "mistakes": {
        "why": "x",
        "augment": {
            "methods": ["aeda"],
            "aeda": {"select": {"mistakes_of": "rbert"}},
            "eda": {"select": {"mistakes_of": "binary"}},  # not among the methods
        },
    },
    "distilled": {"why": "x", "loss": {"name": "distillation", "teachers": ["rbert", "r--lr"]}},
    "combine": {"why": "x", "kind": "composite", "members": ["rbert", "binary", "nobody"]},
}


def plan(*names, run_name=None):
    return [job.folder for job in plan_jobs(names, ENTRIES, run_name)]


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (["rbert", "binary"], ["rbert", "binary"]),
        (["cascade", "rbert"], ["binary", "positive", "cascade", "rbert"]),
        (["positive", "cascade"], ["positive", "binary", "cascade"]),
        (["cascade", "positive"], ["binary", "positive", "cascade"]),
        (["cascade", "combine"], ["binary", "positive", "cascade", "rbert", "combine"]),
        (["rbert", "rbert"], ["rbert"]),
        (["mistakes"], ["rbert", "mistakes"]),
        (["distilled"], ["rbert", "distilled"]),
    ],
)
def test_the_order_is_as_named_but_members_come_first(names, folders):
    assert plan(*names) == folders


@given(st.lists(st.sampled_from(sorted(ENTRIES)), min_size=1))
def test_each_runs_once_and_after_its_members(names):
    jobs = plan_jobs(names, ENTRIES)
    folders = [job.folder for job in jobs]
    assert len(set(folders)) == len(folders)
    assert set(names) <= set(folders)
    for place, job in enumerate(jobs):
        assert set(job.members) <= set(folders[:place])


def test_a_composite_joins_plain_members_whatever_the_variant_is_called():
    assert plan("cascade", run_name="wide") == ["binary", "positive", "cascade--wide"]
    assert plan("binary", "cascade", run_name="wide") == [
        "binary--wide", "binary", "positive", "cascade--wide",
    ]  # fmt: skip


def test_arguments_name_environment_settings_and_experiment():
    request = Request("klue", ("training.epochs=3", "folds.run=[0,2]"))
    assert request.arguments_of(Job("rbert")) == [
        "--env", "klue", "--params", "training.epochs=3,folds.run=[0,2],experiment=rbert",
    ]  # fmt: skip
    assert Request(None, ()).arguments_of(Job("rbert")) == ["--params", "experiment=rbert"]


def test_a_run_name_goes_to_the_named_ones_only():
    request = Request(None, ("run.name=wide", "training.epochs=3"))
    assert request.run_name == "wide"
    assert request.settings_of(Job("rbert", "wide")) == [
        "training.epochs=3", "run.name=wide", "experiment=rbert",
    ]  # fmt: skip
    assert request.settings_of(Job("binary")) == ["training.epochs=3", "experiment=binary"]


def test_an_experiment_among_the_settings_is_refused():
    with pytest.raises(click.UsageError, match="give the experiments by name instead"):
        Request(None, ("experiment=rbert",))


def test_unknown_names_are_refused_all_at_once():
    with pytest.raises(click.UsageError) as refused:
        require_known(["rbert", "cascad", "zzz"], ENTRIES)
    message = str(refused.value)
    assert "'cascad'. Did you mean cascade?" in message
    known = "binary, cascade, combine, distilled, mistakes, positive, rbert"
    assert f"'zzz'. Known are: {known}." in message
    assert message.endswith("Nothing was run.")
