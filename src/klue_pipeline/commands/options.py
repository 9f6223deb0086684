"""How ``--params`` is read."""

from collections.abc import Iterable
from typing import Any

import click
from kedro.framework.cli.utils import split_node_names
from omegaconf import OmegaConf


def parse_params(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """Read ``--params`` as Kedro does, but leave lists whole: ``folds.run=[0,2],run.name=look``."""
    if isinstance(value, dict):  # from a file given with --config
        return value
    return read_settings(split_settings(context, option, value))


def split_settings(context: click.Context, option: click.Parameter, value: str) -> list[str]:
    """Split ``--params`` into its ``name=value`` parts, at commas outside of brackets."""
    settings = []
    for setting in split_node_names(context, option, value):
        name, equals, text = setting.partition("=")
        if not name.strip() or not equals:
            context.fail(f"--params: found {setting!r}; name=value was wanted, joined by commas.")
        settings.append(f"{name.strip()}={text}")
    return settings


def read_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Read ``name=value`` parts as nested settings.

    >>> read_settings(["training.epochs=3", "folds.run=[0, 2]"])
    {'training': {'epochs': 3}, 'folds': {'run': [0, 2]}}
    """
    parsed: Any = OmegaConf.to_container(OmegaConf.from_dotlist(list(settings)))
    return dict(parsed)
