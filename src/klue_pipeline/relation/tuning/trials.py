"""One trial of a search: rows encoded as its settings say, folds trained, and one score."""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable, concatenate
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.encoding.encoded_rows import column_of
from klue_pipeline.relation.encoding.features import Features, encode
from klue_pipeline.relation.inputs.input_texts import iterate_texts
from klue_pipeline.relation.inputs.special_tokens import describe_tokens
from klue_pipeline.relation.metrics.judgement import TargetPopulation
from klue_pipeline.relation.metrics.resampled_metrics import ResampledMetrics
from klue_pipeline.relation.metrics.targets import label_answered, target_labels
from klue_pipeline.relation.model.fold_training import ClassifierParams, train_fold
from klue_pipeline.relation.settings.evaluation_params import SHIFT, EvaluationParams
from klue_pipeline.relation.shift.prior import given_population
from klue_pipeline.relation.shift.weights import label_shares, shift_weights
from klue_pipeline.training.progress import under_prefix
from klue_pipeline.training.splitting.fold_members import validation_row_ids
from klue_pipeline.training.tokenizer import prepare_tokenizer
from klue_pipeline.training.tuning.scratch import trial_folder
from klue_pipeline.training.workspace import FoldWorkspace

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

_MOST_ENCODINGS = 3
"""Encoded rows of so many ways to write and cut them are kept in memory."""

Encoded = tuple["PreTrainedTokenizerBase", Features]


@dataclass
class RelationTrials:
    """What the trials of one search have in common.

    Attributes:
        training_sentences: Rows with labels, augmented ones included.
        fold_members: The split; the same for every trial.
        labels: The label set of the task.
        evaluation: By what a trial is judged.
        folds: Folds that a trial trains.
        folder: Where resume states live meanwhile.
        seed: Draws the rows of a share.
    """

    training_sentences: pd.DataFrame
    fold_members: pd.DataFrame
    labels: LabelSet
    evaluation: EvaluationParams
    folds: Sequence[int]
    folder: Path
    seed: int
    _encoded: OrderedDict[str, Encoded] = field(default_factory=OrderedDict, init=False)

    def remember(self, params: ClassifierParams, encoded: Encoded) -> None:
        """Take rows that are encoded already, by the settings that they were encoded with."""
        self._encoded[_key_of(params)] = encoded

    def score(self, params: ClassifierParams, row_share: float, name: str) -> float:
        """Train a classifier on each fold, and return the score of the rows that it did not see.

        Args:
            params: The trial's settings.
            row_share: Share of the training rows that it learns from.
            name: Names the scratch folder, so that a trial which is tried again goes on.
        """
        tokenizer, features = self._encode(params)
        scores = []
        with trial_folder(self.folder / name) as folder:
            for fold in self.folds:
                rows = features if row_share == 1 else self._some_rows(features, fold, row_share)
                workspace = FoldWorkspace(fold, folder / f"fold_{fold}")
                with under_prefix("" if len(self.folds) == 1 else f"fold_{fold}/"):
                    result = train_fold(
                        rows, self.fold_members, tokenizer, self.labels, params, workspace
                    )
                scores.append(result.validation_scores)
                del result  # the model
        return self._judge(concatenate(scores), params)

    def _encode(self, params: ClassifierParams) -> Encoded:
        key = _key_of(params)
        if key not in self._encoded:
            rows = self.training_sentences
            tokenizer = prepare_tokenizer(
                params.encoder, iterate_texts(rows, params.input), describe_tokens(params.input)
            )
            max_tokens = params.training.max_tokens
            features = encode(rows, tokenizer, params.input, max_tokens, self.labels)
            self._encoded[key] = (cast("PreTrainedTokenizerBase", tokenizer), features)
        self._encoded.move_to_end(key)
        while len(self._encoded) > _MOST_ENCODINGS:
            self._encoded.popitem(last=False)
        return self._encoded[key]

    def _some_rows(self, features: Features, fold: int, share: float) -> Features:
        """Leave out training rows; a larger share has all rows of a smaller one, in one order.

        An augmented row stays where its original does.
        """
        origins = pd.Series(column_of(features, "origin_id"))
        names = origins.drop_duplicates().sort_values().to_numpy()
        drawn = np.random.default_rng(self.seed).random(len(names))
        kept = pd.Series(drawn < share, index=names)
        held_out = origins.isin(validation_row_ids(self.fold_members, fold))
        return features.select(np.flatnonzero(kept[origins].to_numpy() | held_out.to_numpy()))

    def _judge(self, scores: ScoreTable, params: ClassifierParams) -> float:
        judged = label_answered(scores, self.training_sentences, self.labels, params.target)
        evaluation = self.evaluation.for_target(params.target.name)
        labels = target_labels(self.labels, params.target)
        return score_by(judged, labels, evaluation)


def score_by(judged: LabelledScores, labels: LabelSet, params: EvaluationParams) -> float:
    """Return the score that experiments are ranked by.

    A prior that is estimated would be another one for each trial and needs scores of test rows; the
    plain score of its kind stands for it.

    Args:
        judged: Scores of rows with their true labels.
        labels: The labels of the scores.
        params: Which score it is, and the prior of shift-aware ones.
    """
    population = _population(judged, labels, params)
    name = params.ranking_score(has_target=population is not None)
    weights = np.ones(len(judged))
    if population is not None and name.startswith(SHIFT):
        weights = shift_weights(judged.truth, population.shares)
    metrics = ResampledMetrics(judged)(weights[:, np.newaxis])
    return float(metrics[name.removeprefix(SHIFT)][0])


def _population(
    judged: LabelledScores, labels: LabelSet, params: EvaluationParams
) -> TargetPopulation | None:
    if params.target_prior.source != "given":
        return None
    shares = label_shares(judged.truth, len(labels.names))
    return given_population(params.target_prior, labels, shares, len(judged))


def _key_of(params: ClassifierParams) -> str:
    """Name what decides how rows are encoded."""
    encoder = params.encoder
    sources = (encoder.name, encoder.revision, encoder.scratch)
    return repr((params.input, params.training.max_tokens, sources))
