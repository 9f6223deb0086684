"""The texts that an encoder is adapted to: the task's bare sentences, some of them held out."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AdaptationTexts:
    """Sentences without markers, each of them once.

    Attributes:
        training: What to learn from.
        held_out: What is never learnt from; shares no sentence with ``training``.
        transductive: Whether sentences of test rows are among them.
    """

    training: tuple[str, ...]
    held_out: tuple[str, ...]
    transductive: bool


def gather_sentences(
    sentences: pd.DataFrame, test_sentences: pd.DataFrame | None = None
) -> list[str]:
    """Return each different sentence once, in the order of the rows, training rows first.

    Sentences that differ in nothing but blanks are one; most rows of KLUE-RE share theirs with
    none, but the same sentence comes with several pairs of entities.

    Args:
        sentences: Training rows; schema ``Sentences``.
        test_sentences: Test rows, if they are to be learnt from; schema ``TestSentences``. Rows
            with a ``problem`` hold no text of their own and are left out.
    """
    tables = [sentences["sentence"]]
    if test_sentences is not None:
        usable = test_sentences["problem"].isna()
        tables.append(test_sentences.loc[usable, "sentence"])
    first: dict[str, str] = {}
    for sentence in pd.concat(tables):
        first.setdefault(" ".join(sentence.split()), sentence)
    first.pop("", None)
    return list(first.values())


def hold_out(texts: list[str], share: float, seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split texts into those to learn from and those held out; both keep their order.

    >>> hold_out(["가", "나", "다", "라"], share=0.25, seed=1)
    (('나', '다', '라'), ('가',))

    Args:
        texts: Different texts.
        share: Share to hold out; at least one text is, and at least one is not.
        seed: Draws them.

    Raises:
        ValueError: There are fewer than two texts.
    """
    if len(texts) < 2:  # noqa: PLR2004 - one to learn from and one to measure on
        raise ValueError(
            f"Adapting needs at least two different sentences, one to learn from and one to "
            f"measure on; found {len(texts)}. Take in more rows (ingest.max_rows)."
        )
    count = min(max(1, round(share * len(texts))), len(texts) - 1)
    drawn = set(np.random.default_rng(seed).permutation(len(texts))[:count].tolist())
    kept = tuple(text for index, text in enumerate(texts) if index not in drawn)
    return kept, tuple(text for index, text in enumerate(texts) if index in drawn)


def choose_texts(
    sentences: pd.DataFrame, test_sentences: pd.DataFrame | None, held_out_share: float, seed: int
) -> AdaptationTexts:
    """Choose what to adapt to and what to measure on.

    Args:
        sentences: Training rows; schema ``Sentences``.
        test_sentences: Test rows, if they are to be learnt from too.
        held_out_share: Share of the different sentences to hold out.
        seed: Draws them.

    Raises:
        ValueError: There are fewer than two different sentences.
    """
    transductive = test_sentences is not None
    if transductive:
        logger.warning(
            "The encoder learns from the sentences of the test rows too: scores on them are "
            "transductive (adapt.include_test_text)"
        )
    texts = gather_sentences(sentences, test_sentences)
    training, held_out = hold_out(texts, held_out_share, seed)
    logger.info("%d different sentences to learn from, %d held out", len(training), len(held_out))
    return AdaptationTexts(training, held_out, transductive)
