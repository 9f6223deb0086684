"""What members are judged by, and which methods make sense for them."""

from dataclasses import replace

import numpy as np
import pytest

from klue_pipeline.evaluation.scores import average_probabilities
from klue_pipeline.relation.ensemble.methods import METHODS, UNTUNED
from klue_pipeline.relation.ensemble.preparation import prepare

SKILLS = {"strong": 2.5, "weak": 1.0}
GIVEN = {"source": "given", "negative_share": 0.7}
ALL = [*METHODS]
NO_OTHERS = "a fold's rows are all that there are, and what is fitted on them cannot be judged"


@pytest.fixture(scope="module")
def prepare_task(small_task, same_texts, ensemble_params, evaluation_params):
    """Prepare members of the small task; without any given, a strong and a weak one."""

    def run(voters=None, evaluation=None, task=None, **changes):
        return prepare(
            voters or small_task.voters(SKILLS),
            task or small_task.task,
            same_texts,
            ensemble_params(**{"methods": ALL, **changes}),
            evaluation or evaluation_params(),
        )

    return run


@pytest.fixture(scope="module")
def holdout(small_task):
    """Members that trained one fold only."""
    return small_task.voters(
        SKILLS,
        out_of_fold={
            name: small_task.out_of_fold(skill, seed, [1])
            for seed, (name, skill) in enumerate(SKILLS.items())
        },
    )


@pytest.fixture(scope="module")
def with_file(small_task):
    """Members and a submission file from elsewhere."""
    file = replace(average_probabilities(small_task.test_folds(2.0, 9)), fingerprint={})
    return small_task.voters(SKILLS, plain={"friend": file})


def test_rows_are_those_of_the_members_with_their_true_labels(prepare_task, small_task):
    prepared = prepare_task()
    assert prepared.panel.names == prepared.test_panel.names == ("strong", "weak")
    assert (len(prepared.panel), len(prepared.test_panel)) == (120, 40)
    places = [int(row_id[1:]) for row_id in prepared.panel.rows.row_ids]
    assert prepared.panel.truth.tolist() == small_task.gold[places].tolist()
    assert prepared.tuning.rows.gold_ids is prepared.panel.truth
    assert prepared.tuning.rows.log_probabilities is prepared.panel.log_probabilities
    assert prepared.methods == tuple(METHODS)


def test_a_given_prior_weighs_rows(prepare_task, evaluation_params):
    """Each row counts (share in the target) / (share among the rows)."""
    prepared = prepare_task(evaluation=evaluation_params(GIVEN, select_by="shift_auprc"))
    weights, is_negative = prepared.tuning.rows.weights, prepared.panel.truth == 0
    np.testing.assert_allclose(weights[is_negative], 0.7 / is_negative.mean())
    np.testing.assert_allclose(weights[~is_negative], 0.3 / (~is_negative).mean())
    assert prepared.tuning.objective.name == "shift_auprc"
    assert prepared.prior.population.n_rows == 40


def test_without_a_prior_rows_count_alike_and_a_plain_score_decides(
    prepare_task, evaluation_params
):
    prepared = prepare_task(evaluation=evaluation_params(select_by="shift_accuracy"))
    assert prepared.tuning.rows.weights.tolist() == [1] * 120
    assert prepared.tuning.objective.name == "accuracy"


def test_a_prior_that_cannot_be_estimated_leaves_plain_scores(
    prepare_task, small_task, evaluation_params, caplog
):
    """Members that know nothing say nothing about the test rows either."""
    prepared = prepare_task(
        small_task.voters({"a": 0.0, "b": 0.0}),
        evaluation_params(
            {"source": "estimated", "min_effective_rows": 1}, select_by="shift_auprc"
        ),
    )
    assert prepared.prior.population is None
    assert prepared.prior.report["refusal"]
    assert caplog.text.count("No shift-aware scores of the blend") == 1
    assert prepared.tuning.objective.name == "auprc"
    assert prepared.tuning.rows.weights.tolist() == [1] * 120


def test_a_prior_is_estimated_from_the_mean_of_the_members(
    prepare_task, small_task, evaluation_params
):
    settings = {"source": "estimated", "max_disagreement": 1.0, "min_effective_rows": 1}
    prepared = prepare_task(
        evaluation=evaluation_params({**settings, "estimator": "classify_and_count"})
    )
    tables = small_task.voters(SKILLS).selection.test_scores
    predicted = np.mean([table.probabilities for table in tables.values()], axis=0).argmax(axis=1)
    wanted = np.bincount(predicted, minlength=4) / 40
    np.testing.assert_allclose(prepared.prior.population.shares, wanted)


def test_only_the_methods_of_the_settings_simplest_first(prepare_task):
    assert prepare_task(methods=["greedy", "soft_vote"]).methods == ("soft_vote", "greedy")
    chosen = prepare_task(methods=["greedy", "soft_vote"], method="hard_vote")
    assert chosen.methods == ("soft_vote", "hard_vote", "greedy")


@pytest.mark.parametrize("method", ["auto", "stacking"])
def test_one_member_is_its_own_blend(method, prepare_task, small_task):
    assert prepare_task(small_task.voters({"alone": 2.0}), method=method).methods == ("soft_vote",)


