"""Settings of the eda pipeline; the values live in ``conf/``."""

from typing import Literal, Self

from pydantic import Field, model_validator

from klue_pipeline.base_settings import Seed, Settings

IssueRule = Literal["both", "prune_by_noise_rate", "prune_by_class", "predicted_neq_given"]

# Not confidence_weighted_entropy: cleanlab 2.9 gives a row without entropy, which is the surest of
# all right ones, the quality 0 of the worst.
QualityScore = Literal["self_confidence", "normalized_margin"]


class AdversarialParams(Settings):
    """How a classifier tries to tell training rows from test rows."""

    max_rows: int | None = Field(ge=1)
    """Most rows of either file, drawn at random; None takes all."""
    n_splits: int = Field(ge=2, le=20)
    """Folds of the cross-validation; rows that share a sentence or a pair stay together."""
    seed: Seed
    shortest_ngram: int = Field(ge=1)
    """Length of the shortest character n-grams, in characters."""
    longest_ngram: int = Field(ge=1)
    max_ngrams: int = Field(ge=1)
    """Most n-grams; the most frequent ones are taken."""
    min_rows: int = Field(ge=1)
    """Fewest rows that an n-gram stands in; fewer are asked for where there are few rows."""
    inverse_regularisation: float = Field(gt=0)
    """scikit-learn's ``C``: larger values fit the rows closer."""
    listed_features: int = Field(ge=1)
    """How many of the features that give the file away are listed."""

    @model_validator(mode="after")
    def _check_ngrams(self) -> Self:
        if self.longest_ngram < self.shortest_ngram:
            raise ValueError(
                f"longest_ngram is {self.longest_ngram}, but shortest_ngram is "
                f"{self.shortest_ngram}; set longest_ngram to at least that"
            )
        return self


class ExploreParams(Settings):
    """What the look at the data shows."""

    token_limits: list[int] = Field(min_length=1)
    """Values of ``training.max_tokens`` to compare: which share of the rows each would window."""
    listed_pairs: int = Field(ge=0)
    """How many of the most repeated entity pairs are listed."""
    adversarial: AdversarialParams

    @model_validator(mode="after")
    def _check_limits(self) -> Self:
        if min(self.token_limits) < 1:
            raise ValueError(f"token_limits must be 1 or more; found {self.token_limits}")
        return self


class LabelAuditParams(Settings):
    """How rows are found whose label is probably wrong."""

    issues_by: IssueRule
    """Which rows count as issues; the names are those of ``cleanlab.filter.find_label_issues``."""
    rank_by: QualityScore
    """What orders all rows: the probability of the given label, or how far it stays behind that
    of the best other one."""
    max_suspects: int | None = Field(ge=1)
    """Most rows to list; None lists every audited row. Counts and validation read all rows."""
