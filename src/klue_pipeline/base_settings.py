"""What all settings models share: unknown names are refused, values are frozen."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator


class Settings(BaseModel):
    """Base of every settings model: unknown fields are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset()
    """Fields that change where or how a run goes but not what comes out; fingerprints skip them."""

    def unread_fields(self) -> frozenset[str]:
        """Return the fields that nothing reads as long as the others are as they are."""
        return frozenset()


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
