"""Rules about twins: rows whose sentence and both entities, with places and types, are the same.

Twins with the same label are exact duplicates; twins with different labels are contradictory.
"""

import logging
from collections.abc import Callable

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.cleaning.interface import (
    ROLES,
    STAYS,
    Evidence,
    Outcome,
    Tables,
    give_reasons,
)
from klue_pipeline.relation.settings.clean_params import CleanParams, ContradictionRule

logger = logging.getLogger(__name__)

TWIN_COLUMNS = [
    "sentence",
    *(f"{role}_{part}" for role in ROLES for part in ("text", "start", "end", "type")),
]
EXACT_DUPLICATE = "exact_duplicate"
NEGATIVE_TWIN = "negative_twin"
LATER_LABEL = "later_label"
LESS_PROBABLE_LABEL = "less_probable_label"
CONTRADICTORY = "contradictory"


def drop_exact_duplicates(tables: Tables, _: CleanParams, __: Evidence) -> Outcome:
    """Drop rows that say what an earlier one says, label included; the first stays."""
    rows = tables.train
    copies = _number_twins(rows, [*TWIN_COLUMNS, "label"])
    reasons = give_reasons(rows, (copies.duplicated(), EXACT_DUPLICATE))
    return Outcome(tables, reasons, kept_row_ids=_first_kept(rows["row_id"], copies, reasons))


def drop_contradictory(tables: Tables, clean: CleanParams, evidence: Evidence) -> Outcome:
    """Drop rows that contradict a twin, by the method of ``contradictory_duplicates.keep``.

    Raises:
        ValueError: The method asks scores that are not there, or that lack a label.
    """
    rows = tables.train
    keep = clean.contradictory_duplicates.keep
    twins = _number_twins(rows, TWIN_COLUMNS)
    is_contradictory = has_several_labels(rows, TWIN_COLUMNS)
    reasons = give_reasons(rows)
    reasons[is_contradictory] = CHOICES[keep](rows[is_contradictory], twins, evidence)
    counts = {
        "keep": keep,
        "contradictory_groups": int(twins[is_contradictory].nunique()),
        "contradictory_rows": int(is_contradictory.sum()),
    }
    if keep == "keep_by_model":
        counts["groups_without_scores"] = _count_undecided(twins[is_contradictory], reasons)
    return Outcome(tables, reasons, _first_kept(rows["row_id"], twins, reasons), counts)


def _keep_first(rows: pd.DataFrame, twins: pd.Series, _: Evidence) -> pd.Series:
    """Keep what was labelled first."""
    labels = rows["label"]
    first_labels = labels.groupby(twins).transform("first")
    return give_reasons(rows, (labels != first_labels, LATER_LABEL))


def _keep_positive(rows: pd.DataFrame, twins: pd.Series, evidence: Evidence) -> pd.Series:
    """Believe whoever saw a relation; of several positive labels, keep what was labelled first."""
    if evidence.labels.negative is None:
        return _keep_first(rows, twins, evidence)
    labels = rows["label"]
    is_negative = labels == evidence.labels.negative
    first_positives = labels.mask(is_negative).groupby(twins).transform("first")
    later = ~is_negative & (labels != first_positives)
    return give_reasons(rows, (is_negative, NEGATIVE_TWIN), (later, LATER_LABEL))


def _drop_all(rows: pd.DataFrame, _: pd.Series, __: Evidence) -> pd.Series:
    """Believe nobody."""
    return pd.Series(CONTRADICTORY, index=rows.index, dtype=object)


def _keep_by_model(rows: pd.DataFrame, twins: pd.Series, evidence: Evidence) -> pd.Series:
    """Believe the twin whose label an earlier experiment found most probable, out of fold.

    The score of any twin serves for all of a group, for they are the same input; usually only one
    has a score, as the experiment's own cleaning dropped the others. Of equally probable labels
    the first stays. A group of which no row was scored goes by ``keep_positive``.
    """
    if evidence.earlier_scores is None:
        raise ValueError(
            "clean.contradictory_duplicates.keep is keep_by_model, but there are no out-of-fold "
            "scores of the experiment that clean.contradictory_duplicates.previous names. Run that "
            "experiment first, under another way to keep, or name one that has scores."
        )
    probabilities = _label_probabilities(rows, twins, evidence.earlier_scores)
    best = probabilities.groupby(twins).transform("max")
    best_labels = rows["label"].where(probabilities == best).groupby(twins).transform("first")
    less_probable = best_labels.notna() & (rows["label"] != best_labels)
    reasons = give_reasons(rows, (less_probable, LESS_PROBABLE_LABEL))
    unscored = best.isna()
    if unscored.any():
        reasons[unscored] = _keep_positive(rows[unscored], twins, evidence)
    return reasons


def _label_probabilities(rows: pd.DataFrame, twins: pd.Series, scores: ScoreTable) -> pd.Series:
    """Return the probability of each row's label, from 0 to 1; missing in unscored groups.

    A row or group that was scored several times (folds that overlap, several twins) has the mean.
    """
    unknown = sorted(set(rows["label"]) - set(scores.labels))
    if unknown:
        raise ValueError(
            f"keep_by_model cannot judge the labels {', '.join(unknown)}: the experiment that "
            "clean.contradictory_duplicates.previous names scores other labels. Name one with "
            "target.name=all and the same label set."
        )
    group_of_row = dict(zip(rows["row_id"], twins[rows.index], strict=True))
    scored = [place for place, row_id in enumerate(scores.row_ids) if row_id in group_of_row]
    groups = [group_of_row[scores.row_ids[place]] for place in scored]
    table = pd.DataFrame(scores.probabilities[scored], columns=list(scores.labels))
    means = table.groupby(np.array(groups, dtype=np.int64)).mean()
    by_row = means.reindex(twins[rows.index]).to_numpy()
    label_ids = pd.Index(scores.labels).get_indexer(pd.Index(rows["label"]))
    return pd.Series(by_row[np.arange(len(rows)), label_ids], index=rows.index)


def _count_undecided(twins: pd.Series, reasons: pd.Series) -> int:
    """Count the groups for which no score decided, and log them if there are any."""
    decided = reasons[twins.index].eq(LESS_PROBABLE_LABEL).groupby(twins).any()
    n_undecided = int((~decided).sum())
    if n_undecided:
        logger.warning(
            "keep_by_model: no row of %d of %d contradictory groups was scored by the earlier "
            "experiment; they go by keep_positive",
            n_undecided,
            len(decided),
        )
    return n_undecided


Chooses = Callable[[pd.DataFrame, pd.Series, Evidence], pd.Series]
CHOICES: dict[ContradictionRule, Chooses] = {
    "keep_positive": _keep_positive,
    "keep_first": _keep_first,
    "drop_all": _drop_all,
    "keep_by_model": _keep_by_model,
}
"""Each takes contradictory rows and the numbers of their groups of twins, and returns why each of
them leaves, or :data:`STAYS`."""


def has_several_labels(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Find rows that agree in some columns with a row of another label."""
    return rows["label"].groupby(_number_twins(rows, columns)).transform("nunique") > 1


def _number_twins(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    return rows.groupby(columns, sort=False, dropna=False).ngroup()


def _first_kept(row_ids: pd.Series, groups: pd.Series, reasons: pd.Series) -> pd.Series:
    """Return the first row of each row's group that stays; missing where none does."""
    stays = reasons == STAYS
    return groups.map(row_ids[stays].groupby(groups[stays]).first())
