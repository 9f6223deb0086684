"""What is known of the labels where a model will be judged."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Target:
    """A set of rows with other shares of labels than the rows that were scored.

    Attributes:
        shares: Share of each label; sums to 1. Shape: (labels,).
        plausible: Shares that are nearly as credible, for intervals; one column is enough where
            the shares are given. Shape: (labels, alternatives).
        n_rows: How many rows the models will be judged on.
        source: Whether somebody said the shares, or the test scores did.
    """

    shares: Shares
    plausible: Shares
    n_rows: int
    source: Literal["given", "estimated"]
