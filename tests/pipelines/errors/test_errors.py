"""The errors stage on a hand-made catalog: 16 training rows of two folds, 8 test rows."""

import time

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, average_probabilities
from klue_pipeline.pipelines.errors import create_pipeline
from klue_pipeline.relation.metrics.targets import map_gold, target_labels
from klue_pipeline.relation.settings.params import TargetParams
from klue_pipeline.runs import topology
from klue_pipeline.training.params import FoldsParams

FOLDS = FoldsParams(strategy="kfold", n_splits=3, seed=0, validation_share=0.2, run=[0, 2])


@pytest.fixture(autouse=True)
def folds():
    """Three folds, of which the first and the last are run."""
    topology.set_shape(topology.Shape(FOLDS))
    yield
    topology.forget_shape()


def score_rows(rows, names, wrong=(), folds=None, certainty=5.0):
    """Scores that are right but for the rows at the places in ``wrong``, one label too far."""
    ids = np.array([names.index(label) for label in rows["label"]])
    ids[list(wrong)] = (ids[list(wrong)] + 1) % len(names)
    logits = certainty * np.eye(len(names), dtype=np.float32)[ids]
    return ScoreTable(rows["row_id"].to_numpy(dtype=object), logits, tuple(names), folds)


def make_tables(clean, test, names, target="all"):
    """The inputs of the stage; a row without an answer to the target's question is scored too."""
    labels, own_target = LabelSet(names=names, negative="no_relation"), TargetParams(name=target)
    scored = target_labels(labels, own_target).names
    held_out, fold = clean.iloc[[3, 1, 2, 0, 7, 5]], np.array([0, 0, 0, 0, 2, 2])
    answers = [
        rows.assign(label=map_gold(rows.set_index("row_id")["label"], labels, own_target)
                    .reindex(rows["row_id"]).fillna(scored[0]).to_numpy())
        for rows in (held_out, test)
    ]  # fmt: skip
    by_fold = [
        score_rows(answers[1], scored, [0]),
        score_rows(answers[1], scored, [0, 1], certainty=6),
    ]
    return {
        "out_of_fold@one": score_rows(answers[0], scored, [0, 4], fold),
        "test_scores@one": average_probabilities(by_fold),
        "clean_sentences": clean,
        "clean_test_sentences": test.assign(label=None, problem=None),
        "test_gold": test[["row_id", "label"]],
        "params:about": AboutParams(experiment="base", folder="base", why="why"),
        "fold_members": pd.DataFrame(
            {"fold": [*fold, *[1] * 10], "row_id": [*held_out["row_id"], *others_of(clean)]}
        ),
        "labels": labels,
        "params:target": own_target,
        "fold_0.test_scores": by_fold[0],
        "fold_2.test_scores": by_fold[1],
    }


def others_of(clean):
    return clean["row_id"].drop(clean.index[[3, 1, 2, 0, 7, 5]])


@pytest.fixture
def names(small_sentences):
    return ["no_relation", *sorted(set(small_sentences["label"]) - {"no_relation"})]


@pytest.fixture
def tables(small_sentences, names):
    return make_tables(small_sentences[:16], small_sentences[16:], names)


def make_catalog(tables, entries=None):
    catalog = DataCatalog.from_config(entries or {})
    for name, table in tables.items():
        catalog[name] = table
    return catalog


@pytest.fixture
def entries(tmp_path):
    """The table and the page as files."""
    utf_8 = {"open_args_save": {"mode": "w", "encoding": "utf-8"},
             "open_args_load": {"encoding": "utf-8"}}  # fmt: skip
    return {
        "error_rows": {
            "type": "pandas.ParquetDataset", "filepath": str(tmp_path / "error_rows.parquet"),
        },
        "errors_page": {
            "type": "text.TextDataset", "filepath": str(tmp_path / "errors.html"),
            "fs_args": utf_8,
        },
    }  # fmt: skip


@pytest.fixture
def run_errors(entries):
    """Return a function that runs the stage on the disk and loads what it leaves behind."""

    def run(tables):
        catalog = make_catalog(tables, entries)
        SequentialRunner().run(create_pipeline(), catalog)
        return catalog.load("error_rows"), catalog.load("errors_page")

    return run


