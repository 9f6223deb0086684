"""Trained models behind MLflow's scoring server.

MLflow imports this package to load a saved relation classifier, and ``question_answerer`` to load
what answers questions. These names stand in models that were saved before, so that they stay;
loading needs neither MLflow nor Kedro.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from klue_pipeline.serving.served_model import ServedModel, load_served


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> ServedModel:
    """Load a saved relation classifier; the name and the arguments are MLflow's.

    Args:
        path: Folder of the checkpoints.
        model_config: As :func:`load_served` takes it.
    """
    from klue_pipeline.relation.inference.classifier import RelationClassifier
    from klue_pipeline.relation.inference.model_package import INTERFACE

    load = partial(RelationClassifier.from_pretrained, Path(path))
    return load_served(load, INTERFACE, model_config)


__all__ = ["ServedModel"]
