"""Every way of blending, by name."""

from klue_pipeline.relation.ensemble.methods.greedy import best_subset, greedy
from klue_pipeline.relation.ensemble.methods.interface import Method
from klue_pipeline.relation.ensemble.methods.stacking import stacking
from klue_pipeline.relation.ensemble.methods.votes import hard_vote, logit_average, soft_vote
from klue_pipeline.relation.ensemble.methods.weighted_soft_vote import weighted_soft_vote
from klue_pipeline.relation.settings.params import BlendMethod

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
