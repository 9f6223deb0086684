"""An exported answerer behind MLflow's scoring server.

MLflow imports this module to load a saved one. Its name stands in models that were saved before, so
that it stays; loading needs neither MLflow nor Kedro.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from klue_pipeline.serving.served_model import ServedModel, load_served


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> ServedModel:
    """Load a saved answerer; the name and the arguments are MLflow's.

    Args:
        path: The exported folder.
        model_config: As :func:`load_served` takes it.
    """
    from klue_pipeline.odqa.inference.answerer import QuestionAnswerer
    from klue_pipeline.odqa.inference.model_package import INTERFACE

    load = partial(QuestionAnswerer.from_pretrained, Path(path))
    return load_served(load, INTERFACE, model_config)
