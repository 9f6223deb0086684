"""The page of errors in a headless browser: what is shown, filtered, linked, and never run.

A browser takes seconds to start, so that each start looks at all there is to see of one page.
"""

import re

import numpy as np
import pandas as pd
import pytest
from browser_pages import take_steps

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.error_analysis import render_errors

pytestmark = pytest.mark.slow

READ_ROW = """(row) => {
  const plain = (sentence) => {
    const copy = sentence.cloneNode(true);
    all(".tag, .apart-text", copy).forEach((extra) => extra.remove());
    return copy.textContent;
  };
  const entity = (row, role) => one("mark." + role, row).firstChild.textContent;
  return {
    id: one(".facts a", row).textContent,
    tags: all(".facts .tag", row).map((tag) => tag.textContent),
    sentence: plain(one(".sentence", row)),
    subject: entity(row, "subject"), object: entity(row, "object"),
    types: all("mark .tag", row).map((tag) => tag.textContent),
    verdict: one(".verdict", row).textContent,
    bars: all(".bars li", row).map((bar) => bar.textContent),
    pairs: one(".pairs", row).textContent,
  };
}"""


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    """Return a function that opens a page, takes steps in it and returns what these return.

    The steps are the body of an asynchronous function; see ``browser_steps.js``.
    """

    def take(world, steps, address="", given=None):
        page = render_errors(world.table, world.training, world.labels.names)
        folder = tmp_path_factory.mktemp("browser")
        return take_steps(page, READ_ROW, steps, folder, address=address, given=given)

    return take


def ids_of(seen):
    return [row["id"].removeprefix("#") for row in seen["rows"]]


def is_error(table):
    return (~table["correct"]).fillna(value=False).astype(bool)


EVIL = (
    "<script>document.title='hacked'</script>"
    "<img src=x onerror=\"document.title='hacked'\">"
    "\"><svg onload='document.title=`hacked`'>"
    "</script><script>document.title='hacked'</script>"
    "' onmouseover=alert(1) x='&lt;b&gt; &amp; {{ 7 * 7 }} ${1+1}"
)


def test_markup_in_the_data_is_shown_and_not_run(world, drive, make_scores):
    n = len(EVIL)
    row = {
        "sentence": f"{EVIL}{EVIL}{EVIL}이순신{EVIL}{EVIL}",
        "subject_text": EVIL, "subject_start": n, "subject_end": 2 * n,
        "object_text": f"이순신{EVIL}", "object_start": 3 * n, "object_end": 4 * n + 3,
        "subject_type": EVIL, "object_type": f"{EVIL}2",
        "type_pair": f"{EVIL}:{EVIL}2", "source": EVIL, "row_id": f"0{EVIL}",
    }  # fmt: skip
    names = ["no_relation", "per:spouse", EVIL]
    world.labels = LabelSet(names=names, negative="no_relation")
    world.sentences = world.sentences[:2].assign(label=[EVIL, "no_relation"])
    for name, value in row.items():
        world.sentences.loc[0, name] = value
    world.members = pd.DataFrame({"fold": [0, 1], "row_id": world.sentences["row_id"]})
    world.out_of_fold = make_scores(
        world.sentences["row_id"], [[0.7, 0.1, 0.2]] * 2, names, world.members["fold"]
    )
    ids = world.test_sentences["row_id"]
    world.fold_scores = [make_scores(ids, [shares] * 3, names)
                         for shares in ([0.1, 0.2, 0.7], [0.7, 0.2, 0.1])]  # fmt: skip
    world.test_gold = pd.DataFrame({"row_id": ["0"], "label": [EVIL]})
    world.test_sentences["problem"] = EVIL
    steps = """
      const first = read();
      const everything = await visit("show=all");
      all("#rows details").forEach((pairs) => { pairs.open = true; });
      await pause();
      const elements = all("body script, body img, body svg").length;
      const options = all("option").map((option) => option.textContent);
      const heads = all(".matrix th").map((head) => head.textContent);
      const found = await visit(new URLSearchParams(given).toString());
      return { first, everything, elements, options, heads, found };
    """
    seen = drive(world, steps, given={"true": EVIL, "text": row["row_id"]})
    shown = seen["found"]["rows"][0]
    assert shown["id"] == f"#{row['row_id']}"
    assert shown["sentence"] == row["sentence"]
    assert (shown["subject"], shown["object"]) == (row["subject_text"], row["object_text"])
    assert shown["types"] == [EVIL, f"{EVIL}2"]
    assert shown["tags"] == ["out of fold, fold 0", f"{EVIL}:{EVIL}2", EVIL]
    assert EVIL in shown["verdict"]
    assert any(tag.endswith(EVIL) for tag in seen["everything"]["rows"][-1]["tags"])
    assert {EVIL, f"{EVIL}:{EVIL}2"} <= set(seen["options"])
    assert EVIL in seen["heads"]
    # The data, the page's own script and the driver of this test; nothing that the data asked for.
    assert seen["elements"] == 3
    assert {seen[step]["title"] for step in ("first", "everything", "found")} == {"Error analysis"}


