"""Bundles: what an experiment made, with all that says what it is, to be combined elsewhere.

A bundle has no weights. What is in one is for the task to say, how it lies on disk for the dataset
that stores it; whether it fits a run is asked where members of a blend are selected, as for the
experiments of the run itself.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

Bundle = TypeVar("Bundle")


class ExperimentDescription(BaseModel):
    """What whoever exports an experiment knows about it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: str = Field(min_length=1)
    """Its name in the lab book it comes from."""
    folder: str = Field(min_length=1)
    """The folder of its results there; a variant has its own."""
    why: str
    """The hypothesis."""
    members: list[str] = Field(default_factory=list)
    """The experiments that a composite joins."""
    settings: dict[str, JsonValue]
    """The resolved settings, by group."""
    metrics: dict[str, JsonValue]
    """What its report says. Nobody checks it: a leaderboard judges the scores again."""
    code_version: str
    created_at: AwareDatetime
    mlflow_run_id: str | None = None
    git_commit: str | None = None


@dataclass(frozen=True)
class BundleShelf(Generic[Bundle]):
    """The bundles that were handed in, each under the name it has in a blend.

    Attributes:
        bundles: Every sound bundle.
        refused: Why each of the others is none.
    """

    bundles: dict[str, Bundle] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def refuse_taken_names(shelf: BundleShelf[Bundle], taken: Collection[str]) -> BundleShelf[Bundle]:
    """Refuse the bundles that are named like something else in the same blend.

    Args:
        shelf: The bundles that were handed in.
        taken: Names of the experiments on disk.

    Returns:
        The others, and all reasons; under a taken name followed by ``(bundle)``, so that nobody
        takes a reason for the experiment's.
    """
    clashes = {
        name: f"there is an experiment {name} on disk already; rename the bundle's folder, such as "
        f"{name}.elsewhere, or remove it if it was exported here"
        for name in shelf.bundles
        if name in taken
    }
    others = {name: bundle for name, bundle in shelf.bundles.items() if name not in clashes}
    reasons = shelf.refused | clashes
    refused = {f"{name} (bundle)" if name in taken else name: reasons[name] for name in reasons}
    return BundleShelf(others, refused)