def test_one_fold_leaves_the_untuned_methods_and_says_why(prepare_task, holdout, caplog):
    assert prepare_task(holdout).methods == UNTUNED
    assert f"Nothing is fitted to blend: {NO_OTHERS}" in caplog.text
    assert prepare_task(holdout, method="hard_vote", methods=["greedy"]).methods == ("hard_vote",)
    assert prepare_task(holdout, methods=["greedy", "stacking"]).methods == ("soft_vote",)


@pytest.mark.parametrize("method", [name for name in METHODS if name not in UNTUNED])
def test_a_tuned_method_by_name_is_refused_where_nothing_can_be_fitted(
    method, prepare_task, holdout, with_file
):
    with pytest.raises(
        ValueError, match=rf"method={method} cannot be fitted: {NO_OTHERS}\. Choose auto"
    ):
        prepare_task(holdout, method=method)
    with pytest.raises(
        ValueError, match=rf"method={method} cannot be fitted: submission files .*\(friend\)"
    ):
        prepare_task(with_file, method=method)


def with_second_fold(small_task, is_in_it):
    """Members whose first fold holds all of its rows out, and a second one some of them again."""

    def repeat(table):
        places = np.append(np.arange(len(table)), np.flatnonzero(is_in_it(np.arange(len(table)))))
        folds = (np.arange(len(places)) >= len(table)).astype(np.int64)
        return replace(
            table, row_ids=table.row_ids[places], logits=table.logits[places], folds=folds
        )

    tables = small_task.voters(SKILLS).selection.out_of_fold
    repeated = {name: repeat(table) for name, table in tables.items()}
    return small_task.voters(SKILLS, out_of_fold=repeated)


@pytest.mark.parametrize("step", [1, 2], ids=["the same rows", "half of them"])
def test_folds_that_hold_out_the_same_rows_leave_none_to_fit_on(step, prepare_task, small_task):
    """There are two folds, and still nothing fitted for the first one could be judged."""
    voters = with_second_fold(small_task, lambda places: places % step == 0)
    prepared = prepare_task(voters, calibrate=True)
    assert set(prepared.panel.rows.folds.tolist()) == {0, 1}
    assert prepared.methods == UNTUNED
    assert prepared.tuning.params.calibrate is False
    with pytest.raises(ValueError, match=rf"method=greedy cannot be fitted: {NO_OTHERS}\."):
        prepare_task(voters, method="greedy")


def test_folds_that_overlap_in_part_are_tuned(prepare_task, small_task):
    """Every fold has rows of the others that it does not hold out."""
    tables = small_task.voters(SKILLS).selection.out_of_fold

    def share_first_row(table):
        return replace(
            table,
            row_ids=np.append(table.row_ids, table.row_ids[:1]),
            logits=np.append(table.logits, table.logits[:1], axis=0),
            folds=np.append(table.folds, 2),
        )

    shared = {name: share_first_row(table) for name, table in tables.items()}
    prepared = prepare_task(small_task.voters(SKILLS, out_of_fold=shared), calibrate=True)
    assert prepared.methods == tuple(METHODS)
    assert prepared.tuning.params.calibrate is True


def test_temperatures_are_fitted_only_where_they_can_be_judged_and_matter(
    prepare_task, small_task, holdout, with_file
):
    assert prepare_task(calibrate=True).tuning.params.calibrate is True
    assert prepare_task(calibrate=False).tuning.params.calibrate is False
    for voters in (small_task.voters({"alone": 2.0}), holdout, with_file):
        assert prepare_task(voters, calibrate=True).tuning.params.calibrate is False


def test_a_file_with_the_name_of_a_member_is_refused(prepare_task, small_task, with_file):
    """Nobody could tell their weights apart, and it may be the same submission twice."""
    plain = {"strong": with_file.plain["friend"]}
    with pytest.raises(ValueError, match=r"Submission files have the names of members: strong\."):
        prepare_task(small_task.voters(SKILLS, plain=plain))


def test_submission_files_join_untuned_methods_only(prepare_task, small_task, with_file, caplog):
    assert prepare_task(with_file).methods == UNTUNED
    assert "submission files have no out-of-fold scores (friend)" in caplog.text
    alone = small_task.voters({"alone": 2.0}, plain=with_file.plain)
    assert prepare_task(alone).methods == UNTUNED


def test_members_with_other_folds_are_judged_on_common_rows(prepare_task, small_task, caplog):
    quick = small_task.out_of_fold(1.0, 2, [0, 2])
    prepared = prepare_task(small_task.voters(SKILLS, out_of_fold={"weak": quick}))
    assert sorted(set(prepared.panel.rows.folds.tolist())) == [0, 2]
    assert len(prepared.panel) == 80
    assert prepared.methods == tuple(METHODS)
    assert "fitted and judged on 80 common rows of 120" in caplog.text


def test_members_without_a_common_row_are_refused(prepare_task, small_task):
    tables = {"strong": small_task.out_of_fold(2.5, 1, [0]),
              "weak": small_task.out_of_fold(1.0, 2, [1, 2])}  # fmt: skip
    with pytest.raises(ValueError, match=r"members strong, weak .* share no out-of-fold row"):
        prepare_task(small_task.voters(SKILLS, out_of_fold=tables))
