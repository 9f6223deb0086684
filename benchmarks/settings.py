"""The project's own settings, as ``conf/base`` has them."""

from pathlib import Path
from typing import Any

import yaml

from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.runs.parameters import input_in_language

_CONFIGURATION = Path(__file__).parents[1] / "conf" / "base"


def read_settings(*names: str) -> dict[str, Any]:
    """Read parameter files of ``conf/base`` by their names without ``parameters_`` and ``.yml``."""
    settings: dict[str, Any] = {}
    for name in names:
        path = _CONFIGURATION / f"parameters_{name}.yml"
        settings |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return settings


def read_input() -> InputParams:
    """Read how rows are written by default, with the words of the default language."""
    settings = read_settings("experiments", "text")
    defaults = settings["experiment_defaults"]["input"]
    return InputParams.model_validate(input_in_language(defaults, settings["text"]))
