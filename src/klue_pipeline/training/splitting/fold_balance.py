"""How well a validation part mirrors the labels of the whole."""

import numpy as np
from numpy.typing import NDArray


def label_distance(labels: NDArray[np.object_], is_validation: NDArray[np.bool_]) -> float:
    """Return the total variation distance between the validation part's labels and all labels.

    Half the sum over labels of the difference in share: 0 for the same mix, 1 for no label in
    common; 0.03 means that 3 % of the validation rows would have to change their label.

    Args:
        labels: The label of each row. Shape: (rows,).
        is_validation: True for the rows of the validation part, at least one. Shape: (rows,).
    """
    names, codes = np.unique(labels, return_inverse=True)
    overall = np.bincount(codes, minlength=len(names)) / len(codes)
    held_out = np.bincount(codes[is_validation], minlength=len(names)) / is_validation.sum()
    return float(np.abs(overall - held_out).sum() / 2)


def labels_missing_from_training(
    labels: NDArray[np.object_], is_validation: NDArray[np.bool_]
) -> list[str]:
    """Return the labels that only validation rows have, sorted; a model cannot learn these.

    Args:
        labels: The label of each row. Shape: (rows,).
        is_validation: True for the rows of the validation part. Shape: (rows,).
    """
    return [str(name) for name in np.setdiff1d(labels[is_validation], labels[~is_validation])]
