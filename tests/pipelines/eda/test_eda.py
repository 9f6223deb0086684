"""The eda pipeline on a hand-made catalog: every output, with and without what may be missing."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.pipelines.eda import create_pipeline
from klue_pipeline.relation.inputs.input_texts import iterate_texts
from klue_pipeline.relation.settings.exploration_params import ExploreParams
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.training.tokenizer import train_tokenizer

ROOT = Path(__file__).resolve().parents[3]
INPUT = InputParams(
    name="typed_entity_marker_punct",
    query="question",
    query_position="after",
    type_words={"PER": "사람"},
)
FIGURES = {
    f"eda_{name}_figure"
    for name in ("label", "shares", "type_pairs", "lengths", "entities", "adversarial")
}
TABLES = {
    "eda_labels", "eda_shares", "eda_type_pairs", "eda_lengths", "eda_repetition",
    "eda_adversarial_features", "eda_rows",
}  # fmt: skip


@pytest.fixture
def given(small_sentences):
    """What the pipeline reads; two folds, because there are few rows."""
    shipped = yaml.safe_load((ROOT / "conf/base/parameters_eda.yml").read_text(encoding="utf-8"))
    eda = ExploreParams.model_validate(
        shipped["eda"] | {"adversarial": shipped["eda"]["adversarial"] | {"n_splits": 2}}
    )
    test = small_sentences[12:].assign(label=None, problem=[None] * 11 + ["empty sentence"])
    names = ["no_relation", *sorted(set(small_sentences["label"]) - {"no_relation"})]
    ids = test["row_id"].to_numpy(dtype=object)
    logits = np.zeros((len(ids), len(names)), dtype=np.float32)
    return {
        "sentences": pd.concat([small_sentences, small_sentences[:2].assign(row_id=["x", "y"])]),
        "clean_sentences": small_sentences[:12],
        "clean_test_sentences": test,
        "labels": LabelSet(names=names, negative="no_relation"),
        "tokenizer": train_tokenizer(iterate_texts(small_sentences, INPUT), 300),
        "earlier_test_scores": ScoreTable(ids, logits, tuple(names)),
        "params:input": INPUT,
        "params:training.max_tokens": 40,
        "params:eda": eda,
    }


def run(given, leave_out=frozenset()):
    """Run the nodes and keep all that they make; Kedro's runners forget what was read."""
    known = dict(given)
    for node in create_pipeline().nodes:
        if not leave_out & set(node.outputs):
            known |= node.run({name: known[name] for name in node.inputs})
    return {name: value for name, value in known.items() if name not in given}


@pytest.fixture(scope="module")
def kept():
    """What the shipped settings make; filled by the first test that wants it."""
    return {}


@pytest.fixture
def made(given, kept):
    if not kept:
        kept.update(run(given))
    return kept


def test_every_table_and_figure_is_made(made):
    assert set(made) == TABLES | FIGURES | {"eda_report", "eda_adversarial"}
    assert all(isinstance(made[name], pd.DataFrame) for name in TABLES)
    assert all(isinstance(made[name], Figure) for name in FIGURES)


def test_the_report_holds_the_numbers(made):
    report = made["eda_report"]
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["rows"] == {"train": 12, "test": 11, "test_left_out": 1}
    assert report["repetition"]["train_before_cleaning"]["exact_duplicate"]["rows"] == 2
    tokens = made["eda_rows"].loc[made["eda_rows"]["split"] == "train", "tokens"]
    windowed = report["lengths"]["windowed_share"]
    assert set(windowed) == {"40", "64", "96", "128", "160", "192", "256", "384", "512"}
    assert windowed["40"]["train"] == pytest.approx((tokens > 40).mean())
    assert report["labels"]["estimated_total_variation_distance"] > 0
    assert report["labels"]["estimated_distance_by_chance"] > 0
    assert "leans towards the training shares" in report["labels"]["estimated_from"]
    assert report["adversarial"] == made["eda_adversarial"]
    assert report["entities"]["smallest_object_characters"] == {"train": 2.0, "test": 2.0}


def test_log_report_and_figures_agree_on_every_distance(given, made, caplog):
    caplog.set_level("INFO")
    (node,) = create_pipeline().filter(node_names=["report_exploration"]).nodes
    known = given | made
    report = node.run({name: known[name] for name in node.inputs})["eda_report"]
    assert "Left out: 1 test row that no model can read" in caplog.text
    names = {"entity order": "which entity comes first"}
    titles = {
        axes.get_title().split(":")[0]: axes.get_title()
        for name in ("shares", "lengths", "entities")
        for axes in made[f"eda_{name}_figure"].findobj(Axes)
    }
    for feature, found in {**report["shares"], "tokens": report["lengths"]["tokens"]}.items():
        distance, chance = found["total_variation_distance"], found["distance_by_chance"]
        words = feature.replace("_", " ")
        wanted = f"train and test differ by {distance:.1%} (by chance {chance:.1%})"
        assert wanted.replace("%", " %") in titles[names.get(words, words)]
        line = f"differ in {feature} by {distance:.1%} (by chance {chance:.1%})"
        assert line.replace("%", " %") in caplog.text


def test_missing_pieces_break_nothing(given):
    """Files without sources and types, without test rows, without earlier scores."""
    bare = {
        "source": None,
        "subject_type": "NONE",
        "object_type": "NONE",
        "type_pair": "NONE:NONE",
    }
    train, test = given["clean_sentences"].assign(**bare), given["clean_test_sentences"]
    first = run(given | {"clean_sentences": train, "clean_test_sentences": test.assign(**bare)})
    json.dumps(first["eda_report"], allow_nan=False)
    second = run(given | {"clean_test_sentences": test[:0], "earlier_test_scores": None})
    json.dumps(second["eda_report"], allow_nan=False)
    for figure in ("eda_shares_figure", "eda_lengths_figure", "eda_entities_figure"):
        assert "one file has no rows to compare" in " ".join(
            axes.get_title() for axes in second[figure].findobj(Axes)
        )
    assert second["eda_labels"]["estimated_test_share"].isna().all()
    labels = second["eda_report"]["labels"]
    assert labels["estimated_total_variation_distance"] is None
    assert labels["estimated_distance_by_chance"] is None
    assert labels["estimated_from"] is None


def test_tables_survive_their_csv_files(given, tmp_path):
    """Names such as NA stay names, numbers keep six digits."""
    catalog = yaml.safe_load((ROOT / "conf/base/catalog_relation.yml").read_text(encoding="utf-8"))
    train = given["clean_sentences"]
    made = run(given | {"clean_sentences": train.assign(source=["NA", "nan", "null"] * 4)}, FIGURES)
    for name in sorted(TABLES - {"eda_rows"}):
        entry = {
            key: catalog[name][key]
            for key in ("type", "save_args", "load_args")
            if key in catalog[name]
        }
        files = DataCatalog.from_config(
            {name: {**entry, "filepath": str(tmp_path / f"{name}.csv")}}
        )
        files.save(name, made[name])
        pd.testing.assert_frame_equal(files.load(name), made[name], check_dtype=False, rtol=1e-5)
        text = (tmp_path / f"{name}.csv").read_text(encoding="utf-8")
        assert not re.search(r"\.\d{12}", text)
