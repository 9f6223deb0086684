"""What a search found, for people: a table of trials, a summary, and lines for the log."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from klue_pipeline.training.tuning.finalists import AS_IT_WAS, judge_repeats
from klue_pipeline.training.tuning.space import written

logger = logging.getLogger(__name__)

_AS_IT_WAS = "as_it_was"
_NO_SEEDS = "No winner is named: nothing was trained with other seeds (tune.finalist_seeds)."
_FIRST, _LAST = ["trial", "state", "value", "evaluations", "seconds"], ["settings", "reason"]


def tabulate_trials(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row per trial: what it was, and the value of each setting that it drew."""
    table = pd.DataFrame(list(records), columns=None if records else [*_FIRST, *_LAST])
    drawn = sorted(column for column in table.columns if column not in {*_FIRST, *_LAST})
    return table[[*_FIRST, *drawn, *_LAST]]


def summarise(
    trials: pd.DataFrame, finalists: pd.DataFrame, *, rises: bool = True
) -> dict[str, Any]:
    """Say who won, and what the search cost.

    Args:
        trials: By :func:`tabulate_trials`, at least one of them complete.
        finalists: By :func:`~klue_pipeline.training.tuning.finalists.tabulate_repeats`.
        rises: Whether a higher value is better.

    Returns:
        For JSON: ``trials`` (how many of each state), ``evaluations`` (made, and how many the
        pruned trials did not make, if each had as many as a complete one; settings that were
        refused save none), ``seconds``, ``best``
        (the best trial by its first value), and ``verdict``: winner, settings, gain over the
        experiment as it was with its interval; None where nothing was repeated.

    Raises:
        ValueError: No trial is complete.
    """
    complete = trials[trials["state"] == "complete"]
    if complete.empty:
        reasons = trials["reason"].value_counts().head(3).to_dict()
        raise ValueError(
            f"No trial of {len(trials)} came to its end; reasons: {reasons}. Search other values, "
            "or have more trials (tune.trials)."
        )
    pruned = trials[(trials["state"] == "pruned") & (trials["evaluations"] > 0)]
    best = complete.sort_values("value", ascending=not rises, kind="stable").iloc[0]
    unmade = float(complete["evaluations"].mean()) - pruned["evaluations"]
    verdict = judge_repeats(finalists, rises=rises)
    return {
        "trials": {str(state): int(n) for state, n in trials["state"].value_counts().items()},
        "evaluations": {
            "made": int(trials["evaluations"].sum()),
            "saved_by_pruning": round(float(unmade.clip(lower=0).sum()), 1),
        },
        "seconds": round(float(trials["seconds"].sum()), 1),
        "best": {"trial": int(best["trial"]), "value": float(best["value"]),
                 "settings": json.loads(best["settings"])},
        "verdict": None if verdict is None else {
            **asdict(verdict),
            "is_beyond_noise": verdict.is_beyond_noise,
            "settings": _settings_of(finalists, verdict.winner),
        },
    }  # fmt: skip


def _settings_of(finalists: pd.DataFrame, name: str) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(str(finalists.set_index("candidate")["settings"][name]))
    return settings


def winning_values(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the winner's values by setting; the best trial's where nothing was repeated.

    There are none where nothing is gained.
    """
    if gains_nothing(report):
        return {}
    found = report["verdict"] or report["best"]
    return dict(found["settings"])


def gains_nothing(report: Mapping[str, Any]) -> bool:
    """Tell whether nothing that was found is better than the experiment as it was."""
    verdict = report["verdict"]
    if verdict is None:
        return bool(report["best"].get(_AS_IT_WAS))
    return bool(verdict["winner"] == AS_IT_WAS)


def tell_search(
    report: Mapping[str, Any], score: str, unrepeated: str = _NO_SEEDS
) -> Iterator[str]:
    """Yield the lines that say what was found.

    Args:
        report: By :func:`summarise`.
        score: What a value is, for people.
        unrepeated: As in :func:`describe_verdict`.
    """
    states = ", ".join(f"{n} {state}" for state, n in report["trials"].items())
    saved = report["evaluations"]["saved_by_pruning"]
    yield (
        f"Trials: {states}; {report['evaluations']['made']} evaluations"
        + (f", about {saved:.0f} saved by pruning" if saved else "")
    )
    best = report["best"]
    drawn = written(best["settings"])
    yield f"Best trial: {best['trial']} with {score} {best['value']:.2f}, {drawn}"
    yield describe_verdict(report, score, unrepeated)


def report_search(
    trials: pd.DataFrame,
    finalists: pd.DataFrame,
    usual: Mapping[str, Any] | None,
    score: str,
    unrepeated: str = _NO_SEEDS,
) -> dict[str, Any]:
    """Summarise a search, and tell it in the log.

    Args:
        trials: By :func:`tabulate_trials`.
        finalists: By :func:`~klue_pipeline.training.tuning.finalists.tabulate_repeats`.
        usual: The experiment's own values, if the space has them.
        score: What a value is, for people.
        unrepeated: As in :func:`describe_verdict`.

    Returns:
        As :func:`summarise`; the best trial says whether it is the experiment ``as_it_was``.
    """
    found = summarise(trials, finalists)
    found["best"][_AS_IT_WAS] = found["best"]["settings"] == usual
    for line in tell_search(found, score, unrepeated):
        logger.info("%s", line)
    return found


def describe_verdict(report: Mapping[str, Any], score: str, unrepeated: str = _NO_SEEDS) -> str:
    """Say in a sentence or two whether the search found more than noise.

    Args:
        report: By :func:`summarise`.
        score: What a value is, for people.
        unrepeated: What to say of a best trial that was not trained with other seeds.
    """
    verdict = report["verdict"]
    if verdict is None and report["trials"].get("running"):
        return "No winner is named yet: trials still run elsewhere, and whoever ends last names it."
    if verdict is None and gains_nothing(report):
        return "No trial is better than the experiment as it was; nothing is gained."
    if verdict is None:
        return unrepeated
    if gains_nothing(report):
        return (
            f"Over {verdict['seeds']} other seeds no finalist is better than the experiment as it "
            "was; nothing is gained."
        )
    beyond = "more than noise" if verdict["is_beyond_noise"] else "no more than noise"
    return (
        f"Winner: trial {verdict['winner']}. Over {verdict['seeds']} other seeds its {score} is "
        f"{verdict['gain']:+.2f} [{verdict['low']:.2f}, {verdict['high']:.2f}] from the experiment "
        f"as it was: {beyond}. These are the rows that chose it; judge it on all folds."
    )
