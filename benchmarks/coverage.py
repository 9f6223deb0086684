"""How often the intervals told before a submission hold what it then reaches, on new test sets.

Run ``kedro run`` first. The script makes test sets of the bundled sample anew from other seeds and
scores them with the fold models on disk, so that what out-of-fold scores promise can be held
against what comes out, many times over:

- with the sentence patterns of training, so that only the shares of labels differ: label shift;
- with patterns that training lacks, as the sample's own test file has them: what no re-weighting
  of training rows can know.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.make_sample import NO_RELATION, make_rows

from benchmarks.coverage_table import (
    COLUMNS,
    Measured,
    describe,
    describe_estimates,
    describe_refusals,
)
from benchmarks.markdown import write_table
from benchmarks.sample_run import SampleRun, ScoredTestSet, read_run, score_rows
from klue_pipeline.evaluation.scores import average_probabilities
from klue_pipeline.evaluation.truth import label_scores
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.metrics.resampled_metrics import METRICS
from klue_pipeline.relation.settings.exploration_params import ExploreParams
from klue_pipeline.relation.shift.density import TextShift, weigh_texts
from klue_pipeline.relation.shift.prediction import from_flat
from klue_pipeline.relation.shift.prior import TargetPrior, resolve_prior
from klue_pipeline.relation.shift.report import report_shift
from klue_pipeline.relation.shift.weights import label_shares

KINDS = {"of training's patterns": "train", "of new patterns, too": None}
"""What the sentences of a test set are written from."""

SCORES = dict(zip(METRICS, ("micro F1", "AUPRC", "accuracy"), strict=True))


def main() -> None:
    """Print one table, and below it what else is known before a submission."""
    arguments = _parse_arguments()
    logging.disable(logging.WARNING)
    run = read_run(arguments.data, arguments.experiment, arguments.env)
    lines, notes = [], []
    for kind in KINDS:
        test_sets = _make_test_sets(run, kind, arguments.test_sets)
        findings = _measure(run, test_sets, common_shares(test_sets, len(run.labels.names)))
        lines += [describe(kind, *measured) for measured in findings.measured.items()]
        notes += [f"{kind}: {note}" for note in (findings.refusals, findings.estimates)]
    print(f"{len(test_sets)} test sets of a kind with {len(test_sets[0].truth)} rows each, "
          f"{len(run.models)} models\n")  # fmt: skip
    print(write_table(COLUMNS, lines), "\n")
    print("\n".join(f"- {note}" for note in notes))


@dataclass(frozen=True)
class _Findings:
    """What is known of one kind of test sets.

    Attributes:
        measured: Each score with its intervals, by name.
        refusals: On how many test sets no score was stated, in a sentence.
        estimates: What the prior would have been without labels, in a sentence.
    """

    measured: dict[str, Measured]
    refusals: str
    estimates: str


def common_shares(test_sets: Sequence[ScoredTestSet], n_labels: int) -> NDArray[np.float64]:
    """Return the shares of labels that all test sets have. Shape: (labels,).

    Raises:
        ValueError: They differ.
    """
    shares = [label_shares(each.truth, n_labels) for each in test_sets]
    if not all(np.array_equal(each, shares[0]) for each in shares):
        raise ValueError("Test sets differ in their shares of labels; one prior was wanted.")
    return shares[0]


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the run")
    parser.add_argument("--experiment", default="typed_punct_query", help="its name")
    parser.add_argument("--env", help="environment that it was run in (default: base)")
    parser.add_argument("--test-sets", type=int, default=20, help="how many of a kind")
    return parser.parse_args()


def _make_test_sets(run: SampleRun, kind: str, n_sets: int) -> list[ScoredTestSet]:
    return [
        score_rows(run, make_rows("test", patterns=KINDS[kind], seed=f"coverage-{kind}-{number}"))
        for number in range(n_sets)
    ]


def _measure(run: SampleRun, test_sets: Sequence[ScoredTestSet], shares: NDArray) -> _Findings:
    """Report each test set as a run would, and then hold the reports against the true labels."""
    given = dict(zip(run.labels.names, shares.tolist(), strict=True))
    reports = [_report(run, each, source="given", shares=given) for each in test_sets]
    plain, shift_aware = (from_flat(reports[0][name]) for name in ("intervals", "shift_aware"))
    predicted = [from_flat(report["predicted"]) for report in reports]
    reached = [_reach(run, each) for each in test_sets]
    measured = {
        title: Measured(
            plain=plain[name],
            shift_aware=shift_aware[name],
            predicted=[estimates.get(name) for estimates in predicted],
            submissions=np.array([scores[0][name] for scores in reached]),
            singles=np.array([[single[name] for single in scores[1:]] for scores in reached]),
        )
        for name, title in SCORES.items()
    }
    refusals = describe_refusals([report["not_predicted"] for report in reports])
    return _Findings(measured, refusals, _try_estimates(run, test_sets, shares))


def _report(run: SampleRun, test_set: ScoredTestSet, **prior: Any) -> dict[str, Any]:
    """Report what is known before a submission, under a prior."""
    target = _resolve(run, test_set, **prior)
    scores = label_scores(run.out_of_fold, run.gold, run.labels)
    params = ExploreParams.model_validate(run.parameters["eda"])
    weighed = weigh_texts(run.sentences, test_set.sentences, params.adversarial)
    texts = TextShift.from_tables(*weighed)
    return report_shift(scores, test_set.folds, target, texts, run.evaluation_under(prior))


def _resolve(run: SampleRun, test_set: ScoredTestSet, **prior: Any) -> TargetPrior:
    mean = average_probabilities(test_set.folds)
    scores = label_scores(run.out_of_fold, run.gold, run.labels)
    return resolve_prior(scores, mean, run.labels, run.evaluation_under(prior))


def _reach(run: SampleRun, test_set: ScoredTestSet) -> list[dict[str, float]]:
    """Score the mean of the folds' models by the true labels, and then each of them."""
    tables = [average_probabilities(test_set.folds), *test_set.folds]
    negative = run.labels.negative_id
    return [score_metrics(table.logits, test_set.truth, negative) for table in tables]


def _try_estimates(run: SampleRun, test_sets: Sequence[ScoredTestSet], shares: NDArray) -> str:
    """Estimate the prior from the scores of each test set alone."""
    priors = [_resolve(run, each, source="estimated").report for each in test_sets]
    found = [
        np.array([label["share"] for label in prior["shares"]])
        for prior in priors
        if prior["refusal"] is None
    ]
    negative = run.labels.names.index(NO_RELATION)
    return describe_estimates(len(priors), found, shares, negative)


if __name__ == "__main__":
    main()
