"""Order the best passages of every question anew, by a cross-encoder."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.dense.texts import encode_rows, titled_texts
from klue_pipeline.odqa.passages.run_table import rank_run
from klue_pipeline.odqa.reranking.cross_encoder import Reranker, load_reranker
from klue_pipeline.odqa.settings.retriever_params import RerankParams
from klue_pipeline.text.blanks import blank_out_breaks
from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.device import resolve_device, resolve_precision
from klue_pipeline.training.prediction import predict_logits

logger = logging.getLogger(__name__)

_PAIRS_AT_A_TIME = 16384
"""As token ids they are some 30 MiB."""


def rerank(
    run: pd.DataFrame,
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    params: RerankParams,
    trained: Path | None = None,
) -> pd.DataFrame:
    """Order the first ``params.top_n`` passages of each question by the scores of a cross-encoder.

    Passages are read with their titles. Those behind the first stay in their order; their scores
    go down from the lowest new one in steps of one, so that scores are in the order of the ranks.

    Args:
        run: Schema ``Run``.
        examples: Schema ``Questions``, with all questions of the run.
        passages: Schema ``Passages``, with all passages of the run.
        params: A cross-encoder.
        trained: Folder of the one that was trained here, for ``params.model`` ``trained``.

    Returns:
        Schema ``Run``.

    Raises:
        ValueError: The model is no cross-encoder, or a score is not finite.
    """
    if run.empty:
        return run
    reranker = open_reranker(params, trained)
    return order_anew(run, examples, passages, params, reranker, description="rerank")


def open_reranker(
    params: RerankParams, trained: Path | None = None, device: str = "auto"
) -> Reranker:
    """Load the cross-encoder that settings name, or the one that was trained here.

    Args:
        params: A cross-encoder.
        trained: Folder of the one that was trained here.
        device: Where it goes.

    Raises:
        ValueError: The model is no cross-encoder.
    """
    name = str(params.model if trained is None else trained)
    reranker = load_reranker(name, int(params.max_tokens or 0))
    reranker.model.to(resolve_device(device))
    return reranker


def order_anew(
    run: pd.DataFrame,
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    params: RerankParams,
    reranker: Reranker,
    *,
    description: str | None = None,
) -> pd.DataFrame:
    """Order passages as :func:`rerank` does, by a cross-encoder that is loaded already.

    Args:
        run: Schema ``Run``.
        examples: Schema ``Questions``.
        passages: Schema ``Passages``.
        params: How many are ordered.
        reranker: The cross-encoder.
        description: Text of a progress bar on a terminal; None shows none.
    """
    first = run.loc[run["rank"] <= int(params.top_n or 0)]
    if first.empty:
        return run
    rows = _encode_pairs(first, examples, passages, reranker, params)
    scores = _score(rows, reranker, params, description)
    _require_finite(scores, first)
    first = first.assign(score=scores.astype(np.float64))
    behind = run.drop(first.index)
    lowest = behind["question_id"].map(first.groupby("question_id")["score"].min())
    # Of no rows at all the map is text.
    behind = behind.assign(
        score=lowest.astype(np.float64) - (behind["rank"] - int(params.top_n or 0))
    )
    return rank_run(pd.concat([first, behind]).sort_index())


def _encode_pairs(
    pairs: pd.DataFrame,
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    reranker: Reranker,
    params: RerankParams,
) -> Iterator[EncodedRows]:
    """Yield pairs of question and passage as tokens, some at a time, in their order."""
    questions = examples.set_index("question_id")["question"].map(blank_out_breaks)
    named = passages.loc[passages["passage_id"].isin(pairs["passage_id"])]
    texts = pd.Series(titled_texts(named), index=named["passage_id"].to_numpy())
    for start in range(0, len(pairs), _PAIRS_AT_A_TIME):
        part = pairs.iloc[start : start + _PAIRS_AT_A_TIME]
        yield encode_rows(
            questions.loc[part["question_id"]].tolist(),
            reranker.tokenizer,
            int(params.max_tokens or 0),
            seconds=texts.loc[part["passage_id"]].tolist(),
            segments=reranker.segments,
        )


def _score(
    parts: Iterable[EncodedRows],
    reranker: Reranker,
    params: RerankParams,
    description: str | None,
) -> NDArray[np.float32]:
    """Score pairs, in their order. Shape: (pairs,)."""
    model = reranker.model
    precision = resolve_precision("auto", next(model.parameters()).device)
    size = int(params.batch_size or 1)
    return np.concatenate(
        [predict_logits(model, rows, size, precision, description=description) for rows in parts]
    )


def _require_finite(scores: NDArray[np.float32], pairs: pd.DataFrame) -> None:
    broken = pairs.loc[~np.isfinite(scores)]
    if len(broken):
        question, passage = broken.iloc[0][["question_id", "passage_id"]]
        raise ValueError(
            f"The cross-encoder's score of question {question!r} and passage {passage!r} is not "
            f"finite, nor are {len(broken) - 1} more of {len(pairs)}: its weights are damaged, or "
            "its training diverged."
        )
