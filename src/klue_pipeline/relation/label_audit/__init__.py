"""Find given labels that are probably wrong. Nothing is ever deleted or changed here.

The list of suspects goes to a person; what that person decides goes to the cleaning rule
``reviewed_rows``.
"""

from klue_pipeline.relation.label_audit.confident import Judgement, judge_labels
from klue_pipeline.relation.label_audit.noise import tabulate_noise
from klue_pipeline.relation.label_audit.report import report_audit
from klue_pipeline.relation.label_audit.rows import AuditedRows, collect_rows
from klue_pipeline.relation.label_audit.suspects import tabulate_suspects

__all__ = [
    "AuditedRows",
    "Judgement",
    "collect_rows",
    "judge_labels",
    "report_audit",
    "tabulate_noise",
    "tabulate_suspects",
]