def test_every_scored_row_has_a_line_and_a_place_in_the_page(tables, run_errors):
    rows, page = run_errors(tables)
    assert rows["row_id"].tolist() == [*"312075", *map(str, range(16, 24))]
    assert rows["correct"].tolist() == [
        False, True, True, True, False, True, False, False, *[True] * 6,
    ]  # fmt: skip
    assert rows["fold"].tolist()[:6] == [0, 0, 0, 0, 2, 2]
    assert rows["different_predictions"].tolist()[6:] == [1, 2, *[1] * 6]
    assert rows["fold_predictions"].tolist()[7] == "no_relation (1), org:founded (1)"
    assert page.startswith("<!DOCTYPE html>")
    assert "6 out-of-fold rows" in page
    assert "8 test rows" in page
    assert tables["clean_sentences"]["sentence"][3] in page


def test_only_the_folds_that_are_run_are_read():
    names = {name for name in create_pipeline().inputs() if name.startswith("fold_")}
    assert names == {"fold_0.test_scores", "fold_2.test_scores", "fold_members"}


def test_every_kind_of_experiment_has_the_same_nodes():
    graphs = []
    for kind in ("single", "member", "composite"):
        topology.set_shape(topology.Shape(FOLDS, kind, ("a", "b")))
        graphs.append(create_pipeline())
    assert {str(graph.nodes) for graph in graphs} == {str(graphs[0].nodes)}
    assert {node.name for node in graphs[0].nodes} == {"tabulate_errors", "render_errors"}


@pytest.mark.parametrize(("target", "n_rows"), [("binary", (6, 8)), ("positive", (6, 2))])
def test_a_model_of_other_labels_is_judged_on_the_rows_it_has_an_answer_for(
    small_sentences, names, run_errors, target, n_rows
):
    tables = make_tables(small_sentences[:16], small_sentences[16:], names, target)
    scored = target_labels(tables["labels"], TargetParams(name=target))
    rows, page = run_errors(tables)
    assert tuple((rows["set"] == name).sum() for name in ("out_of_fold", "test")) == n_rows
    assert set(rows["true_label"]) <= set(scored.names)
    assert set(rows["predicted_label"]) <= set(scored.names)
    assert f"{n_rows[1]} test rows" in page
    assert rows["correct"].tolist()[:6] == [False, True, True, True, False, True]


def test_the_page_can_be_made_again_from_the_table(tables, entries):
    catalog = make_catalog(tables, entries)
    SequentialRunner().run(create_pipeline(), catalog)
    page = catalog.load("errors_page")
    SequentialRunner().run(create_pipeline().filter(node_names=["render_errors"]), catalog)
    assert catalog.load("errors_page") == page


@pytest.mark.slow
def test_a_quarter_of_klue_re_takes_seconds_and_megabytes(small_sentences, run_errors):
    generator = np.random.default_rng(0)
    n_rows, n_test, names = 8_000, 2_000, [f"label_{number}" for number in range(30)]
    everything = pd.concat([small_sentences] * (n_rows // 24 + 1), ignore_index=True)[:n_rows]
    ids = everything.index.astype(str)
    labels = [names[number] for number in generator.integers(0, 30, n_rows)]
    rows = everything.assign(row_id=ids, label=labels)
    rows["sentence"] += " " * 60 + ids
    test, fold = rows[:n_test], np.arange(n_rows) % 3
    scores = score_rows(rows, names, range(0, n_rows, 5), fold)
    by_fold = score_rows(test, names, range(0, n_test, 5))
    ran = fold != 1
    tables = {
        "out_of_fold@one": ScoreTable(
            scores.row_ids[ran], scores.logits[ran], scores.labels, fold[ran]
        ),
        "test_scores@one": by_fold,
        "clean_sentences": rows,
        "clean_test_sentences": test.assign(label=None, problem=None),
        "test_gold": test[["row_id", "label"]],
        "params:about": AboutParams(experiment="base", folder="base", why="why"),
        "fold_members": pd.DataFrame({"fold": fold, "row_id": ids}),
        "labels": LabelSet(names=names, negative=None),
        "params:target": TargetParams(name="all"),
        "fold_0.test_scores": by_fold,
        "fold_2.test_scores": by_fold,
    }
    started = time.perf_counter()
    table, page = run_errors(tables)
    assert time.perf_counter() - started < 15
    assert len(table) == ran.sum() + n_test
    assert len(page.encode()) < 5_000_000
