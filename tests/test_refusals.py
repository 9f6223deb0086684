"""Results of different settings never mix: what is refused, what is not, and what goes on."""

import re

import pytest
from projects import LONGER

pytestmark = pytest.mark.slow

REFUSED = {
    "a resumed run": ["--only-missing-outputs"],
    "the report only": ["--pipelines", "report"],
}
"""Which nodes and datasets are refused is tested with the hook, tests/hooks/test_lineage.py."""
OTHER = ["--params", "training.epochs=3"]


@pytest.fixture
def unchanged(whole_run):
    """The finished project, for commands that touch no result."""
    project = whole_run[0]
    before = project.snapshot()
    yield project
    assert project.snapshot() == before


@pytest.mark.parametrize("command", REFUSED)
def test_other_settings_are_refused_by_name_and_change_nothing(unchanged, command):
    ended = unchanged.run(*REFUSED[command], *OTHER)
    assert ended.code == 1
    assert "on disk was made with other settings" in ended.console
    assert "training.epochs was 2, this run says 3" in ended.console
    assert "--params run.name=" in ended.console
    assert "Traceback" not in ended.console


def test_settings_that_do_not_change_results_are_let_through(unchanged):
    """Where and how often something is saved does not make another result."""
    ended = unchanged.run(
        "--only-missing-outputs",
        "--params",
        "training.checkpoint_every_steps=2,training.evaluation_batch_size=16,training.device=cpu",
    )
    assert ended.code == 0, ended.console


def test_a_changed_raw_file_is_refused(finished_project):
    raw = finished_project.folder / "data/01_raw/sample/train.csv"
    raw.write_bytes(raw.read_bytes()[:-1])
    before = finished_project.snapshot()
    ended = finished_project.run("--nodes", "fold_1.train")
    assert ended.code == 1
    assert "raw.train was " in ended.console
    assert finished_project.snapshot() == before


def test_a_named_variant_has_its_own_folder(whole_run, two_experiments):
    before, after = whole_run[0].snapshot(), two_experiments.snapshot()
    former = {name for name in before if "/typed_punct_query/" in name}
    assert len(former) > 20
    assert {name: after[name] for name in former} == {name: before[name] for name in former}
    new = {name for name in after.keys() - before.keys() if ".fingerprints" not in name}
    # Two can be blended, so that there are more ways to do so than before.
    shared = {name for name in new if name.split("/")[1] in {"ensemble", "blend_scores"}}
    assert len(shared) == 2 * 6
    wanted = {name.replace("/typed_punct_query/", "/typed_punct_query--longer/") for name in former}
    assert {name for name in wanted if ".fingerprints" not in name} == new - shared


def test_both_are_blended_whichever_ran_last(two_experiments, tmp_path):
    project = two_experiments.copy_to(tmp_path / "project")
    report = project.read_json("08_reporting/ensemble_report.json")
    assert (set(report["members"]), report["skipped"]) == (
        {"typed_punct_query", "typed_punct_query--longer"},
        {},
    )
    submission = (project.data / "08_reporting/submission.csv").read_bytes()
    ensemble, evaluated, resumed = project.run_each(
        ["--pipelines", "ensemble"],
        ["--nodes", "evaluate"],
        ["--only-missing-outputs", "--params", LONGER],
    )
    for ended in (ensemble, evaluated, resumed):
        assert ended.code == 0, ended.console
    assert (project.data / "08_reporting/submission.csv").read_bytes() == submission
    # The latest results are made again for the variant that was asked for last.
    assert "Making metrics anew: it is another run's" in resumed.console
    longer = project.read_json("08_reporting/typed_punct_query--longer/metrics.json")
    assert project.read_json("08_reporting/metrics.json") == longer
    assert longer != project.read_json("08_reporting/typed_punct_query/metrics.json")


def test_an_interrupted_run_of_new_settings_can_be_finished(two_experiments, tmp_path):
    """Fold 0 is new, fold 1 and the rest are old when the process dies."""
    project = two_experiments.copy_to(tmp_path / "project")
    origins = [
        project.data / f"06_models/typed_punct_query/.fingerprints/fold_{fold}.json"
        for fold in (0, 1)
    ]
    former = origins[0].read_bytes()
    killed = project.run_until("fold_1", 1, *OTHER)
    assert killed.code == -9, killed.console
    assert origins[0].read_bytes() != former
    assert '"training.epochs": "3"' in origins[0].read_text(encoding="utf-8")
    assert '"training.epochs": "2"' in origins[1].read_text(encoding="utf-8")
    weights = project.data / "06_models/typed_punct_query/fold_0/model.safetensors"
    written = weights.stat().st_mtime_ns

    former_settings = project.run("--only-missing-outputs")
    assert former_settings.code == 1
    assert "training.epochs was 3, this run says 2" in former_settings.console

    resumed = project.run("--only-missing-outputs", *OTHER)
    assert resumed.code == 0, resumed.console
    assert "Making fold_1.model anew: the interrupted run did not get to it" in resumed.console
    assert weights.stat().st_mtime_ns == written
    wanted = project.read_json("08_reporting/typed_punct_query--longer/metrics.json")
    assert project.read_json("08_reporting/typed_punct_query/metrics.json") == wanted
    again = project.run("--only-missing-outputs", *OTHER)
    assert re.search(r"Skipping all \d+ nodes", again.console)