# A page of many rows

COPIES = 40
FILTERS = {
    "": is_error,
    "show=all": lambda table: table["set"].notna(),
    "show=correct": lambda table: table["correct"].fillna(value=False).astype(bool),
    "true=per:title&predicted=no_relation": lambda table: (
        (table["true_label"] == "per:title") & (table["predicted_label"] == "no_relation")
    ),
    "true=per%3Atitle&predicted=per%3Atitle&show=all": lambda table: (
        (table["true_label"] == "per:title") & (table["predicted_label"] == "per:title")
    ),
    "show=all&set=test": lambda table: table["set"] == "test",
    "set=out_of_fold": lambda table: is_error(table) & (table["set"] == "out_of_fold"),
    "show=all&true=": lambda table: table["true_label"].isna(),
    "source=wikipedia": lambda table: is_error(table) & (table["source"] == "wikipedia"),
    "source=": lambda table: is_error(table) & table["source"].isna(),
    "types=PER:POH": is_error,
    "pair=seen&show=all": lambda table: table["pair_rows_seen"] > 0,
    "pair=unseen&show=all": lambda table: table["pair_rows_seen"] == 0,
    "folds=disagree&show=all": lambda table: table["different_predictions"] > 1,
    "folds=agree&show=all": lambda table: (
        (table["models"] > 1) & (table["different_predictions"] == 1)
    ),
    "from=80&show=all": lambda table: (1000 * table["confidence"]).round() >= 800,
    "from=40&to=55.5": lambda table: (
        is_error(table) & (1000 * table["confidence"]).round().between(400, 555)
    ),
    # The confidences of the test rows are 0.45, 0.85 and 0.6.
    "from=45&to=60&show=all&set=test": lambda table: (
        (table["set"] == "test") & (table["confidence"] < 0.7)
    ),
    "text=문지호&show=all": lambda table: table["sentence"].str.contains("문지호"),
    "text=%233-7&show=all": lambda table: table["row_id"] == "3-7",
    "text=3-7&show=all": lambda table: table["sentence"].str.contains("3-7"),
}
ORDERS = {
    "loss": ("true_probability", True), "confident": ("confidence", False),
    "unsure": ("confidence", True),
}  # fmt: skip
LINK = "true=per%3Atitle&predicted=no_relation&from=50&sort=unsure"
MANY_STEPS = """
  const seen = { linked: read(), filters: {}, orders: {} };
  for (const hash of given.filters) seen.filters[hash] = await visit(hash);
  for (const sort of given.orders) seen.orders[sort] = await visit("show=all&sort=" + sort);
  await press("#clear");
  seen.chosen = [await choose("true", "1"), await choose("source", "-1"),
                 await choose("show", "all"), await choose("source", "")];
  seen.byLink = await visit(seen.chosen[3].hash.slice(1));
  seen.cleared = await press("#clear");
  seen.pages = [await visit("show=all"), await press(".next"), await press(".next"),
                await press(".previous"), await visit("show=all&page=999"),
                await visit("show=all&page=nonsense"), await choose("set", "test")];
  seen.disabled = all("button").map((button) => button.disabled);
  seen.elements = all("*").length;
  await visit("source=wikitree&show=correct");
  seen.cells = all(".matrix td a").map((link) => (
    { count: link.textContent, label: link.ariaLabel, hash: link.hash }));
  for (const cell of seen.cells) {
    cell.shown = (await visit(cell.hash.slice(1))).count;
    cell.current = all(".matrix a[aria-current]").map((link) => link.textContent);
  }
  await visit("");
  seen.clicked = await press(".matrix tbody tr:nth-child(3) td a");
  seen.focus = document.activeElement.id;
  seen.pairs = await visit("show=all&set=out_of_fold&text=%230-3");
  seen.before = all(".pair-rows li").length;
  one("#rows summary").click();
  await pause();
  seen.opened = all(".pair-rows li").map((item) => item.textContent);
  one(".pair-rows button").click();
  seen.items = all(".pair-rows li").map((item) => item.textContent);
  seen.alone = await visit("show=all&set=out_of_fold&text=%234-3");
  return seen;
"""


