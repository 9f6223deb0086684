"""The table of methods that make new training rows.

A new method is one more file like ``entity_swap.py``, its settings in ``augment_params`` and one
more line here.
"""

from klue_pipeline.relation.augmentation.methods.aeda import build_aeda
from klue_pipeline.relation.augmentation.methods.back_translation import build_back_translation
from klue_pipeline.relation.augmentation.methods.eda import build_eda
from klue_pipeline.relation.augmentation.methods.entity_replace import build_entity_replace
from klue_pipeline.relation.augmentation.methods.entity_swap import build_entity_swap
from klue_pipeline.relation.augmentation.methods.fill_mask import build_fill_mask
from klue_pipeline.relation.augmentation.methods.mask_words import (
    build_mask_entity,
    build_mask_words,
)
from klue_pipeline.relation.augmentation.methods.oversample import build_oversample
from klue_pipeline.relation.augmentation.rows.context import BuildsAugment

AUGMENTERS: dict[str, BuildsAugment] = {
    "entity_swap": build_entity_swap,
    "mask_words": build_mask_words,
    "mask_entity": build_mask_entity,
    "entity_replace": build_entity_replace,
    "eda": build_eda,
    "aeda": build_aeda,
    "fill_mask": build_fill_mask,
    "back_translation": build_back_translation,
    "oversample": build_oversample,
}
"""Methods by name; they run in this order."""

METHODS_THAT_REPEAT = frozenset({"oversample"})
"""Methods whose rows are copies on purpose."""

METHODS_THAT_RELABEL = frozenset({"entity_swap"})
"""Methods whose rows have another label than the one that they were made from."""
