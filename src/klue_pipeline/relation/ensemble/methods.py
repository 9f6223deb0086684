"""Every way of blending, by name."""

from klue_pipeline.relation.ensemble.best_subset import best_subset
from klue_pipeline.relation.ensemble.greedy import greedy
from klue_pipeline.relation.ensemble.hard_vote import hard_vote
from klue_pipeline.relation.ensemble.interface import Method
from klue_pipeline.relation.ensemble.logit_average import logit_average
from klue_pipeline.relation.ensemble.soft_vote import soft_vote
from klue_pipeline.relation.ensemble.stacking import stacking
from klue_pipeline.relation.ensemble.weighted_soft_vote import weighted_soft_vote
from klue_pipeline.relation.params import BlendMethod

METHODS: dict[BlendMethod, Method] = {
    "soft_vote": soft_vote,
    "hard_vote": hard_vote,
    "logit_average": logit_average,
    "weighted_soft_vote": weighted_soft_vote,
    "best_subset": best_subset,
    "greedy": greedy,
    "stacking": stacking,
}
"""From what members say about rows that none of them trained on to a fitted blend."""

UNTUNED: tuple[BlendMethod, ...] = ("soft_vote", "hard_vote", "logit_average")
"""Methods that fit nothing, for members without out-of-fold scores and splits of one fold."""
