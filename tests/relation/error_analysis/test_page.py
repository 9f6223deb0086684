"""The page as a document; what it does in a browser is tested beside this file."""

import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from klue_pipeline.relation.error_analysis import render_errors

VOID = {"meta", "input", "br", "link", "img"}


class Page(HTMLParser):
    """The elements of a page, with the text of scripts and of the lead."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.scripts, self.open, self.lead = [], [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, text):
        if self.open and self.open[-1][0] == "script":
            self.scripts[-1] += text
        if any(own.get("class") == "lead" for _, own in self.open):
            self.lead += text


@pytest.fixture
def render(world):
    """Return a function that renders the world as it is when the function is called."""
    return lambda: render_errors(world.table, world.training, world.labels.names)


def test_the_page_is_well_formed_and_needs_nothing_else(render):
    page = Page(render())
    assert page.open == []
    loading = {"src", "href", "srcset", "data", "action", "poster"}
    asked = [own[name] for _, own in page.elements for name in loading & own.keys()]
    assert asked == []
    assert not any(tag in {"link", "img", "iframe", "object", "base"} for tag, _ in page.elements)
    assert "url(" not in render()
    assert "@import" not in render()


def test_every_control_has_a_label_and_every_id_is_used_once(render):
    html = render()
    page = Page(html)
    ids = [own["id"] for _, own in page.elements if "id" in own]
    assert len(ids) == len(set(ids))
    controls = re.findall(r"<(?:select|input)\b[^>]*", html)
    labelled = sum("aria-label" in control for control in controls)
    assert len(controls) == labelled + len(re.findall(r"<label\b", html)) > 10


def test_the_data_cannot_end_its_script(world, render):
    evil = "</script><script>document.title='hacked'</script><!--"
    world.sentences["sentence"] = world.sentences["sentence"] + evil
    world.sentences["source"] = evil
    page = Page(render())
    assert len(page.scripts) == 2
    data = json.loads(page.scripts[0])
    assert data["sources"][0] == evil
    assert sum(sentence.endswith(evil) for sentence in data["sentences"]) == 6
    assert "hacked" not in page.scripts[1]


def test_the_script_never_makes_markup_of_text(render):
    script = Page(render()).scripts[1]
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                "new Function", "fetch(", "XMLHttpRequest", "import("):  # fmt: skip
        assert way not in script


def lead_of(html):
    return " ".join(Page(html).lead.split())


def test_the_lead_counts_rows_and_errors(world, render):
    assert lead_of(render()) == (
        "6 out-of-fold rows, 3 errors (50.0 %). 3 test rows, 2 with a true label, 1 error (50.0 %)."
    )
    world.test_gold = world.test_gold.head(0)
    assert lead_of(render()).endswith("3 test rows, true labels not known.")


def test_a_set_without_rows_is_not_spoken_of(world):
    table = world.table
    html = render_errors(table[table["set"] == "test"], world.training, world.labels.names)
    assert "out-of-fold rows" not in lead_of(html)


def test_the_page_is_the_same_from_a_table_read_back_from_disk(world, render, tmp_path):
    world.table.to_parquet(tmp_path / "rows.parquet")
    table = pd.read_parquet(tmp_path / "rows.parquet")
    assert render_errors(table, world.training, world.labels.names) == render()
