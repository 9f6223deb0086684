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
    """Rows in a request."""
    max_text_characters: int = Field(default=10_000, ge=1)
    """Of each text in a row."""

    def describe_rows(self, n_rows: int, for_files: str) -> str:
        """Say that a request has too many rows, and what to do.

        Args:
            n_rows: How many it has.
            for_files: How files of rows are answered.
        """
        return (
            f"The request has {n_rows:,} rows; this server takes {self.max_rows:,} at a time "
            f"(max_rows). Send several requests, or {for_files}."
        )
