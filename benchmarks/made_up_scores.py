"""Scores of experiments that never were, as many and as large as those of a real contest.

Each row lies somewhere around a centre of its label. Models see it through noise: some that all
share, which makes rows hard, some of an experiment's own, and some of each fold's model. Their
logits are the true log-probabilities under the training prior, so that everything is done that an
evaluation does with believable scores: a prior is estimated without labels, and blends gain.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, average_probabilities
from klue_pipeline.relation.ensemble.preparation import Voters
from klue_pipeline.relation.ensemble.selection import Selection
from klue_pipeline.relation.metrics.run_rows import RunRows

NEGATIVE = "no_relation"
TRAINING_NEGATIVE_SHARE, TEST_NEGATIVE_SHARE = 0.29, 0.60
"""How many rows of KLUE-RE have no relation."""

_APART = 3.5
_SHARED_NOISE, _OWN_NOISE, _FOLD_NOISE = 1.0, 0.5, 0.4
_SUBJECT, _OBJECT = "가나다", "라마바"
_SYLLABLES = np.array([chr(code) for code in range(ord("가"), ord("힣"), 37)])
_SUBJECTS = ("PER", "ORG")
_TYPE_PAIRS = tuple(f"{first}:{second}" for first in _SUBJECTS for second in (*_SUBJECTS, "LOC"))
_SOURCES = ("wikipedia", "wikitree", "policy_briefing")
_ROWS_PER_PAIR = 1.5

Shares = NDArray[np.float64]
LabelIds = NDArray[np.int64]


@dataclass(frozen=True)
class Sizes:
    """How much there is of everything; the defaults are those of KLUE-RE and its contest."""

    experiments: int = 10
    rows: int = 32470
    test_rows: int = 7765
    folds: int = 5
    labels: int = 30


@dataclass(frozen=True)
class MadeUp:
    """Experiments as a run finds them on disk.

    Attributes:
        task: Rows, folds and labels.
        voters: Out-of-fold scores, test scores and those of each fold, by experiment.
    """

    task: RunRows
    voters: Voters


def make_up(sizes: Sizes, seed: int = 0) -> MadeUp:
    """Make up rows and the scores of all experiments; the same ones for a seed."""
    generator = np.random.default_rng(seed)
    others = generator.dirichlet(np.ones(sizes.labels - 1))
    training, target = (
        np.append(share, (1 - share) * others)
        for share in (TRAINING_NEGATIVE_SHARE, TEST_NEGATIVE_SHARE)
    )
    gold = generator.choice(sizes.labels, size=sizes.rows, p=training)
    test_gold = generator.choice(sizes.labels, size=sizes.test_rows, p=target)
    task = _make_task(sizes, gold, generator)
    models = _Models(task, training, generator)
    return MadeUp(task, models.score(sizes, gold, test_gold))


@dataclass(frozen=True)
class _Models:
    """What every model's scores are made from."""

    task: RunRows
    prior: Shares
    generator: np.random.Generator

    def score(self, sizes: Sizes, gold: LabelIds, test_gold: LabelIds) -> Voters:
        """Let every experiment score training rows, and each of its folds the test rows."""
        names = [f"experiment_{number}" for number in range(sizes.experiments)]
        seen, test_seen = self._look_at(gold), self._look_at(test_gold)
        out_of_fold = {name: self._score_training(self._blur(seen, _OWN_NOISE)) for name in names}
        folds = {name: self._score_test(self._blur(test_seen, _OWN_NOISE), sizes.folds)
                 for name in names}  # fmt: skip
        test = {name: average_probabilities(tables) for name, tables in folds.items()}
        return Voters(Selection(out_of_fold, test, {}), folds, {})

    def _look_at(self, gold: LabelIds) -> Shares:
        centres = _APART * np.eye(len(self.prior))[gold]
        return self._blur(centres, _SHARED_NOISE)

    def _blur(self, places: Shares, noise: float) -> Shares:
        return places + noise * self.generator.normal(size=places.shape)

    def _score_training(self, places: Shares) -> ScoreTable:
        fingerprint = {name: self.task.provenance.fingerprint[name] for name in ("rows", "folds")}
        row_ids = self.task.sentences["row_id"].to_numpy(object)
        folds = self.task.fold_members["fold"].to_numpy()
        return ScoreTable(row_ids, self._logits(places), self._labels, folds, fingerprint)

    def _score_test(self, places: Shares, n_folds: int) -> list[ScoreTable]:
        row_ids = self.task.test_sentences["row_id"].to_numpy(object)
        fingerprint = dict(self.task.provenance.fingerprint)
        return [
            ScoreTable(row_ids, self._logits(places), self._labels, None, fingerprint)
            for _ in range(n_folds)
        ]

    def _logits(self, places: Shares) -> NDArray[np.float32]:
        """Return what one fold's model sees: log-probabilities, up to a constant for each row."""
        variance = _SHARED_NOISE**2 + _OWN_NOISE**2 + _FOLD_NOISE**2
        seen = self._blur(places, _FOLD_NOISE)
        return (_APART / variance * seen + np.log(self.prior)).astype(np.float32)

    @property
    def _labels(self) -> tuple[str, ...]:
        return tuple(self.task.labels.names)


def _make_task(sizes: Sizes, gold: LabelIds, generator: np.random.Generator) -> RunRows:
    names = [NEGATIVE, *(f"relation_{number}" for number in range(1, sizes.labels))]
    labels = LabelSet(names=names, negative=NEGATIVE)
    sentences = _write_sentences(sizes.rows, generator).assign(label=np.array(names)[gold])
    folds = np.arange(sizes.rows) % sizes.folds
    members = pd.DataFrame({"fold": folds, "row_id": sentences["row_id"]})
    return RunRows(sentences, members, _write_sentences(sizes.test_rows, generator), labels)


def _write_sentences(n_rows: int, generator: np.random.Generator) -> pd.DataFrame:
    """Write two entities with more or fewer syllables between them, drawn at random."""
    lengths = generator.integers(2, 120, size=n_rows)
    types = generator.choice(_TYPE_PAIRS, size=n_rows)
    object_start = len(_SUBJECT) + lengths
    fillers = ["".join(generator.choice(_SYLLABLES, size=length)) for length in lengths]
    return pd.DataFrame(
        {
            "row_id": np.arange(n_rows).astype(str).astype(object),
            "sentence": [_SUBJECT + filler + _OBJECT for filler in fillers],
            "subject_start": 0,
            "subject_end": len(_SUBJECT),
            "subject_type": [pair.partition(":")[0] for pair in types],
            "object_start": object_start,
            "object_end": object_start + len(_OBJECT),
            "object_type": [pair.partition(":")[2] for pair in types],
            "type_pair": types,
            "pair_key": generator.integers(n_rows / _ROWS_PER_PAIR, size=n_rows).astype(str),
            "source": generator.choice(_SOURCES, size=n_rows),
        }
    )
