"""The report stage on hand-made scores."""

import json
from typing import get_type_hints

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline import topology
from klue_pipeline.pipelines.report import create_pipeline
from klue_pipeline.relation.params import LabelSet, TargetParams
from klue_pipeline.relation.scores import ScoreTable
from klue_pipeline.relation.targets import map_gold, target_labels
from klue_pipeline.training.params import FoldsParams


@pytest.fixture(autouse=True)
def folds():
    """Three folds, of which the first and the last are run."""
    topology.set_shape(
        topology.Shape(
            FoldsParams(strategy="kfold", n_splits=3, seed=0, validation_share=0.2, run=[0, 2])
        )
    )
    yield
    topology.forget_shape()


def score_rows(rows, names, wrong=(), folds=None):
    """Scores that are right but for the rows at the places in ``wrong``, one label too far."""
    ids = np.array([names.index(label) for label in rows["label"]])
    ids[list(wrong)] = (ids[list(wrong)] + 1) % len(names)
    logits = 5 * np.eye(len(names), dtype=np.float32)[ids]
    return ScoreTable(rows["row_id"].to_numpy(dtype=object), logits, tuple(names), folds)


@pytest.fixture
def tables(small_sentences):
    clean, test = small_sentences[:16], small_sentences[16:]
    names = ["no_relation", *sorted(set(small_sentences["label"]) - {"no_relation"})]
    held_out = clean.iloc[[3, 1, 2, 0, 7, 5]]
    history = pd.DataFrame(
        {"epoch": [0.5, 1.0], "train_loss": [3.0, 2.0]}
        | {"validation_loss": [np.nan, 2.5], "validation_micro_f1": [np.nan, 20.0]}
    )
    return {
        "out_of_fold@one": score_rows(held_out, names, [0, 4], np.array([0, 0, 0, 0, 2, 2])),
        "test_scores@one": score_rows(test, names, [0]),
        "clean_sentences": clean,
        "test_gold": test[["row_id", "label"]],
        "labels": LabelSet(names=names, negative="no_relation").model_dump(),
        "params:target": TargetParams(name="all"),
        "fold_report": {
            "leak_rate": 0.25,
            "folds": [{"fold": fold, "leak_rate": fold / 10} for fold in range(3)],
        },
        "fold_0.history": history,
        "fold_2.history": history,
    }


def make_catalog(tables):
    catalog = DataCatalog()
    for name, table in tables.items():
        catalog[name] = table
    return catalog


def run_report(tables):
    outputs = SequentialRunner().run(create_pipeline(), make_catalog(tables))
    return {name: dataset.load() for name, dataset in outputs.items()}


def test_metrics_of_folds_out_of_fold_and_test(tables):
    metrics = run_report(tables)["metrics"]
    assert metrics["out_of_fold"]["rows"] == 6
    assert metrics["out_of_fold"]["accuracy"] == pytest.approx(100 * 4 / 6)
    own = {
        name: (fold["rows"], fold["accuracy"], fold["leak_rate"])
        for name, fold in metrics["folds"].items()
    }
    assert own == {"fold_0": (4, 75.0, 0.0), "fold_2": (2, 50.0, 0.2)}
    assert metrics["leak_rate"] == 0.25
    assert metrics["test"]["rows"] == 8
    assert set(metrics["test"]) == {"micro_f1", "auprc", "accuracy", "loss", "rows"}
    json.dumps(metrics, allow_nan=False)


def test_without_test_labels_there_are_no_test_metrics(tables):
    no_gold = pd.DataFrame({"row_id": [], "label": []}, dtype="str")
    assert run_report(tables | {"test_gold": no_gold})["metrics"]["test"] is None


def test_tables_and_figures_show_the_out_of_fold_rows(tables):
    outputs = run_report(tables)
    figures_and_tables = {"per_label", "confusion_matrix", "learning_curves"}
    assert set(outputs) == {"metrics", "experiment_metrics"} | figures_and_tables
    assert outputs["experiment_metrics"] == outputs["metrics"]
    assert outputs["per_label"]["support"].sum() == 6
    assert outputs["per_label"]["label"].tolist() == tables["labels"]["names"]
    assert outputs["confusion_matrix"].axes[0].get_title() == "Out-of-fold predictions: 6 rows"
    legend = outputs["learning_curves"].axes[1].get_legend().get_texts()
    assert [text.get_text() for text in legend] == ["fold_0", "fold_2"]


def test_only_the_folds_that_are_run_are_read():
    histories = {name for name in create_pipeline().inputs() if name.endswith(".history")}
    assert histories == {"fold_0.history", "fold_2.history"}


@pytest.mark.parametrize(("target", "judged"), [("binary", 6), ("positive", 5)])
def test_a_model_of_other_labels_is_judged_on_the_rows_it_has_an_answer_for(
    tables, small_sentences, target, judged
):
    labels, own = LabelSet.model_validate(tables["labels"]), TargetParams(name=target)
    names = target_labels(labels, own).names
    rows = small_sentences.iloc[[3, 1, 16, 0, 7, 5]]  # row 16 has no relation
    answers = map_gold(rows.set_index("row_id")["label"], labels, own)
    answered = rows.assign(label=answers.reindex(rows["row_id"]).fillna(names[0]).to_numpy())
    scores = score_rows(answered, names, [0], np.array([0, 0, 0, 0, 2, 2]))
    changed = tables | {"clean_sentences": small_sentences, "params:target": own}
    changed |= {"out_of_fold@one": scores, "test_scores@one": scores}
    outputs = run_report(changed | {"test_gold": small_sentences[["row_id", "label"]]})
    assert outputs["metrics"]["out_of_fold"]["rows"] == judged
    assert outputs["metrics"]["out_of_fold"]["accuracy"] == pytest.approx(100 - 100 / judged)
    assert outputs["metrics"]["test"]["rows"] == judged
    assert outputs["per_label"]["label"].tolist() == names


def test_a_composite_has_no_learning_curves():
    folds = FoldsParams(strategy="kfold", n_splits=3, seed=0, validation_share=0.2)
    topology.set_shape(topology.Shape(folds, "composite", ("a", "b")))
    nodes = {node.name for node in create_pipeline().nodes}
    assert nodes == {"evaluate", "tabulate_labels", "plot_confusion_matrix"}


def test_scores_of_rows_that_are_gone_are_refused(tables):
    changed = tables | {"clean_sentences": tables["clean_sentences"][1:]}
    with pytest.raises(ValueError, match="1 scored rows have no true label"):
        run_report(changed)


def test_kedro_can_read_every_signature():
    for node in create_pipeline().nodes:
        assert get_type_hints(node.func)
