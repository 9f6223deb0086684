"""The benchmark of evaluation on a few rows: its scores are fair, and so is the naive bootstrap."""

import numpy as np
import pytest
from benchmarks.evaluation import (
    Stage,
    add_up,
    compare_bootstraps,
    measure,
    measure_stages,
    read_evaluation,
)
from benchmarks.made_up_scores import NEGATIVE, Sizes, make_up
from benchmarks.naive_bootstrap import score_draws

from klue_pipeline.evaluation.intervals import draw_weights
from klue_pipeline.relation.ensemble.selection import select_members
from klue_pipeline.relation.metrics.klue import accuracy
from klue_pipeline.relation.metrics.resampled_metrics import ResampledMetrics

SIZES = Sizes(experiments=2, rows=400, test_rows=100, folds=2, labels=4)


@pytest.fixture(scope="module")
def made_up():
    return make_up(SIZES)


def test_there_is_as_much_as_was_asked_for(made_up):
    out_of_fold = made_up.voters.selection.out_of_fold
    assert len(out_of_fold) == SIZES.experiments
    assert all(table.logits.shape == (SIZES.rows, SIZES.labels) for table in out_of_fold.values())
    for folds in made_up.voters.fold_scores.values():
        assert [table.logits.shape for table in folds] == SIZES.folds * [(100, SIZES.labels)]
    shares = made_up.task.sentences["label"].value_counts(normalize=True)
    assert shares[NEGATIVE] == pytest.approx(0.29, abs=0.06)


def test_made_up_scores_fit_the_rows_and_know_something(made_up):
    selection = made_up.voters.selection
    tables = (selection.out_of_fold, selection.test_scores)
    assert select_members(*tables, "all", made_up.task.provenance).skipped == {}
    for table in selection.out_of_fold.values():
        labelled = made_up.task.label(table)
        right = accuracy(labelled.truth, labelled.predicted)
        assert 60 < right < 100


def test_models_differ_and_the_folds_of_one_differ_less(made_up):
    """Else there would be nothing to blend, and nothing to average."""
    first, second = made_up.voters.fold_scores.values()
    between = np.abs(first[0].logits - second[0].logits).mean()
    within = np.abs(first[0].logits - first[1].logits).mean()
    assert 0 < within < between


def test_the_naive_bootstrap_is_the_projects_own(made_up):
    table = made_up.voters.selection.out_of_fold["experiment_0"]
    labelled = made_up.task.label(table)
    drawn = next(draw_weights(table, 3, seed=1))
    found = score_draws(table, labelled.truth, 0, drawn)
    wanted = ResampledMetrics(labelled)(drawn.astype(np.float64))
    assert found.keys() == wanted.keys()
    for name, values in found.items():
        np.testing.assert_allclose(values, wanted[name], atol=1e-9)


def test_the_prior_is_estimated_and_all_else_is_as_configured():
    found, shrunk = read_evaluation(), read_evaluation(100)
    assert (found.target_prior.source, found.target_prior.negative_share) == ("estimated", None)
    assert shrunk == found.model_copy(update={"n_resamples": 100})


def test_every_stage_is_measured(made_up):
    evaluation = read_evaluation(100)
    stages = measure_stages(made_up, evaluation)
    assert [stage.name.split()[0] for stage in stages] == [
        "weigh",
        "evaluate",
        "evaluate",
        "compare",
        "blend",
    ]
    assert all(stage.wall_seconds > 0 and stage.peak_megabytes > 10 for stage in stages)
    assert "times as fast" in compare_bootstraps(made_up, evaluation)


def test_work_is_returned_and_measured():
    result, stage = measure("sum", lambda: sum(range(200_000)))
    assert result == 19_999_900_000
    assert stage.name == "sum"
    assert 0 < stage.wall_seconds < 60


def test_the_total_by_hand():
    stages = [Stage("one", 1.25, 2.5, 300.4), Stage("two", 0.5, 0.5, 400.6)]
    assert add_up(stages) == Stage("total", 1.75, 3.0, 400.6)
    assert add_up(stages).cells() == ["total", "1.8", "3.0", "401"]
