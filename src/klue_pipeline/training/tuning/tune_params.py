"""Settings of a search for settings; the values live in ``conf/*/parameters_tune.yml``."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from klue_pipeline.base_settings import Seed, Settings
from klue_pipeline.text.folder_names import FolderName

Value = bool | int | float | str | None
"""What a setting that is searched can be."""

_OWN_FIELDS = frozenset({"low", "high", "log", "step", "choices", "when"})


class Dimension(Settings):
    """The values of one setting that a search may take: a range, or some choices."""

    low: int | float | None = None
    """Smallest value; a range of whole numbers has whole ends."""
    high: int | float | None = None
    """Largest value."""
    log: bool = False
    """Draw evenly over orders of magnitude, as suits learning rates."""
    step: int | float | None = Field(default=None, gt=0)
    """Distance between two values of a range; None takes any."""
    choices: list[Value] | None = Field(default=None, min_length=1)
    """The values one by one; in a file a list alone says the same."""
    when: dict[str, Value | Annotated[list[Value], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    """Settings that decide whether this one is searched, with the value each has to have, or one
    of a list: ``{loss.name: focal}``. Otherwise the experiment's own value stays."""

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        ends = [end for end in (self.low, self.high) if end is not None]
        if (self.choices is None) == (not ends) or len(ends) == 1:
            raise ValueError(
                "either low and high, or choices were wanted; found "
                f"low={self.low}, high={self.high} and choices={self.choices}"
            )
        if self.choices is not None and (self.log or self.step is not None):
            raise ValueError("log and step belong to a range; choices have neither")
        if ends and not ends[0] < ends[-1]:
            raise ValueError(f"low has to be below high; found {self.low} and {self.high}")
        if self.log and (self.step is not None or (self.low or 0) <= 0):
            raise ValueError("log wants low above 0 and no step")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether the range has whole numbers alone."""
        return all(isinstance(end, int) for end in (self.low, self.high, self.step or 1))

    def grid(self) -> list[Any] | None:
        """Return all values in order; None for a range without steps.

        >>> Dimension(low=0.0, high=0.2, step=0.1).grid()
        [0.0, 0.1, 0.2]
        """
        if self.choices is not None:
            return list(self.choices)
        step = 1 if self.is_whole and self.step is None and not self.log else self.step
        if step is None or self.low is None or self.high is None:
            return None
        low, high, distance = (Decimal(str(number)) for number in (self.low, self.high, step))
        values = (low + place * distance for place in range(int((high - low) / distance) + 1))
        return [int(value) if self.is_whole else float(value) for value in values]

    def holds(self, value: Any) -> bool:
        """Tell whether a value is one that the search could draw."""
        if self.choices is not None:
            return value in self.choices
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        low, high = float(self.low or 0), float(self.high or 0)
        if not low <= value <= high or (self.is_whole and not isinstance(value, int)):
            return False
        places = (value - low) / self.step if self.step else 0.0
        return abs(places - round(places)) < 1e-9  # noqa: PLR2004 (what is left of rounding)


def _read_space(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    whole = dict(_dimensions(value))  # what the command line nests stands behind
    return {name: dimension for name, dimension in whole.items() if dimension is not None}


def _dimensions(space: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Read a space whose names are whole, nested as --params nests them, or both."""
    for name, value in space.items():
        whole = f"{before}{name}"
        if isinstance(value, Mapping) and value and not _OWN_FIELDS & value.keys():
            yield from _dimensions(value, f"{whole}.")
        elif isinstance(value, list):
            yield whole, {"choices": value}
        else:
            yield whole, value


Dimensions = Annotated[dict[str, Dimension], BeforeValidator(_read_space), Field(min_length=1)]
"""What is searched, by the whole name of the setting."""


class SearchParams(Settings):
    """How settings are searched, whatever they are."""

    # A study says itself what its trials have in common, and refuses others.
    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset(
        {
            "trials", "study", "storage", "sampler", "startup_trials", "pruner", "spared_trials",
            "reduction_factor", "finalists", "finalist_seeds", "seed",
        }
    )  # fmt: skip

    trials: int = Field(ge=1)
    """Trials that the study has in the end, pruned ones included, whoever ran them."""
    study: FolderName | None = None
    """Its name in the storage; None takes the folder of the experiment."""
    storage: str = Field(min_length=1)
    """SQLAlchemy address of the database that keeps studies."""
    folds: list[int] = Field(min_length=1)
    """Folds of the split that each trial trains and is judged on."""
    sampler: Literal["tpe", "random", "grid", "gp"]
    """How the next values are chosen."""
    startup_trials: int = Field(ge=1)
    """First trials that ``tpe`` and ``gp`` draw at random."""
    pruner: Literal["median", "halving", "none"]
    """What ends a trial early: a value below the median of the trials before, or below the best
    share of them at growing distances (successive halving)."""
    spared_trials: int = Field(ge=0)
    """First trials that ``median`` lets run to their end."""
    reduction_factor: int = Field(ge=2)
    """One of so many trials goes on from a rung of ``halving`` to the next."""
    rungs: Literal["evaluations", "rows"]
    """When a trial is looked at: at each evaluation of its training, or after trainings on growing
    shares of the rows."""
    row_shares: list[float] = Field(min_length=1)
    """For ``rungs: rows``: shares of the training rows, ascending, the last of them 1."""
    seed: Seed
    """Of the sampler, and of the rows that a share takes."""
    finalists: int = Field(ge=1)
    """Best trials that are trained again, with other seeds, before one is named the winner."""
    finalist_seeds: int = Field(ge=0)
    """Other seeds for each of them and for the experiment as it was; 0 names no winner."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        shares = self.row_shares
        if sorted(set(shares)) != shares or not 0 < shares[0] <= 1 or shares[-1] != 1:
            raise ValueError(f"row_shares ascend from above 0 to 1; found {shares}")
        if self.finalist_seeds == 1:
            raise ValueError("finalist_seeds is 1, but one value shows no noise; set 2, or 0")
        if len(set(self.folds)) != len(self.folds):
            raise ValueError(f"folds names a fold twice; found {self.folds}")
        return self


class TuneParams(SearchParams):
    """How settings of relation extraction are searched."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = SearchParams.results_do_not_depend_on | {
        "space"
    }

    space: Dimensions
    """What is searched, by the whole name of the setting."""
