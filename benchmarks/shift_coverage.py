"""How often a stated prediction holds on natural shifts whose labels are known, and by which rule.

Each shift of one labelled file trains models of three strengths on some of its rows and judges them
on others (``natural_shifts.py``). Everything that is told before a submission is then held against
the truth: each witness, the stated interval, and the one by label shares alone that was stated
before. The rule's numbers come from one half of the shifts; the other half was not looked at for
them. Models are kept in ``--work``, so that a second call only judges.

    python benchmarks/shift_coverage.py --train <train.csv> --encoder <folder> --work <folder>
"""

import argparse
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr, t

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.markdown import write_table
from benchmarks.natural_shifts import CHOSEN_ON, SHIFTS, read_rows
from benchmarks.shift_runs import STRENGTHS, prepare_run
from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.relation.metrics.resampled_metrics import METRICS
from klue_pipeline.relation.shift.prediction import ALLOWANCES, STATED_BY, from_flat

TITLES = dict(zip(METRICS, ("micro F1", "AUPRC", "accuracy"), strict=True))
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Outcome:
    """One model on one shift, before and after.

    Attributes:
        shift: What training rows and judged rows differ in.
        strength: How strong the model is.
        truth: What its submission reaches, by score.
        stated: What was stated; empty where nothing was.
        witnesses: What each estimator said.
        refusal: Why nothing was stated.
        distance: How far the files are apart, as the AUC of a classifier.
    """

    shift: str
    strength: str
    truth: Mapping[str, float]
    stated: Mapping[str, Estimate]
    witnesses: Mapping[str, Mapping[str, Estimate]]
    refusal: str
    auc: float

    @classmethod
    def read(cls, shift: str, strength: str, report: Mapping[str, Any]) -> "Outcome":
        """Read what :meth:`benchmarks.shift_runs.ShiftRun.judge` reports."""
        witnesses = {name: from_flat(scores) for name, scores in report["witnesses"].items()}
        stated, refusal = from_flat(report["predicted"]), report["not_predicted"] or ""
        auc = report["text_shift"]["auc"]
        return cls(shift, strength, report["test"], stated, witnesses, refusal, auc)

    def error(self, witness: str, score: str) -> float:
        """Return by how many points a witness was too high."""
        return self.witnesses[witness][score].value - self.truth[score]


def main() -> None:
    """Train what is missing, judge everything, and print the tables."""
    arguments = _parse_arguments()
    logging.disable(logging.WARNING)
    rows, outcomes = read_rows(arguments.train), []
    for shift in SHIFTS:
        for name, strength in STRENGTHS.items():
            folder = arguments.work.resolve() / f"{shift.replace(' ', '_')}-{name}"
            run = prepare_run(folder, rows, shift, strength, arguments.seed)
            run.train(strength, str(arguments.encoder.resolve()))
            outcomes.append(Outcome.read(shift, name, run.judge()))
            print(f"{shift}, {name}: judged", file=sys.stderr)
    print(describe(outcomes))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path, required=True, help="labelled rows, contest CSV")
    parser.add_argument("--encoder", type=Path, required=True, help="folder of an encoder")
    parser.add_argument("--work", type=Path, required=True, help="keeps the models")
    parser.add_argument("--seed", type=int, default=13, help="draws the rows of each side")
    return parser.parse_args()


def describe(outcomes: Sequence[Outcome]) -> str:
    """Write the tables: every pair, coverage by half, the rule's numbers, and rank correlation."""
    parts = [_table_of(score, outcomes) for score in METRICS]
    chosen_on = [each for each in outcomes if each.shift in CHOSEN_ON]
    others = [each for each in outcomes if each.shift not in CHOSEN_ON]
    halves = {"chosen on": chosen_on, "reported": others, "all": [*outcomes]}
    parts.append(_coverage_table(halves))
    parts.append(_witness_table(halves))
    parts += [_describe_rule(chosen_on), _describe_ranks(outcomes)]
    return "\n\n".join(parts)


def _table_of(score: str, outcomes: Iterable[Outcome]) -> str:
    names = ("labels", "texts", "difference", "confidence", "thresholded")
    columns = ("shift", "model", "AUC", "truth", *names, "stated", "by labels alone")
    lines = [
        [
            each.shift, each.strength, f"{each.auc:.2f}", f"{each.truth[score]:.1f}",
            *(_value(each.witnesses[name].get(score)) for name in names),
            _interval(each.stated.get(score), each.truth[score]),
            _interval(each.witnesses["labels"][score], each.truth[score]),
        ]
        for each in outcomes
    ]  # fmt: skip
    return f"{TITLES[score]}\n\n{write_table(columns, lines)}"


