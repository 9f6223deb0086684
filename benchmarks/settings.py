"""The project's own settings, as ``conf/base`` has them."""

from pathlib import Path
from typing import Any

import yaml

_CONFIGURATION = Path(__file__).parents[1] / "conf" / "base"


def read_settings(*names: str) -> dict[str, Any]:
    """Read parameter files of ``conf/base`` by their names without ``parameters_`` and ``.yml``."""
    settings: dict[str, Any] = {}
    for name in names:
        path = _CONFIGURATION / f"parameters_{name}.yml"
        settings |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return settings
