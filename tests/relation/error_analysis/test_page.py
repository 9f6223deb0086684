"""The page as a document, and its columns: whatever was in the table can be read from them again.

What it does in a browser is tested beside this file.
"""

import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from klue_pipeline.relation.error_analysis.page import render_errors, write_columns
from klue_pipeline.relation.ingest.sentence_table import pair_key
from klue_pipeline.relation.settings.params import TargetParams


@pytest.fixture
def write(world):
    """Return a function that writes the world as it is when the function is called."""

    def write_world(names=None):
        return write_columns(world.table, world.training, names or world.labels.names)

    return write_world


def named(names, places):
    return [None if place < 0 else names[place] for place in places]


def read_table(data):
    """Turn the columns back into a table, as the page does line by line."""
    rows, texts = data["rows"], data["texts"]
    of_text = {
        "sentence": named(data["sentences"], texts["sentence"]),
        "source": named(data["sources"], texts["source"]),
        "row_id": texts["row_id"],
        "subject_type": [data["type_pairs"][place][0] for place in texts["type_pair"]],
        "object_type": [data["type_pairs"][place][1] for place in texts["type_pair"]],
    }
    read = {name: [values[text] for text in rows["text"]] for name, values in of_text.items()}
    return pd.DataFrame(
        read
        | {
            "set": named(data["sets"], rows["set"]),
            "fold": pd.array([None if f < 0 else f for f in rows["fold"]], dtype="Int64"),
            "true_label": named(data["labels"], rows["true_label"]),
            "fold_predictions": named(data["fold_predictions"], rows["fold_predictions"]),
            "models": rows["models"],
            "different_predictions": rows["different_predictions"],
            "pair_rows_seen": rows["pair_rows_seen"],
            **{f"top_{n + 1}": named(data["labels"], ids) for n, ids in enumerate(rows["top"])},
        }
    )


def test_the_table_can_be_read_from_the_columns(world, write):
    data = write()
    found = read_table(data)
    # From the worst row on: probabilities 0.05, 0.3, 0.38, 0.4, 0.6, 0.7, 0.8, 0.9, none.
    order = [5, 3, 6, 1, 8, 0, 2, 4, 7]
    wanted = world.table.iloc[order].reset_index(drop=True)[found.columns]
    pd.testing.assert_frame_equal(found.astype(wanted.dtypes), wanted)


def test_probabilities_are_whole_per_mille(world, write, make_scores):
    world.out_of_fold = make_scores(["1"], [[0.66666, 0.33324, 0.0001]], folds=[1])
    rows = write()["rows"]
    assert [column[0] for column in rows["probability"]] == [667, 333, 0]
    assert rows["true_probability"] == [0, 380, 600, -1]


def test_columns_have_one_length_and_are_json_without_nan(write):
    data = json.loads(json.dumps(write(), allow_nan=False))
    by_rank = data["rows"].pop("top") + data["rows"].pop("probability")
    columns = [*data["rows"].values(), *by_rank]
    assert {len(column) for column in columns} == {9}
    assert {len(column) for column in data["texts"].values()} == {9}
    assert (data["n_training"], data["n_predicted"]) == (6, 3)


def test_texts_are_the_scored_rows_and_those_with_their_pairs(world, write, make_scores):
    world.out_of_fold = make_scores(["5"], [[0.7, 0.2, 0.1]], folds=[0])
    data = write()
    # Row 4 was not scored, and no scored row has its pair; rows 0 to 3 have those of test rows.
    assert data["texts"]["row_id"] == ["0", "1", "2", "3", "5", "0", "1", "2"]
    assert named(data["labels"], data["texts"]["label"]) == [
        "no_relation", "per:title", "per:title", "per:spouse", "per:title", None, None, None,
    ]  # fmt: skip
    pairs = data["texts"]["pair"]
    assert pairs[0] == pairs[1] == pairs[2] == pairs[5]
    assert pairs[3] == pairs[7]
    assert len(set(pairs)) == 4


