"""Node of the adapt pipeline."""

from typing import Any

import pandas as pd

from klue_pipeline.training.pretraining.adapt_params import AdaptParams
from klue_pipeline.training.pretraining.adaptation_texts import choose_texts


def adapt_encoder(
    clean_sentences: pd.DataFrame,
    test_sentences: pd.DataFrame,
    adaptation_workspace: Any,
    adapt: AdaptParams,
) -> tuple[dict[str, Any], pd.DataFrame, Any]:
    """Go on with an encoder's pre-training on the task's own sentences.

    The encoder is the last output on purpose: the resume state goes away once it is stored, and
    by then everything else is.

    Args:
        clean_sentences: Training rows; only their bare sentences are read.
        test_sentences: Test rows; read if ``adapt.include_test_text`` says so.
        adaptation_workspace: Where the resume state lives.
        adapt: Which encoder, and how.

    Returns:
        The report, the history (one row per logged step), and the encoder with its tokenizer.
    """
    from klue_pipeline.training.pretraining import adaptation

    test_rows = test_sentences if adapt.include_test_text else None
    texts = choose_texts(clean_sentences, test_rows, adapt.held_out_share, adapt.seed)
    adapted = adaptation.adapt(texts, adapt, adaptation_workspace)
    return adapted.report, adapted.history, adapted.encoder
