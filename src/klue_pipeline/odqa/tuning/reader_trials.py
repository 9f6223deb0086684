"""One trial of the reader: windows as its settings say, folds trained, and one score."""

import logging
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from transformers import PreTrainedTokenizerBase

from klue_pipeline.odqa.encoding.features import ReaderFeatures, encode_reader_examples
from klue_pipeline.odqa.encoding.reader_examples import ReaderTables, make_reader_examples
from klue_pipeline.odqa.encoding.schema import ORIGINAL
from klue_pipeline.odqa.reader.fold_training import ReaderSettings, train_reader_fold
from klue_pipeline.odqa.settings.reader_params import (
    AnswerScore,
    QuestionAugmentParams,
    ReaderParams,
)
from klue_pipeline.odqa.tuning.drawn_questions import draw_questions
from klue_pipeline.odqa.tuning.kept import Kept
from klue_pipeline.text.blanks import blank_out_breaks
from klue_pipeline.training.progress import under_prefix
from klue_pipeline.training.splitting.fold_members import validation_row_ids
from klue_pipeline.training.tokenizer import prepare_tokenizer
from klue_pipeline.training.tuning.scratch import trial_folder
from klue_pipeline.training.tuning.tune_params import SearchParams
from klue_pipeline.training.workspace import FoldWorkspace

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReaderRows:
    """What a reader learns from and is judged on.

    Attributes:
        examples: Schema ``ReaderExamples``.
        tokenizer: The reader's.
        features: Windows of all examples.
    """

    examples: pd.DataFrame
    tokenizer: PreTrainedTokenizerBase
    features: ReaderFeatures


@dataclass
class ReaderTrials:
    """What the trials of one search have in common.

    Attributes:
        tables: Questions and passages.
        augment: Which questions are added.
        fold_members: The split; the same for every trial.
        score: By what a trial is judged.
        tune: Which folds a trial trains, and what draws the questions of a share.
        folder: Where resume states live meanwhile.
    """

    tables: ReaderTables
    augment: QuestionAugmentParams
    fold_members: pd.DataFrame
    score: AnswerScore
    tune: SearchParams
    folder: Path
    _examples: Kept[pd.DataFrame] = field(default_factory=lambda: Kept(2), init=False)
    _tokenizers: Kept[Any] = field(default_factory=lambda: Kept(2), init=False)
    _features: Kept[ReaderFeatures] = field(default_factory=lambda: Kept(3), init=False)

    def remember(self, settings: ReaderSettings, rows: ReaderRows) -> None:
        """Take what is made already, by the settings that it was made with."""
        reader = settings.reader
        self._examples.put(reader.hard_passages, rows.examples)
        self._tokenizers.put(_tokenizer_key(reader), rows.tokenizer)
        self._features.put(_features_key(settings), rows.features)

    def evaluate(self, settings: ReaderSettings, row_share: float, name: str) -> float:
        """Train a reader on each fold, and judge it on the questions that it did not see.

        These are answered given their gold passages. Each counts alike, whichever fold it is of.

        Args:
            settings: The trial's.
            row_share: Share of the questions that it learns from.
            name: Names the scratch folder, so that a trial which is tried again goes on.

        Returns:
            0 to 100.
        """
        rows = self._make(settings)
        folds, scores = self.tune.folds, []
        with trial_folder(self.folder / name) as folder:
            for fold in folds:
                workspace = FoldWorkspace(fold, folder / f"fold_{fold}")
                with under_prefix("" if len(folds) == 1 else f"fold_{fold}/"):
                    scores.append(self._train(rows, settings, row_share, workspace))
        counts = [_count_judged(rows.examples, self._held_out(fold)) for fold in folds]
        return float(np.average(scores, weights=counts))

    def _train(
        self, rows: ReaderRows, settings: ReaderSettings, row_share: float, workspace: FoldWorkspace
    ) -> float:
        features = rows.features
        if row_share < 1:
            features = self._some_windows(features, workspace.fold, row_share)
        result = train_reader_fold(
            features, rows.examples, self.fold_members, rows.tokenizer, settings, workspace
        )
        return result.metrics[self.score]

    def _make(self, settings: ReaderSettings) -> ReaderRows:
        reader = settings.reader
        examples = self._examples.get(
            reader.hard_passages,
            lambda: make_reader_examples(self.tables, reader, self.augment)[0],
        )
        tokenizer = self._tokenizers.get(
            _tokenizer_key(reader), lambda: self._prepare_tokenizer(examples, reader)
        )
        features = self._features.get(
            _features_key(settings),
            lambda: encode_reader_examples(
                examples, tokenizer, reader, settings.training.max_tokens
            ),
        )
        return ReaderRows(examples, cast(PreTrainedTokenizerBase, tokenizer), features)

    def _prepare_tokenizer(self, examples: pd.DataFrame, reader: ReaderParams) -> Any:
        questions = examples.loc[examples["method"] == ORIGINAL, "question"]
        texts = chain(self.tables.passages["text"], questions)
        return prepare_tokenizer(reader, map(blank_out_breaks, texts))

    def _held_out(self, fold: int) -> pd.Series:
        return validation_row_ids(self.fold_members, fold)

    def _some_windows(self, features: ReaderFeatures, fold: int, share: float) -> ReaderFeatures:
        """Leave out windows to learn from; an added question stays where its own does."""
        questions = pd.Series(features.table["question_id"].to_pylist(), dtype="str")
        drawn = draw_questions(questions, share, self.tune.seed)
        stays = questions.isin(drawn) | questions.isin(self._held_out(fold))
        return features.select(np.flatnonzero(stays))


def _count_judged(examples: pd.DataFrame, held_out: pd.Series) -> int:
    judged = examples["question_id"].isin(held_out) & (examples["method"] == ORIGINAL)
    return int((judged & (examples["answers"].map(len) > 0)).sum())


def _tokenizer_key(reader: ReaderParams) -> str:
    return repr((reader.name, reader.revision, reader.scratch))


def _features_key(settings: ReaderSettings) -> str:
    reader = settings.reader
    sizes = (reader.max_question_tokens, reader.stride, settings.training.max_tokens)
    return repr((_tokenizer_key(reader), reader.hard_passages, sizes))
