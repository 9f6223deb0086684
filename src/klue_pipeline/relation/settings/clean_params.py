"""Settings of the clean pipeline; the values live in ``conf/``."""

from typing import Literal, Self

from pydantic import Field, model_validator

from klue_pipeline.base_settings import Settings
from klue_pipeline.text.folder_names import FolderName

ContradictionRule = Literal["keep_positive", "drop_all", "keep_first", "keep_by_model"]
NormaliseStep = Literal["nfc", "quotes", "blanks"]
CleanRule = Literal[
    "reviewed_rows",
    "normalise_text",
    "repair_types",
    "type_by_label",
    "exact_duplicates",
    "contradictory_duplicates",
    "test_overlap",
]


class NormaliseTextParams(Settings):
    """What is unified in the sentences of training and test rows."""

    steps: list[NormaliseStep] = Field(min_length=1)
    """``nfc`` composes Hangul, ``quotes`` unifies quotation marks, ``blanks`` unifies odd blanks
    and shortens repeated ones."""


class RepairTypesParams(Settings):
    """When a surface form's usual entity type replaces an unusual one, without a look at labels."""

    min_support: int = Field(ge=2)
    """Fewest occurrences of the surface form in both files together."""
    min_purity: float = Field(gt=0.5, le=1)
    """Smallest share of these that must have the usual type."""


class ContradictoryDuplicatesParams(Settings):
    """Which of the rows stay that agree in sentence and entities, and differ in their label."""

    keep: ContradictionRule
    previous: FolderName | None = None
    """The earlier experiment whose out-of-fold scores ``keep_by_model`` asks."""

    @model_validator(mode="after")
    def _check_previous(self) -> Self:
        if (self.keep == "keep_by_model") != (self.previous is not None):
            raise ValueError(
                "previous (the name of an experiment that was trained before) goes with "
                f"keep=keep_by_model and only with it; found keep={self.keep} and "
                f"previous={self.previous}"
            )
        return self


class TestOverlapParams(Settings):
    """What happens to training rows whose sentence and entity pair are in the test file too."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    action: Literal["drop", "report"]


class CleanParams(Settings):
    """Which rules the rows go through before folds are drawn, in this order."""

    rules: list[CleanRule]
    normalise_text: NormaliseTextParams
    repair_types: RepairTypesParams
    contradictory_duplicates: ContradictoryDuplicatesParams
    test_overlap: TestOverlapParams

    @model_validator(mode="after")
    def _check_rules(self) -> Self:
        repeated = sorted({name for name in self.rules if self.rules.count(name) > 1})
        if repeated:
            raise ValueError(f"rules names {', '.join(repeated)} more than once; name each once")
        return self

    def unread_fields(self) -> frozenset[str]:
        """Leave out the settings of rules that are off."""
        return frozenset(type(self).model_fields) - {"rules", *self.rules}

    @property
    def previous(self) -> str | None:
        """The earlier experiment whose scores are needed; None for none."""
        needed = "contradictory_duplicates" in self.rules
        return self.contradictory_duplicates.previous if needed else None
