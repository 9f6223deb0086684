"""What trained models say of the rows that a student trains on."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.inference.classifier import RelationClassifier
from klue_pipeline.relation.inference.teaching import ask_teachers, choose_rows
from klue_pipeline.relation.ingest.unlabelled_rows import UNLABELLED_ID, no_unlabelled_rows
from klue_pipeline.training.loading.checkpoint_files import RELATION_FILE
from klue_pipeline.training.params import TrainingParams

LABELS = LabelSet(names=["no_relation", "per:origin", "per:title"], negative="no_relation")
TRAINING = TrainingParams(
    epochs=1, learning_rate=0.01, batch_size=8, evaluation_batch_size=4, accumulation_steps=1,
    max_tokens=64, weight_decay=0.01, adam_beta1=0.9, adam_beta2=0.999, adam_epsilon=1e-8,
    schedule="linear", warmup_share=0.1, precision="fp32", device="cpu", seed=42,
    group_by_length=True, compile=False, log_every_steps=1, select_by="micro_f1",
)  # fmt: skip


@pytest.fixture
def sentences(small_sentences):
    """24 originals; row 1 counts nothing; rows 0 and 2 have a copy each."""
    rows = small_sentences.assign(
        origin_id=small_sentences["row_id"], method="original", weight=[1.0, 0.0] + [1.0] * 22
    )
    copies = rows.iloc[[0, 2]].assign(method="copied", row_id=["0-copy", "2-copy"])
    return pd.concat([rows, copies], ignore_index=True)


@pytest.fixture
def members(small_sentences):
    fold = np.arange(24) % 2
    return pd.DataFrame({"fold": fold, "row_id": small_sentences["row_id"]})


@pytest.fixture
def unlabelled_rows(small_sentences):
    rows = small_sentences.head(2)
    return rows.assign(label=None, problem=None, row_id=UNLABELLED_ID + rows["row_id"])


@pytest.fixture
def part(sentences, members, unlabelled_rows):
    return choose_rows(sentences, unlabelled_rows, members, 1)


@pytest.fixture
def teachers(relation_checkpoints, tmp_path, part):
    """Two models that say that they have never seen the rows of fold 1."""
    for name in ("fold_0", "fold_1"):
        shutil.copytree(relation_checkpoints / name, tmp_path / name)
        change(tmp_path / name, fingerprint={"tokenizer": "t", **part.fingerprint})
    return [tmp_path / name for name in ("fold_0", "fold_1")]


def change(folder, **values):
    path = folder / RELATION_FILE
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values), encoding="utf-8")


def test_the_rows_of_a_fold_are_those_that_train(sentences, members, unlabelled_rows):
    """Copies follow their originals; a row of weight 0 trains nowhere."""
    even = [str(number) for number in range(0, 24, 2)]
    odd = [str(number) for number in range(3, 24, 2)]
    unlabelled = unlabelled_rows["row_id"].tolist()
    wanted = {
        0: [*odd, *unlabelled],
        1: [*even, "0-copy", "2-copy", *unlabelled],
        None: [*sorted([*even, *odd], key=int), "0-copy", "2-copy", *unlabelled],
    }
    for fold, row_ids in wanted.items():
        part = choose_rows(sentences, unlabelled_rows, members, fold)
        assert part.sentences["row_id"].tolist() == row_ids
    assert set(choose_rows(sentences, unlabelled_rows, members, None).fingerprint) == {"rows"}


def test_what_augmentation_added_does_not_change_who_may_teach(sentences, members):
    originals = sentences.head(24)
    found = [choose_rows(rows, no_unlabelled_rows(), members, 0) for rows in (sentences, originals)]
    assert found[0].fingerprint == found[1].fingerprint


def test_teachers_are_joined_by_the_geometric_mean(teachers, part):
    scores = ask_teachers(part, teachers, LABELS, TRAINING)
    each = [
        RelationClassifier.from_pretrained(folder, precision="fp32").classify(part.sentences)
        for folder in teachers
    ]
    wanted = np.sqrt(each[0] * each[1])
    np.testing.assert_allclose(
        scores.probabilities, wanted / wanted.sum(axis=1, keepdims=True), atol=1e-5
    )
    assert scores.row_ids.tolist() == part.sentences["row_id"].tolist()
    assert scores.fingerprint == part.fingerprint


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": {"name": "binary"}}, "answers target binary in 3 labels"),
        ({"labels": ["per:origin", "no_relation", "per:title"]}, "in the order"),
        ({"fingerprint": {"tokenizer": "t"}}, "rows is not known there.*with this version"),
    ],
)
def test_a_teacher_of_something_else_is_refused_by_its_name(teachers, part, changes, message):
    change(teachers[1], **changes)
    with pytest.raises(ValueError, match=f"cannot learn from .*/fold_1: .*{message}"):
        ask_teachers(part, teachers, LABELS, TRAINING)