def test_each_training_text_says_which_folds_did_not_learn_from_it(world, write):
    world.members = pd.DataFrame(
        {"fold": [0, 0, 0, 1, 1, 1, 0], "row_id": ["0", "3", "5", "1", "2", "4", "4"]}
    )
    data = write()
    folds = named(data["not_learned_by"], data["texts"]["not_learned_by"])
    assert folds == [[0], [1], [1], [0], [0, 1], [0], None, None, None]


@pytest.mark.parametrize("before", ["", "한강 ", "😀", "𠮷野家 e\u0301 ", "👨‍👩‍👧 "])
def test_spans_cut_the_entities_out_of_utf_16(world, write, before):
    rows = world.sentences.assign(sentence=before + world.sentences["sentence"])
    spans = ["subject_start", "subject_end", "object_start", "object_end"]
    world.sentences = rows.assign(**{name: rows[name] + len(before) for name in spans})
    texts = write()["texts"]
    for row in world.sentences.itertuples():
        units = row.sentence.encode("utf-16-le")
        starts_and_ends = [texts[name][row.Index] for name in spans]
        words = [units[2 * start : 2 * end].decode("utf-16-le")
                 for start, end in (starts_and_ends[:2], starts_and_ends[2:])]  # fmt: skip
        assert words == [row.subject_text, row.object_text]


def test_a_model_of_other_labels_shows_the_tasks_labels_of_pairs(world, write, make_scores):
    world.target = TargetParams(name="binary")
    names = ["no_relation", "relation"]
    world.out_of_fold = make_scores(["0", "1"], [[0.6, 0.4]] * 2, names, folds=[0, 1])
    world.fold_scores = [make_scores(["0", "1", "2"], [[0.6, 0.4]] * 3, names)] * 2
    data = write(names)
    assert data["labels"] == ["no_relation", "relation", "per:spouse", "per:title"]
    assert (data["n_predicted"], len(data["rows"]["top"])) == (2, 2)
    assert set(data["rows"]["true_label"]) == {-1, 0, 1}
    assert data["texts"]["label"][:3] == [0, 3, 3]


def test_a_row_that_several_folds_held_out_has_one_text(world, write, make_scores):
    world.members = pd.DataFrame({"fold": [0, 1, 1], "row_id": ["0", "0", "1"]})
    world.out_of_fold = make_scores(["0", "0", "1"], [[0.5, 0.3, 0.2]] * 3, folds=[0, 1, 1])
    data = write()
    places = [text for text, fold in zip(data["rows"]["text"], data["rows"]["fold"], strict=True)
              if fold >= 0 and data["texts"]["row_id"][text] == "0"]  # fmt: skip
    assert places == [0, 0]
    assert data["rows"]["models"].count(2) == 2 + len(world.test_sentences)


def test_pairs_that_training_does_not_know_do_no_harm(world, write):
    world.test_sentences["pair_key"] = pair_key("수원", "화성")
    pairs = write()["texts"]["pair"]
    assert len(set(pairs[6:])) == 1
    assert set(pairs[6:]).isdisjoint(pairs[:6])


class Page(HTMLParser):
    """The elements of a page that were opened, and those that were not closed."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in {"meta", "input", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def lead_of(world, table=None):
    table = world.table if table is None else table
    html = render_errors(table, world.training, world.labels.names)
    lead = re.search(r'class="lead">(.*?)</p>', html, re.DOTALL)[1]
    return " ".join(re.sub("<[^>]*>", "", lead).split())


def test_the_page_is_well_formed_and_loads_nothing(world):
    html = render_errors(world.table, world.training, world.labels.names)
    page = Page(html)
    assert page.open == []
    loading = {"src", "href", "srcset", "data", "action", "poster"}
    assert [tag for tag, attributes in page.elements if loading & attributes.keys()] == []
    assert not re.search(r"url\(|@import", html)


def test_the_lead_counts_rows_and_errors(world):
    assert lead_of(world) == (
        "6 out-of-fold rows, 3 errors (50.0 %). 3 test rows, 2 with a true label, 1 error (50.0 %)."
    )
    world.test_gold = world.test_gold.head(0)
    assert lead_of(world).endswith("3 test rows, true labels not known.")
    assert "out-of-fold" not in lead_of(world, world.table.query("set == 'test'"))