def _value(estimate: Estimate | None) -> str:
    return "–" if estimate is None else f"{estimate.value:.1f}"


def _interval(estimate: Estimate | None, truth: float) -> str:
    if estimate is None:
        return "none"
    missed = "" if holds(estimate, truth) else " missed"
    return f"{estimate.low:.0f} to {estimate.high:.0f}{missed}"


def holds(estimate: Estimate, truth: float) -> bool:
    """Say whether an interval holds the truth; its ends belong to it."""
    return estimate.low <= truth <= estimate.high


def _coverage_table(halves: Mapping[str, Sequence[Outcome]]) -> str:
    columns = ("shifts", "score", "stated", "holds", "mean width", "by labels alone holds",
               "mean width", "where nothing is stated, by labels alone holds")  # fmt: skip
    return write_table(
        columns,
        [
            [half, title, *_cover(outcomes, score)]
            for half, outcomes in halves.items()
            for score, title in TITLES.items()
        ],
    )


def _cover(outcomes: Sequence[Outcome], score: str) -> list[str]:
    told = [each for each in outcomes if not each.refusal]
    silent = [each for each in outcomes if each.refusal]
    new = [(each.stated[score], each.truth[score]) for each in told]
    old = [(each.witnesses["labels"][score], each.truth[score]) for each in told]
    unsaid = [(each.witnesses["labels"][score], each.truth[score]) for each in silent]
    return [
        f"{len(told)} of {len(outcomes)}",
        _share(new), _width(new), _share(old), _width(old), _share(unsaid),
    ]  # fmt: skip


def _share(pairs: Sequence[tuple[Estimate, float]]) -> str:
    return f"{np.mean([holds(*pair) for pair in pairs]):.0%}" if pairs else "–"


def _width(pairs: Sequence[tuple[Estimate, float]]) -> str:
    return f"{np.mean([each.high - each.low for each, _ in pairs]):.1f}" if pairs else "–"


def _witness_table(halves: Mapping[str, Sequence[Outcome]]) -> str:
    names = [*halves["all"][0].witnesses]
    lines = [
        [half, title, *(_root_mean_square(outcomes, name, score) for name in names)]
        for half, outcomes in halves.items()
        for score, title in TITLES.items()
    ]
    return "Root mean square error of each witness, refused pairs too, in points\n\n" + write_table(
        ("shifts", "score", *names), lines
    )


def _root_mean_square(outcomes: Iterable[Outcome], name: str, score: str) -> str:
    errors = [each.error(name, score) for each in outcomes if score in each.witnesses[name]]
    return f"{np.sqrt(np.mean(np.square(errors))):.1f}" if errors else "–"


def _describe_rule(chosen_on: Sequence[Outcome]) -> str:
    """Say how far an interval has to reach by the half that the rule is chosen on.

    Models of one shift err together, so the quantile is that of as few degrees of freedom as there
    are shifts.
    """
    told = [each for each in chosen_on if not each.refusal]
    n_shifts = len({each.shift for each in told})
    quantile = float(t.ppf((1 + _CONFIDENCE) / 2, n_shifts))
    wanted = {
        score: quantile * np.sqrt(np.mean([each.error(STATED_BY, score) ** 2 for each in told]))
        for score in METRICS
    }
    told_by = ", ".join(
        f"{TITLES[score]} {points:.1f} (in use: {ALLOWANCES[score]:.0f})"
        for score, points in wanted.items()
    )
    times = f"{quantile:.2f} times the error of {STATED_BY}"
    return f"Allowance by {n_shifts} shifts ({times}): {told_by}"


def _describe_ranks(outcomes: Sequence[Outcome]) -> str:
    """Say how well predicted scores order the models of one shift."""
    shifts = {each.shift for each in outcomes}
    by_shift = [[each for each in outcomes if each.shift == shift] for shift in shifts]
    told = ", ".join(
        f"{title} {np.mean([_rank(models, score) for models in by_shift]):.2f}"
        for score, title in TITLES.items()
    )
    return f"Mean rank correlation of {STATED_BY} with the truth over the models of a shift: {told}"


def _rank(models: Sequence[Outcome], score: str) -> float:
    values = [each.witnesses[STATED_BY][score].value for each in models]
    return float(spearmanr(values, [each.truth[score] for each in models]).statistic)


if __name__ == "__main__":
    main()
