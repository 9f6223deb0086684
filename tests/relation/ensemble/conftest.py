"""A small task, members of known skill, and settings of which a test changes one at a time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, average_probabilities
from klue_pipeline.relation.ensemble.methods.interface import TuningRows
from klue_pipeline.relation.ensemble.preparation import Voters
from klue_pipeline.relation.ensemble.selection import Selection
from klue_pipeline.relation.metrics.run_rows import RunRows
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.params import EnsembleParams
from klue_pipeline.relation.shift.density import TextShift

NAMES = ["no_relation", "per:title", "per:spouse", "org:founded"]
SHARES = (0.4, 0.3, 0.2, 0.1)
N_ROWS, N_TEST_ROWS, N_FOLDS = 120, 40, 3
WRITTEN = {"sentence": "문장", "subject_start": 0, "subject_end": 1, "subject_type": "PER",
           "object_start": 1, "object_end": 2, "object_type": "ORG"}  # fmt: skip
"""What rows are recognised by besides their ids."""
TYPE_PAIRS = np.array(["PER:ORG", "PER:POH", "PER:PER", "ORG:DAT"], dtype=object)

ENSEMBLE = {
    "members": "all",
    "plain_submissions": "none",
    "method": "auto",
    "methods": ["soft_vote", "weighted_soft_vote", "greedy"],
    "calibrate": False,
    "exhaustive_up_to": 6,
    "greedy_rounds": 10,
    "stacking_strength": 0.1,
    "type_pair_mask": "never",
    "type_pair_min_count": 3,
    "negative_bias": "never",
}
PRIOR = {
    "source": "none",
    "estimator": "auto",
    "max_disagreement": 0.1,
    "min_effective_rows": 10,
}
EVALUATION = {"n_resamples": 100, "confidence": 0.95, "seed": 1, "select_by": "micro_f1"}


@pytest.fixture(scope="session")
def ensemble_params():
    """Every setting of a blend on its plainest value, but for those that are named."""
    return lambda **changes: EnsembleParams(**{**ENSEMBLE, **changes})


@pytest.fixture(scope="session")
def evaluation_params():
    """No target prior and few draws; the prior's settings are changed as a mapping."""

    def make(prior=None, **changes):
        target_prior = {**PRIOR, **(prior or {})}
        return EvaluationParams(**{**EVALUATION, **changes, "target_prior": target_prior})

    return make


@pytest.fixture(scope="session")
def same_texts():
    """Test texts that nothing tells from those of training."""
    return TextShift(pd.Series(dtype=np.float64), {"auc": 0.5, "unknown_type_pairs": 0.0})


@pytest.fixture(scope="session")
def labels():
    """Four labels, the first of which means no relation."""
    return LabelSet(names=NAMES, negative="no_relation")


@pytest.fixture(scope="session")
def make_table():
    """A score table of the four labels, or of as many as the logits have columns."""

    def make(row_ids, logits, folds=None, fingerprint=None):
        ids = np.array(list(row_ids), dtype=object)
        folds = None if folds is None else np.array(folds, dtype=np.int64)
        logits = np.asarray(logits, dtype=np.float32)
        return ScoreTable(ids, logits, tuple(NAMES[: logits.shape[1]]), folds, fingerprint or {})

    return make


@pytest.fixture(scope="session")
def draw_rows():
    """Tuning rows of members who know the truth about as well as ``skill`` says."""

    def draw(n_members=3, n_rows=60, n_labels=4, seed=0, skill=1.0):
        generator = np.random.default_rng(seed)
        gold = generator.integers(n_labels, size=n_rows)
        logits = generator.normal(size=(n_members, n_rows, n_labels))
        logits[:, np.arange(n_rows), gold] += np.broadcast_to(skill, n_members)[:, None]
        members = log_softmax(logits, axis=2).astype(np.float32)
        return TuningRows(members, gold, generator.uniform(0.2, 3, size=n_rows))

    return draw


@dataclass(frozen=True)
class SmallTask:
    """120 training rows in 3 folds and 40 test rows, with their true label ids."""

    task: RunRows
    gold: np.ndarray
    test_gold: np.ndarray

    def fingerprint(self, *names):
        """What scores of these rows are recognised by."""
        return {name: self.task.provenance.fingerprint[name] for name in names}

    def labelled(self, table):
        """Scores of training rows with their true labels."""
        return self.task.label(table)

    def out_of_fold(self, skill, seed, folds=range(N_FOLDS)):
        """Scores of the rows that some folds hold out, in the order of the folds."""
        members = self.task.fold_members
        members = members[members["fold"].isin(list(folds))]
        places = members["row_id"].str.removeprefix("r").astype(int).to_numpy()
        # Drawn for all rows, so that a member says the same of a row whatever its folds are.
        logits = _guess(self.gold, skill, seed)[places]
        return ScoreTable(
            members["row_id"].to_numpy(dtype=object),
            logits.astype(np.float32),
            tuple(NAMES),
            members["fold"].to_numpy(dtype=np.int64),
            self.fingerprint("rows", "folds"),
        )

    def test_folds(self, skill, seed, n_folds=N_FOLDS):
        """Test scores of each fold's model."""
        ids = self.task.test_sentences["row_id"].to_numpy(dtype=object)
        return [
            ScoreTable(
                ids,
                _guess(self.test_gold, skill, 1000 * seed + fold).astype(np.float32),
                tuple(NAMES),
                None,
                self.fingerprint("rows", "folds", "test_rows"),
            )
            for fold in range(n_folds)
        ]

    def voters(self, skills, plain=None, **changes):
        """Members by name and skill, each with its own seed; ``changes`` replaces tables."""
        seeds = {name: seed + 1 for seed, name in enumerate(skills)}
        folds = {name: self.test_folds(skill, seeds[name]) for name, skill in skills.items()}
        out_of_fold = {name: self.out_of_fold(own, seeds[name]) for name, own in skills.items()}
        test_scores = {name: average_probabilities(tables) for name, tables in folds.items()}
        selection = Selection(
            out_of_fold | changes.get("out_of_fold", {}),
            test_scores | changes.get("test_scores", {}),
            changes.get("skipped", {}),
        )
        return Voters(selection, changes.get("fold_scores", folds), plain or {})


def _guess(gold, skill, seed):
    logits = np.random.default_rng(seed).normal(size=(len(gold), len(NAMES)))
    logits[np.arange(len(gold)), gold] += skill
    return logits


@pytest.fixture(scope="session")
def small_task(labels):
    """A task in which the type pair tells the label for most rows."""
    generator = np.random.default_rng(7)
    gold = generator.choice(len(NAMES), size=N_ROWS, p=SHARES)
    test_gold = generator.choice(len(NAMES), size=N_TEST_ROWS, p=SHARES)
    row_ids = [f"r{row}" for row in range(N_ROWS)]
    sentences = pd.DataFrame(
        {
            "row_id": row_ids,
            "label": [NAMES[label] for label in gold],
            "type_pair": TYPE_PAIRS[gold],
            **WRITTEN,
        }
    )
    test_ids = [f"t{row}" for row in range(N_TEST_ROWS)]
    test_sentences = pd.DataFrame(
        {"row_id": test_ids, "type_pair": TYPE_PAIRS[test_gold], **WRITTEN}
    )
    members = pd.DataFrame({"fold": np.arange(N_ROWS) % N_FOLDS, "row_id": row_ids})
    members = members.sort_values("fold", kind="stable", ignore_index=True)
    return SmallTask(RunRows(sentences, members, test_sentences, labels), gold, test_gold)
