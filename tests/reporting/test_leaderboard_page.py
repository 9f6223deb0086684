"""The page of the leaderboard: what it shows, that it is safe, and that it sorts."""

import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from klue_pipeline.evaluation.intervals import Estimate, Interval
from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.reporting.leaderboard import LeaderboardEntry, give_verdict, rank_entries
from klue_pipeline.reporting.leaderboard_page import Scale, render_leaderboard

ATTACK = "<script>alert('why')</script>"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def entry(name, value=None, **facts):
    scores = {} if value is None else {"micro_f1": Estimate(value, value - 2, value + 2)}
    return LeaderboardEntry(
        name, **{"kind": "single", "status": "finished", "scores": scores, **facts}
    )


def render(*entries, select_by="micro_f1", **settings):
    common = {"remark": "60 % no_relation, as given", "confidence": 0.95}
    score = RELATION_SCORES.find(select_by)
    ranked = rank_entries(entries, score)
    return render_leaderboard(ranked, score, RELATION_SCORES, **{**common, **settings})


ENTRIES = (
    entry("low", 60.0, difference=Interval(-10.0, -12.0, -8.0), mcnemar_p=0.0001, verdict="worse"),
    entry("best", 70.0, verdict="best", rows=32470, folds=5, training_seconds=7325.0,
          rows_per_second=1999.6),
    entry("near", 69.0, difference=Interval(-1.0, -2.0, 0.5), mcnemar_p=0.31,
          verdict="no difference: noise"),
    entry("other", 65.0, verdict=give_verdict(None, reason="other folds")),
    entry("broken", status="failed", why=ATTACK, error=f"ValueError: {ATTACK}", note=ATTACK),
)  # fmt: skip


def test_rows_stand_in_the_order_of_their_rank(read_page):
    page = read_page(render(*ENTRIES))
    assert [cell["text"] for cell in page.column("Rank")] == ["1", "2", "3", "4", "–"]
    names = [cell["attributes"]["data-sort"] for cell in page.column("Experiment")]
    assert names == ["best", "near", "other", "low", "broken"]


def test_the_head_says_by_what_it_is_ranked_and_what_the_prior_is():
    html = render(*ENTRIES)
    assert "Ranked by <strong>Micro F1</strong>" in html
    assert "60 % no_relation, as given" in html
    assert "95 % bootstrap intervals" in html
    assert "5 entries, 4 with a rank; last runs: 1 failed, 4 finished" in html
    assert "90 % bootstrap" in render(*ENTRIES, confidence=0.9)


def test_scores_have_their_interval_as_text_and_as_a_bar_on_a_common_scale(read_page):
    page = read_page(render(*ENTRIES))
    cells = page.column("Micro F1")
    assert page.rows[0][2]["text"] == "Micro F1 58.0 … 72.0"
    assert [cell["text"] for cell in cells[:2]] == ["70.00 [68.00, 72.00]", "69.00 [67.00, 71.00]"]
    ranges = [
        (float(own["x1"]), float(own["x2"]))
        for cell in cells
        for tag, own in cell["tags"]
        if tag == "line" and own["class"] == "range"
    ]
    # 14 points wide: 58 is the left end and 72 the right one.
    wanted = [(68, 72), (67, 71), (63, 67), (58, 62)]
    assert ranges == [pytest.approx([(end - 58) / 14 * 100 for end in own], abs=0.01)
                      for own in wanted]  # fmt: skip


def test_verdicts_are_told_in_words_besides_their_colour(read_page):
    cells = read_page(render(*ENTRIES)).column("Verdict")
    assert [cell["text"] for cell in cells] == [
        "★ best", "≈ no difference: noise", "⊘ not comparable: other folds", "▼ worse", "–"
    ]  # fmt: skip
    tones = [cell["attributes"]["class"].split()[1] for cell in cells]
    assert tones == ["good", "warn", "soft", "bad", "soft"]
    differences = [cell["text"] for cell in read_page(render(*ENTRIES)).column("To the best")]
    assert [cell["text"] for cell in read_page(render(*ENTRIES)).rows[1][-5:]] == [
        "32,470", "5", "2 h 2 min", "2,000", "–",
    ]  # fmt: skip
    assert differences[1] == "-1.00 [-2.00, +0.50] accuracy: p = 0.310"
    assert differences[3] == "-10.00 [-12.00, -8.00] accuracy: p < 0.001"


