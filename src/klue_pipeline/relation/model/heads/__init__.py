"""Heads: what turns encoder states into one score per label.

A head is a module that takes :class:`HeadInputs` and returns logits (batch, labels). One that reads
other states below the same layers is a line in ``READINGS`` and in ``LAYERS``; any other is a file
(``cls_entity_fc.py`` is the shortest) and a line in ``HEADS``. Its name goes into ``HeadParams``.
"""

from collections.abc import Callable

from torch import nn

from klue_pipeline.relation.model.heads.bilstm import BiLstmHead
from klue_pipeline.relation.model.heads.cls_entity_fc import ClsEntityFcHead
from klue_pipeline.relation.model.heads.interface import HeadInputs, HeadShape
from klue_pipeline.relation.model.heads.one_layer import LAYERS, OneLayerHead
from klue_pipeline.relation.model.heads.rbert import RBertHead
from klue_pipeline.relation.model.heads.type_restricted import TypeRestrictedHead
from klue_pipeline.relation.settings.params import HeadParams

__all__ = ["HEADS", "HeadInputs", "HeadShape", "build_head"]

HEADS: dict[str, Callable[[HeadParams, HeadShape], nn.Module]] = {
    **dict.fromkeys(LAYERS, OneLayerHead),
    "rbert": RBertHead,
    "cls_entity_fc": ClsEntityFcHead,
    "bilstm": BiLstmHead,
    "type_restricted": TypeRestrictedHead,
}
"""Every head by the name it has in ``head.name``."""


def build_head(params: HeadParams, shape: HeadShape) -> nn.Module:
    """Build the head that ``params`` names, untrained."""
    return HEADS[params.name](params, shape)
