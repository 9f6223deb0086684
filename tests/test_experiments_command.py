"""``kedro experiments`` from end to end: one that fails stops nobody, what is finished stays."""

import pytest
from projects import read_table

pytestmark = pytest.mark.slow

ENTRIES = """
experiments:
  shorter:
    why: One epoch may be enough.
    training: {epochs: 1}
  lost:
    why: A folder that is not there stops its run, not the others.
    augment: {methods: [fill_mask], fill_mask: {model: no/such/folder}}
"""


def type_experiments(project, *arguments):
    return project.kedro("experiments", "--env", "test", *arguments)


def by_experiment(project, name="experiments.csv"):
    return {row["experiment"]: row for row in read_table(project, f"08_reporting/{name}")}


def weights_of_shorter(project):
    return project.data / "06_models/shorter/fold_0/model.safetensors"


def is_same(cell, other):
    """Compare two cells, numbers by their value."""
    try:
        return float(cell) == float(other)
    except ValueError:
        return cell == other


@pytest.fixture(scope="module")
def called(whole_run, tmp_path_factory):
    """A project after a call that names three: finished before, interrupted and hopeless.

    With it, what the call said and when the interrupted one had written its weights.
    """
    project = whole_run[0].copy_to(tmp_path_factory.mktemp("experiments") / "project")
    with (project.folder / "conf/test/parameters_experiments.yml").open("a") as file:
        file.write(ENTRIES)
    killed = project.run_until("fold_1", 1, "--params", "experiment=shorter")
    assert killed.code == -9, killed.console
    written = weights_of_shorter(project).stat().st_mtime_ns
    return project, type_experiments(project, "typed_punct_query", "lost", "shorter"), written


def test_a_failed_one_does_not_stop_the_rest(called):
    project, ended, _ = called
    assert ended.code == 1
    assert "Traceback" not in ended.console
    found = by_experiment(project)
    statuses = {name: row["status"] for name, row in found.items()}
    assert statuses == {
        "typed_punct_query": "finished before",
        "lost": "failed",
        "shorter": "trained",
    }
    assert "no/such/folder" in found["lost"]["error"]


def test_the_leaderboard_has_the_failed_one_too_with_its_error(called):
    project, *_ = called
    found = by_experiment(project, "leaderboard.csv")
    assert set(found) == {"typed_punct_query", "shorter", "lost", "blend of the last run"}
    lost = found["lost"]
    assert [lost[name] for name in ("rank", "status", "micro_f1")] == ["", "failed", ""]
    assert lost["error"].startswith("augment_sentences: ")
    assert "no/such/folder" in lost["error"]
    assert lost["why"] == "A folder that is not there stops its run, not the others."
    ranked = {name: row for name, row in found.items() if row["rank"]}
    assert set(ranked) == set(found) - {"lost"}
    [best] = [name for name, row in ranked.items() if row["verdict"] == "best"]
    assert ranked[best]["rank"] == "1"
    for name, row in ranked.items():
        assert row["status"] == "finished"
        assert bool(row["difference"]) == bool(row["mcnemar_p"]) == (name != best)
    page = (project.data / "08_reporting/leaderboard.html").read_text(encoding="utf-8")
    assert "no/such/folder" in page


def test_the_console_shows_each_run_and_ends_with_the_table(called):
    _, ended, _ = called
    lines = ended.console.splitlines()
    assert "=== 2 of 3: lost" in lines
    assert ended.console.index("=== 3 of 3: shorter") < ended.console.index("] fold_1.train")
    [header] = [number for number, line in enumerate(lines) if line.startswith("experiment  ")]
    assert [line.split()[0] for line in lines[header + 2 : header + 5]] == [
        "typed_punct_query", "lost", "shorter",
    ]  # fmt: skip
    assert lines[-1].endswith("08_reporting/experiments.csv")


def test_the_table_and_the_leaderboard_say_the_same(called):
    project, *_ = called
    found, leaderboard = by_experiment(project), by_experiment(project, "leaderboard.csv")
    for name in ("typed_punct_query", "shorter"):
        shared = found[name].keys() & leaderboard[name].keys() - {"status", "error"}
        assert {"micro_f1", "auprc", "test_auprc", "difference", "verdict"} <= shared
        for column in shared:
            assert is_same(found[name][column], leaderboard[name][column]), column
        metrics = project.read_json(f"08_reporting/{name}/metrics.json")
        assert float(found[name]["micro_f1"]) == pytest.approx(metrics["out_of_fold"]["micro_f1"])
        assert float(found[name]["test_auprc"]) == pytest.approx(metrics["test"]["auprc"], 1e-5)
    assert found["lost"]["micro_f1"] == found["lost"]["difference"] == ""


def test_a_second_call_touches_no_result_of_finished_ones(called):
    project = called[0]
    before, ranked = project.snapshot(), by_experiment(project, "leaderboard.csv")
    ended = type_experiments(project, "shorter", "typed_punct_query")
    after = project.snapshot()
    assert ended.code == 0, ended.console
    assert ended.console.count(": finished before\n") == 2
    changed = {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)}
    assert {name.removeprefix("08_reporting/") for name in changed} == {
        "experiments.csv", "leaderboard.csv", "leaderboard.html",
        ".fingerprints/leaderboard.csv.json", ".fingerprints/leaderboard.html.json",
    }  # fmt: skip
    assert by_experiment(project, "leaderboard.csv") == ranked


def test_what_an_interrupted_run_left_out_is_all_that_is_made(called):
    project, ended, written = called
    shorter = ended.console.partition("=== 3 of 3: shorter")[2]
    assert "=== going on from what is on disk: kedro run" in shorter
    assert "] fold_1.train" in shorter
    assert "] fold_0.train" not in shorter
    assert weights_of_shorter(project).stat().st_mtime_ns == written


def test_wrong_settings_are_refused_at_once_and_stand_in_the_table(called, tmp_path):
    project = called[0].copy_to(tmp_path / "project")
    ended = type_experiments(project, "shorter", "--params", "folds.run=[0,1],training.seed=nine")
    assert ended.code == 1
    assert "shorter cannot run: Settings are wrong:\n  training.seed: found 'nine'" in ended.console
    assert by_experiment(project)["shorter"]["status"] == "failed"


def test_what_cannot_be_meant_is_refused_before_anything_runs(called):
    project = called[0]
    before = project.snapshot()
    ended = type_experiments(project, "typed_punct_query", "shortr")
    assert ended.code == 2
    message = "There is no experiment 'shortr'. Did you mean shorter?"
    assert message in " ".join(ended.console.split())
    assert project.snapshot() == before
