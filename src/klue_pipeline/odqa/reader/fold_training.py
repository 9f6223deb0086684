"""Train the reader of one fold: windows in, model and metrics out."""

import hashlib
import logging
from dataclasses import dataclass

import pandas as pd
from torch import nn
from transformers import PreTrainedTokenizerBase, set_seed

from klue_pipeline.base_settings import Settings, naming_settings
from klue_pipeline.odqa.dense.encoder import describe_source
from klue_pipeline.odqa.encoding.features import ReaderFeatures
from klue_pipeline.odqa.reader.fold_windows import (
    draw_windows,
    has_answer,
    split_windows,
)
from klue_pipeline.odqa.reader.judging import HeldOutWindows, held_out_windows, judge_reader
from klue_pipeline.odqa.reader.labelled_rows import labelled_rows, list_column
from klue_pipeline.odqa.reader.loss import loss_of_spans
from klue_pipeline.odqa.reader.reader_model import OWN_NAMES, ReaderConfig, ReaderModel
from klue_pipeline.odqa.settings.reader_params import (
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
    ReaderTrainingParams,
)
from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.device import choose_device, explain_out_of_memory
from klue_pipeline.training.encoder import build_encoder, require_room
from klue_pipeline.training.fingerprint import hash_table
from klue_pipeline.training.loading.trained_model import TrainedModel
from klue_pipeline.training.tokens.vocabulary_in_use import vocabulary_in_use
from klue_pipeline.training.trainer import Judge, TrainingResult, train
from klue_pipeline.training.workspace import FoldWorkspace
from klue_pipeline.version import __version__

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReaderSettings:
    """The settings that make one reader.

    Attributes:
        folds: Which questions it learns from.
        reader: Its encoder and its windows.
        head: Its head.
        training: How it is trained.
        max_answer_tokens: Longest answer in tokens, for its judge.
    """

    folds: ReaderFoldsParams
    reader: ReaderParams
    head: ReaderHeadParams
    training: ReaderTrainingParams
    max_answer_tokens: int


@dataclass(frozen=True)
class ReaderResult:
    """What one fold leaves behind.

    Attributes:
        metrics: ``exact_match`` and ``character_f1`` (0 to 100) and ``loss`` (nats) of the best
            state on the questions that the fold holds out, given their gold passages; where it
            holds out none, ``final_train_loss`` instead. And what was counted.
        history: One row per logged step.
        model: In its best state, on the CPU.
    """

    metrics: dict[str, float]
    history: pd.DataFrame
    model: TrainedModel


def train_reader_fold(
    features: ReaderFeatures,
    examples: pd.DataFrame,
    fold_members: pd.DataFrame,
    tokenizer: PreTrainedTokenizerBase,
    settings: ReaderSettings,
    workspace: FoldWorkspace,
) -> ReaderResult:
    """Train a reader on the questions that a fold learns from, and judge it on the others.

    Strategy ``all`` holds no question out: nothing is judged, and the last state is kept.

    Args:
        features: Windows of all examples, augmented ones included.
        examples: Schema ``ReaderExamples``: what the windows were made of.
        fold_members: The questions that each fold holds out; columns ``fold`` and ``row_id``.
        tokenizer: The tokenizer that made the features, stored with the model.
        settings: How to build and train the reader.
        workspace: Which fold this is, and where its resume state lives.

    Raises:
        ValueError: The fold has nothing to learn from or to be judged on, or the encoder cannot be
            used.
        RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
    """
    fold, training = workspace.fold, settings.training
    parts = split_windows(features, examples, fold_members, fold, settings.folds.strategy)
    learnt = draw_windows(parts.training, settings.reader.no_answer_share, training.seed)
    fingerprint = {**features.fingerprint, "folds": hash_table(fold_members, ["fold", "row_id"])}
    config = _describe_reader(settings, fold, fingerprint)
    scratch = workspace.scratch_for(_origin(settings, config, learnt, parts.validation))
    rows = _rows(learnt, tokenizer, settings)
    held_out = _hold_out(parts.validation, examples, tokenizer, settings)
    read = [rows] if held_out is None else [rows, held_out.rows]
    with naming_settings(OWN_NAMES), explain_out_of_memory(training):
        set_seed(training.seed)
        model = build_reader(config, tokenizer)
        with vocabulary_in_use(model, *read):
            result = train(
                model,
                rows,
                loss_of_spans(training.label_smoothing),
                None if held_out is None else _judge_on(held_out, settings),
                training,
                scratch,
                description=f"fold_{fold}",
            )
    return ReaderResult(
        metrics=_summarise(result, learnt),
        history=pd.DataFrame(result.history),
        model=TrainedModel(model.to("cpu").eval(), tokenizer),
    )


