"""Students: who teaches a fold, and that no teacher has seen what the fold is judged on."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from kedro.runner import SequentialRunner

from klue_pipeline.pipelines import tokenize, train
from klue_pipeline.relation.ingest.unlabelled_rows import UNLABELLED_ID, no_unlabelled_rows
from klue_pipeline.relation.model.relation_model import read_relation_config
from klue_pipeline.runs import topology
from klue_pipeline.training.params import FoldsParams, LossParams

FOLDS = FoldsParams(strategy="kfold", n_splits=2, seed=1, validation_share=0.2, run=None)
SCORES = "fold_0.teacher_scores"


def distillation(**changes):
    settings = {
        "name": "distillation", "teachers": ["large"], "temperature": 2.0, "teacher_weight": 0.5,
        "inside": "cross_entropy",
    }  # fmt: skip
    return LossParams(**{**settings, **changes})


@pytest.fixture
def taught(trained):
    """What the folds' own models left, which are those of experiment ``large``, and no new rows."""
    topology.set_shape(topology.Shape(FOLDS, teachers=("large",)))
    for fold in (0, 1):
        trained[f"teacher_large.fold_{fold}.model"] = trained.load(f"fold_{fold}.model")
    trained["params:loss"] = distillation()
    return give_unlabelled(trained, no_unlabelled_rows())


def give_unlabelled(catalog, rows):
    catalog["unlabelled_sentences"] = rows
    run(catalog, "encode_unlabelled", pipeline=tokenize)
    return catalog


def run(catalog, *nodes, pipeline=train):
    """Run nodes one by one, so that what one hands to the next stays."""
    for node in nodes:
        chosen = pipeline.create_pipeline().filter(node_names=[node])
        for name, dataset in SequentialRunner().run(chosen, catalog).items():
            if "model" not in name:
                catalog[name] = dataset.load()
    return catalog


def unlabelled_rows(catalog):
    rows = catalog.load("clean_test_sentences").head(3)
    return rows.assign(row_id=UNLABELLED_ID + rows["row_id"])


def test_each_fold_is_taught_by_models_of_the_same_fold_alone(two_folds):
    topology.set_shape(topology.Shape(FOLDS, teachers=("large", "other--lr"), refits=True))
    nodes = {node.name: set(node.inputs) for node in train.create_pipeline().nodes}
    models = {
        name: {each for each in inputs if each.startswith("teacher_")}
        for name, inputs in nodes.items()
        if "teach" in name
    }
    of_fold = {
        fold: {f"teacher_{name}.fold_{fold}.model" for name in ("large", "other--lr")}
        for fold in (0, 1)
    }
    assert models == {
        "fold_0.teach": of_fold[0],
        "fold_1.teach": of_fold[1],
        "teach_refit": of_fold[0] | of_fold[1],
    }
    for fold in (0, 1):
        assert {f"fold_{fold}.teacher_scores", "unlabelled_features"} <= nodes[f"fold_{fold}.train"]
    assert {"refit.teacher_scores", "unlabelled_features"} <= nodes["refit"]


@pytest.mark.parametrize("fold", [0, 1])
def test_the_rows_that_train_are_taught_and_no_other(taught, fold):
    give_unlabelled(taught, unlabelled_rows(taught))
    scores = run(taught, f"fold_{fold}.teach").load(f"fold_{fold}.teacher_scores")
    members = taught.load("fold_members")
    others = members.loc[members["fold"] != fold, "row_id"].tolist()
    assert scores.row_ids.tolist() == [*others, *unlabelled_rows(taught)["row_id"]]
    assert scores.labels == tuple(taught.load("labels").names)
    assert scores.folds is None


def test_a_student_learns_what_its_teacher_says(taught):
    """Without a word about labels, the student comes to predict what the teacher does."""
    run(taught, "fold_0.teach")
    taught["params:loss"] = distillation(teacher_weight=1.0, temperature=1.0)
    taught["params:training"] = taught.load("params:training").model_copy(update={"epochs": 20})
    scores = taught.load(SCORES)
    wrong = dataclasses.replace(scores, logits=np.roll(scores.logits, 1, axis=1) * 20)
    losses = {}
    for name, table in {"as it is": scores, "of other labels": wrong}.items():
        taught[SCORES] = table
        history = run(taught, "fold_0.train").load("fold_0.history")
        losses[name] = history["validation_loss"].dropna().iloc[-1]
    assert losses["as it is"] < losses["of other labels"]


def test_a_teacher_that_is_not_heard_changes_nothing(taught):
    wanted = taught.load("out_of_fold@one")
    taught["params:loss"] = distillation(teacher_weight=0.0)
    found = run(taught, "fold_0.teach", "fold_0.train").load("fold_0.validation_scores")
    np.testing.assert_allclose(found.logits, wanted.logits[wanted.folds == 0], atol=1e-5)