@pytest.fixture(scope="module")
def many(drive, make_world, make_scores):
    """The table of a page of many rows, and what a browser showed of it."""
    world = make_world()
    parts = [world.sentences.assign(row_id=world.sentences["row_id"] + f"-{number}")
             for number in range(COPIES)]  # fmt: skip
    members = pd.concat([world.members.assign(row_id=part["row_id"]) for part in parts])
    world.sentences = pd.concat(parts, ignore_index=True)
    world.sentences["sentence"] += " 문장 " + world.sentences["row_id"]
    world.members = members.reset_index(drop=True)
    probabilities = np.random.default_rng(0).dirichlet([1, 1, 1], size=len(world.sentences))
    world.out_of_fold = make_scores(
        world.sentences["row_id"], probabilities, folds=world.members["fold"]
    )
    given = {"filters": list(FILTERS), "orders": list(ORDERS)}
    return world.table, drive(world, MANY_STEPS, f"#{LINK}", given)


def test_the_address_filters_as_the_table_does(many):
    table, seen = many
    ordered = table.sort_values("true_probability", kind="stable")
    for address, passes in FILTERS.items():
        wanted = ordered.loc[passes(ordered), "row_id"].tolist()
        found = seen["filters"][address]
        assert ids_of(found) == wanted[:50], address
        assert len(wanted) > 0, address
        assert found["count"] == f"Showing 1–{min(50, len(wanted))} of {len(wanted)}", address
        assert found["notice"] == "", address


def test_a_link_opens_what_it_says_and_fills_the_form(many):
    table, seen = many
    chosen = table.query("true_label == 'per:title' and predicted_label == 'no_relation'")
    chosen = chosen[(1000 * chosen["confidence"]).round() >= 500]
    linked = seen["linked"]
    assert len(linked["rows"]) == len(chosen) > 5
    assert {row["verdict"] for row in linked["rows"]} == {"true per:titlepredicted no_relation"}
    assert (linked["form"]["true"], linked["form"]["predicted"]) == ("2", "0")
    assert (linked["form"]["from"], linked["form"]["sort"]) == ("50", "unsure")


def test_a_choice_in_the_form_changes_the_address(many):
    _, seen = many
    assert [step["hash"] for step in seen["chosen"]] == [
        "#true=per%3Aspouse",
        "#true=per%3Aspouse&source=",
        "#show=all&true=per%3Aspouse&source=",
        "#show=all&true=per%3Aspouse",
    ]
    assert seen["byLink"]["rows"] == seen["chosen"][3]["rows"] != []
    assert seen["cleared"]["hash"] in {"", "#"}
    assert seen["cleared"]["form"]["true"] == ""
    assert seen["cleared"]["form"]["show"] == "errors"


