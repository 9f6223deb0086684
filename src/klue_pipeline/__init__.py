"""Fine-tune encoders on KLUE: relation extraction and open-domain QA as Kedro pipelines."""

from typing import TYPE_CHECKING, Any

from klue_pipeline.version import __version__

if TYPE_CHECKING:
    from klue_pipeline.relation.inference.classifier import RelationClassifier, RelationPrediction

__all__ = ["RelationClassifier", "RelationPrediction", "__version__"]

_LAZY = ("RelationClassifier", "RelationPrediction")


def __getattr__(name: str) -> Any:
    # On demand, because they bring torch and transformers along.
    if name in _LAZY:
        from klue_pipeline.relation.inference import classifier

        return getattr(classifier, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
