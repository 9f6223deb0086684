"""The report stage on hand-made scores."""

import html
import json
import re

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, average_probabilities
from klue_pipeline.pipelines.report import create_pipeline
from klue_pipeline.relation.metrics.targets import map_gold, target_labels
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.exploration_params import AdversarialParams, ExploreParams
from klue_pipeline.relation.settings.params import TargetParams
from klue_pipeline.runs import topology
from klue_pipeline.training.params import FoldsParams

FOLDS = FoldsParams(strategy="kfold", n_splits=3, seed=0, validation_share=0.2, run=[0, 2])
HELD_OUT = [3, 1, 16, 0, 7, 5]
"""Places of the rows that were scored out of fold; only row 16 has no relation."""
FOLD_OF_ROW = [0, 0, 0, 0, 2, 2]


def evaluation_params(**prior):
    """Few draws, and a given share of rows without a relation."""
    target_prior = {"source": "given", "negative_share": 0.5, "estimator": "auto",
                    "max_disagreement": 0.15, "min_effective_rows": 1, **prior}  # fmt: skip
    return EvaluationParams.model_validate(
        {"target_prior": target_prior, "n_resamples": 100, "confidence": 0.95, "seed": 1,
         "select_by": "shift_micro_f1"}
    )  # fmt: skip


EDA = ExploreParams(
    token_limits=[64], listed_pairs=1,
    adversarial=AdversarialParams(
        max_rows=None, n_splits=2, seed=1, shortest_ngram=1, longest_ngram=2, max_ngrams=200,
        min_rows=2, inverse_regularisation=1.0, listed_features=5,
    ),
)  # fmt: skip


@pytest.fixture(autouse=True)
def folds():
    """Three folds, of which the first and the last are run."""
    topology.set_shape(topology.Shape(FOLDS))
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
    test = small_sentences[16:]
    names = ["no_relation", *sorted(set(small_sentences["label"]) - {"no_relation"})]
    held_out = small_sentences.iloc[HELD_OUT]
    others = small_sentences["row_id"].drop(HELD_OUT)
    by_fold = [score_rows(test, names, [0]), score_rows(test, names, [0, 1])]
    history = pd.DataFrame(
        {"epoch": [0.5, 1.0], "train_loss": [3.0, 2.0]}
        | {"validation_loss": [np.nan, 2.5], "validation_micro_f1": [np.nan, 20.0]}
    )
    return {
        "out_of_fold@one": score_rows(held_out, names, [0, 4], np.array(FOLD_OF_ROW)),
        "test_scores@one": average_probabilities(by_fold),
        "fold_0.test_scores": by_fold[0],
        "fold_2.test_scores": by_fold[1],
        "clean_sentences": small_sentences,
        "clean_test_sentences": test.assign(label=None, problem=None),
        "params:eda": EDA,
        "fold_members": pd.DataFrame(
            {"fold": FOLD_OF_ROW + [1] * len(others), "row_id": [*held_out["row_id"], *others]}
        ),
        "test_gold": test[["row_id", "label"]],
        "labels": LabelSet(names=names, negative="no_relation"),
        "params:target": TargetParams(name="all"),
        "params:evaluation": evaluation_params(),
        "params:about": AboutParams(experiment="rbert", folder="rbert--look", why=""),
        "fold_report": {
            "leak_rate": 0.25,
            "folds": [{"fold": fold, "leak_rate": fold / 10} for fold in range(3)],
        },
        "fold_0.history": history,
        "fold_2.history": history,
    }


CURVE = ("trace_sensitivity", "plot_sensitivity")


def make_catalog(tables):
    catalog = DataCatalog()
    for name, table in tables.items():
        catalog[name] = table
    return catalog


def run_report(tables, *node_names):
    """Run some nodes, or all; the metrics need the prior and the texts, too."""
    if "evaluate" in node_names:
        node_names = ("weigh_texts", "resolve_target_prior", *node_names)
    pipeline = create_pipeline().filter(node_names=node_names or None)
    outputs = SequentialRunner().run(pipeline, make_catalog(tables))
    return {name: dataset.load() for name, dataset in outputs.items()}


def read_page(outputs):
    """The text of the page, without its tags."""
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", outputs["prediction_page"])).split())


def test_metrics_of_folds_out_of_fold_and_test(tables):
    metrics = run_report(tables, "evaluate")["metrics"]
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


def test_scores_are_told_for_the_target_with_intervals(tables):
    """Three of five relations are found and row 16 is right, so that a half each gives 80 %."""
    metrics = run_report(tables, "evaluate")["metrics"]
    assert metrics["prior"]["source"] == "given"
    assert metrics["prior"]["negative_share"] == 0.5
    assert metrics["prior"]["training_negative_share"] == pytest.approx(1 / 6)
    assert metrics["intervals"]["accuracy"] == metrics["out_of_fold"]["accuracy"]
    assert metrics["shift_aware"]["accuracy"] == pytest.approx(80, abs=8)  # the mean of 100 draws
    for told in ("intervals", "shift_aware", "predicted"):
        for name in ("micro_f1", "auprc", "accuracy"):
            own = [metrics[told][f"{name}{end}"] for end in ("_low", "", "_high")]
            assert own == sorted(own), (told, name)


