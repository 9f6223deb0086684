"""One trial of the reader: what it trains, which questions it learns from, and its score."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from reader_catalog import EXAMPLES, GOLD, PASSAGES, RUN, SCRATCH
from tiny_readers import READER

from klue_pipeline.odqa.encoding.folds import assign_folds
from klue_pipeline.odqa.encoding.reader_examples import ReaderTables
from klue_pipeline.odqa.reader.fold_training import ReaderSettings, train_reader_fold
from klue_pipeline.odqa.settings.reader_params import (
    QuestionAugmentParams,
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
)
from klue_pipeline.odqa.tuning import reader_trials as tuning
from klue_pipeline.odqa.tuning.reader_trials import ReaderTrials
from klue_pipeline.training.progress import listening
from klue_pipeline.training.workspace import FoldWorkspace

GROUPS = PASSAGES[["passage_id"]].assign(group_id=PASSAGES["passage_id"])
FOLDS = ReaderFoldsParams(strategy="group", n_splits=2, validation_share=0.25, seed=1)
AUGMENT = QuestionAugmentParams(
    methods=["random_flip"], random_flip={"share": 1}, question_mask={"share": 1, "max_words": 1},
    seed=1,
)  # fmt: skip
MEMBERS = assign_folds(EXAMPLES, GOLD, GROUPS, FOLDS)
LEARNT = set(EXAMPLES.loc[EXAMPLES["part"] == "train", "question_id"])


@pytest.fixture
def settings(reader_training):
    reader = ReaderParams(**{**READER, "scratch": SCRATCH})
    head = ReaderHeadParams(name="linear", dropout=0.0)
    return ReaderSettings(FOLDS, reader, head, reader_training(), 8)


@pytest.fixture
def trials(tmp_path):
    def make(folds=(0, 1), run=None):
        return ReaderTrials(
            ReaderTables(EXAMPLES, GOLD, GROUPS, PASSAGES, run), AUGMENT, MEMBERS, "character_f1",
            SimpleNamespace(folds=list(folds), seed=7), tmp_path / "scratch",
        )  # fmt: skip

    return make


@pytest.fixture
def trained(monkeypatch):
    """Take what would be trained, and score it by the number of the fold."""
    calls = []

    def train(features, examples, members, tokenizer, settings, workspace):
        calls.append(SimpleNamespace(features=features, examples=examples, tokenizer=tokenizer))
        return SimpleNamespace(metrics={"character_f1": float(workspace.fold)})

    monkeypatch.setattr(tuning, "train_reader_fold", train)
    return calls


def questions_of(features):
    return set(features.table["question_id"].to_pylist())


def held_out(fold):
    return set(MEMBERS.loc[MEMBERS["fold"] == fold, "row_id"])


def test_a_trial_is_judged_as_the_folds_are(trials, settings, tmp_path):
    trial, seen = trials(), {}
    with listening(lambda step, values: seen.update(values)):
        found = trial.evaluate(settings, 1.0, "trial_0")
    rows = trial._make(settings)
    scores = {
        fold: train_reader_fold(
            rows.features, rows.examples, MEMBERS, rows.tokenizer, settings,
            FoldWorkspace(fold, tmp_path / f"fold_{fold}"),
        ).metrics["character_f1"]
        for fold in (0, 1)
    }  # fmt: skip
    sizes = {fold: len(held_out(fold)) for fold in scores}
    assert sizes[0] != sizes[1]
    assert found == pytest.approx(sum(scores[fold] * sizes[fold] for fold in scores) / 9)
    assert {"fold_0/validation_character_f1", "fold_1/validation_character_f1"} <= seen.keys()
    assert not (tmp_path / "scratch" / "trial_0").exists()


def test_a_question_counts_alike_whichever_fold_it_is_of(trials, settings, trained):
    assert trials().evaluate(settings, 1.0, "trial_0") == pytest.approx(len(held_out(1)) / 9)
    assert trials(folds=[1]).evaluate(settings, 1.0, "trial_0") == 1.0


def test_nothing_is_made_twice(trials, settings, trained, monkeypatch):
    made = []
    for name in ("make_reader_examples", "prepare_tokenizer", "encode_reader_examples"):
        real = getattr(tuning, name)
        monkeypatch.setattr(tuning, name, lambda *a, n=name, r=real: made.append(n) or r(*a))
    trial = trials(folds=[0], run=RUN)
    trial.remember(settings, trials()._make(settings))
    made.clear()

    def evaluate(training=None, **reader):
        changed = replace(
            settings,
            reader=settings.reader.model_copy(update=reader),
            training=settings.training.model_copy(update=training or {}),
        )
        trial.evaluate(changed, 1.0, "trial_0")
        found, made[:] = list(made), []
        return found

    assert evaluate({"learning_rate": 0.5}, no_answer_share=0.5) == []
    assert evaluate(stride=4) == ["encode_reader_examples"]
    assert evaluate({"max_tokens": 36}) == ["encode_reader_examples"]
    assert evaluate(stride=4) == evaluate() == []
    smaller = settings.reader.scratch.model_copy(update={"vocabulary_size": 200})
    assert evaluate(scratch=smaller) == ["prepare_tokenizer", "encode_reader_examples"]
    assert evaluate(hard_passages=1) == ["make_reader_examples", "encode_reader_examples"]
    assert "hard_passage" in set(trained[-1].examples["method"])


def test_a_share_of_the_questions_is_part_of_a_larger_one(trials, settings, trained):
    trial = trials(folds=[0])
    for share in (0.3, 0.6, 1.0):
        trial.evaluate(settings, share, "trial_0")
    small, large, everything = (questions_of(call.features) for call in trained)
    others = LEARNT - held_out(0)
    assert small & others < large & others < everything & others == others
    assert held_out(0) <= small
    # An added question stays where its own does.
    for call in trained:
        methods = call.features.table.to_pandas().groupby("question_id")["method"].agg(set)
        assert {frozenset(found) for name, found in methods.items() if name in LEARNT} == {
            frozenset({"original", "random_flip"})
        }
