"""Let readers find spans, and make one answer of them for each question."""

import pandas as pd

from klue_pipeline.odqa.answering.collecting import collect
from klue_pipeline.odqa.settings.reader_params import ReaderFoldsParams


def collect_candidates(
    passages: pd.DataFrame, folds: ReaderFoldsParams, *fold_candidates: pd.DataFrame
) -> pd.DataFrame:
    """Put the candidates of all folds together, each also without a particle at its end."""
    return collect(passages, dict(zip(folds.numbers, fold_candidates, strict=True)))