def test_the_folds_test_scores_tell_what_averaging_brings(tables):
    metrics = run_report(tables, "evaluate")["metrics"]
    gain = metrics["averaging_gain"]["gains"]
    expected, found = metrics["witnesses"]["labels"], metrics["shift_aware"]
    assert expected["accuracy"] == pytest.approx(found["accuracy"] + gain["accuracy"])
    topology.set_shape(topology.Shape(FOLDS.model_copy(update={"run": [0]})))
    assert run_report(tables, "evaluate")["metrics"]["averaging_gain"] is None


def test_texts_are_weighed_row_by_row(tables):
    outputs = run_report(tables, "weigh_texts")
    ratios = outputs["density_ratios"].groupby("split")["row_id"].apply(list)
    assert ratios["train"] == tables["clean_sentences"]["row_id"].tolist()
    assert ratios["test"] == tables["clean_test_sentences"]["row_id"].tolist()
    assert 0.5 <= outputs["text_shift"]["auc"] <= 1
    json.dumps(outputs["text_shift"], allow_nan=False)


WITNESSES = ["labels", "texts", "difference", "confidence", "thresholded"]


def test_a_prediction_is_told_with_its_witnesses(tables):
    outputs = run_report(tables, "evaluate", "render_prediction")
    metrics, page = outputs["metrics"], read_page(outputs)
    assert list(metrics["witnesses"]) == WITNESSES
    assert metrics["not_predicted"] is None
    assert metrics["predicted"]["micro_f1"] == metrics["witnesses"]["difference"]["micro_f1"]
    expected = "{micro_f1:.2f} [{micro_f1_low:.2f}, {micro_f1_high:.2f}]"
    assert f"Expected micro F1 {expected.format(**metrics['predicted'])}." in page
    for name, scores in metrics["witnesses"].items():
        assert f"{name} {expected.format(**scores)}" in page
    assert f"with an AUC of {metrics['text_shift']['auc']:.2f}" in page
    assert "No source, pair of types or length of the test is missing in training." in page


def test_pairs_of_types_that_training_lacks_leave_no_prediction(tables):
    """Two of eight test rows have one."""
    test = tables["clean_test_sentences"].assign(object_type=["POH", "NOH"] * 4)
    nodes = ("evaluate", "render_prediction")
    outputs = run_report(tables | {"clean_test_sentences": test}, *nodes)
    metrics, page = outputs["metrics"], read_page(outputs)
    assert metrics["predicted"] == {}
    assert metrics["not_predicted"].startswith("25% of the test rows have a pair of entity types")
    assert list(metrics["witnesses"]) == WITNESSES
    assert f"cannot be predicted {metrics['not_predicted']}." in page
    assert "Expected micro F1" not in page
    assert "type pair PER:NOH 0.00 25.00" in page
    assert all(example in page for example in metrics["text_shift"]["lacking"][0]["examples"])


def test_without_a_target_only_plain_scores_are_told(tables):
    plain = {"params:evaluation": evaluation_params(source="none", negative_share=None)}
    outputs = run_report(tables | plain, "evaluate", *CURVE)
    assert outputs["metrics"]["shift_aware"] is None
    assert outputs["metrics"]["prior"]["refusal"] == "evaluation.target_prior.source is none"
    assert outputs["metrics"]["predicted"]["micro_f1"] > 0
    # The curve needs no target; nothing is marked then.
    axes = outputs["shift_sensitivity_figure"].axes[0]
    assert len(axes.lines[0].get_xdata()) == 19
    assert not axes.texts


@pytest.mark.parametrize(("given_for", "told"), [("sample.csv", True), (None, False)])
def test_shares_that_are_given_for_another_test_file_are_told_where_scores_are(
    tables, caplog, given_for, told
):
    caplog.set_level("INFO")
    prior = {"source": "none", "negative_share": None, "given_for": given_for}
    run_report(tables | {"params:evaluation": evaluation_params(**prior)}, "resolve_target_prior")
    assert ("raw.test (only for sample.csv); micro_f1 ranks" in caplog.text) is told


def test_without_test_labels_there_are_no_test_metrics(tables):
    no_gold = pd.DataFrame({"row_id": [], "label": []}, dtype="str")
    outputs = run_report(tables | {"test_gold": no_gold}, "evaluate")
    assert outputs["metrics"]["test"] is None


def test_tables_and_figures_show_the_out_of_fold_rows(tables):
    outputs = run_report(tables)
    assert set(outputs) == {
        "metrics", "per_label", "confusion_matrix", "calibration",
        "reliability_figure", "slices", "shift_sensitivity_figure", "learning_curves",
        "prediction_page",
    }  # fmt: skip
    assert outputs["per_label"]["support"].sum() == 6
    assert outputs["per_label"]["label"].tolist() == tables["labels"].names
    assert (
        outputs["confusion_matrix"].axes[0].get_title()
        == "rbert--look, out-of-fold predictions: 6 rows"
    )
    legend = outputs["learning_curves"].legends[0].get_texts()
    assert [text.get_text() for text in legend] == ["fold_0", "fold_2"]


