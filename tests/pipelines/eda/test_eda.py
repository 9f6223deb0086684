"""The eda pipeline on a hand-made catalog: every output, with and without what may be missing."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

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


def run(given):
    """Run every node and keep all that they make; Kedro's runners forget what was read."""
    known = dict(given)
    for node in create_pipeline().nodes:
        known |= node.run({name: known[name] for name in node.inputs})
    return {name: value for name, value in known.items() if name not in given}


def test_every_table_and_figure_is_made(given):
    made = run(given)
    assert set(made) == TABLES | FIGURES | {"eda_report", "eda_adversarial"}
    assert all(isinstance(made[name], pd.DataFrame) for name in TABLES)
    assert all(isinstance(made[name], Figure) for name in FIGURES)


def test_the_report_holds_the_numbers(given):
    made = run(given)
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


def test_log_report_and_figures_agree_on_every_distance(given, caplog):
    caplog.set_level("INFO")
    made = run(given)
    report = made["eda_report"]
    names = {"entity order": "which entity comes first"}
    titles = {
        axes.get_title().split(":")[0]: axes.get_title()
        for name in ("shares", "lengths", "entities")
        for axes in made[f"eda_{name}_figure"].findobj(Axes)
    }
    for feature, own in {**report["shares"], "tokens": report["lengths"]["tokens"]}.items():
        distance, chance = own["total_variation_distance"], own["distance_by_chance"]
        words = feature.replace("_", " ")
        assert f"TV {distance:.3f} (by chance {chance:.3f})" in titles[names.get(words, words)]
        said = f"differ in {feature} by {distance:.3f} (total variation; by chance {chance:.3f})"
        assert said in caplog.text


def test_rows_that_cannot_be_read_are_counted_aloud(given, caplog):
    run(given)
    assert "1 test rows that no model can read were left out" in caplog.text


def test_without_earlier_scores_there_is_no_estimate(given):
    made = run(given | {"earlier_test_scores": None})
    assert made["eda_labels"]["estimated_test_share"].isna().all()
    own = made["eda_report"]["labels"]
    assert own["estimated_total_variation_distance"] is None
    assert own["estimated_distance_by_chance"] is None
    assert own["estimated_from"] is None


@pytest.mark.parametrize("case", ["bare", "no test rows", "Korean labels"])
def test_missing_pieces_break_nothing(given, case):
    train, test = given["clean_sentences"], given["clean_test_sentences"]
    nothing = {
        "source": None,
        "subject_type": "NONE",
        "object_type": "NONE",
        "type_pair": "NONE:NONE",
    }
    names = given["labels"].names
    korean = {name: f"관계 {number}" for number, name in enumerate(names)}
    changed = {
        "bare": {
            "clean_sentences": train.assign(**nothing),
            "clean_test_sentences": test.assign(**nothing),
        },
        "no test rows": {"clean_test_sentences": test[:0]},
        "Korean labels": {
            "clean_sentences": train.assign(label=train["label"].map(korean)),
            "labels": LabelSet(names=[*korean.values()], negative="관계 0"),
        },
    }[case]
    made = run(given | changed)
    json.dumps(made["eda_report"], allow_nan=False)
    assert set(made) >= FIGURES


def test_tables_survive_their_csv_files(given, tmp_path):
    """Names such as NA stay names, numbers keep six digits."""
    catalog = yaml.safe_load((ROOT / "conf/base/catalog_relation.yml").read_text(encoding="utf-8"))
    train = given["clean_sentences"]
    made = run(given | {"clean_sentences": train.assign(source=["NA", "nan", "null"] * 4)})
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


def test_reading_the_pipeline_imports_nothing_heavy():
    program = (
        "import sys; from klue_pipeline.pipelines.eda import create_pipeline; create_pipeline();"
        "print([m for m in ('torch', 'transformers', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "[]"


def test_kedro_can_read_every_signature():
    for node in create_pipeline().nodes:
        assert get_type_hints(node.func)
