"""Settings of the exported model; the values live in ``conf/``."""

from typing import ClassVar

from pydantic import Field

from klue_pipeline.base_settings import Settings


class Licences(Settings):
    """Under which terms things may be used, as the model card states them; None is not stated."""

    model: str | None
    data: str | None
    """Of ``raw.train``."""
    encoder: str | None
    """Of ``encoder.name``; one built from scratch has none."""


class KnownLicence(Settings):
    """The licence of something that others may start from too."""

    source: str
    """What ``raw.train`` or ``encoder.name`` says; a slash at its end takes in all below."""
    licence: str
    """As the card states it."""

    def covers(self, source: str) -> bool:
        """Tell whether this is the licence of a source.

        >>> KnownLicence(source="data/sample/", licence="MIT").covers("data/sample/train.csv")
        True
        """
        below = self.source.endswith("/") and source.startswith(self.source)
        return source == self.source or below


class ExportParams(Settings):
    """What the model card states beyond what the project knows by itself."""

    # A card says what was stated when it was written; no other stage is refused for its words.
    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"licences", "known_licences"})

    licences: Licences
    known_licences: list[KnownLicence]
    """Read for data and encoder where ``licences`` says nothing, so that a licence stays with what
    it belongs to when another file or encoder is taken."""

    def licence_of(self, source: str) -> str | None:
        """Return the known licence of a training file or encoder, if there is one."""
        return next((own.licence for own in self.known_licences if own.covers(source)), None)


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
