"""What all settings share: models that refuse unknown names, their errors, and how they merge."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

LARGEST = 2**32 - 1
"""Largest whole number in settings: NumPy takes no larger seed, and no count here goes so far."""

Seed = Annotated[int, Field(ge=0, le=LARGEST)]
"""Where a series of random numbers begins."""

_LONGEST_SHOWN = 60
_WANTED = {
    "string_type": "a valid string was wanted; text that looks like a number or like yes and no "
    "needs quotation marks in a file",
    "list_type": "a valid list was wanted, in square brackets: [0, 2] or [name]",
    "dict_type": "a valid dictionary was wanted, name: value for each of its settings",
    "model_type": "a valid dictionary was wanted, name: value for each of its settings",
}
"""What pydantic says in the words of Python, by the type of its error."""


class Settings(BaseModel):
    """Base of every settings model: unknown fields are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset()
    """Fields that change where or how a run goes but not what comes out; fingerprints skip them."""

    @field_validator("*", mode="after")
    @classmethod
    def _refuse_more_than_a_machine_counts(cls, value: Any) -> Any:
        if isinstance(value, int) and abs(value) > LARGEST:
            raise ValueError(f"a whole number of at most {LARGEST} was wanted")
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_yes_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what YAML made of a word, which pydantic would take for 0 or 1."""
        field = cls.model_fields.get(info.field_name or "")
        if isinstance(value, bool) and field and bool not in _types_in(field.annotation):
            raise ValueError(
                "YAML reads yes, no, on, off, true and false without quotation marks like that"
            )
        return value

    def unread_fields(self) -> frozenset[str]:
        """Return the fields that nothing reads as long as the others are as they are."""
        return frozenset()


class AboutParams(Settings):
    """The experiment that is run; resolved from the lab book, never set by hand."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"why"})

    experiment: str
    """Its name in the lab book."""
    folder: str
    """The folder of its results; a variant (``run.name``) has its own."""
    why: str
    """The hypothesis."""
    members: list[str] = Field(default_factory=list)
    """The experiments whose scores a composite joins; none for the others."""


class MethodSettings(Settings):
    """Settings of one method out of several: a field that only some of them read is None elsewhere.

    One flat model instead of one model per method keeps every setting addressable as
    ``--params loss.gamma=1``, and still refuses a setting that the chosen method would ignore.
    """

    fields_of: ClassVar[Mapping[str, frozenset[str]]] = {}
    """The fields that a method needs and that others must not have, by the method's name."""
    optional_fields_of: ClassVar[Mapping[str, frozenset[str]]] = {}
    """The fields that a method may have and that others must not have."""

    name: str

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        needed = self.fields_of.get(self.name, frozenset())
        missing = sorted(field for field in needed if getattr(self, field) is None)
        if missing:
            raise ValueError(f"{self.name} needs {', '.join(missing)}; set it beside name")
        for field in sorted(_named(self.fields_of) | _named(self.optional_fields_of)):
            takers = sorted(_methods_with(field, self.fields_of, self.optional_fields_of))
            if getattr(self, field) is not None and self.name not in takers:
                raise ValueError(
                    f"{field} belongs to {', '.join(takers)}, but name is {self.name}; "
                    f"remove {field} or choose another name"
                )
        return self


def _named(fields: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*fields.values())


def _methods_with(field: str, *tables: Mapping[str, frozenset[str]]) -> set[str]:
    return {name for table in tables for name, fields in table.items() if field in fields}


def explain_errors(
    error: ValidationError, model: type[BaseModel] | None = None, prefix: str = ""
) -> list[str]:
    """Return each problem that pydantic found as a line: where, what was found, what is legal.

    Args:
        error: What pydantic raised.
        model: The settings that were read; with it, it is said what a misspelt name is near to and
            where a missing setting belongs.
        prefix: What stands before every name, such as ``mlflow.``.
    """
    return [f"{prefix}{_explain(problem, model, prefix)}" for problem in error.errors()]