def test_rows_are_ordered(many):
    table, seen = many
    for sort, (column, ascending) in ORDERS.items():
        wanted = table.sort_values(column, ascending=ascending)[column].round(3).tolist()[:50]
        by_id = table.set_index("row_id")[column].round(3)
        # Confidences that are equal per mille may stand in either order.
        assert [by_id[row_id] for row_id in ids_of(seen["orders"][sort])] == wanted


def test_a_page_holds_50_rows_and_turns(many):
    table, seen = many
    assert len(table) == 243
    assert [page["count"] for page in seen["pages"]] == [
        "Showing 1–50 of 243", "Showing 51–100 of 243", "Showing 101–150 of 243",
        "Showing 51–100 of 243", "Showing 201–243 of 243", "Showing 1–50 of 243",
        "Showing 1–3 of 3",
    ]  # fmt: skip
    assert [len(page["rows"]) for page in seen["pages"]] == [50, 50, 50, 50, 43, 50, 3]
    shown = [row_id for page in seen["pages"][:3] for row_id in ids_of(page)]
    assert len(set(shown)) == 150
    assert seen["pages"][1]["hash"] == "#show=all&page=2"
    assert seen["disabled"].count(True) == 4
    assert seen["elements"] < 1000


def test_the_rows_of_every_cell_of_the_matrix_are_those_it_counts(many):
    table, seen = many
    rows = table[(table["source"] == "wikitree") & table["true_label"].notna()]
    counts = rows.groupby(["true_label", "predicted_label"]).size()
    assert [cell["label"] for cell in seen["cells"]] == [
        f"{count} rows: true {truth}, predicted {predicted}"
        for (truth, predicted), count in counts.items()
    ]
    for cell in seen["cells"]:
        assert cell["shown"].endswith(f"of {cell['count']}")
        assert cell["current"] == [cell["count"]]
    assert seen["clicked"]["hash"] == "#true=per%3Atitle&predicted=no_relation"
    assert seen["focus"] == "rows-title"


def test_training_rows_of_a_pair_are_shown_when_asked_for(many):
    _, seen = many
    assert seen["pairs"]["rows"][0]["pairs"] == (
        "119 other training rows with this pair, 80 seen by the model: "
        "per:title (80), no_relation (39)"
    )
    assert (seen["before"], len(seen["opened"]), len(seen["items"])) == (0, 21, 119)
    assert seen["opened"][-1] == "Show all 119"
    # Fold 0 holds out the rows 0-x, and learned from 1-x and 2-x.
    unseen = [item for item in seen["items"] if "not seen" in item]
    assert len(unseen) == COPIES - 1
    assert all(re.search(r"#0-\d", item) for item in unseen)
    assert not any("#0-3 " in item for item in seen["items"])
    assert seen["alone"]["rows"][0]["pairs"].startswith("39 other training rows")


# A page of few rows

SEEN_STEPS = """
  await visit("show=all&set=test&text=%230");
  one("#rows summary").click();
  await pause();
  const seen = { pair: all(".pair-rows li").map((item) =>
    all(":scope > .tag", item).map((tag) => tag.textContent)) };
"""
FEW_STEPS = """
  const named = (control) => control.labels?.[0]?.textContent || control.ariaLabel
    || control.textContent;
  seen.unknown = await visit(
    "show=all&set=test&true=per:nobody&colour=red&sort=backwards&from=much");
  seen.inOrder = await visit("show=all&sort=data");
  seen.cells = all(".matrix tbody td").map((cell) => cell.textContent);
  seen.loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  seen.nameless = all("select, input, button, a").filter((one) => !named(one)).length;
  return seen;
"""


@pytest.fixture(scope="module")
def few(drive, make_world):
    """A page of few rows; sentences begin with an emoji and a rare Hanja, two units each."""
    world = make_world()
    world.test_sentences["problem"] = pd.Series([None, None, "empty: no sentence"], dtype="str")
    world.sentences["sentence"] = "😀𠮷 " + world.sentences["sentence"]
    world.sentences[["subject_start", "subject_end", "object_start", "object_end"]] += 3
    return world, drive(world, SEEN_STEPS + FEW_STEPS)


