"""A share of the questions to learn from: a larger share has all questions of a smaller one."""

import numpy as np
import pandas as pd


def draw_questions(question_ids: pd.Series, share: float, seed: int) -> pd.Index:
    """Draw a share of the questions, whatever their order and however often each is named.

    Args:
        question_ids: What to draw from.
        share: Above 0, up to 1.
        seed: Draws them.

    >>> names = pd.Series(["q3", "q1", "q1", "q2"])
    >>> list(draw_questions(names, 0.5, seed=1)), list(draw_questions(names, 1.0, seed=1))
    (['q3'], ['q1', 'q2', 'q3'])
    """
    names = question_ids.drop_duplicates().sort_values().to_numpy(object)
    drawn = np.random.default_rng(seed).random(len(names))
    kept: pd.Index = pd.Index(names[drawn < share])
    return kept
