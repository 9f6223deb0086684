"""Which candidates are worth one of the day's submissions, and why the others are not."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.reporting.ledger.distances import (
    Answers,
    Closest,
    find_closest,
    find_one_answer,
)
from klue_pipeline.reporting.ledger.offsets import Forecast, measure_offsets
from klue_pipeline.reporting.ledger.rules import RULES, Candidate, LedgerParams, Rivals
from klue_pipeline.reporting.ledger.table import PRIORS, LedgerColumns, predicted_columns
from klue_pipeline.reporting.task_scores import Score, TaskScores

_SHORT_HASH = 7


def judge_candidates(
    ledger: pd.DataFrame,
    answers: Answers,
    settings: LedgerParams,
    scores: TaskScores,
    select_by: str,
    today: date | None = None,
) -> list[Candidate]:
    """Rank the files that were not submitted yet, and say which are worth it.

    Predictions for different priors cannot be compared, so candidates are ranked by prior first
    (given, estimated, plain), then by predicted score, and are weaker or stronger within one prior
    only. A file is

    - *not on disk* if its answers could not be read;
    - *one answer* if all of its rows have the same;
    - of *no prediction* if nothing says what it would score;
    - a *near copy* if its answers differ in fewer than ``near_copy_share`` of the rows from those
      of a file that was submitted or is ranked above it and no near copy;
    - *clearly weaker* if the better end of its interval is worse than what is predicted for the
      best file of the same prior, submitted or not, near copies and lost files apart. Both were
      judged on the same rows, so that their difference is surer than the interval of either: what
      is called weaker very probably is, and what is not may be so, too;
    - for *another day* if ``max_per_day`` files are submitted today or ranked above it and worth
      it; else *worth a submission*.

    Args:
        ledger: The ledger, checked.
        answers: What the files say that could be read, submitted ones too.
        settings: How many a day, and what a near copy is.
        scores: The scores of the task.
        select_by: The name of the score that things are selected by; candidates are ranked by the
            published score that comes closest to it.
        today: The contest's date; files submitted on it count. None counts none.

    Returns:
        The candidates, best first.

    Raises:
        ValueError: The files have different numbers of rows.
    """
    score = scores.find_published(select_by)
    submitted = LedgerColumns.of_task(scores).is_submitted(ledger)
    ranked = _rank(ledger[~submitted], score)
    closest = find_closest(
        answers, ledger["sha256"][submitted], ranked["sha256"], settings.near_copy_share
    )
    one_answer = find_one_answer(answers)
    could_win = submitted | _could_win(
        ledger, answers.keys() - one_answer.keys(), closest, settings
    )
    rivals = Rivals(
        score=score,
        names=name_files(ledger),
        on_disk=frozenset(answers),
        one_answer=one_answer,
        closest=closest,
        near_copy_share=settings.near_copy_share,
        best=_find_best(ledger[could_win], score),
        offsets=measure_offsets(ledger, score.name),
    )
    judged = [_judge(_describe(row, rivals), rivals) for row in ranked.to_dict("records")]
    n_today = _count_submitted_on(ledger["submitted_at"], today)
    return _leave_for_another_day(judged, settings.max_per_day, n_today)


def name_files(ledger: pd.DataFrame) -> dict[str, str]:
    """Return what to call each file: its name, and the beginning of its hash if others share it."""
    names = ledger["name"].where(ledger["name"] != "", ledger["file"])
    is_shared = names.duplicated(keep=False) | (names == "")
    return {
        sha256: f"{name} {sha256[:_SHORT_HASH]}".strip() if shared else name
        for sha256, name, shared in zip(ledger["sha256"], names, is_shared, strict=True)
    }


def _rank(ledger: pd.DataFrame, score: Score) -> pd.DataFrame:
    """Sort by prior and prediction; what has no prediction comes last."""
    merits = score.merit(1) * ledger[predicted_columns(score.name)[0]].to_numpy(dtype=np.float64)
    order_of = {prior: place for place, prior in enumerate(PRIORS)}
    priors = np.array([order_of.get(prior, len(PRIORS)) for prior in ledger["prior"]])
    return ledger.iloc[np.lexsort((-merits, priors, np.isnan(merits)))]


def _could_win(
    ledger: pd.DataFrame,
    files: Iterable[str],
    closest: Mapping[str, Closest],
    settings: LedgerParams,
) -> pd.Series:
    """Tell which of some files are no near copies."""
    near = [name for name, found in closest.items() if found.share < settings.near_copy_share]
    return ledger["sha256"].isin(list(files)) & ~ledger["sha256"].isin(near)


def _find_best(ledger: pd.DataFrame, score: Score) -> dict[str, tuple[str, float]]:
    predicted = predicted_columns(score.name)[0]
    ranked = _rank(ledger[ledger[predicted].notna()], score).drop_duplicates("prior")
    values = zip(ranked["prior"], ranked["sha256"], ranked[predicted], strict=True)
    return {prior: (sha256, float(value)) for prior, sha256, value in values}


def _describe(row: Mapping[Any, Any], rivals: Rivals) -> Candidate:
    forecast = Forecast.read(row, rivals.score.name)
    predicted, offset = forecast.predicted, rivals.offsets.get(row["prior"])
    closest = rivals.closest.get(row["sha256"])
    return Candidate(
        sha256=row["sha256"],
        name=rivals.names[row["sha256"]],
        prior=row["prior"],
        predicted=predicted,
        low=forecast.low,
        high=forecast.high,
        corrected=None if predicted is None or offset is None else predicted + offset.mean,
        closest=closest,
        closest_name=None if closest is None else rivals.names[closest.sha256],
    )


def _judge(candidate: Candidate, rivals: Rivals) -> Candidate:
    """Apply the first rule that has something to say."""
    verdict, reason = next(
        (verdict, reason) for verdict, rule in RULES if (reason := rule(candidate, rivals))
    )
    return replace(candidate, verdict=verdict, reason=reason)


def _count_submitted_on(submitted_at: Iterable[str], today: date | None) -> int:
    return sum(today is not None and _read_date(text) == today for text in submitted_at)


def _read_date(text: str) -> date | None:
    """Read the date that a text begins with; None for what a person wrote in another form.

    >>> _read_date("2021-10-05 18:30"), _read_date("yesterday")
    (datetime.date(2021, 10, 5), None)
    """
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _leave_for_another_day(
    candidates: Iterable[Candidate], max_per_day: int | None, n_today: int
) -> list[Candidate]:
    judged, n_worth = [], 0
    for candidate in candidates:
        is_worth = candidate.verdict == "worth a submission"
        is_late = is_worth and max_per_day is not None and n_today + n_worth >= max_per_day
        n_worth += is_worth and not is_late
        reason = (
            f"The day's {max_per_day} are taken: {n_today} submitted, {n_worth} ranked above it. "
            f"{candidate.reason}"
        )
        late = replace(candidate, verdict="another day", reason=reason)
        judged.append(late if is_late else candidate)
    return judged
