"""Composite experiments: scores of several models in, scores of every label out.

The members are experiments that were trained before, each on the folds of this run. What they say
about a row that a fold holds out comes from models that never saw the row, and nothing that is
fitted here for a fold sees it either. One limit is that of all stacking: the models of the other
folds, whose scores a combiner learns from, were trained on this fold's rows.
"""

import logging
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.logits import LOG_ZERO, log_probabilities, require_usable_logits
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.composites.member_scores import MemberScores, require_fit, target_of
from klue_pipeline.relation.metrics.run_rows import RunRows
from klue_pipeline.relation.settings.params import CompositeParams
from klue_pipeline.text.counts import counted

logger = logging.getLogger(__name__)

LogProbabilities = NDArray[np.float64]
"""Logarithms of one member's probabilities, all finite. Shape: (rows, labels of the member)."""

Join = Callable[[Mapping[str, LogProbabilities]], NDArray[np.float32]]
"""Turns what every member says about the same rows into logits. Shape: (rows, labels)."""


def compose_fold(
    members: Mapping[str, MemberScores], run: RunRows, fold: int, params: CompositeParams
) -> tuple[ScoreTable, ScoreTable]:
    """Join the members' scores of one fold.

    Args:
        members: The scores of each member, by its name.
        run: The rows, split and labels of this run.
        fold: The fold to compose, counted from 0.
        params: The method and its settings.

    Returns:
        Scores of the rows that the fold holds out, and of the test rows, for every label.

    Raises:
        ValueError: A member was scored on other rows, another split or other labels, or its
            targets are not those that the method joins; or ``combine`` has nothing to be fitted
            on.
    """
    for name, member in members.items():
        require_fit(name, member, run, fold)
    join = COMPOSITES[params.name](members, run, fold, params)
    rows, fingerprint = run.held_out(fold), run.provenance.fingerprint
    validation = _log_probabilities(_validation_scores(members, fold), rows)
    test = _log_probabilities(_test_scores(members), run.test_row_ids)
    return (
        ScoreTable(
            row_ids=np.array(rows, dtype=object),
            logits=join(validation),
            labels=run.provenance.labels,
            folds=np.full(len(rows), fold, dtype=np.int64),
            fingerprint={name: fingerprint[name] for name in ("rows", "folds")},
        ),
        ScoreTable(
            row_ids=np.array(run.test_row_ids, dtype=object),
            logits=join(test),
            labels=run.provenance.labels,
            fingerprint=dict(fingerprint),
        ),
    )


def cascade(
    members: Mapping[str, MemberScores],
    run: RunRows,
    fold: int,  # noqa: ARG001 - every method is called alike
    params: CompositeParams,  # noqa: ARG001
) -> Join:
    """Chain *is there a relation* and *which one, given that there is one*.

    With p0 the binary member's probability of the negative label and q the positive member's
    distribution, P(negative) = p0 and P(c) = (1 - p0) * q(c): a distribution over all labels. The
    contest teams overwrote labels instead, and had no probabilities left for the AUPRC.

    Raises:
        ValueError: The members are not one binary and one positive model.
    """
    binary, positive = _halves(members, run.labels)
    names = run.labels.names
    is_negative = np.array([name == run.labels.negative for name in names])

    def join(log_probabilities: Mapping[str, LogProbabilities]) -> NDArray[np.float32]:
        has_none, has_one = np.hsplit(log_probabilities[binary], 2)
        joined = np.empty((len(has_none), len(names)))
        joined[:, is_negative] = has_none
        joined[:, ~is_negative] = has_one + log_probabilities[positive]
        return np.maximum(joined, LOG_ZERO).astype(np.float32)

    return join


