"""Settings of training that only relation extraction has."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from klue_pipeline.training.params import FoldTrainingParams


class RelationTrainingParams(FoldTrainingParams):
    """How one fold is trained, whose weights stay, and whether a model learns from all rows."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = (
        FoldTrainingParams.results_do_not_depend_on | {"refit"}
    )

    refit: Literal["all_rows"] | None = None
    """``all_rows`` trains one more model on all training rows, for as many epochs as the folds'
    best states had on average, and exports it beside the folds. No row is left to judge it on, so
    scores, blends and submissions stay those of the folds. None trains none."""

    @model_validator(mode="after")
    def _check_refit(self) -> Self:
        if self.refit is not None and self.smote_neighbours is not None:
            raise ValueError(
                "refit trains a whole model, and smote_neighbours the head alone; leave one of "
                "them out"
            )
        return self
