"""The page of a blend: what it shows, and that names from elsewhere are shown and never run."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.scores import average_probabilities
from klue_pipeline.relation.ensemble.blending import blend
from klue_pipeline.relation.ensemble.methods import METHODS
from klue_pipeline.relation.ensemble.panel import COLUMNS, tabulate_diversity
from klue_pipeline.relation.ensemble.report import render_ensemble, report_blend

ATTACK = "<script>alert('name')</script>"
GIVEN = {"source": "given", "negative_share": 0.7}


class Page(HTMLParser):
    """The tags of a page, its text, and the texts of its cells row by row."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.rows, self.text = [], [], [], ""
        self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in {"href", "src"}]
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self._in_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self._in_cell = self._in_cell and tag not in {"td", "th"}

    def handle_data(self, text):
        self.text += text
        if self._in_cell:
            self.rows[-1][-1] += text

    def lines(self):
        """Cells by the first one of their row without its tag, with blanks made one."""
        return {
            row[0].removesuffix(" chosen").removesuffix(" submitted"): [
                " ".join(own.split()) for own in row
            ]
            for row in self.rows
        }


@pytest.fixture(scope="module")
def render(small_task, same_texts, ensemble_params, evaluation_params):
    """The page of a blend and the report it shows."""

    def run(skills, prior=None, skipped=None, files=(), **changes):
        file = average_probabilities(small_task.test_folds(1.0, 9))
        voters = small_task.voters(
            skills, dict.fromkeys(files, file), skipped=skipped or {}, fold_scores={}
        )
        params = ensemble_params(**{"methods": [*METHODS], **changes})
        select_by = "shift_micro_f1" if prior else "micro_f1"
        evaluation = evaluation_params(prior, select_by=select_by)
        blended = blend(voters, small_task.task, same_texts, params, evaluation)
        report = report_blend(blended, voters.selection.skipped, params)
        return report, render_ensemble(report, tabulate_diversity(blended.prepared.panel))

    return run


@pytest.fixture(scope="module")
def shown(render):
    report, html = render({"strong": 2.5, "weak": 1.0}, GIVEN, calibrate=True)
    return report, Page(html)


def test_it_needs_no_other_file(shown):
    assert shown[1].links == []


def test_methods_are_ranked_by_the_score_that_decides(shown):
    report, page = shown
    scores = {
        name: own["scores"]["shift_micro_f1"]["value"] for name, own in report["methods"].items()
    }
    names = [row[0].split()[0] for row in page.rows[1 : len(METHODS) + 1]]
    assert [scores[name] for name in names] == sorted(scores.values(), reverse=True)
    assert [row[0].split()[1:] for row in page.rows[1 : len(METHODS) + 1]].count(["chosen"]) == 1
    assert page.rows[len(METHODS) + 1][0] == f"{report['best_member']} alone"


def test_scores_stand_with_their_intervals(shown):
    report, page = shown
    own = report["methods"]["greedy"]
    line = page.lines()["greedy"]
    for place, name in enumerate(own["scores"]):
        found = own["scores"][name]
        wanted = f"{found['value']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"
        assert line[1 + place] == wanted
    expected = own["predicted"]["auprc"]
    assert line[-2] == f"{expected['value']:.2f} [{expected['low']:.2f}, {expected['high']:.2f}]"
    assert page.lines()["stacking"][-1] == "a classifier over all scores"


def test_members_diversity_and_verdict_are_told(shown):
    report, page = shown
    own, lines = report["members"]["weak"], page.lines()
    temperature = report["methods"][report["method"]]["temperatures"]["weak"]
    assert lines["weak"][1:] == [
        f"{own['micro_f1']:.2f}", f"{own['auprc']:.2f}", f"{own['accuracy']:.2f}", "120",
        f"{temperature:.2f}",
    ]  # fmt: skip
    assert lines["strong"][:2] == ["strong", "weak"]
    assert report["verdict"] in page.text
    assert "given prior with 70.0 % of rows without a relation" in page.text


def test_shift_aware_scores_are_missed_only_where_somebody_asked_for_them(render):
    _, html = render({"strong": 2.5, "weak": 1.0})
    assert "shift-aware" not in Page(html).text
    asked = {"source": "estimated", "min_effective_rows": 100_000}
    report, html = render({"strong": 2.5, "weak": 1.0}, asked)
    assert f"There is no shift-aware score: {report['prior']['refusal']}." in Page(html).text


