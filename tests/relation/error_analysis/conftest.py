"""Hand-made scores of eight training and three test rows, judged by two folds."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, average_probabilities
from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.relation.error_analysis import (
    collect_rows,
    collect_training_rows,
    tabulate_errors,
)
from klue_pipeline.relation.ingest.sentence_table import pair_key
from klue_pipeline.relation.settings.params import TargetParams

NAMES = ["no_relation", "per:spouse", "per:title"]

# row id | fold that holds it out | label | subject | object | source
_TRAINING = """
0 | 0 | no_relation | 이순신 | 조선   | wikipedia
1 | 1 | per:title   | 조선   | 이순신 | wikipedia
2 | 1 | per:title   | 이순신 | 조선   | wikitree
3 | 0 | per:spouse  | 윤가람 | 이도윤 | wikitree
4 | 1 | no_relation | 강하준 | 부산   | wikitree
5 | 0 | per:title   | 문지호 | 장관   |
"""
_TEST = """
0 | - | per:title   | 이순신 | 조선 | wikitree
1 | - |             | 김하늘 | 수원 | wikitree
2 | - | per:spouse  | 이도윤 | 윤가람 |
"""
# Probabilities of NAMES for each training row by the fold that holds it out, then for each test
# row by fold 0 and by fold 1.
_OUT_OF_FOLD = {
    "0": [0.7, 0.2, 0.1],
    "1": [0.5, 0.1, 0.4],
    "2": [0.1, 0.1, 0.8],
    "3": [0.6, 0.3, 0.1],
    "4": [0.9, 0.06, 0.04],
    "5": [0.15, 0.8, 0.05],
}
_BY_FOLD = (
    [[0.2, 0.1, 0.7], [0.8, 0.1, 0.1], [0.5, 0.4, 0.1]],
    [[0.7, 0.24, 0.06], [0.9, 0.05, 0.05], [0.1, 0.8, 0.1]],
)


def read_rows(text):
    """Write lines of ids, labels and entities as a table of sentences, and their folds."""
    lines = [[part.strip() for part in line.split("|")] for line in text.strip().splitlines()]
    rows, folds = [], []
    for row_id, fold, label, subject, object_, source in lines:
        start = len(subject) + 2
        rows.append(
            {
                "row_id": row_id,
                "sentence": f"{subject}, {object_} ({row_id}).",
                "subject_text": subject, "subject_start": 0, "subject_end": len(subject),
                "subject_type": "PER",
                "object_text": object_, "object_start": start, "object_end": start + len(object_),
                "object_type": "POH",
                "type_pair": "PER:POH",
                "pair_key": pair_key(subject, object_),
                "label": label or None,
                "source": source or None,
            }
        )  # fmt: skip
        folds.append(fold)
    table = pd.DataFrame(rows).astype({"label": "str", "source": "str"})
    return table, folds


def score(row_ids, probabilities, names=NAMES, folds=None):
    """Scores whose probabilities are the given ones."""
    with np.errstate(divide="ignore"):
        logits = np.log(np.array(probabilities, dtype=np.float64)).astype(np.float32)
    folds = None if folds is None else np.array(folds, dtype=np.int64)
    return ScoreTable(np.array(row_ids, dtype=object), logits, tuple(names), folds)


class World:
    """Training rows, test rows, their scores and the split; tests change what they are about."""

    def __init__(self):
        self.labels = LabelSet(names=NAMES, negative="no_relation")
        self.target = TargetParams(name="all")
        self.sentences, folds = read_rows(_TRAINING)
        ids = self.sentences["row_id"]
        self.members = pd.DataFrame({"fold": [int(fold) for fold in folds], "row_id": ids})
        self.out_of_fold = score(ids, [_OUT_OF_FOLD[row_id] for row_id in ids],
                                       folds=self.members["fold"])  # fmt: skip
        test, _ = read_rows(_TEST)
        self.test_gold = test.loc[test["label"].notna(), ["row_id", "label"]]
        self.test_sentences = test.assign(label=None, problem=None).astype(
            {"label": "str", "problem": "str"}
        )
        self.fold_scores = [score(test["row_id"], own) for own in _BY_FOLD]
        self.folds = [0, 1]

    @property
    def training(self):
        return collect_training_rows(
            self.sentences, self.members, self.folds, self.labels, self.target
        )

    @property
    def held_out_rows(self):
        gold = gold_by_row(self.sentences)
        return collect_rows(self.out_of_fold, self.sentences, gold, self.labels, self.target)

    @property
    def test_rows(self):
        return collect_rows(
            average_probabilities(self.fold_scores), self.test_sentences,
            gold_by_row(self.test_gold), self.labels, self.target, self.fold_scores,
        )  # fmt: skip

    @property
    def table(self):
        return tabulate_errors(self.held_out_rows, self.test_rows, self.training)


@pytest.fixture(scope="session")
def make_world():
    """Return a function that makes a new world."""
    return World


@pytest.fixture
def world():
    """A new one for each test, which may change it."""
    return World()


@pytest.fixture(scope="session")
def make_scores():
    """Return a function that makes scores of given probabilities."""
    return score
