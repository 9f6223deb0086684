"""The labels of a task in their order, and which of them is the negative one."""

from pydantic import Field

from klue_pipeline.base_settings import Settings


class LabelSet(Settings):
    """An ordered list of relations; a label's id is its place in it."""

    names: list[str] = Field(min_length=2)
    negative: str | None
    """The label that means *no relation*; micro F1 leaves it out."""

    @property
    def negative_id(self) -> int | None:
        """Id of the label that means *no relation*, or None if there is none."""
        return None if self.negative is None else self.names.index(self.negative)
