"""Heads: what turns encoder states into one score per label.

A head is a module that takes :class:`HeadInputs` and returns logits (batch, labels). To add one,
copy the file of the head it resembles most (``cls.py`` is the shortest), give it a line in
``HEADS`` and its name in ``HeadParams``.
"""

from collections.abc import Callable

from torch import nn

from klue_pipeline.relation.model.heads.bilstm import BiLstmHead
from klue_pipeline.relation.model.heads.cls import ClsHead
from klue_pipeline.relation.model.heads.cls_entity_fc import ClsEntityFcHead
from klue_pipeline.relation.model.heads.entity_start import (
    ClsEntityStartHead,
    EntityStartEndHead,
    EntityStartHead,
)
from klue_pipeline.relation.model.heads.interface import HeadInputs, HeadShape
from klue_pipeline.relation.model.heads.mean_pool import MeanPoolHead
from klue_pipeline.relation.model.heads.rbert import RBertHead
from klue_pipeline.relation.model.heads.type_restricted import TypeRestrictedHead
from klue_pipeline.relation.settings.params import HeadParams

__all__ = ["HEADS", "HeadInputs", "HeadShape", "build_head"]

HEADS: dict[str, Callable[[HeadParams, HeadShape], nn.Module]] = {
    "cls": ClsHead,
    "entity_start": EntityStartHead,
    "cls_entity_start": ClsEntityStartHead,
    "entity_start_end": EntityStartEndHead,
    "rbert": RBertHead,
    "cls_entity_fc": ClsEntityFcHead,
    "mean_pool": MeanPoolHead,
    "bilstm": BiLstmHead,
    "type_restricted": TypeRestrictedHead,
}
"""Every head by the name it has in ``head.name``."""


def build_head(params: HeadParams, shape: HeadShape) -> nn.Module:
    """Build the head that ``params`` names, untrained."""
    return HEADS[params.name](params, shape)
