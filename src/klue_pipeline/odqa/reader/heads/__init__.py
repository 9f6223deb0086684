"""Heads: what turns the states of a window into a start and an end score for each token.

A head is some layers of ``LAYERS``, one after the other, and a linear layer over them. Another one
is a line there, of layers that are here or of a new one in a file of its own; its name goes into
``ReaderHeadParams``.
"""

from klue_pipeline.odqa.reader.heads.attention import SelfAttention
from klue_pipeline.odqa.reader.heads.bilstm import BiLstm, NormalisedBiLstm
from klue_pipeline.odqa.reader.heads.convolution import Convolutions
from klue_pipeline.odqa.reader.heads.interface import HeadShape, Layer
from klue_pipeline.odqa.reader.heads.span_head import SpanHead
from klue_pipeline.odqa.settings.reader_params import ReaderHeadName, ReaderHeadParams

__all__ = ["HEADS", "SpanHead", "build_head"]

HEADS: dict[ReaderHeadName, tuple[type[Layer], ...]] = {
    "linear": (),
    "bilstm": (BiLstm,),
    "bilstm_layer_norm": (NormalisedBiLstm,),
    "cnn": (Convolutions,),
    "cnn_bilstm": (Convolutions, BiLstm),
    "attention": (SelfAttention,),
}
"""The layers of every head below its last one, by the name it has in ``head.name``."""


def build_head(params: ReaderHeadParams, width: int, attention_heads: int) -> SpanHead:
    """Build the head that ``params`` names, untrained.

    Args:
        params: Its name, dropout and width.
        width: Width of the encoder's states.
        attention_heads: How many heads of attention each layer of the encoder has.
    """
    shape = HeadShape(params.hidden_size or width, params.dropout, attention_heads)
    layers: list[Layer] = []
    for build in HEADS[params.name]:
        layers.append(build(layers[-1].width if layers else width, shape))
    return SpanHead(layers, layers[-1].width if layers else width, params.dropout)
