"""Cleaning: rules that drop or change rows before folds are drawn, counted and reversible.

Every rule is a function of one file of this folder. To add one, copy the rule that resembles it
most (``repair_types.py`` changes, ``test_overlap.py`` drops), give it a line in ``RULES``, its name
in ``CleanRule`` and its settings a field in ``CleanParams``.
"""

from klue_pipeline.relation.cleaning.driver import Cleaned, apply_rules
from klue_pipeline.relation.cleaning.duplicates import drop_contradictory, drop_exact_duplicates
from klue_pipeline.relation.cleaning.history import restore_tables
from klue_pipeline.relation.cleaning.interface import Evidence, Rule, Tables
from klue_pipeline.relation.cleaning.normalise_text import normalise_sentences
from klue_pipeline.relation.cleaning.repair_types import repair_entity_types
from klue_pipeline.relation.cleaning.reviewed_rows import carry_out_review
from klue_pipeline.relation.cleaning.test_overlap import find_test_overlap
from klue_pipeline.relation.cleaning.type_by_label import rewrite_types_by_label
from klue_pipeline.relation.settings.clean_params import CleanParams, CleanRule

__all__ = ["RULES", "Cleaned", "Evidence", "Tables", "clean_tables", "restore_tables"]

RULES: dict[CleanRule, Rule] = {
    "reviewed_rows": carry_out_review,
    "normalise_text": normalise_sentences,
    "repair_types": repair_entity_types,
    "type_by_label": rewrite_types_by_label,
    "exact_duplicates": drop_exact_duplicates,
    "contradictory_duplicates": drop_contradictory,
    "test_overlap": find_test_overlap,
}
"""Every rule by the name it has in ``clean.rules``."""


def clean_tables(tables: Tables, clean: CleanParams, evidence: Evidence) -> Cleaned:
    """Apply the rules that ``clean.rules`` names, in its order."""
    return apply_rules(RULES, tables, clean, evidence)
