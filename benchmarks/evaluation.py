"""Time and memory of evaluating, comparing and blending many experiments, on made-up scores.

What is measured is what ``kedro run`` computes from scores on disk, without reading and writing
files: each experiment's report, the leaderboard, and the blend by every method. The bootstrap that
most of it rests on is also held against a loop around scikit-learn.
"""

import argparse
import logging
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.made_up_scores import MadeUp, Sizes, make_up
from benchmarks.markdown import write_table
from benchmarks.naive_bootstrap import score_draws
from benchmarks.settings import read_settings
from klue_pipeline.evaluation.calibration import report_calibration
from klue_pipeline.evaluation.intervals import draw_weights
from klue_pipeline.relation.ensemble.blending import blend
from klue_pipeline.relation.ensemble.panel import tabulate_diversity
from klue_pipeline.relation.ensemble.report import report_blend
from klue_pipeline.relation.ensemble.standings import Contender, rank_contenders
from klue_pipeline.relation.error_analysis.slices import tabulate_slices
from klue_pipeline.relation.metrics.evaluation import evaluate_by_fold, evaluate_scores
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.exploration_params import ExploreParams
from klue_pipeline.relation.settings.params import EnsembleParams
from klue_pipeline.relation.shift.density import TextShift, weigh_texts
from klue_pipeline.relation.shift.prior import resolve_prior
from klue_pipeline.relation.shift.report import report_shift
from klue_pipeline.relation.shift.sensitivity import tabulate_sensitivity
from klue_pipeline.relation.splits.leakage import pair_is_seen
from klue_pipeline.reporting.leaderboard import LeaderboardEntry

COLUMNS = ("stage", "wall time, s", "CPU time, s", "peak memory so far, MB")
_NAIVE_DRAWS = 3


@dataclass(frozen=True)
class Stage:
    """What one stage took.

    Attributes:
        name: What was done.
        wall_seconds: As a clock on the wall counts.
        cpu_seconds: Of all threads together.
        peak_megabytes: Most memory that the process has held until now.
    """

    name: str
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float

    def cells(self) -> list[str]:
        """Write a line of the table; see :data:`COLUMNS`."""
        seconds = (self.wall_seconds, self.cpu_seconds)
        return [self.name, *(f"{each:.1f}" for each in seconds), f"{self.peak_megabytes:.0f}"]


def main() -> None:
    """Print the table of stages, and the bootstrap against scikit-learn."""
    arguments = _parse_arguments()
    logging.disable(logging.WARNING)
    test_rows = arguments.rows * Sizes.test_rows // Sizes.rows
    sizes = Sizes(arguments.experiments, arguments.rows, max(test_rows, 1))
    evaluation = read_evaluation(arguments.resamples)
    load = os.getloadavg()[0]
    scores, making = measure("make up scores", lambda: make_up(sizes))
    stages = [making, *measure_stages(scores, evaluation)]
    print(f"{sizes.experiments} experiments x {sizes.folds} folds x {sizes.rows} rows x "
          f"{sizes.labels} labels, {sizes.test_rows} test rows, {evaluation.n_resamples} draws; "
          f"{os.cpu_count()} cores, load {load:.1f} before\n")  # fmt: skip
    print(write_table(COLUMNS, [stage.cells() for stage in [*stages, add_up(stages[1:])]]), "\n")
    print(compare_bootstraps(scores, evaluation))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiments", type=int, default=Sizes.experiments)
    parser.add_argument("--rows", type=int, default=Sizes.rows, help="out-of-fold rows")
    parser.add_argument("--resamples", type=int, help="draws (default: those of conf/base)")
    return parser.parse_args()


def read_evaluation(n_resamples: int | None = None) -> EvaluationParams:
    """Read the settings of ``conf/base``, but estimate the prior, which is more work."""
    settings = read_settings("evaluation")["evaluation"]
    prior = settings["target_prior"] | {"source": "estimated", "negative_share": None}
    draws = {} if n_resamples is None else {"n_resamples": n_resamples}
    return EvaluationParams.model_validate(settings | draws | {"target_prior": prior})


