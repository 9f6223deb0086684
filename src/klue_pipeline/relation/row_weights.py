"""How much each scored row counts."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def read_weights(weights: ArrayLike | None, n_rows: int) -> NDArray[np.float64]:
    """Return one weight per row; None counts all alike. Shape: (rows,).

    Raises:
        ValueError: The weights do not fit the rows, one is negative or not finite, or all are 0.
    """
    found = np.ones(n_rows) if weights is None else np.asarray(weights, dtype=np.float64)
    if found.shape != (n_rows,):
        raise ValueError(f"Found weights of shape {found.shape} for {n_rows} rows.")
    if not (np.isfinite(found).all() and (found >= 0).all() and found.any()):
        raise ValueError("Weights must be finite numbers of 0 or more, and not all 0.")
    return found
