"""Every way of blending, by name."""

from klue_pipeline.relation.ensemble.methods import picking, stacking, votes
from klue_pipeline.relation.ensemble.methods.interface import Method
from klue_pipeline.relation.settings.params import BlendMethod

METHODS: dict[BlendMethod, Method] = {
    "soft_vote": votes.soft_vote,
    "hard_vote": votes.hard_vote,
    "logit_average": votes.logit_average,
    "weighted_soft_vote": votes.weighted_soft_vote,
    "best_subset": picking.best_subset,
    "greedy": picking.greedy,
    "stacking": stacking.stack,
}
"""From what members say about rows that none of them trained on to a fitted blend."""

UNTUNED: tuple[BlendMethod, ...] = ("soft_vote", "hard_vote", "logit_average")
"""Methods that fit nothing, for members without out-of-fold scores and splits of one fold."""
