"""How much one request may ask of a server, so that none keeps the others waiting."""

from pydantic import Field

from klue_pipeline.base_settings import Settings


class RequestLimits(Settings):
    """The largest request that is answered.

    They stand in the saved model, and ``MLFLOW_PYFUNC_INFERENCE_CONFIG='{"max_rows": 100}'``
    changes them where it is served.
    """

    max_request_bytes: int = Field(default=8_000_000, ge=1)
    """Of a request's body."""
    max_rows: int = Field(default=1_000, ge=1)
    """Sentences in a request."""
    max_text_characters: int = Field(default=10_000, ge=1)
    """Of a sentence, and of each other text beside it."""

    def describe_rows(self, n_rows: int) -> str:
        """Say that a request has too many rows, and what to do."""
        return (
            f"The request has {n_rows:,} rows; this server takes {self.max_rows:,} at a time "
            "(max_rows). Send several requests, or label a file with kedro run --pipelines "
            "predict_new."
        )
