"""Judge runs against gold passages, and compare experiments."""

from collections.abc import Callable, Mapping
from typing import Any

Loaders = Mapping[str, Callable[[], Any]]
