"""Values of ``--params`` as their setting means them, and not as YAML would guess.

YAML reads ``no`` as false, ``1e5`` as a number and ``007`` as seven. The settings models say which
settings are text, so that ``run.name=007`` is a name.
"""

import re
from collections.abc import Iterable, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from omegaconf import OmegaConf
from pydantic import BaseModel

Types = tuple[Any, ...]
"""What a setting may be, one by one; empty where no model knows the setting."""

_NOTHING = frozenset({"null", "Null", "NULL", "~"})
_NUMBER = re.compile(r"[-+]?(\d+(_\d+)*\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)


def read_value(text: str, name: Sequence[str], model: type[BaseModel]) -> Any:
    """Read the value of one setting.

    Args:
        text: What stands behind ``=``.
        name: The parts of the setting's name.
        model: The settings that have it; the value of a name that is not there is read as YAML.

    Raises:
        ValueError: It cannot be read.
    """
    types: Types = (model,)
    for part in name:
        types = _below(types, part)
    try:
        if text.startswith(("'", '"')) or (text.startswith(("[", "{")) and not _is_text(types)):
            return _of_node(yaml.compose(text, Loader=yaml.SafeLoader), types)
        return _of_plain(text, types)
    except (yaml.YAMLError, RecursionError) as error:
        problem = getattr(error, "problem", None) or "it is nested too deeply"
        raise ValueError(f"found {text!r}, which cannot be read ({problem}); quote it") from None


def _of_node(node: Any, types: Types) -> Any:
    """Read what YAML has taken apart."""
    if isinstance(node, yaml.SequenceNode):
        items = _flatten(get_args(each)[0] for each in types if _is_a(each, list))
        return [_of_node(item, items) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        keys = [str(key.value) for key, _ in node.value]
        return {
            key: _of_node(value, _below(types, key))
            for key, (_, value) in zip(keys, node.value, strict=True)
        }
    return node.value if node.style else _of_plain(node.value, types)


def _of_plain(text: str, types: Types) -> Any:
    """Read a word or a number without quotes."""
    if text in _NOTHING:
        return None
    if not types or Any in types or bool in types:
        read: Any = OmegaConf.to_container(OmegaConf.from_dotlist([f"value={text}"]))
        return read["value"]
    if _NUMBER.fullmatch(text) and {int, float}.intersection(types):
        number = float(text)
        return int(number) if float not in types and number.is_integer() else _exact(text, number)
    return text


def _exact(text: str, number: float) -> int | float:
    """Return a whole number that is written as one as such."""
    return int(text) if text.lstrip("+-").replace("_", "").isdecimal() else number


def _below(types: Types, key: str) -> Types:
    """Return the types of a field of a model, or of an entry of a mapping."""
    models = [each for each in types if isinstance(each, type) and issubclass(each, BaseModel)]
    fields = [model.model_fields[key].annotation for model in models if key in model.model_fields]
    entries = [get_args(each)[1] for each in types if _is_a(each, dict)]
    return _flatten([*fields, *entries])


def _flatten(annotations: Iterable[Any]) -> Types:
    """Take unions apart, and rules off what they are about."""
    found: list[Any] = []
    for annotation in annotations:
        origin: Any = get_origin(annotation)
        if origin in (Union, UnionType):
            found += _flatten(get_args(annotation))
        elif origin is Annotated:
            found += _flatten(get_args(annotation)[:1])
        else:
            found.append(annotation)
    return tuple(found)


def _is_a(annotation: Any, kind: Any) -> bool:
    return bool(get_origin(annotation) is kind)


def _is_text(types: Types) -> bool:
    return bool(types) and all(each in (str, NoneType) or _is_a(each, Literal) for each in types)
