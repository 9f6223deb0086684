"""Settings of evaluation: the prior of shift-aware scores, how intervals are drawn, what ranks."""

from typing import ClassVar, Literal, Self, cast

from pydantic import Field, model_validator

from klue_pipeline.base_settings import Seed, Settings

ScoreName = Literal[
    "micro_f1", "auprc", "accuracy", "shift_micro_f1", "shift_auprc", "shift_accuracy"
]
"""What experiments and blends can be ranked by; ``shift_``: re-weighted to the target prior."""

SHIFT = "shift_"
"""What the name of a shift-aware score begins with."""

EstimatorName = Literal["em_raw", "em_calibrated", "classify_and_count"]


class TargetPriorParams(Settings):
    """How often each label is expected where the models will be judged."""

    source: Literal["none", "given", "estimated"]
    """``given`` takes ``shares`` or ``negative_share``; ``estimated`` asks the test scores;
    ``none`` tells no shift-aware score."""
    shares: dict[str, float] | None = None
    """The share of every label, for ``given``; they sum to 1."""
    negative_share: float | None = Field(default=None, gt=0, lt=1)
    """The share of the negative label alone; the others keep their proportions."""
    given_for: str | None = None
    """The test file (``raw.test``) that the given shares are those of; with another one they are
    not used. None: of any."""
    estimator: Literal["auto"] | EstimatorName
    """``auto`` takes whichever recovers known priors best from out-of-fold rows."""
    max_disagreement: float = Field(gt=0, le=1)
    """Largest total-variation distance between two estimators that is still believed, and largest
    error on out-of-fold rows of a known prior; half of it for one that no other confirms."""
    min_effective_rows: int = Field(ge=1)
    """Fewest effective rows that a score re-weighted to an estimated prior may rest on; a given one
    with fewer comes with a warning."""

    @model_validator(mode="after")
    def _check_given(self) -> Self:
        found = [name for name in ("shares", "negative_share") if getattr(self, name) is not None]
        if self.source == "given" and len(found) != 1:
            raise ValueError(
                "source given wants either shares (of every label) or negative_share; found "
                f"{' and '.join(found) or 'neither'}"
            )
        if self.source != "given" and found:
            raise ValueError(
                f"{found[0]} is read by source given only; found source {self.source}. Set "
                f"source=given, or {found[0]}=null"
            )
        return self


class EvaluationParams(Settings):
    """How models are judged: prior, intervals, and the score that ranks them."""

    # Scores on disk stay what they are however they are judged; reports say by which prior.
    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset(
        {"target_prior", "n_resamples", "confidence", "seed", "select_by"}
    )

    target_prior: TargetPriorParams
    n_resamples: int = Field(ge=100)
    """Draws of the bootstrap; 1000 settle the ends of a 95 % interval well enough."""
    confidence: float = Field(gt=0.5, lt=1)
    """Share of the draws inside an interval."""
    seed: Seed
    select_by: ScoreName
    """What experiments and blends are ranked by."""

    def ranking_score(self, *, has_target: bool) -> ScoreName:
        """Return the score that decides: the plain one of its kind where there is no target."""
        if has_target or not self.select_by.startswith(SHIFT):
            return self.select_by
        return cast("ScoreName", self.select_by.removeprefix(SHIFT))

    def for_target(self, target: str) -> "EvaluationParams":
        """Return the settings for a model that answers a target's question.

        The prior is that of all labels. A binary model keeps what it says of the negative label; to
        a model of the relations alone it says nothing.

        Args:
            target: ``all``, ``binary`` or ``positive``.
        """
        prior = self.target_prior
        if target == "all" or prior.source == "none":
            return self
        if target == "binary" and prior.shares is None:
            return self
        silent = prior.model_copy(update={"source": "none", "shares": None, "negative_share": None})
        return self.model_copy(update={"target_prior": silent})
