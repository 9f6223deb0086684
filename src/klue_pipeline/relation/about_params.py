"""What the lab book says about the experiment of a run, beside its settings."""

from typing import ClassVar

from pydantic import Field

from klue_pipeline.training.params import Settings


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
