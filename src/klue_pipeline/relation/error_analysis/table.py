"""The table of errors: one line per scored row, right or wrong."""

import pandas as pd

from klue_pipeline.relation.error_analysis.predictions import (
    describe_disagreement,
    describe_predictions,
)
from klue_pipeline.relation.error_analysis.rows import ScoredRows, describe_rows
from klue_pipeline.relation.error_analysis.training_rows import TrainingRows, describe_pairs


def tabulate_errors(
    out_of_fold: ScoredRows, test: ScoredRows, training: TrainingRows
) -> pd.DataFrame:
    """Say of each scored row what was predicted, how surely, and what was known in training.

    Args:
        out_of_fold: Training rows, scored by a model that did not learn from them.
        test: Test rows, scored by the models of all folds together.
        training: All training rows.

    Returns:
        Out-of-fold rows, then test rows, each in the order of their scores:

        - ``set`` (``out_of_fold`` or ``test``), ``row_id`` and ``fold``, the fold whose model
          scored the row (missing for test rows). A row that several folds held out has one line
          for each of them;
        - ``sentence``; of subject and object ``_text``, ``_start``, ``_end`` (characters, end
          exclusive) and ``_type``; ``type_pair``, ``pair_key``, ``source``; ``problem``, why no
          model could read a test row (missing if none);
        - ``true_label`` (missing where not known), ``predicted_label``, ``correct`` (missing where
          the true label is);
        - ``confidence``, the probability of the predicted label, and ``true_probability``, that of
          the true one, both 0 to 1;
        - ``top_1`` … ``top_5``, the likeliest labels, and ``probability_1`` … ``probability_5``;
        - ``models`` that scored the row each for itself, how many ``different_predictions`` they
          made, and which: ``fold_predictions`` such as ``no_relation (3), per:title (2)``, missing
          for one model;
        - ``pair_rows``, the other training rows with the same two entities in either role,
          ``pair_labels``, their given labels, written like ``fold_predictions``, and
          ``pair_rows_seen``, how many of them the row's model learned from (of a test row: the
          model of at least one fold).

    Raises:
        ValueError: Scores and folds do not belong together.
    """
    parts = [_describe(rows, training) for rows in (out_of_fold, test)]
    return pd.concat(parts, ignore_index=True)


def _describe(rows: ScoredRows, training: TrainingRows) -> pd.DataFrame:
    columns = [
        describe_rows(rows),
        describe_predictions(rows),
        describe_disagreement(rows),
        describe_pairs(rows, training),
    ]
    return pd.concat(columns, axis=1)
