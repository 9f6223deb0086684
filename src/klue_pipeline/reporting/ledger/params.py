"""Settings of the submission ledger; the values live in ``conf/``."""

from pydantic import Field

from klue_pipeline.base_settings import Settings


class LedgerParams(Settings):
    """Which candidates are worth one of the day's submissions."""

    max_per_day: int = Field(ge=1)
    """Most submissions that the contest takes from a team on one day."""
    near_copy_share: float = Field(gt=0, lt=1)
    """A file whose labels differ from another's in a smaller share of rows is its near copy."""