def test_names_from_elsewhere_are_text(render):
    """Names of members, of those left out, and the reasons."""
    report, html = render(
        {ATTACK: 2.5, "weak": 1.0}, GIVEN, {f"odd {ATTACK}": f"its rows are {ATTACK}"}
    )
    page = Page(html)
    assert "script" not in page.tags
    assert f"{ATTACK} alone" in page.text
    assert ATTACK in report["verdict"]
    assert report["verdict"] in page.text
    assert page.lines()[ATTACK][0] == ATTACK
    assert page.lines()[f"odd {ATTACK}"] == [f"odd {ATTACK}", f"its rows are {ATTACK}"]


def test_one_member_has_no_pairs(render):
    _, html = render({"alone": 1.5})
    page = Page(html)
    assert "How differently members err" not in page.text
    assert "One member, alone: there is nothing to blend." in page.text


def test_decoding_options_are_shown_if_there_are_any(render, shown):
    assert "Decoding options" not in shown[1].text
    report, html = render({"strong": 2.5, "weak": 1.0}, negative_bias=3.0, type_pair_mask="auto")
    told = report["decoding"]["negative_bias"]
    assert Page(html).lines()["negative_bias"] == [
        "negative_bias", "yes",
        f"{told['difference']:+.2f} [{told['low']:+.2f}, {told['high']:+.2f}]",
    ]  # fmt: skip
    assert Page(html).lines()["type_pair_mask"][1] in {"yes", "no"}


def estimate(found):
    return f"{found['value']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"


def test_after_decoding_the_submission_has_a_row_of_its_own(render):
    """Those of the methods are what they were compared by."""
    report, html = render(
        {"strong": 2.5, "weak": 1.0}, GIVEN, negative_bias=1.0, type_pair_mask="always"
    )
    page, method = Page(html), report["method"]
    line, before = page.lines()[f"{method} decoded"], page.lines()[method]
    places = list(enumerate(report["scores"], start=1))
    assert [line[place] for place, _ in places] == [
        estimate(report["scores"][name]) for _, name in places
    ]
    assert [before[place] for place, _ in places] == [
        estimate(report["methods"][method]["scores"][name]) for _, name in places
    ]
    assert line[-3:-1] == [estimate(report["predicted"][name]) for name in ("micro_f1", "auprc")]
    assert line[1] != before[1]
    assert (
        f"Methods are compared before decoding. The submission is {method} after type_pair_mask "
        "and negative_bias, which has a row of its own."
    ) in page.text


def test_what_every_witness_says_is_shown(shown):
    report, page = shown
    own = report["witnesses"]["thresholded"]
    f1, auprc, accuracy, about = page.lines()["thresholded"][1:]
    assert f1 == f"{own['micro_f1']:.2f} [{own['micro_f1_low']:.2f}, {own['micro_f1_high']:.2f}]"
    assert auprc == "–"
    assert accuracy.startswith(f"{own['accuracy']:.2f} ")
    assert about.startswith("the share of test rows above the confidence")
    assert page.lines()["stated"][1] == estimate(report["predicted"]["micro_f1"])


def test_without_a_prediction_the_page_says_why(render):
    report, html = render({"strong": 2.5, "weak": 1.0}, GIVEN, negative_bias=3.0)
    page = Page(html)
    assert report["predicted"] == {}
    assert f"; there is none: {report['not_predicted']}." in page.text
    assert "stated" not in page.lines()
    assert {*report["witnesses"]} <= {*page.lines()}
    assert page.lines()[f"{report['method']} decoded"][-3:-1] == ["", ""]


def test_submission_files_are_shown_with_their_weight(render):
    report, html = render({"strong": 2.5, "weak": 1.0}, files=["friend", f"odd {ATTACK}"])
    page = Page(html)
    assert page.lines()["friend"] == ["friend", "0.25"]
    assert page.lines()[f"odd {ATTACK}"] == [f"odd {ATTACK}", "0.25"]
    assert "script" not in page.tags
    assert "Scores and what is expected are those of the members alone" in page.text
    assert "nobody can tell how good they are, and nothing was fitted" in page.text
    assert report["verdict"] in page.text
    assert "0.25 friend" in page.lines()["soft_vote"][-1]


def test_a_correlation_that_is_not_defined_is_a_dash(shown):
    table = pd.DataFrame([("a", "b", np.nan, 0.0, 0.0, 100.0)], columns=list(COLUMNS))
    page = Page(render_ensemble(shown[0], table))
    assert page.lines()["a"] == ["a", "b", "–", "0.0", "0.0", "100.0"]
    assert "nan" not in page.text.lower()
