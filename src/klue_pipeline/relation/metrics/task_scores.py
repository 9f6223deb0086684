"""The scores of relation extraction, as leaderboard, ledger and figures show them."""

from klue_pipeline.reporting.task_scores import Score, TaskScores

RELATION_SCORES = TaskScores(
    (
        Score("micro_f1", "micro F1"),
        Score("auprc", "AUPRC"),
        Score("accuracy", "accuracy", published_as="micro_f1"),
        Score("shift_micro_f1", "shift-aware micro F1", published_as="micro_f1"),
        Score("shift_auprc", "shift-aware AUPRC", published_as="auprc"),
        Score("shift_accuracy", "shift-aware accuracy", published_as="micro_f1"),
    )
)
"""Those of :data:`~klue_pipeline.relation.settings.evaluation_params.ScoreName`; contests publish
micro F1 and AUPRC of all test rows."""
