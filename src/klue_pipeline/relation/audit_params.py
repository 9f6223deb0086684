"""Settings of the label audit; the values live in ``conf/``."""

from typing import Literal

from pydantic import Field

from klue_pipeline.training.params import Settings

IssueRule = Literal["both", "prune_by_noise_rate", "prune_by_class", "predicted_neq_given"]
# Not confidence_weighted_entropy: cleanlab 2.9 gives a row without entropy, which is the surest of
# all right ones, the quality 0 of the worst.
QualityScore = Literal["self_confidence", "normalized_margin"]


class LabelAuditParams(Settings):
    """How rows are found whose label is probably wrong."""

    issues_by: IssueRule
    """Which rows count as issues; the names are those of ``cleanlab.filter.find_label_issues``."""
    rank_by: QualityScore
    """What orders all rows: the probability of the given label, or how far it stays behind that
    of the best other one."""
    max_suspects: int | None = Field(ge=1)
    """Most rows to list; None lists every audited row. Counts and validation read all rows."""
