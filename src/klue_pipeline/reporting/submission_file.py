"""A submission as the bytes of a file, and the hash by which the ledger knows it."""

import hashlib

import pandas as pd


def encode_submission(submission: pd.DataFrame) -> bytes:
    """Write a submission as the bytes of its file: CSV in UTF-8, lines end in a line feed."""
    return submission.to_csv(index=False, lineterminator="\n").encode("utf-8")


def hash_submission(submission: pd.DataFrame) -> str:
    """Return the SHA-256 of the file that a submission makes, which ``sha256sum`` gives too.

    It names the file whatever its path, and without one: the ledger of submissions goes by it.
    """
    return hashlib.sha256(encode_submission(submission)).hexdigest()
