"""Settings of an exported model and of labelling new rows with it; the values live in ``conf/``."""

from typing import Literal, Self

from pydantic import Field, model_validator

from klue_pipeline.base_settings import Settings
from klue_pipeline.relation.settings.params import InputFormat, TableColumns
from klue_pipeline.reporting.licences import LicenceParams

OutputFormat = Literal["csv", "jsonl", "parquet"]


class ExportParams(LicenceParams):
    """What the model card states beyond what the project knows by itself."""


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
    use: Literal["folds", "refit"] = "folds"
    """Which models of the experiment label: those of folds, or the one that learnt from all rows
    (``training.refit``)."""
    folds: list[int] | None
    """Only these folds' models, for speed; None asks all and averages."""
    runtime: Literal["pytorch", "onnx"] = "pytorch"
    """What runs the models; ``onnx`` takes the graphs of ``kedro run --pipelines onnx``, on a CPU.
    ``mlflow_model`` takes the same."""
    output_format: OutputFormat
    with_text: bool
    """Whether sentence and entities are written beside each prediction."""
    chunk_rows: int = Field(ge=1)
    """Rows in memory at a time."""

    @model_validator(mode="after")
    def _check_folds(self) -> Self:
        if self.use == "refit" and self.folds is not None:
            raise ValueError(
                f"use is refit, which is of no fold; found folds={self.folds}, set it to null"
            )
        return self
