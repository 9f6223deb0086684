"""What the models got wrong, row by row: a table for notebooks and a page for reading.

The table knows of every scored row what was predicted and how surely, whether the models of the
folds agree, and what the training rows say about the pair of entities. The page shows the
table next to the sentences.
"""

from klue_pipeline.relation.error_analysis.page import render_errors
from klue_pipeline.relation.error_analysis.rows import ScoredRows, SetName, collect_rows
from klue_pipeline.relation.error_analysis.table import tabulate_errors
from klue_pipeline.relation.error_analysis.training_rows import TrainingRows, collect_training_rows

__all__ = [
    "ScoredRows",
    "SetName",
    "TrainingRows",
    "collect_rows",
    "collect_training_rows",
    "render_errors",
    "tabulate_errors",
]
