"""Settings of an exported model and of labelling new rows with it; the values live in ``conf/``."""

from typing import ClassVar, Literal

from pydantic import Field

from klue_pipeline.base_settings import Settings
from klue_pipeline.relation.settings.params import InputFormat, TableColumns

OutputFormat = Literal["csv", "jsonl", "parquet"]


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


class PredictParams(Settings):
    """What ``kedro run --pipelines predict_new`` reads and writes."""

    input: str | None
    """A file of rows: sentences and where their entities are; labels in it are not looked at."""
    format: InputFormat
    """``auto`` takes ``table`` where training rows were one or ``columns`` are named, else what
    the content shows, and a ``table`` with standard columns where it shows nothing."""
    columns: TableColumns = TableColumns()
    """The columns of a ``table``, where they are other ones than those of ``ingest.columns``."""
    ends: Literal["exclusive", "inclusive"] | None
    """What the ends in a ``table`` are; None takes ``ingest.ends``."""
    repeated_words: Literal["reject", "first"] | None = None
    """What entities are whose words occur more than once; None takes ``ingest.repeated_words``."""
    folds: list[int] | None
    """Only these folds' models, for speed; None asks all and averages."""
    output_format: OutputFormat
    with_text: bool
    """Whether sentence and entities are written beside each prediction."""
    chunk_rows: int = Field(ge=1)
    """Rows in memory at a time."""
