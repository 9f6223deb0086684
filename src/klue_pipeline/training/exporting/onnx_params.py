"""Settings of models as ONNX graphs; the values live in ``conf/``."""

from typing import ClassVar

from pydantic import Field

from klue_pipeline.base_settings import Settings


class OnnxParams(Settings):
    """What graphs are made of an exported model, and what they may cost."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"max_f1_loss"})

    int8: bool
    """Whether the graphs are also written with weights of 8 bits, judged, and taken for use."""
    max_f1_loss: float | None = Field(ge=0, le=100)
    """Most points of F1, 0 to 100, that int8 may lose on rows that a model has not learnt from;
    None allows any loss."""
    check_rows: int = Field(ge=2)
    """Rows on which each graph's logits are compared with those of PyTorch."""
