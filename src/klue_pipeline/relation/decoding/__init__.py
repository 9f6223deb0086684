"""Options that change predictions after training, off unless chosen on out-of-fold rows.

What they are taken from, counts or a fitted bias, never includes the rows they are judged on.
"""

from klue_pipeline.relation.decoding.negative_bias import (
    add_negative_bias,
    fit_negative_bias,
    nested_negative_bias,
)
from klue_pipeline.relation.decoding.type_pair_mask import (
    legal_for_test,
    legal_out_of_fold,
    mask_illegal,
)

__all__ = [
    "add_negative_bias",
    "fit_negative_bias",
    "legal_for_test",
    "legal_out_of_fold",
    "mask_illegal",
    "nested_negative_bias",
]
