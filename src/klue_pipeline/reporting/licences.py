"""Under which terms a trained model and what it was made of may be used, for its card."""

from typing import ClassVar

from klue_pipeline.base_settings import Settings


class Licences(Settings):
    """Under which terms things may be used, as the model card states them; None is not stated."""

    model: str | None
    data: str | None
    """Of the training rows."""
    encoder: str | None
    """Of what the training started from; an encoder built from scratch has none."""


class KnownLicence(Settings):
    """The licence of something that others may start from too."""

    source: str
    """What names a source of data or an encoder; a slash at its end takes in all below."""
    licence: str
    """As the card states it."""

    def covers(self, source: str) -> bool:
        """Tell whether this is the licence of a source.

        >>> KnownLicence(source="data/sample/", licence="MIT").covers("data/sample/train.csv")
        True
        """
        below = self.source.endswith("/") and source.startswith(self.source)
        return source == self.source or below


class LicenceParams(Settings):
    """Licences that a model card states."""

    # A card says what was stated when it was written; no other stage is refused for its words.
    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"licences", "known_licences"})

    licences: Licences
    known_licences: list[KnownLicence]
    """Read for data and encoder where ``licences`` says nothing, so that a licence stays with what
    it belongs to when another file or encoder is taken."""

    def licence_of(self, source: str) -> str | None:
        """Return the known licence of a source of data or an encoder, if there is one."""
        return next((own.licence for own in self.known_licences if own.covers(source)), None)
