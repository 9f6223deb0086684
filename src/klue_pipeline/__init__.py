"""Fine-tune encoders on KLUE: relation extraction and open-domain QA as Kedro pipelines."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from klue_pipeline.version import __version__

if TYPE_CHECKING:
    from klue_pipeline.odqa.inference.answer_prediction import AnswerPrediction
    from klue_pipeline.odqa.inference.answerer import QuestionAnswerer
    from klue_pipeline.relation.inference.classifier import RelationClassifier, RelationPrediction

__all__ = [
    "AnswerPrediction",
    "QuestionAnswerer",
    "RelationClassifier",
    "RelationPrediction",
    "__version__",
]

_LAZY = {
    "AnswerPrediction": "odqa.inference.answer_prediction",
    "QuestionAnswerer": "odqa.inference.answerer",
    "RelationClassifier": "relation.inference.classifier",
    "RelationPrediction": "relation.inference.classifier",
}


def __getattr__(name: str) -> Any:
    # On demand, because they bring torch and transformers along.
    if name in _LAZY:
        return getattr(import_module(f"klue_pipeline.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