def test_text_from_outside_is_shown_and_never_run(read_page):
    html = render(*ENTRIES, remark=ATTACK)
    page = read_page(html)
    assert page.tags.count("script") == 1
    assert "alert" not in html.split("<script>")[1].split("</script>")[0]
    broken = page.column("Experiment")[-1]
    assert broken["text"].count(ATTACK) == 3
    assert any(tag == "details" for tag, _ in broken["tags"])
    assert "Why it failed" in broken["text"]


def test_the_page_needs_nothing_but_itself(read_page):
    page = read_page(
        render(*ENTRIES, entry("linked", mlflow_run_id="ab", mlflow_link="http://m/#/ab"))
    )
    assert page.links == ["http://m/#/ab"]
    assert {"img", "link", "iframe"}.isdisjoint(page.tags)


def test_what_an_entry_is_when_it_ran_and_where_more_is_stand_beside_its_name(read_page):
    own = entry(
        "a b--look", 60.0, why="왜", variant_of="a b", partial="fold 0 only", common_rows=120,
        difference=Interval(-1.0, -2.0, 0.5), expected="expected: 7, and more",
        started_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        pages={"errors": "a b--look/errors.html"},
    )  # fmt: skip
    page = read_page(render(entry("whole", 50.0), own, pages={"blends": "ensemble_report.html"}))
    assert page.links == ["ensemble_report.html", "a%20b--look/errors.html"]
    assert page.column("Experiment")[1]["text"] == (
        "a b--look single finished fold 0 only 2026-03-01 09:30 UTC · errors Variant of a b; "
        "the why of that entry: 왜 Expected: 7, and more"
    )
    assert [cell["text"] for cell in page.column("Rank")] == ["1", "–"]
    assert page.column("To the best")[1]["text"].endswith("on 120 common rows")


def test_only_scores_that_somebody_has_are_shown_and_the_ranked_one_first(read_page):
    shifted = {"shift_micro_f1": Estimate(50.0, 49.0, 51.0), "micro_f1": Estimate(60.0, 59.0, 61.0)}
    html = render(entry("a", scores=shifted), select_by="shift_micro_f1")
    titles = read_page(html).texts(0)
    assert titles[2] == "Shift-aware micro F1 49.0 … 51.0"
    assert titles[5] == "Micro F1 59.0 … 61.0"
    assert not any("AUPRC" in title or "Test" in title for title in titles)


def test_test_scores_are_shown_where_the_labels_are_known(read_page):
    page = read_page(render(entry("a", 60.0, test_scores={"micro_f1": 55.25}), entry("b", 50.0)))
    assert [cell["text"] for cell in page.column("Test micro F1")] == ["55.25", "–"]
    assert [cell["text"] for cell in page.column("Test AUPRC")] == ["–", "–"]


def test_intervals_without_ends_draw_no_bar_and_equal_scores_no_scale(read_page):
    nan = float("nan")
    page = read_page(render(entry("a", scores={"micro_f1": Estimate(60.0, nan, nan)})))
    assert not any(tag == "svg" for tag, _ in page.column("Micro F1")[0]["tags"])
    assert Scale(60.0, 60.0).place(60.0) == 50.0


def test_without_entries_it_says_what_to_do():
    html = render()
    assert "<table" not in html
    assert "kedro run" in html


CLICKS = """
<script>
const order = () => [...body.rows].map(row => row.cells[1].dataset.sort).join(" ");
const headers = [...document.querySelectorAll("th")];
const report = [];
for (const title of ["Micro F1", "Micro F1", "Experiment", "Verdict"]) {
  const header = headers.find(own => own.textContent.startsWith(title));
  header.querySelector("button").click();
  report.push(`${header.getAttribute("aria-sort")}: ${order()}`);
}
report.push(`sorted: ${document.querySelectorAll("[aria-sort]").length}`);
report.push(document.getElementById("sorted").textContent);
document.body.textContent = report.join("|");
</script>
"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs a browser")
def test_a_click_on_a_name_sorts_and_leaves_the_missing_last(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(render(*ENTRIES).replace("</body>", f"{CLICKS}</body>"), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
               "--disable-quic", "--disable-background-networking", "--disable-component-update",
               f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]  # fmt: skip
    shown = subprocess.run(
        [CHROMIUM, *options, page.as_uri()], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    report = shown.partition("<body>")[2].partition("</body>")[0].strip().split("|")
    assert report == [
        "descending: best near other low broken",
        "ascending: low other near best broken",
        "ascending: best broken low near other",
        "ascending: best near other low broken",
        "sorted: 1",
        "Sorted by Verdict, ascending",
    ]