def test_only_the_folds_that_are_run_are_read():
    read = {name for name in create_pipeline().inputs() if "." in name}
    assert read == {f"fold_{fold}.{name}" for fold in (0, 2) for name in ("history", "test_scores")}


def test_calibration_is_judged_on_the_out_of_fold_rows(tables):
    outputs = run_report(tables, "calibrate", "plot_reliability")
    assert outputs["calibration"]["rows"] == 6
    assert set(outputs["calibration"]["fold_temperatures"]) == {"fold_0", "fold_2"}
    # The models are as sure of each row as one score of 5 beside ten of 0 is, and right on four.
    certainty = 100 * np.exp(5) / (np.exp(5) + 10)
    assert outputs["calibration"]["ece_before"] == pytest.approx(certainty - 100 * 4 / 6)
    title = outputs["reliability_figure"].axes[0].get_title()
    assert title == "rbert--look, out-of-fold predictions: 6 rows"


def test_slices_know_what_each_fold_has_learned_from(tables):
    clean = tables["clean_sentences"]
    clean.loc[[3, 8], "pair_key"] = "같은 쌍"  # row 8 is held out by the fold that did not run
    slices = run_report(tables, "slice_scores")["slices"].set_index(["kind", "value"])
    # The pair of row 1 is that of row 2, too.
    assert slices.loc[("pair", "seen"), "rows"] == 2
    assert slices.loc[("pair", "unseen"), "rows"] == 4
    assert slices.loc["label", "rows"].sum() == 6
    assert slices.loc[("label", "no_relation"), "accuracy"] == 100


def test_the_curve_shows_every_share_and_marks_those_of_training_and_target(
    tables, small_sentences
):
    held_out, names = small_sentences.iloc[HELD_OUT], tables["labels"].names
    scores = score_rows(held_out, names, [0, 2], np.array(FOLD_OF_ROW))
    nodes = ("resolve_target_prior", *CURVE)
    axes = run_report(tables | {"out_of_fold@one": scores}, *nodes)[
        "shift_sensitivity_figure"
    ].axes[0]
    shares, micro_f1 = axes.lines[0].get_data()
    assert shares.tolist() == pytest.approx(np.linspace(0.05, 0.95, 19).tolist())
    # Four of five relations are found, one is taken for another, and no_relation for one of them.
    wanted = [100 * 1.6 * (1 - share) / (2 * (1 - share) + share) for share in shares]
    assert micro_f1.tolist() == pytest.approx(wanted)
    assert [text.get_text() for text in axes.texts] == ["training 17%", "target 50%"]


@pytest.mark.parametrize(("target", "judged"), [("binary", 6), ("positive", 5)])
def test_a_model_of_other_labels_is_judged_on_the_rows_it_has_an_answer_for(
    tables, small_sentences, target, judged
):
    labels, own = tables["labels"], TargetParams(name=target)
    names = target_labels(labels, own).names
    rows = small_sentences.iloc[HELD_OUT]
    answers = map_gold(rows.set_index("row_id")["label"], labels, own)
    answered = rows.assign(label=answers.reindex(rows["row_id"]).fillna(names[0]).to_numpy())
    scores = score_rows(answered, names, [0], np.array(FOLD_OF_ROW))
    test_scores = score_rows(answered, names, [0])
    changed = {"params:target": own, "out_of_fold@one": scores, "test_scores@one": test_scores}
    changed |= {f"fold_{fold}.test_scores": test_scores for fold in (0, 2)}
    changed |= {"test_gold": small_sentences[["row_id", "label"]]}
    outputs = run_report(tables | changed, "evaluate", "tabulate_labels")
    assert outputs["metrics"]["out_of_fold"]["rows"] == judged
    assert outputs["metrics"]["out_of_fold"]["accuracy"] == pytest.approx(100 - 100 / judged)
    assert outputs["metrics"]["test"]["rows"] == judged
    assert outputs["per_label"]["label"].tolist() == names
    # The prior says how many rows have a relation, and nothing about which.
    told = outputs["metrics"]["prior"]["source"]
    assert told == {"binary": "given", "positive": "none"}[target]
    if target == "positive":  # which test rows have a relation is not known
        assert outputs["metrics"]["predicted"] == {}
        assert "which test rows have a relation" in outputs["metrics"]["not_predicted"]


def test_a_composite_has_no_learning_curves():
    of_a_model = {node.name for node in create_pipeline().nodes}
    topology.set_shape(topology.Shape(FOLDS, "composite", ("a", "b")))
    of_a_composite = {node.name for node in create_pipeline().nodes}
    assert of_a_model - of_a_composite == {"plot_learning_curves"}
    assert of_a_composite < of_a_model