def _explain(problem: Mapping[str, Any], model: type[BaseModel] | None, prefix: str) -> str:
    location = _location_of(problem)
    name = ".".join(location)
    if model and problem["type"] == "extra_forbidden":
        known = _fields_of(model, location[:-1])
        return f"{name}: there is no such setting. {suggest(location[-1], known)}"
    if model and problem["type"] == "missing":
        return f"{name}: is missing; set it in conf/ or by --params {prefix}{name}=..."
    message = _WANTED.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    if problem["type"] == "literal_error":
        message += _suggest_near(problem["input"], problem["ctx"]["expected"])
    found = repr(problem["input"])
    # A field that is missing, and a check over several fields, have the whole group as their input.
    if isinstance(problem["input"], Mapping) or len(found) > _LONGEST_SHOWN:
        return f"{name}: {message}"
    return f"{name}: found {found}; {message}"


def _suggest_near(found: Any, expected: str) -> str:
    """Say which of the legal words is near; nothing where none is."""
    near = difflib.get_close_matches(str(found), re.findall(r"'([^']*)'", expected), n=1)
    return f". Did you mean {near[0]}?" if near else ""


def _location_of(problem: Mapping[str, Any]) -> list[str]:
    """Return the names that lead to a setting, without pydantic's own words, which have brackets.

    They say which of several types was tried, or that the name of an entry is what is wrong.
    """
    parts = [str(part) for part in problem["loc"]]
    if parts[-1:] == ["[key]"]:
        del parts[-2:]
    return [part for part in parts if "[" not in part]


def _types_in(annotation: Any) -> set[Any]:
    """Return everything that an annotation is made of."""
    return {annotation}.union(*(_types_in(part) for part in get_args(annotation)))


def _fields_of(model: type[BaseModel], location: Sequence[str]) -> list[str]:
    """Return the field names of the model at a location, following fields and tables of models."""
    for part in location:
        field = model.model_fields.get(part)
        annotations = [] if field is None else [field.annotation, *get_args(field.annotation)]
        below = [a for a in annotations if isinstance(a, type) and issubclass(a, BaseModel)]
        model = below[0] if below else model
    return list(model.model_fields)


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Say which known names are near a wrong one, or list them all.

    >>> suggest("epoch", ["epochs", "seed"])
    'Did you mean epochs?'
    >>> suggest("zzz", ["epochs", "seed"])
    'Known are: epochs, seed.'
    """
    names = sorted(known)
    near = difflib.get_close_matches(wrong, names, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"Known are: {', '.join(names)}."


def merge_settings(former: Mapping[str, Any], latter: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two nested mappings; on a clash the latter wins, mappings are merged in turn.

    >>> merge_settings({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}})
    {'a': {'b': 3, 'c': 2}}
    """
    merged = dict(former)
    for key, value in latter.items():
        below = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = merge_settings(below, value) if both else value  # type: ignore[arg-type]
    return merged


SettingNames = Mapping[str, tuple[str, type[BaseModel]]]
"""What stands before a setting's own name in messages, what is to stand there instead, and the
settings that are there."""


@contextmanager
def naming_settings(names: SettingNames) -> Iterator[None]:
    """Let what is raised inside name settings as a user knows them who set them elsewhere.

    >>> class Training(Settings):
    ...     device: str
    >>> with naming_settings({"training": ("odqa.retriever_training", Training)}):
    ...     raise ValueError("training.device is mps, training.py is not")
    Traceback (most recent call last):
    ValueError: odqa.retriever_training.device is mps, training.py is not

    Args:
        names: The groups of settings to rename.
    """
    patterns = [
        (re.compile(rf"(?<![\w.]){old}\.(?=(?:{'|'.join(model.model_fields)})\b)"), f"{new}.")
        for old, (new, model) in names.items()
    ]
    try:
        yield
    except (ValueError, OSError, RuntimeError) as error:
        error.args = tuple(
            _rename(part, patterns) if isinstance(part, str) else part for part in error.args
        )
        raise


def _rename(text: str, patterns: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for pattern, new in patterns:
        text = pattern.sub(new, text)
    return text
