"""Rows for which label shift holds, a model whose probabilities are exactly right, and texts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.shift.density import TextShift

LABELS = ("no_relation", "per:title", "per:spouse", "org:members")


@dataclass(frozen=True)
class World:
    """Rows of each label lie around a centre of their own, by the same normal distribution.

    The farther apart the centres, the better any model can be.
    """

    apart: float
    training_shares: np.ndarray

    def draw(self, shares, n_rows, seed, sharpness=1.0, noise=0.0):
        """Draw gold ids, and the logarithms of the true probabilities under the training shares.

        A sharpness above 1 makes the model sure of itself beyond what it knows; noise makes it err.
        """
        generator = np.random.default_rng(seed)
        centres = self.apart * np.eye(len(LABELS))
        gold = generator.choice(len(LABELS), size=n_rows, p=shares)
        places = centres[gold] + generator.normal(size=(n_rows, len(LABELS)))
        distances = np.square(places[:, None] - centres).sum(axis=2)
        with np.errstate(divide="ignore"):
            logits = sharpness * (np.log(self.training_shares) - distances / 2)
        return gold, logits + noise * generator.normal(size=logits.shape)


@pytest.fixture
def make_world():
    """Return a function that makes a world by how far its labels are apart."""

    def make(apart, training_shares=(0.3, 0.1, 0.4, 0.2)):
        return World(apart, np.array(training_shares))

    return make


@pytest.fixture
def target_shares():
    """Shares of labels where the model is judged; 0.4 away from the training shares."""
    return np.array([0.6, 0.2, 0.05, 0.15])


@pytest.fixture
def make_scores():
    """Return a function that makes scores of rows; test rows have no fold."""

    def make(logits, fold=None):
        ids = np.array([f"row-{number}" for number in range(len(logits))], dtype=object)
        folds = None if fold is None else np.full(len(logits), fold, dtype=np.int64)
        return ScoreTable(ids, np.asarray(logits, dtype=np.float32), LABELS, folds)

    return make


@pytest.fixture
def label(make_scores):
    """Return a function that makes out-of-fold scores of rows with these true labels."""

    def make(logits, gold):
        return LabelledScores(make_scores(logits, fold=0), np.asarray(gold), 0)

    return make


@pytest.fixture(scope="session")
def make_texts():
    """Return a function that makes a text shift of the rows of ``make_scores``, by their ratios."""

    def make(ratios=(), auc=0.5, unknown_type_pairs=0.0):
        ids = [f"row-{number}" for number in range(len(ratios))]
        report = {
            "auc": auc,
            "not_measured": None,
            "read": "all",
            "effective_rows": 100.0,
            "unsupported": 0.0,
            "unknown_type_pairs": unknown_type_pairs,
            "lacking": [],
        }
        return TextShift(pd.Series(np.log(ratios), index=ids, dtype="float64"), report)

    return make


@pytest.fixture(scope="session")
def make_rows():
    """Return a function that makes rows of random syllables between two entities of their own."""

    def make(n_rows, seed, syllables="가나다라마바사아자차카타파하", **columns):
        generator, name = np.random.default_rng(seed), f"{syllables[0]}{seed}"
        rows = []
        for number in range(n_rows):
            words = ["".join(generator.choice(list(syllables), 4)) for _ in range(8)]
            sentence = " ".join(words)
            rows.append(
                {"row_id": f"{name}-{number}", "sentence": sentence, "subject_text": words[0],
                 "object_text": words[-1], "subject_start": 0, "subject_end": 4,
                 "object_start": len(sentence) - 4, "object_end": len(sentence),
                 "subject_type": "PER", "object_type": "ORG", "source": "wikipedia",
                 "pair_key": f"{words[0]}\t{words[-1]}", "problem": None}
            )  # fmt: skip
        return pd.DataFrame(rows).assign(**columns)

    return make


@pytest.fixture(scope="session")
def make_evaluation():
    """Return a function that makes settings; what it is given are those of the target prior."""

    def make(n_resamples=200, **target_prior):
        prior = {"source": "estimated", "estimator": "auto", "max_disagreement": 0.1,
                 "min_effective_rows": 50}  # fmt: skip
        return EvaluationParams.model_validate(
            {
                "target_prior": prior | target_prior,
                "n_resamples": n_resamples,
                "confidence": 0.95,
                "seed": 3,
                "select_by": "shift_micro_f1",
            }
        )

    return make