def _describe_reader(
    settings: ReaderSettings, fold: int, fingerprint: dict[str, str]
) -> ReaderConfig:
    return ReaderConfig(
        reader=settings.reader,
        head=settings.head,
        max_tokens=settings.training.max_tokens,
        strategy=settings.folds.strategy,
        fold=fold,
        fingerprint=fingerprint,
    )


def build_reader(config: ReaderConfig, tokenizer: PreTrainedTokenizerBase) -> ReaderModel:
    """Build the untrained reader: the encoder as loaded or from scratch, a new head."""
    encoder = build_encoder(config.reader, len(tokenizer), tokenizer.pad_token_id)
    require_room(encoder.config, config.max_tokens)
    return ReaderModel(encoder, config)


def _rows(
    windows: ReaderFeatures, tokenizer: PreTrainedTokenizerBase, settings: ReaderSettings
) -> EncodedRows:
    return labelled_rows(windows, tokenizer.pad_token_id, settings.reader.gold_spans)


def _hold_out(
    windows: ReaderFeatures,
    examples: pd.DataFrame,
    tokenizer: PreTrainedTokenizerBase,
    settings: ReaderSettings,
) -> HeldOutWindows | None:
    if settings.folds.strategy == "all":
        logger.info(
            "Learning from all labelled questions: none is left to judge the reader on, so no "
            "score is stated, and the last state is kept"
        )
        return None
    return held_out_windows(windows, _rows(windows, tokenizer, settings), examples)


def _judge_on(held_out: HeldOutWindows, settings: ReaderSettings) -> Judge:
    training = settings.training

    def judge(model: nn.Module) -> dict[str, float]:
        _, precision = choose_device(training)
        return judge_reader(
            model, held_out, settings.max_answer_tokens, training.evaluation_batch_size, precision
        )

    return judge


def _summarise(result: TrainingResult, learnt: ReaderFeatures) -> dict[str, float]:
    losses = [row["train_loss"] for row in result.history if "train_loss" in row]
    judged = result.best_metrics()
    return {
        **(judged or {"final_train_loss": losses[-1]}),
        "best_step": float(result.best_step),
        "training_windows": float(len(learnt)),
        "training_windows_without_answer": float((~has_answer(learnt)).sum()),
        "epochs": float(result.history[-1]["epoch"]),
        "training_seconds": result.seconds,
    }


def _origin(
    settings: ReaderSettings,
    config: ReaderConfig,
    learnt: ReaderFeatures,
    judged: ReaderFeatures,
) -> dict[str, object]:
    """Return what the state of an interrupted training must agree in to be gone on with."""
    groups = {name: group for name, group in vars(settings).items() if isinstance(group, Settings)}
    return {
        "code": __version__,
        "fold": config.fold,
        "encoder_files": describe_source(settings.reader),
        "max_answer_tokens": settings.max_answer_tokens,
        **{
            name: group.model_dump(exclude=set(group.results_do_not_depend_on))
            for name, group in groups.items()
        },
        **config.fingerprint,
        "windows": [_hash_windows(windows) for windows in (learnt, judged)],
    }


def _hash_windows(features: ReaderFeatures) -> str:
    digest = hashlib.sha256()
    for name in _HASHED:
        digest.update(repr(features.table[name].to_pylist()).encode())
    digest.update(list_column(features, "input_ids")[0].tobytes())
    return digest.hexdigest()


_HASHED = (
    "row_id", "window", "passage_start", "passage_end", "owned_start", "owned_end",
    "answer_starts", "answer_ends",
)  # fmt: skip
