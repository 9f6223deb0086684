"""What rows, folds and test rows are recognised by: the one place that says which columns count.

Score tables carry these hashes, so that scores of different rows or splits are never blended.
"""

import pandas as pd

from klue_pipeline.training.fingerprint import hash_table

_INPUT_COLUMNS = (
    "row_id",
    "sentence",
    "subject_start",
    "subject_end",
    "subject_type",
    "object_start",
    "object_end",
    "object_type",
)


def rows_fingerprint(sentences: pd.DataFrame) -> str:
    """Hash what a model learns from: the input of each training row and its label.

    Args:
        sentences: The table ``clean_sentences``.

    Returns:
        SHA-256 as hexadecimal digits.
    """
    return hash_table(sentences, [*_INPUT_COLUMNS, "label"])


def folds_fingerprint(fold_members: pd.DataFrame) -> str:
    """Hash which rows each fold holds out.

    Args:
        fold_members: The table ``fold_members``: ``fold`` and the ``row_id`` it validates.

    Returns:
        SHA-256 as hexadecimal digits.
    """
    return hash_table(fold_members, ["fold", "row_id"])


def held_out_fingerprint(fold_members: pd.DataFrame, fold: int) -> str:
    """Hash the rows that one fold holds out, which its model has never seen.

    Args:
        fold_members: The table ``fold_members``.
        fold: Number of the fold, counted from 0.

    Returns:
        SHA-256 as hexadecimal digits.
    """
    # A served model reads this module, and asks neither for pandera nor for scikit-learn.
    from klue_pipeline.training.splitting.fold_members import validation_row_ids

    return hash_table(validation_row_ids(fold_members, fold).to_frame("row_id"), ["row_id"])


def test_rows_fingerprint(test_sentences: pd.DataFrame) -> str:
    """Hash the input of each test row; labels do not count, because they are often unknown.

    Args:
        test_sentences: The table ``test_sentences``.

    Returns:
        SHA-256 as hexadecimal digits.
    """
    return hash_table(test_sentences, list(_INPUT_COLUMNS))


test_rows_fingerprint.__test__ = False  # type: ignore[attr-defined]  # pytest: not a test
