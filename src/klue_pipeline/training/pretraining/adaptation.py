"""Adapt an encoder to the task's sentences before its fine-tuning (Gururangan et al., 2020)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from klue_pipeline.base_settings import SettingNames, naming_settings
from klue_pipeline.training.encoder import require_room, without_progress_bar
from klue_pipeline.training.fingerprint import hash_encoder_folder, hash_table
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.training.pretraining.adapt_params import AdaptParams
from klue_pipeline.training.pretraining.adaptation_texts import AdaptationTexts
from klue_pipeline.training.pretraining.language_modelling import (
    LanguageModelResult,
    perplexity,
    train_language_model,
)
from klue_pipeline.training.pretraining.masked_language_model import (
    MaskedTokenModel,
    build_language_model,
)
from klue_pipeline.training.pretraining.masking import (
    EncodedTexts,
    MaskedRows,
    encode_texts,
    masking_for,
)
from klue_pipeline.training.tokenizer import prepare_tokenizer
from klue_pipeline.training.workspace import FoldWorkspace
from klue_pipeline.version import __version__

RECORD_FILE = "adaptation.json"

_OWN_NAMES: SettingNames = {
    "training": ("adapt", AdaptParams),
    "encoder": ("adapt.encoder", EncoderParams),
}
"""What this stage's settings are called, of which the code that others share says other names."""


@dataclass(frozen=True)
class AdaptedEncoder:
    """An adapted encoder with its tokenizer, as a folder that any fine-tuning can start from.

    Attributes:
        encoder: The encoder without its head, in float32.
        tokenizer: Its tokenizer.
        record: What made it. Fingerprints tell two adapted encoders apart by this file, so it
            differs with every setting and every text, and with nothing else.
    """

    encoder: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    record: dict[str, Any]

    def save_pretrained(self, folder: Path) -> None:
        """Write configuration, weights, tokenizer and record into ``folder``."""
        with without_progress_bar():
            self.encoder.save_pretrained(folder)
        self.tokenizer.save_pretrained(str(folder))
        text = json.dumps(self.record, ensure_ascii=False, indent=2, sort_keys=True)
        (folder / RECORD_FILE).write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Adaptation:
    """What an adaptation leaves behind: its report, its history and the encoder."""

    report: dict[str, Any]
    history: pd.DataFrame
    encoder: AdaptedEncoder


def adapt(texts: AdaptationTexts, params: AdaptParams, workspace: FoldWorkspace) -> Adaptation:
    """Go on with an encoder's pre-training on the texts, and keep its best state by held-out loss.

    Args:
        texts: What to learn from and what to measure on.
        params: Which encoder, and how.
        workspace: Where the resume state lives.

    Raises:
        ValueError: The encoder cannot be loaded or adapted with these settings.
        RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
    """
    origin = _origin(texts, params)
    with naming_settings(_OWN_NAMES):
        tokenizer = cast(PreTrainedTokenizerBase, prepare_tokenizer(params.encoder, texts.training))
        training, held_out = (
            encode_texts(part, tokenizer, params.max_tokens, whole_word=params.whole_word)
            for part in (texts.training, texts.held_out)
        )
        masking = masking_for(tokenizer, params.mask_share, params.seed)
        result = train_language_model(
            lambda: _build(params, tokenizer),
            MaskedRows(training, masking),
            MaskedRows(held_out, masking),
            params.training,
            workspace.scratch_for(origin),
        )
    report = {
        **_report_start(params, texts, result.model.new_head),
        "texts": {"training": _count(training), "held_out": _count(held_out)},
        **_report_training(result),
    }
    record = {**origin, **_report_training(result), "transductive": texts.transductive}
    return Adaptation(
        report=report,
        history=pd.DataFrame(result.history),
        encoder=AdaptedEncoder(result.model.encoder, tokenizer, record),
    )


def _build(params: AdaptParams, tokenizer: PreTrainedTokenizerBase) -> MaskedTokenModel:
    model = build_language_model(params.encoder, len(tokenizer), tokenizer.pad_token_id)
    require_room(model.encoder.config, params.max_tokens)
    return model


def _origin(texts: AdaptationTexts, params: AdaptParams) -> dict[str, Any]:
    """Return all that decides the result."""
    folder = Path(params.encoder.name)
    return {
        "code": __version__,
        "settings": params.model_dump(exclude=set(params.results_do_not_depend_on)),
        "encoder_files": hash_encoder_folder(folder) if folder.is_dir() else None,
        "training_texts": hash_table(pd.DataFrame({"text": texts.training}), ["text"]),
        "held_out_texts": hash_table(pd.DataFrame({"text": texts.held_out}), ["text"]),
    }


def _report_start(params: AdaptParams, texts: AdaptationTexts, new_head: bool) -> dict[str, Any]:
    return {
        "encoder": params.encoder.name,
        "head": "new" if new_head else "loaded",
        "transductive": texts.transductive,
        "whole_word": params.whole_word,
    }


def _count(texts: EncodedTexts) -> dict[str, int]:
    return {
        "rows": len(texts.rows),
        "tokens": len(texts.words),
        "truncated": texts.truncated,
        "unusable": texts.unusable,
    }


def _report_training(result: LanguageModelResult) -> dict[str, Any]:
    return {
        "steps": result.steps,
        "best_step": result.best_step,
        "held_out_loss_before": result.loss_before,
        "held_out_loss_after": result.loss_after,
        "held_out_perplexity_before": perplexity(result.loss_before),
        "held_out_perplexity_after": perplexity(result.loss_after),
    }
