"""How much rarer the like of a training row is in training than in the test: density ratios.

Label shares are one thing that may shift; texts, types and entities are another. The classifier
that tells the two files apart (``relation/exploration``) gives each row odds of being a test row.
These odds, calibrated, are the ratio of the two densities at that row (Bickel, Brückner & Scheffer
2009, "Discriminative Learning Under Covariate Shift"), so that training rows weighed by them stand
for the test's rows. A ratio says nothing where training has no like of a test row; such rows are
counted.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.exploration.adversarial_features import make_features
from klue_pipeline.relation.exploration.comparison import usable_rows
from klue_pipeline.relation.exploration.file_guesses import (
    NO_SPLIT,
    Guesses,
    TwoFiles,
    guess_files,
    join_files,
)
from klue_pipeline.relation.exploration.row_measures import (
    TEST,
    TRAIN,
    measure_rows,
)
from klue_pipeline.relation.settings.exploration_params import AdversarialParams
from klue_pipeline.relation.shift.support import LARGEST_RATIO, describe_support
from klue_pipeline.relation.shift.weights import effective_rows

logger = logging.getLogger(__name__)

_FILES_APART = 0.95
"""An AUC from which on a source or an entity's length gives nearly every row away. No ratio can
mend that, so the ratios then come from the words of the sentence alone."""


@dataclass(frozen=True)
class TextShift:
    """How the texts of the test differ from those of training.

    Attributes:
        log_ratios: Of each training row, by its id; NaN of rows that were not drawn. Empty where
            nothing could be measured.
        report: For JSON: ``auc`` (how well the files can be told apart, 0.5 to 1; None where that
            could not be measured, and ``not_measured`` says why), ``read`` (``all`` features, or
            ``text`` alone), ``effective_rows``, and what training lacks (see
            :func:`~klue_pipeline.relation.shift.support.describe_support`).
    """

    log_ratios: pd.Series
    report: Mapping[str, Any]

    @classmethod
    def from_tables(cls, density_ratios: pd.DataFrame, text_shift: Mapping[str, Any]) -> Self:
        """Read what :func:`weigh_texts` returned."""
        of_training = density_ratios[density_ratios["split"] == TRAIN]
        return cls(of_training.set_index("row_id")["log_ratio"], text_shift)

    @property
    def distance(self) -> float:
        """From 0, where files cannot be told apart, to 1, where each row gives its own away.

        Twice the AUC less 1 (Somers' D); 1 where it could not be measured.
        """
        auc = self.report["auc"]
        return 1.0 if auc is None else float(np.clip(2 * auc - 1, 0, 1))

    def weigh(self, scores: ScoreTable) -> NDArray[np.float64]:
        """Return the ratio of each scored training row; 1 for all where none was measured.

        Returns:
            0 for rows that were not drawn. Shape: (rows,).

        Raises:
            ValueError: A row has none, because the ratios are those of another training file.
        """
        if not len(self.log_ratios):
            return np.ones(len(scores))
        places = self.log_ratios.index.get_indexer(pd.Index(scores.row_ids))
        if (places < 0).any():
            raise ValueError(
                f"{(places < 0).sum()} of {len(places)} scored rows have no density ratio, among "
                f"them {scores.row_ids[places < 0][:3].tolist()}; the ratios on disk are those of "
                "other rows. Run the pipeline report anew."
            )
        ratios = np.exp(self.log_ratios.to_numpy()[places])
        return np.asarray(np.nan_to_num(ratios, nan=0.0))


def weigh_texts(
    train: pd.DataFrame, test: pd.DataFrame, params: AdversarialParams
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Estimate the density ratio of every row of both files.

    Args:
        train: Training rows; schema ``Sentences``.
        test: Test rows; those with a ``problem`` are left out.
        params: Rows, folds and features of the classifier.

    Returns:
        ``row_id``, ``split`` (train or test) and ``log_ratio`` of each row (NaN of one that was not
        drawn), and a report; see :class:`TextShift`.
    """
    test = usable_rows(test)
    files = join_files(train, test, params)
    report: dict[str, Any] = {"auc": None, "not_measured": NO_SPLIT, "read": None}
    if not files.parts:
        logger.warning("Texts are not compared: %s", NO_SPLIT)
        nothing = pd.DataFrame({"row_id": [], "split": [], "log_ratio": []})
        support = describe_support(files.rows, nothing)
        return nothing, {**report, "effective_rows": None, **support}
    read, guesses, auc = _guess(files, params)
    log_ratios = np.clip(
        _calibrate(guesses, files), -np.log(LARGEST_RATIO), np.log(LARGEST_RATIO)
    )  # fmt: skip
    weights = np.exp(log_ratios[~files.is_test])
    report |= {"auc": auc, "not_measured": None, "read": read}
    drawn = files.rows[["row_id", "split"]].assign(log_ratio=log_ratios)
    report |= {"effective_rows": effective_rows(weights), **describe_support(files.rows, drawn)}
    everyone = pd.concat(
        [train[["row_id"]].assign(split=TRAIN), test[["row_id"]].assign(split=TEST)]
    )
    return everyone.merge(drawn, how="left", on=["row_id", "split"], validate="1:1"), report


def _guess(files: TwoFiles, params: AdversarialParams) -> tuple[str, Guesses, float]:
    """Guess by all features, and by the words alone where these give nearly every row away."""
    measures = pd.concat(
        [
            measure_rows(rows).assign(split=split)
            for split, rows in files.rows.groupby("split", sort=False)
        ]
    )
    rows = files.rows.merge(measures, on=["row_id", "split"])
    features = make_features(rows, files.is_test, params)
    guesses = guess_files(features, files, params)
    auc = float(guesses.auc.mean())
    if auc <= _FILES_APART:
        return "all", guesses, auc
    return "text", guess_files(features.select("text"), files, params), auc


def _calibrate(guesses: Guesses, files: TwoFiles) -> NDArray[np.float64]:
    """Return calibrated log-odds (Platt 1999), for files of one size. Shape: (rows,)."""
    from sklearn.linear_model import LogisticRegression

    odds = guesses.log_odds[:, None]
    platt = LogisticRegression(C=np.inf, class_weight="balanced").fit(odds, files.is_test)
    return np.asarray(platt.decision_function(odds))