def test_rows_without_labels_train_and_are_not_judged(taught):
    plain = run(taught, "fold_0.teach", "fold_0.train").load("fold_0.validation_scores")
    config = read_relation_config(taught.load("fold_0.model"))
    give_unlabelled(taught, unlabelled_rows(taught))
    run(taught, "fold_0.teach", "fold_0.train")
    found = taught.load("fold_0.validation_scores")
    assert taught.load("fold_0.metrics")["training_rows"] == 12 + 3
    assert found.row_ids.tolist() == plain.row_ids.tolist()
    assert found.fingerprint == plain.fingerprint
    assert not np.allclose(found.logits, plain.logits)
    with_more = read_relation_config(taught.load("fold_0.model"))
    assert with_more.label_counts == config.label_counts
    weighed = distillation(unlabelled_weight=1e-9)
    taught["params:loss"] = weighed
    run(taught, "fold_0.train")
    assert not np.allclose(taught.load("fold_0.validation_scores").logits, found.logits)


def test_a_student_of_all_rows_is_taught_by_all_folds(taught):
    topology.set_shape(topology.Shape(FOLDS, teachers=("large",), refits=True))
    give_unlabelled(taught, unlabelled_rows(taught))
    taught["refit.workspace"] = taught.load("fold_0.workspace")
    run(taught, "fold_0.teach", "fold_1.teach", "fold_0.train", "fold_1.train")
    run(taught, "teach_refit", "refit")
    assert len(taught.load("refit.teacher_scores")) == 24 + 3
    assert set(taught.load("refit.teacher_scores").fingerprint) == {"rows"}
    assert taught.load("refit.metrics")["training_rows"] == 27


# The leak: a teacher that has seen what the student is judged on


def other_fold(catalog):
    catalog["teacher_large.fold_0.model"] = catalog.load("fold_1.model")


def other_split(catalog):
    members = catalog.load("fold_members")
    swapped = members["row_id"].to_numpy().copy()
    swapped[[0, 23]] = swapped[[23, 0]]
    catalog["fold_members"] = pd.DataFrame({"fold": members["fold"], "row_id": swapped})


def other_order_of_the_split(catalog):
    """Fold 0 holds the same rows out; what the other fold does is another split all the same."""
    catalog["fold_members"] = catalog.load("fold_members").iloc[[*range(12), *range(23, 11, -1)]]


def other_rows(catalog):
    catalog["training_sentences"] = catalog.load("training_sentences").replace(
        {"label": {"per:title": "no_relation"}}
    )


def other_labels(catalog):
    labels = catalog.load("labels")
    catalog["labels"] = labels.model_copy(update={"names": labels.names[::-1]})


@pytest.mark.parametrize(
    ("plant", "message"),
    [
        (other_fold, "held_out is .*the rows that the fold holds out.*never seen"),
        (other_split, r"folds is .*the split"),
        (other_order_of_the_split, r"folds is .*the split"),
        (other_rows, "rows is .*the training rows"),
        (other_labels, "target all in .* labels.*in the order.* were wanted"),
    ],
)
def test_a_teacher_that_may_have_seen_them_is_refused(taught, plant, message):
    plant(taught)
    with pytest.raises(ValueError, match=f"student cannot learn from .*fold_.*{message}"):
        run(taught, "fold_0.teach")


def out_of_fold_scores(catalog):
    """The usual mistake: a training row's score is of a model that trained on held-out rows."""
    run(catalog, "fold_1.teach")
    return dataclasses.replace(catalog.load("out_of_fold@one"), folds=None)


def scores_of_another_fold(catalog):
    return run(catalog, "fold_1.teach").load("fold_1.teacher_scores")


def scores_of_all_folds(catalog):
    """Those that a student of all rows would learn."""
    scores = scores_of_another_fold(catalog)
    return dataclasses.replace(scores, fingerprint={"rows": scores.fingerprint["rows"]})


def scores_of_other_labels(catalog):
    scores = run(catalog, "fold_0.teach").load(SCORES)
    return dataclasses.replace(scores, labels=scores.labels[::-1])


def scores_of_some_rows(catalog):
    return run(catalog, "fold_0.teach").load(SCORES).take(np.arange(10))


@pytest.mark.parametrize(
    ("plant", "message"),
    [
        (out_of_fold_scores, "held_out is not known there and is "),
        (scores_of_another_fold, "held_out is .* there and is "),
        (scores_of_all_folds, "folds is not known there"),
        (scores_of_other_labels, "other labels, or in another order"),
        (scores_of_some_rows, r"2 rows of 12 have none.*Run node teach again"),
    ],
)
def test_scores_of_a_model_that_may_have_seen_them_are_refused(taught, plant, message):
    taught[SCORES] = plant(taught)
    with pytest.raises(ValueError, match=message):
        run(taught, "fold_0.train")


def test_a_student_without_a_teacher_says_so(trained):
    trained["params:loss"] = distillation()
    with pytest.raises(ValueError, match=r"no scores of a teacher to learn.*in node teach"):
        run(trained, "fold_0.train")
