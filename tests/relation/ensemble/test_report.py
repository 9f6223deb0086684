"""A blend in numbers: what is told, that it is JSON, and the verdict in words."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from klue_pipeline.evaluation.scores import average_probabilities
from klue_pipeline.relation.decoding import add_negative_bias
from klue_pipeline.relation.ensemble.blending import blend
from klue_pipeline.relation.ensemble.methods import METHODS
from klue_pipeline.relation.ensemble.panel import oracle_accuracy
from klue_pipeline.relation.ensemble.report import report_blend
from klue_pipeline.relation.metrics.evaluation import evaluate_scores
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.metrics.klue import micro_f1
from klue_pipeline.relation.shift.prediction import as_json, flat_estimates, predict_submission
from klue_pipeline.relation.shift.witnesses import Evidence

SKILLS = {"strong": 2.5, "middling": 1.5}
GIVEN = {"source": "given", "negative_share": 0.7}
PLAIN = ("micro_f1", "auprc", "accuracy")
EVERY = (*PLAIN, *(f"shift_{name}" for name in PLAIN))


@pytest.fixture(scope="module")
def report_on(small_task, same_texts, ensemble_params, evaluation_params):
    """Blend and report; returns both, with the members. Without any given, their folds are lost."""

    def run(voters=None, evaluation=None, **changes):
        voters = voters or small_task.voters(SKILLS, fold_scores={})
        params = ensemble_params(**{"methods": [*METHODS], **changes})
        evaluation = evaluation or evaluation_params()
        blended = blend(voters, small_task.task, same_texts, params, evaluation)
        report = report_blend(blended, voters.selection.skipped, params)
        return report, blended, voters.selection

    return run


@pytest.fixture(scope="module")
def told(report_on, evaluation_params):
    """A report with a target prior, and what it is about."""
    return report_on(evaluation=evaluation_params(GIVEN, select_by="shift_micro_f1"))


def test_it_names_what_was_chosen_and_by_what(told):
    report, blended, _ = told
    assert report["method"] == blended.chosen
    assert report["asked_for"] == "auto"
    assert report["select_by"] == "shift_micro_f1"
    assert report["rows"] == 120
    assert list(report["methods"]) == [*METHODS]
    assert report["best_member"] == "strong"
    assert report["decoding"] == {}


def test_members_are_judged_plain_and_each_on_its_own_rows(report_on, small_task):
    quick = small_task.out_of_fold(1.5, 2, [0, 1])
    report, _, selection = report_on(
        small_task.voters(SKILLS, out_of_fold={"middling": quick}, skipped={"odd": "no scores"})
    )
    assert report["members"] == {
        name: evaluate_scores(small_task.task.label(table))
        for name, table in selection.out_of_fold.items()
    }
    assert [own["rows"] for own in report["members"].values()] == [120, 80]
    assert report["rows"] == report["out_of_fold"]["rows"] == 80
    assert report["skipped"] == {"odd": "no scores"}


def test_scores_have_intervals_plain_and_shift_aware(told):
    report, blended, _ = told
    chosen = blended.methods[blended.chosen]
    for scores in (report["scores"], report["best_member_scores"]):
        assert list(scores) == [*EVERY]
        assert all(own["low"] <= own["value"] <= own["high"] for own in scores.values())
    assert report["scores"] == report["methods"][blended.chosen]["scores"]
    assert report["scores"]["auprc"]["value"] == chosen.judgement.scores["auprc"]
    assert list(report["predicted"]) == [*PLAIN]
    assert report["prior"]["negative_share"] == pytest.approx(0.7)


def test_without_a_target_there_are_plain_scores_and_a_reason(report_on):
    report, _, _ = report_on()
    assert list(report["scores"]) == [*PLAIN]
    assert report["prior"]["refusal"] == "evaluation.target_prior.source is none"


def test_gains_are_paired_differences_of_the_chosen_method(told):
    report, blended, _ = told
    chosen = blended.methods[blended.chosen].judgement
    others = {
        "over_best_member": blended.best_alone,
        "over_soft_vote": blended.methods["soft_vote"].judgement,
    }
    assert list(report["gain"]) == [*others]
    for name, other in others.items():
        gain = chosen.minus(other, "shift_micro_f1")
        assert report["gain"][name] == {**asdict(gain), "more_than_noise": gain.excludes_zero}


def test_a_soft_vote_that_was_not_judged_is_not_compared_with(report_on):
    report, _, _ = report_on(methods=["hard_vote", "greedy"])
    assert list(report["gain"]) == ["over_best_member"]


def test_each_method_tells_its_weights_and_temperatures(report_on, small_task):
    report, blended, _ = report_on(small_task.voters(SKILLS), calibrate=True)
    for name, own in report["methods"].items():
        fitted = blended.methods[name].fitted
        assert own["temperatures"] == dict(
            zip(("strong", "middling"), fitted.temperatures, strict=True)
        )
        assert own["averaging_gain"] == asdict(blended.methods[name].gain)
        if name == "stacking":
            assert own["weights"] is None
        else:
            assert list(own["weights"]) == ["strong", "middling"]
            assert sum(own["weights"].values()) == pytest.approx(1)


def test_a_gain_that_is_not_known_is_none(report_on):
    report, _, _ = report_on()
    assert all(own["averaging_gain"] is None for own in report["methods"].values())


def test_out_of_fold_metrics_are_those_after_decoding(report_on, small_task):
    report, blended, _ = report_on(negative_bias=3.0)
    assert report["out_of_fold"] == evaluate_scores(blended.decoded.out_of_fold)
    assert report["decoding"] == blended.decoded.report
    before = blended.methods[blended.chosen].nested
    assert report["out_of_fold"] != evaluate_scores(before)


def test_scores_and_promise_are_those_after_decoding(
    report_on, small_task, same_texts, evaluation_params
):
    """A bias of 1 on the negative label: everything that is told of the blend, judged by hand."""
    evaluation = evaluation_params(GIVEN, select_by="shift_micro_f1")
    voters = small_task.voters(SKILLS)
    report, blended, _ = report_on(voters, evaluation, negative_bias=1.0)
    own, prepared = blended.methods[blended.chosen], blended.prepared
    biased = own.nested.with_table(add_negative_bias(own.nested.table, 0, 1.0))
    test, population = add_negative_bias(own.test, 0, 1.0), prepared.prior.population
    judged = judge({"": biased}, population, evaluation)[""]
    evidence = Evidence(biased, judged, [test], own.gain, population, same_texts)
    promised = predict_submission(evidence, evaluation)
    assert report["scores"] == as_json(judged.estimates())
    assert report["predicted"] == as_json(promised.estimates)
    assert report["witnesses"] == {
        name: flat_estimates(estimates) for name, estimates in promised.witnesses.items()
    }
    for name, other in (
        ("over_best_member", blended.best_alone),
        ("over_soft_vote", blended.methods["soft_vote"].judgement),
    ):
        gain = judged.minus(other, "shift_micro_f1")
        assert report["gain"][name] == {**asdict(gain), "more_than_noise": gain.excludes_zero}
    predicted = biased.predicted
    assert report["scores"]["micro_f1"]["value"] == pytest.approx(
        micro_f1(prepared.panel.truth, predicted, 0)
    )
    # Methods are told as they were compared: before decoding.
    before = report["methods"][report["method"]]
    assert before["scores"] == as_json(own.judgement.estimates()) != report["scores"]
    assert before["predicted"] == as_json(own.predicted.estimates) != report["predicted"]


def test_a_promise_that_is_refused_is_empty_and_says_why(report_on, evaluation_params):
    """A bias of 3 leaves hardly a relation, of which the test rows have more than their prior."""
    report, blended, _ = report_on(evaluation=evaluation_params(GIVEN), negative_bias=3.0)
    assert report["predicted"] == {}
    assert report["not_predicted"] == blended.predicted.refusal
    assert "points apart" in report["not_predicted"]
    assert list(report["witnesses"]) == list(blended.predicted.witnesses)


def test_a_bias_that_does_harm_is_in_the_verdict(report_on):
    """The blend was better than its best member, and with the bias of the settings it is not."""
    assert report_on()[0]["gain"]["over_best_member"]["difference"] > 0
    report, blended, _ = report_on(negative_bias=8.0)
    gain = report["gain"]["over_best_member"]
    assert gain["high"] < 0
    assert report["verdict"] == (
        f"{blended.chosen} is worse than strong alone: {gain['difference']:+.2f} "
        f"[{gain['low']:+.2f}, {gain['high']:+.2f}]. Submit that one."
    )


def test_files_that_vote_are_named_and_no_score_holds_them(report_on, small_task):
    file = average_probabilities(small_task.test_folds(1.0, 9))
    plain = {"friend": file, "a stranger": file}
    methods = ["soft_vote", "greedy", "hard_vote"]
    report, _, _ = report_on(small_task.voters(SKILLS, plain=plain), methods=methods)
    without, _, _ = report_on(small_task.voters(SKILLS, fold_scores={}), methods=["soft_vote"])
    assert report["plain_submissions"] == ["friend", "a stranger"]
    assert without["plain_submissions"] == []
    assert list(report["methods"]) == ["soft_vote", "hard_vote"]
    for own in report["methods"].values():
        everybody = ["strong", "middling", "friend", "a stranger"]
        assert own["weights"] == dict.fromkeys(everybody, pytest.approx(1 / 4))
        assert own["temperatures"] == dict.fromkeys(everybody, 1)
    assert report["methods"]["soft_vote"]["scores"] == without["methods"]["soft_vote"]["scores"]
    assert list(report["members"]) == ["strong", "middling"]
    assert report["verdict"] == (
        f"{report['method']} with friend, a stranger: nobody can tell how good these files are; "
        "scores are those of the members alone."
    )


def test_at_least_one_member_has_so_many_rows_right(told):
    report, blended, _ = told
    wanted = oracle_accuracy(blended.prepared.panel)
    assert report["oracle_accuracy"] == wanted > report["scores"]["accuracy"]["value"]


def with_file(small_task):
    file = average_probabilities(small_task.test_folds(1.0, 9))
    return small_task.voters(SKILLS, plain={"file": file})


def with_ruled_out(small_task):
    table = small_task.out_of_fold(2.5, 1)
    logits = table.logits.copy()
    logits[::2, 1] = -np.inf
    return small_task.voters(SKILLS, out_of_fold={"strong": replace(table, logits=logits)})


KNOWN = {"source": "estimated", "max_disagreement": 1.0, "min_effective_rows": 1}
CASES = {
    "an estimated target": (None, {"prior": KNOWN}),
    "a target that is refused": (
        lambda task: task.voters({"a": 0.0, "b": 0.0}), {"prior": {"source": "estimated"}},
    ),
    "one member": (lambda task: task.voters({"alone": 1.5}), {}),
    "a member that is always right": (lambda task: task.voters({"sure": 99.0, "b": 1.0}), {}),
    "a submission file": (with_file, {}),
    "a label ruled out": (with_ruled_out, {"calibrate": True}),
    "decoding options": (None, {"type_pair_mask": "auto", "negative_bias": "auto"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_json_and_every_number_is_one(case, report_on, small_task, evaluation_params):
    make_voters, changes = CASES[case]
    evaluation = evaluation_params(changes.get("prior"))
    options = {name: value for name, value in changes.items() if name != "prior"}
    voters = make_voters(small_task) if make_voters else None
    report, _, _ = report_on(voters, evaluation, methods=["soft_vote", "greedy"], **options)
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_better_by_more_than_noise(report_on, small_task):
    """Five members of the same middling skill, who err independently."""
    report, blended, _ = report_on(
        small_task.voters(dict.fromkeys("abcde", 1.5)), methods=["soft_vote"]
    )
    gain = report["gain"]["over_best_member"]
    assert gain["low"] > 0
    assert report["verdict"] == (
        f"soft_vote is better than {blended.best_member} alone by more than noise: "
        f"{gain['difference']:+.2f} [{gain['low']:+.2f}, {gain['high']:+.2f}]."
    )


def test_a_difference_that_chance_may_have_made(report_on, small_task):
    voters = small_task.voters({"strong": 2.5, "weak": 1.0})
    report, _, _ = report_on(voters, methods=["soft_vote"])
    gain = report["gain"]["over_best_member"]
    assert gain["low"] < 0 < gain["high"]
    assert abs(gain["difference"]) > 0.1
    assert report["verdict"].startswith("soft_vote against strong alone is within noise: ")


def test_one_member_is_no_blend(report_on, small_task):
    report, _, _ = report_on(small_task.voters({"alone": 1.5}))
    assert report["verdict"] == "One member, alone: there is nothing to blend."
