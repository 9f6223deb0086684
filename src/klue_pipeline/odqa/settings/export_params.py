"""Settings of an exported answerer and of new questions; the values live in ``conf/``."""

from typing import Literal

from pydantic import Field

from klue_pipeline.base_settings import Settings
from klue_pipeline.reporting.licences import LicenceParams, Licences


class AnswererLicences(Licences):
    """Under which terms things may be used, as the card states them; None is not stated."""

    documents: str | None
    """Of ``odqa.raw.documents``, whose passages are in the exported folder."""


class OdqaExportParams(LicenceParams):
    """What the card of an exported answerer states beyond what the project knows by itself."""

    licences: AnswererLicences


class AnswerNewParams(Settings):
    """How ``kedro run --pipelines odqa_answer_new`` answers the questions of a file."""

    contexts: Literal["read", "ignore"]
    """Whether a question that comes with a context is answered from it alone, or searched for like
    the others."""
    runtime: Literal["pytorch", "onnx"] = "pytorch"
    """What runs the readers; ``onnx`` takes the graphs of ``kedro run --pipelines odqa_onnx``, on a
    CPU. ``odqa_mlflow_model`` takes the same."""
    output_format: Literal["csv", "jsonl", "parquet"]
    """How answers are written."""
    with_text: bool
    """Whether the question is written beside each answer."""
    chunk_rows: int = Field(ge=1)
    """Questions in memory at a time, with the passages that are read for them."""