def test_rows_can_stay_in_the_order_of_the_data_and_say_what_is_known_of_them(few):
    seen = few[1]["inOrder"]
    assert ids_of(seen) == list("012345012")
    first, second, third = seen["rows"][6:]
    assert first["tags"] == [
        "test", "PER:POH", "wikitree", "folds disagree: no_relation (1), per:title (1)",
    ]  # fmt: skip
    assert first["bars"] == ["no_relation45.0 %", "per:title ✓true label38.0 %", "per:spouse17.0 %"]
    assert first["pairs"].startswith("3 other training rows with this pair, 3 seen by the models")
    assert second["verdict"] == "true not knownpredicted no_relation"
    assert second["pairs"] == "No other training row has this pair."
    assert third["tags"][-1] == "no model could read this row: empty: no sentence"


def test_spans_behind_an_emoji_are_marked_where_they_are(few):
    world, seen = few
    found = [(row["subject"], row["object"]) for row in seen["inOrder"]["rows"][:6]]
    rows = world.sentences
    assert found == list(zip(rows["subject_text"], rows["object_text"], strict=True))


def test_cells_without_rows_are_blank(few):
    # True labels down: no_relation, per:spouse, per:title.
    assert few[1]["cells"] == ["2", "", "", "1", "1", "", "2", "1", "1"]


def test_an_address_that_asks_for_the_unknown_says_so_and_shows_the_rest(few):
    seen = few[1]["unknown"]
    assert seen["notice"] == (
        "This page knows nothing of true=per:nobody, colour=red, sort=backwards, from=much, "
        "which its address asks for."
    )
    assert seen["count"] == "Showing 1–3 of 3"


def test_nothing_is_loaded_and_every_control_has_a_name(few):
    assert (few[1]["loaded"], few[1]["nameless"]) == ([], 0)


def test_a_test_row_has_seen_what_one_model_at_least_has(few, world, drive):
    assert few[1]["pair"] == [["#0", "seen"], ["#1", "seen"], ["#2", "seen"]]
    lines = [(0, "0"), (1, "0"), (1, "1"), (0, "2"), (1, "2"), (0, "3"), (1, "4"), (0, "5")]
    world.members = pd.DataFrame(lines, columns=["fold", "row_id"])
    seen = drive(world, SEEN_STEPS + "return seen;")
    assert seen["pair"] == [["#0", "not seen"], ["#1", "seen"], ["#2", "not seen"]]


def test_without_errors_a_link_leads_to_the_others_and_a_late_true_label_has_a_bar(
    world, drive, make_scores
):
    names = [f"label_{number}" for number in range(7)]
    world.labels = LabelSet(names=names, negative=None)
    world.sentences["label"] = "label_6"
    ids, shares = world.sentences["row_id"], [0.4, 0.2, 0.15, 0.1, 0.08, 0.04, 0.03]
    world.out_of_fold = make_scores(ids, [shares] * 6, names, world.members["fold"])
    world.fold_scores = [make_scores(world.test_sentences["row_id"], [shares] * 3, names)] * 2
    world.test_gold = world.test_gold.head(0)
    steps = """
      const first = read();
      const without = await visit("set=test");
      return { first, without, followed: await press("#rows .empty a"),
               none: await visit("text=없는말") };
    """
    seen = drive(world, steps)
    bars = seen["first"]["rows"][0]["bars"]
    assert (len(bars), bars[-1]) == (6, "label_6 ✓true label3.0 %")
    assert (seen["without"]["count"], seen["without"]["rows"]) == ("Showing 0 of 0", [])
    assert seen["without"]["list"] == "No row of these is among the errors; show all 3."
    assert len(seen["followed"]["rows"]) == 3
    assert seen["none"]["list"] == "No row passes these filters."
