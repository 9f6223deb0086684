"""Scores that travel: what one project exports joins the blend and the leaderboard of another."""

import shutil

import pytest
from projects import LONGER, SUBMITTED, read_ledger, read_table

pytestmark = pytest.mark.slow

METHODS = {
    "soft_vote", "hard_vote", "logit_average", "weighted_soft_vote", "best_subset", "greedy",
    "stacking",
}  # fmt: skip


def read_leaderboard(project):
    return {row["experiment"]: row for row in read_table(project, "08_reporting/leaderboard.csv")}


@pytest.fixture(scope="module")
def theirs(two_experiments, tmp_path_factory):
    """A team mate's project, who exports a variant."""
    project = two_experiments.copy_to(tmp_path_factory.mktemp("theirs") / "project")
    ended = project.run("--pipelines", "bundle", "--params", LONGER)
    assert ended.code == 0, ended.console
    return project


@pytest.fixture(scope="module")
def ours(whole_run, theirs, tmp_path_factory):
    """Our project with the same rows, into which their bundle was dropped."""
    project = whole_run[0].copy_to(tmp_path_factory.mktemp("ours") / "project")
    bundle = theirs.data / "08_reporting/bundles/typed_punct_query--longer"
    shutil.copytree(bundle, project.data / "01_raw/bundles/kim.longer")
    ended = project.run("--pipelines", "ensemble,submissions,leaderboard")
    assert ended.code == 0, ended.console
    return project


def test_a_bundle_holds_scores_and_no_weights(theirs):
    bundle = theirs.data / "08_reporting/bundles/typed_punct_query--longer"
    assert {path.name for path in bundle.iterdir()} == {
        "bundle.json", "out_of_fold.parquet", "test_scores.parquet",
    }  # fmt: skip


def test_a_resumed_run_keeps_what_a_person_wrote_into_the_ledger(theirs):
    lines = {line["name"]: line for line in read_ledger(theirs)}
    assert {name: lines["typed_punct_query"][name] for name in SUBMITTED} == SUBMITTED
    assert lines["typed_punct_query--longer"]["submitted_at"] == ""
    page = (theirs.data / "08_reporting/submissions.html").read_text(encoding="utf-8")
    assert "1 submitted" in page
    assert "첫 제출" in page


def test_a_bundle_of_the_same_rows_joins_the_blend(ours):
    report = ours.read_json("08_reporting/ensemble_report.json")
    assert set(report["members"]) == {"typed_punct_query", "kim.longer"}
    assert report["skipped"] == {}
    assert set(report["methods"]) == METHODS
    folder = ours.data / "08_reporting/ensemble"
    assert {path.parent.name for path in folder.glob("*/submission.csv")} == METHODS
    chosen = folder / report["method"] / "submission.csv"
    assert (ours.data / "08_reporting/submission.csv").read_bytes() == chosen.read_bytes()


def test_it_stands_on_the_leaderboard_with_the_scores_it_has_at_home(ours, theirs):
    found, at_home = read_leaderboard(ours), read_leaderboard(theirs)
    assert set(found) == {"typed_punct_query", "kim.longer", "blend of the last run"}
    line, home = found["kim.longer"], at_home["typed_punct_query--longer"]
    assert (line["kind"], line["status"]) == ("bundle", "scores only")
    assert line["note"] == "typed_punct_query--longer of another server"
    same = ("micro_f1", "auprc_low", "shift_micro_f1", "shift_auprc_high", "test_micro_f1", "why")
    assert [line[name] for name in same] == [home[name] for name in same]


def test_the_ledger_has_a_line_for_each_file_of_the_blend(ours):
    lines = read_ledger(ours)
    joint = [line for line in lines if line["members"] == "kim.longer;typed_punct_query"]
    assert {line["file"].split("/")[1] for line in joint} <= METHODS
    assert len(joint) > 3  # equal files share a line
    # The blend of one member, which was there before, is written over and left its line.
    assert {line["members"] for line in lines if line not in joint} == {"typed_punct_query"}
    assert len(lines) == len(joint) + 1
