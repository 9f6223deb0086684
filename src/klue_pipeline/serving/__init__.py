"""A relation classifier behind MLflow's scoring server.

MLflow imports this package to load a saved model. Its name stands in models that were saved before,
so that it stays; loading needs neither MLflow nor Kedro.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from klue_pipeline.relation.inference.request_limits import RequestLimits
from klue_pipeline.serving.classifier import ANSWER_COLUMNS, ServedClassifier

SERVER_MODULE = "mlflow.pyfunc.scoring_server.app"
"""Loads the model while it is imported, in the server's process and nowhere else."""


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> ServedClassifier:
    """Load a saved model; the name and the arguments are MLflow's.

    Args:
        path: Folder of the checkpoints.
        model_config: ``device``, ``precision`` and ``batch_size``, as the classifier takes them,
            and the fields of :class:`RequestLimits`, which only a server looks at.
    """
    from klue_pipeline.relation.inference.classifier import RelationClassifier

    settings = dict(model_config or {})
    named = RequestLimits.model_fields.keys() & settings.keys()
    limits = RequestLimits(**{name: settings.pop(name) for name in named})
    classifier = RelationClassifier.from_pretrained(Path(path), **settings)
    if SERVER_MODULE not in sys.modules:
        return ServedClassifier(classifier)
    from klue_pipeline.serving.door import put_door

    put_door(limits)
    return ServedClassifier(classifier, limits)


__all__ = ["ANSWER_COLUMNS", "ServedClassifier"]