def measure(name: str, work: Callable[[], Any]) -> tuple[Any, Stage]:
    """Do some work; return what it returns, and what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    seconds = (time.perf_counter() - wall, time.process_time() - cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result, Stage(name, *seconds, peak)


def measure_stages(scores: MadeUp, evaluation: EvaluationParams) -> list[Stage]:
    """Weigh the texts, evaluate each experiment, compare all, and blend them."""
    names = list(scores.voters.selection.out_of_fold)
    texts, weighing = measure("weigh texts", lambda: _weigh_texts(scores))
    stages = {
        "evaluate each: scores, intervals, prior, prediction": lambda: [
            _evaluate(scores, name, texts, evaluation) for name in names
        ],
        "evaluate each: slices, sensitivity, calibration": lambda: [
            _look_closer(scores, name, evaluation) for name in names
        ],
        "compare all": lambda: _compare(scores, evaluation),
        "blend by every method": lambda: _blend(scores, texts, evaluation),
    }
    return [weighing, *(measure(name, work)[1] for name, work in stages.items())]


def add_up(stages: list[Stage]) -> Stage:
    """Sum up times; memory is that of the last stage, which has seen all peaks."""
    wall = sum(stage.wall_seconds for stage in stages)
    cpu = sum(stage.cpu_seconds for stage in stages)
    return Stage("total", wall, cpu, stages[-1].peak_megabytes)


def _weigh_texts(scores: MadeUp) -> TextShift:
    params = ExploreParams.model_validate(read_settings("eda")["eda"])
    rows = scores.task.sentences, scores.task.test_sentences
    return TextShift.from_tables(*weigh_texts(*rows, params.adversarial))


def _evaluate(
    scores: MadeUp, name: str, texts: TextShift, evaluation: EvaluationParams
) -> dict[str, Any]:
    task, voters = scores.task, scores.voters
    table = voters.selection.out_of_fold[name]
    scores, test_scores = task.label(table), voters.selection.test_scores[name]
    prior = resolve_prior(scores, test_scores, task.labels, evaluation)
    return {
        "out_of_fold": evaluate_scores(scores),
        "folds": evaluate_by_fold(scores),
        **report_shift(scores, voters.fold_scores[name], prior, texts, evaluation),
    }


def _look_closer(scores: MadeUp, name: str, evaluation: EvaluationParams) -> list[Any]:
    task, table = scores.task, scores.voters.selection.out_of_fold[name]
    judged = task.label(table)
    seen = pair_is_seen(table, task.sentences, task.fold_members)
    return [
        tabulate_slices(judged, task.sentences, seen, evaluation),
        tabulate_sensitivity(judged, evaluation),
        report_calibration(judged),
    ]


def _compare(scores: MadeUp, evaluation: EvaluationParams) -> Any:
    selection = scores.voters.selection
    contenders = {
        name: Contender(LeaderboardEntry(name, "single", "finished"), table, test)
        for (name, table), test in zip(
            selection.out_of_fold.items(), selection.test_scores.values(), strict=True
        )
    }
    nobody_knows = pd.Series(dtype=object)
    return rank_contenders(contenders, scores.task, nobody_knows, evaluation)


def _blend(scores: MadeUp, texts: TextShift, evaluation: EvaluationParams) -> dict[str, Any]:
    params = EnsembleParams.model_validate(read_settings("ensemble")["ensemble"])
    blended = blend(scores.voters, scores.task, texts, params, evaluation)
    tabulate_diversity(blended.prepared.panel)
    return report_blend(blended, scores.voters.selection.skipped, params)


def compare_bootstraps(scores: MadeUp, evaluation: EvaluationParams) -> str:
    """Say how many times as fast a draw is as by a loop around scikit-learn, in CPU time."""
    table, task = next(iter(scores.voters.selection.out_of_fold.values())), scores.task
    labelled, negative = task.label(table), task.labels.names.index(str(task.labels.negative))
    drawn = next(draw_weights(table, _NAIVE_DRAWS, evaluation.seed))
    _, ours = measure("ours", lambda: judge({"": labelled}, None, evaluation))
    _, naive = measure("naive", lambda: score_draws(table, labelled.truth, negative, drawn))
    fast, slow = ours.cpu_seconds / evaluation.n_resamples, naive.cpu_seconds / drawn.shape[1]
    return (
        f"A draw of the bootstrap: {1000 * fast:.2f} ms of CPU time, by scikit-learn "
        f"{1000 * slow:.0f} ms: {slow / max(fast, np.finfo(float).tiny):.0f} times as fast."
    )


if __name__ == "__main__":
    main()
