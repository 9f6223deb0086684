"""How ``--params`` and ``--config`` are read."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click
import yaml
from kedro.framework.cli.utils import KedroCliError

_CLOSES = {"[": "]", "{": "}"}
_QUOTES = ("'", '"')
_BEFORE_A_VALUE = ("=", "[", "{", ",", ":")
"""What a quotation mark stands behind that opens a text; one inside a word is part of it."""
_NOTHING_YET = object()
_QUOTE_IT = "close it, or put a value that has brackets in it into quotation marks"


class ParamsOption(click.Option):
    """``--params``: given twice, both count; a file of ``--config`` gives settings, not a text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "multiple": True})

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Leave the settings of a file as they are."""
        if isinstance(value, Mapping):
            return value
        if isinstance(value, str):  # only a file gives one text
            ctx.fail(f"params: found {value!r}; a file of --config wants name: value, line by line")
        return super().type_cast_value(ctx, value)


def parse_params(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """Read ``--params``: dotted names, values as their settings mean them, lists left whole."""
    try:
        if isinstance(value, Mapping):  # from a file given with --config
            return nest_settings(value.items())
        return read_settings(split_settings(context, option, value))
    except ValueError as error:
        return context.fail(f"--params: {error}")


def split_settings(context: click.Context, option: click.Parameter, value: Any) -> list[str]:
    """Split ``--params`` into its ``name=value`` parts."""
    try:
        texts = [value] if isinstance(value, str) else value
        return [_as_setting(part) for text in texts for part in split_at_commas(text)]
    except ValueError as error:
        return context.fail(f"{option.opts[0]}: {error}")


def split_at_commas(text: str) -> list[str]:
    """Split a text at its commas outside of brackets and quotation marks.

    >>> split_at_commas("folds.run=[0,2], run.name=look")
    ['folds.run=[0,2]', 'run.name=look']

    Raises:
        ValueError: A bracket or quotation mark is not closed, or closes nothing.
    """
    parts, marks = [""], ""
    for letter in text:
        if letter == "," and not marks:
            parts.append("")
            continue
        marks = _marks_behind(letter, parts[-1], marks)
        parts[-1] += letter
    if marks:
        raise ValueError(f"found {parts[-1]!r}; {marks[-1]} is not closed; {_QUOTE_IT}")
    return [part.strip() for part in parts if part.strip()]


def _marks_behind(letter: str, before: str, marks: str) -> str:
    """Return the brackets and quotation marks that are open behind a letter."""
    if marks.endswith(_QUOTES):
        return marks[:-1] if marks.endswith(letter) else marks
    if letter in _QUOTES:
        return marks + letter if before.rstrip().endswith(_BEFORE_A_VALUE) else marks
    if letter in _CLOSES.values():
        if _CLOSES.get(marks[-1:]) != letter:
            raise ValueError(f"found {before + letter!r}; {letter} closes nothing; {_QUOTE_IT}")
        return marks[:-1]
    return marks + letter if letter in _CLOSES else marks


def _as_setting(text: str) -> str:
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError(
            f"found {text!a}, letters that the locale of this terminal cannot hold; set "
            "LC_ALL=C.UTF-8 or PYTHONUTF8=1"
        )
    name, equals, value = text.partition("=")
    if not (equals and value.strip() and all(part.strip() for part in name.split("."))):
        raise ValueError(
            f"found {text!r}; name=value was wanted, joined by commas; null as a value is none"
        )
    return f"{name.strip()}={value.strip()}"


def read_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Read ``name=value`` parts as nested settings.

    >>> read_settings(["training.epochs=3", "folds.run=[0, 2]", "run.name=007"])
    {'training': {'epochs': 3}, 'folds': {'run': [0, 2]}, 'run': {'name': '007'}}

    Raises:
        ValueError: A value cannot be read, or a setting is given twice.
    """
    from klue_pipeline.commands.typed_values import read_value
    from klue_pipeline.runs.parameters import Parameters

    values = []
    for name, _, text in (setting.partition("=") for setting in settings):
        try:
            values.append((name, read_value(text, name.split("."), Parameters)))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return nest_settings(values)


def nest_settings(settings: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    """Nest settings with dotted names.

    >>> nest_settings([("run.name", "x"), ("run", {"seed": 1})])
    {'run': {'name': 'x', 'seed': 1}}

    Raises:
        ValueError: A setting is given twice.
    """
    nested: dict[str, Any] = {}
    for name, value in settings:
        _put(nested, str(name).split("."), value, str(name))
    return nested


def _put(nested: dict[str, Any], path: list[str], value: Any, name: str) -> None:
    """Put a value where its name leads; names inside of a value are whole, dots or not."""
    first, *rest = path
    below = nested.setdefault(first, {} if rest or isinstance(value, Mapping) else _NOTHING_YET)
    if rest and isinstance(below, dict):
        _put(below, rest, value, name)
    elif isinstance(value, Mapping) and isinstance(below, dict):
        for key, each in value.items():
            _put(below, [str(key)], each, f"{name}.{key}")
    elif below is _NOTHING_YET:
        nested[first] = value
    else:
        raise ValueError(f"{name} is given twice, or as well as a part of it; give one of the two")


def explain_config_file(read: Callable[..., Any]) -> Callable[..., Any]:
    """Let ``--config`` name a file that is not as it should be, instead of a traceback."""

    def explained(context: click.Context, option: click.Parameter, value: Any) -> Any:
        # Kedro reads what stands below the name that was typed: not run under python -m.
        typed, context.info_name = context.info_name, context.command.name
        try:
            return read(context, option, value)
        except (
            yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError, KedroCliError,
        ) as error:  # fmt: skip
            problem = " ".join(str(error).split())
            return context.fail(
                f"--config: {value} cannot be read ({problem}). A YAML file in UTF-8 was wanted, "
                f"with the options of the command below {context.info_name}:"
            )
        finally:
            context.info_name = typed

    return explained