def combine(
    members: Mapping[str, MemberScores], run: RunRows, fold: int, params: CompositeParams
) -> Join:
    """Fit a small network on what the members say about the rows that the fold does not hold out.

    Those scores are out-of-fold too: each comes from a model that did not train on its row. With
    overlapping folds a row may have several, and those of a row that this fold holds out are left
    out wherever they stand. (The published code fitted on rows that its models were trained on.)

    Raises:
        ValueError: There are no such rows, because only one fold is run.
    """
    from klue_pipeline.relation.composites.combiner import (
        CombinerSettings,
        apply_combiner,
        fit_combiner,
    )

    log_probabilities, gold_ids = _rows_to_fit_on(members, run, fold)
    if not len(gold_ids):
        raise ValueError(_nothing_to_fit_on(run, fold))
    logger.info("fold_%d: the combiner is fitted on %d out-of-fold rows", fold, len(gold_ids))
    settings = CombinerSettings.of(params)
    combiner = fit_combiner(log_probabilities, gold_ids, len(run.labels.names), settings)
    return lambda parts: apply_combiner(combiner, [parts[name] for name in members])


Method = Callable[[Mapping[str, MemberScores], RunRows, int, CompositeParams], Join]

COMPOSITES: dict[str, Method] = {"cascade": cascade, "combine": combine}
"""Every way of joining members, by name."""


def _halves(members: Mapping[str, MemberScores], labels: LabelSet) -> tuple[str, str]:
    """Return the names of the binary and of the positive member; order does not tell them."""
    targets = {name: target_of(member.test, labels) for name, member in members.items()}
    by_target = {target: name for name, target in targets.items()}
    if len(members) != len(by_target) or by_target.keys() != {"binary", "positive"}:
        found = ", ".join(f"{name} ({target})" for name, target in targets.items()) or "none"
        raise ValueError(
            f"cascade joins one binary and one positive experiment; found {found}. Change members."
        )
    return by_target["binary"], by_target["positive"]


def _rows_to_fit_on(
    members: Mapping[str, MemberScores], run: RunRows, fold: int
) -> tuple[list[LogProbabilities], NDArray[np.int64]]:
    """Return what each member says about rows of the other folds, and their true label ids."""
    held_out = frozenset(run.held_out(fold))
    others = [k for k in _folds_of(members, run) if k != fold]
    rows = {k: [row_id for row_id in run.held_out(k) if row_id not in held_out] for k in others}
    parts = [_log_probabilities(_validation_scores(members, k), rows[k]) for k in others]
    by_member = [np.concatenate([part[name] for part in parts]) for name in members if parts]
    return by_member, _gold_ids(run, [row_id for k in others for row_id in rows[k]])


def _folds_of(members: Mapping[str, MemberScores], run: RunRows) -> list[int]:
    """Return the folds of the split that every member has validation scores of."""
    folds = sorted(set(run.fold_members["fold"].tolist()))
    return [k for k in folds if all(k in member.validation for member in members.values())]


def _gold_ids(run: RunRows, row_ids: list[str]) -> NDArray[np.int64]:
    gold = run.gold.reindex(row_ids)
    found = pd.Index(run.labels.names).get_indexer(pd.Index(gold)).astype(np.int64)
    if (found < 0).any():
        raise ValueError(
            f"Found {counted(int((found < 0).sum()), 'training row')} without a label of the label "
            f"set, such as {gold[found < 0].iloc[0]!r}; run the ingest and clean pipelines again."
        )
    return found


def _validation_scores(members: Mapping[str, MemberScores], fold: int) -> dict[str, ScoreTable]:
    return {name: member.validation[fold] for name, member in members.items()}


def _test_scores(members: Mapping[str, MemberScores]) -> dict[str, ScoreTable]:
    return {name: member.test for name, member in members.items()}


def _log_probabilities(
    tables: Mapping[str, ScoreTable], row_ids: list[str]
) -> dict[str, LogProbabilities]:
    """Return what each member says about the same rows, in their order."""
    found = {}
    for name, table in tables.items():
        logits = table.in_order_of(row_ids).logits
        try:
            require_usable_logits(logits)
        except ValueError as error:
            raise ValueError(f"Experiment {name}: {error}") from None
        found[name] = log_probabilities(logits)
    return found


def _nothing_to_fit_on(run: RunRows, fold: int) -> str:
    n_folds = run.fold_members["fold"].nunique()
    return (
        f"combine fits fold {fold} on the out-of-fold scores of rows that the fold does not hold "
        f"out, but there are none (folds of the split: {n_folds}); set folds.strategy to one with "
        "several folds and leave out folds.run, or choose composite.name=cascade, which fits "
        "nothing."
    )
