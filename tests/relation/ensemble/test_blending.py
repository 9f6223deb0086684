"""From members to a blend: what members make of test rows, what is chosen, and what is promised."""

from dataclasses import replace

import numpy as np
import pytest

from klue_pipeline.evaluation.calibration import fit_temperature
from klue_pipeline.evaluation.scores import average_probabilities
from klue_pipeline.relation.decoding import add_negative_bias
from klue_pipeline.relation.ensemble.blending import blend
from klue_pipeline.relation.ensemble.fitting import fit_blends, nested_probabilities
from klue_pipeline.relation.ensemble.methods import METHODS, UNTUNED
from klue_pipeline.relation.metrics.klue import accuracy, auprc, micro_f1
from klue_pipeline.relation.shift.averaging import estimate_gain
from klue_pipeline.relation.shift.weights import label_shares

SKILLS = {"strong": 2.5, "middling": 1.5, "weak": 0.5}
PAIR = {"strong": 2.5, "middling": 1.5}
EVERY = [*METHODS]
GIVEN = {"source": "given", "negative_share": 0.7}


@pytest.fixture(scope="module")
def blend_task(small_task, same_texts, ensemble_params, evaluation_params):
    """Blend members with every method; without any given, three, whose folds are not on disk."""

    def run(voters=None, task=None, evaluation=None, **changes):
        return blend(
            voters or small_task.voters(SKILLS, fold_scores={}),
            task or small_task.task,
            same_texts,
            ensemble_params(**{"methods": EVERY, **changes}),
            evaluation or evaluation_params(),
        )

    return run


@pytest.fixture(scope="module")
def blended(blend_task, small_task):
    """Three members with their folds, blended by every method."""
    return blend_task(small_task.voters(SKILLS))


def in_other_order(table, seed=0):
    order = np.random.default_rng(seed).permutation(len(table))
    folds = None if table.folds is None else table.folds[order]
    return replace(table, row_ids=table.row_ids[order], logits=table.logits[order], folds=folds)


def assert_says(table, probabilities):
    np.testing.assert_allclose(table.probabilities, probabilities, rtol=1e-3, atol=1e-6)


def test_every_method_is_judged_on_its_nested_scores(blended):
    prepared = blended.prepared
    nested = nested_probabilities(prepared.tuning, prepared.panel, EVERY)
    assert list(blended.methods) == EVERY
    for name, own in blended.methods.items():
        assert_says(own.nested.table, nested[name])
        truth, predicted = own.nested.truth, own.nested.predicted
        assert own.judgement.scores == pytest.approx(
            {
                "micro_f1": micro_f1(truth, predicted, 0),
                "auprc": auprc(truth, own.nested.table.probabilities),
                "accuracy": accuracy(truth, predicted),
            }
        )


def test_what_goes_into_the_submission_is_fitted_on_all_rows(blended):
    prepared = blended.prepared
    for name, fitted in fit_blends(prepared.tuning, EVERY).items():
        own = blended.methods[name]
        assert_says(own.test, fitted(prepared.test_panel.log_probabilities))
        assert own.test.row_ids.tolist() == [f"t{row}" for row in range(40)]
        assert own.test.folds is None


def test_a_soft_vote_is_the_mean_on_both_sides(blended, small_task):
    selection = small_task.voters(SKILLS).selection
    own = blended.methods["soft_vote"]
    for found, tables in (
        (own.nested.table, selection.out_of_fold),
        (own.test, selection.test_scores),
    ):
        assert_says(found, np.mean([table.probabilities for table in tables.values()], axis=0))


def test_true_labels_of_a_fold_do_not_change_its_nested_scores(blended, blend_task, small_task):
    """The whole way, with true labels read from the table of sentences."""
    task, names = small_task.task, small_task.task.labels.names
    held_out = task.fold_members.loc[task.fold_members["fold"] == 1, "row_id"]
    is_flipped = task.sentences["row_id"].isin(held_out)
    flipped = task.sentences["label"].map(dict(zip(names, names[::-1], strict=True)))
    sentences = task.sentences.assign(label=task.sentences["label"].mask(is_flipped, flipped))
    then = blend_task(task=replace(task, sentences=sentences))
    for name, own in blended.methods.items():
        found, wanted = then.methods[name].nested.table, own.nested.table
        rows = wanted.folds == 1
        np.testing.assert_array_equal(found.logits[rows], wanted.logits[rows])
    assert (blended.prepared.panel.truth != then.prepared.panel.truth).sum() == 40


@pytest.mark.parametrize("select_by", ["micro_f1", "shift_auprc"])
def test_auto_takes_the_best_nested_score(select_by, blend_task, evaluation_params):
    found = blend_task(evaluation=evaluation_params(GIVEN, select_by=select_by))
    scores = {name: own.judgement.scores[select_by] for name, own in found.methods.items()}
    assert scores[found.chosen] == max(scores.values())


def test_a_named_method_is_taken_though_another_is_better(blended, blend_task):
    worst = min(EVERY, key=lambda name: blended.methods[name].judgement.scores["micro_f1"])
    assert worst != blended.chosen
    found = blend_task(method=worst, methods=["soft_vote"])
    assert found.chosen == worst
    assert set(found.methods) == {"soft_vote", worst}


def test_the_best_member_is_that_of_the_score_that_decides(blended, blend_task, small_task):
    assert blended.best_member == "strong"
    alone = small_task.voters(SKILLS).selection.out_of_fold["strong"]
    predicted = alone.logits.argmax(axis=1)
    assert blended.best_alone.scores["accuracy"] == pytest.approx(
        accuracy(small_task.task.label(alone).truth, predicted)
    )
    reordered = small_task.voters({"weak": 0.5, "strong": 2.5})
    assert blend_task(reordered, methods=["soft_vote"]).best_member == "strong"


def values_of(estimates):
    return {name: found.value for name, found in estimates.items()}


def test_a_witness_adds_the_gain_to_the_score(blended):
    own = blended.methods["soft_vote"]
    assert all(own.gain.gains.values())
    wanted = {
        name: min(100, own.judgement.scores[name] + gain) for name, gain in own.gain.gains.items()
    }
    assert values_of(own.predicted.witnesses["labels"]) == pytest.approx(wanted)


def test_what_is_promised_looks_at_the_test_rows(blended, blend_task, small_task):
    """Test rows that nobody is sure of are promised less; the out-of-fold rows stay the same."""
    voters = small_task.voters(SKILLS)
    unsure = {
        name: [replace(table, logits=table.logits / 2) for table in tables]
        for name, tables in voters.fold_scores.items()
    }
    means = {name: average_probabilities(tables) for name, tables in unsure.items()}
    selection = replace(voters.selection, test_scores=means)
    found = blend_task(
        replace(voters, selection=selection, fold_scores=unsure), methods=["soft_vote"]
    )
    own, other = blended.methods["soft_vote"].predicted, found.methods["soft_vote"].predicted
    assert not own.refusal
    assert own.estimates["micro_f1"].value > other.witnesses["difference"]["micro_f1"].value + 1


@pytest.mark.parametrize("prior", [None, GIVEN])
def test_the_gain_is_that_of_the_blended_folds(prior, blend_task, small_task, evaluation_params):
    """Under the target's shares where there is a target, and to the accuracy expected there."""
    voters = small_task.voters(SKILLS)
    found = blend_task(voters, evaluation=evaluation_params(prior), methods=["soft_vote"])
    own, prepared = found.methods["soft_vote"], found.prepared
    by_fold = [
        replace(
            tables[0],
            logits=np.log(np.mean([own.probabilities for own in tables], axis=0)).astype(
                np.float32
            ),
        )
        for tables in zip(*voters.fold_scores.values(), strict=True)
    ]
    training = label_shares(prepared.panel.truth, 4)
    target = prepared.prior.population.shares if prior else training
    reached = own.judgement.scores["shift_accuracy" if prior else "accuracy"]
    # A mean of members is less sure than it may be: out-of-fold rows say by how much.
    temperature = fit_temperature(own.nested.table.logits, prepared.panel.truth)
    wanted = estimate_gain(
        by_fold, (training, target), reached, 0, seed=1, least_softening=min(temperature, 1.0)
    )
    assert own.gain.gains == pytest.approx(wanted.gains, abs=1e-6)
    assert own.gain.confidence_gap == pytest.approx(wanted.confidence_gap, abs=1e-3)
    assert own.gain.gains["auprc"] > 0


def without_some(folds):
    return {
        "no fold scores": {},
        "one member without": {name: own for name, own in folds.items() if name != "weak"},
        "one member with fewer": {**folds, "weak": folds["weak"][:2]},
        "one fold each": {name: own[:1] for name, own in folds.items()},
    }


@pytest.mark.parametrize("case", without_some({"weak": []}))
def test_without_every_members_folds_there_is_no_gain(case, blend_task, small_task):
    folds = without_some(small_task.voters(SKILLS).fold_scores)[case]
    found = blend_task(small_task.voters(SKILLS, fold_scores=folds), methods=["soft_vote"])
    own = found.methods["soft_vote"]
    assert own.gain is None
    assert values_of(own.predicted.witnesses["labels"]) == own.judgement.scores


def test_tables_in_other_orders_say_the_same(blended, blend_task, small_task):
    """Everything follows the order of the first member's rows, its own folds too."""
    voters = small_task.voters(SKILLS)
    selection = voters.selection

    def shuffle(tables):
        return {
            name: own if name == "strong" else in_other_order(own) for name, own in tables.items()
        }

    folds = {
        name: [in_other_order(table, seed) for seed, table in enumerate(own)]
        for name, own in voters.fold_scores.items()
    }
    shuffled = replace(
        selection,
        out_of_fold=shuffle(selection.out_of_fold),
        test_scores=shuffle(selection.test_scores),
    )
    found = blend_task(replace(voters, selection=shuffled, fold_scores=folds))
    for name, own in blended.methods.items():
        np.testing.assert_allclose(
            found.methods[name].nested.table.logits, own.nested.table.logits, rtol=1e-5
        )
        np.testing.assert_allclose(found.methods[name].test.logits, own.test.logits, rtol=1e-5)
        assert found.methods[name].gain.gains == pytest.approx(own.gain.gains)


def test_one_member_is_its_own_blend(blend_task, small_task):
    found = blend_task(small_task.voters({"alone": 1.5}), method="stacking")
    assert (found.chosen, found.best_member) == ("soft_vote", "alone")
    selection = small_task.voters({"alone": 1.5}).selection
    assert_says(found.decoded.out_of_fold.table, selection.out_of_fold["alone"].probabilities)
    assert_says(found.decoded.test, selection.test_scores["alone"].probabilities)
    assert found.methods["soft_vote"].judgement.scores == found.best_alone.scores


def test_twins_are_as_good_as_one(blend_task, small_task):
    one = small_task.voters({"first": 1.5})
    twins = {
        field: dict.fromkeys(["first", "second"], getattr(one.selection, field)["first"])
        for field in ("out_of_fold", "test_scores")
    }
    folds = dict.fromkeys(["first", "second"], one.fold_scores["first"])
    voters = replace(one, selection=replace(one.selection, **twins), fold_scores=folds)
    found = blend_task(voters, methods=[name for name in EVERY if name != "stacking"])
    # Of equally good ones, the simplest is taken.
    assert found.chosen == "soft_vote"
    for name in found.methods.keys() - {"hard_vote"}:
        assert found.methods[name].judgement.scores == pytest.approx(found.best_alone.scores)
        assert_says(found.methods[name].test, twins["test_scores"]["first"].probabilities)
    assert found.methods["hard_vote"].judgement.scores["accuracy"] == pytest.approx(
        found.best_alone.scores["accuracy"]
    )


@pytest.fixture(scope="module")
def file_scores(small_task):
    """A submission file from elsewhere: no fingerprint, and another order of rows."""
    table = average_probabilities(small_task.test_folds(1.0, 9))
    return in_other_order(replace(table, fingerprint={}))


def test_a_submission_file_is_one_vote_more(blend_task, small_task, file_scores):
    voters = small_task.voters(PAIR, plain={"friend": file_scores})
    found = blend_task(voters)
    assert set(found.methods) == set(UNTUNED)
    row_ids = [f"t{row}" for row in range(40)]
    tables = [*voters.selection.test_scores.values(), file_scores.in_order_of(row_ids)]
    chances = np.stack([table.probabilities for table in tables])
    mean = chances.mean(axis=0)
    geometric = np.exp(np.log(chances).mean(axis=0))
    votes = np.eye(4)[chances.argmax(axis=2)].sum(axis=0)
    assert_says(found.methods["soft_vote"].test, mean)
    assert_says(
        found.methods["logit_average"].test, geometric / geometric.sum(axis=1, keepdims=True)
    )
    assert_says(found.methods["hard_vote"].test, (votes + mean) / 4)
    assert all(own.gain is None for own in found.methods.values())


def test_a_submission_file_says_nothing_about_training_rows(blend_task, small_task, file_scores):
    with_file = blend_task(small_task.voters(PAIR, plain={"friend": file_scores}))
    without = blend_task(small_task.voters(PAIR))
    for name, own in with_file.methods.items():
        np.testing.assert_array_equal(
            own.nested.table.logits, without.methods[name].nested.table.logits
        )


def test_a_fitted_blend_with_files_is_one_of_all_voters(blend_task, small_task, file_scores):
    """What was fitted speaks for members and files, with a weight for each."""
    voters = small_task.voters(PAIR, plain={"friend": file_scores})
    found = blend_task(voters)
    theirs = file_scores.in_order_of([f"t{row}" for row in range(40)])
    members = np.append(
        found.prepared.test_panel.log_probabilities,
        [np.log(theirs.probabilities).astype(np.float32)],
        axis=0,
    )
    for own in found.methods.values():
        assert own.voters == ("strong", "middling", "friend")
        assert own.fitted.blend.weights == pytest.approx([1 / 3] * 3)
        assert_says(own.test, own.fitted(members))


def test_a_label_that_one_fold_lacks(blend_task, small_task):
    """Nobody who speaks about the first fold has seen the label, and still every row is told."""
    task = small_task.task
    in_first = task.sentences["row_id"].isin(
        task.fold_members.loc[task.fold_members["fold"] == 0, "row_id"]
    )
    is_rare = task.sentences["label"] == "org:founded"
    label = task.sentences["label"].mask(is_rare & ~in_first, "per:title")
    found = blend_task(task=replace(task, sentences=task.sentences.assign(label=label)))
    for own in found.methods.values():
        np.testing.assert_allclose(own.nested.table.probabilities.sum(axis=1), 1, rtol=1e-6)
        assert np.isfinite(list(own.judgement.scores.values())).all()
    stacked = found.methods["stacking"].nested.table
    assert (stacked.probabilities[stacked.folds == 0, 3] < 1e-8).all()


def test_a_label_that_a_member_rules_out(blend_task, small_task):
    """Also where it is the true one."""
    strong = small_task.out_of_fold(2.5, 1)
    logits = strong.logits.copy()
    logits[::2, 1] = -np.inf
    tables = {"strong": replace(strong, logits=logits)}
    found = blend_task(
        small_task.voters(PAIR, out_of_fold=tables, fold_scores={}),
        calibrate=True,
    )
    for own in found.methods.values():
        assert np.isfinite(own.nested.table.logits).all()
        assert np.isfinite(list(own.judgement.scores.values())).all()
    assert (found.methods["logit_average"].nested.table.probabilities[::2, 1] < 1e-9).all()


def test_decoding_options_come_last(blend_task, small_task):
    """On the chosen method's scores; those of the methods stay what they were."""
    found = blend_task(negative_bias=2.5)
    own = found.methods[found.chosen]
    np.testing.assert_array_equal(
        found.decoded.out_of_fold.table.logits,
        add_negative_bias(own.nested.table, 0, 2.5).logits,
    )
    np.testing.assert_array_equal(
        found.decoded.test.logits, add_negative_bias(own.test, 0, 2.5).logits
    )


def test_without_decoding_the_promise_is_that_of_the_method(blended):
    own = blended.methods[blended.chosen]
    assert blended.decoded.judgement is own.judgement
    assert blended.predicted == own.predicted


def test_the_same_settings_give_the_same_blend(blended, blend_task, small_task):
    again = blend_task(small_task.voters(SKILLS))
    for name, own in blended.methods.items():
        np.testing.assert_array_equal(again.methods[name].test.logits, own.test.logits)
        assert again.methods[name].predicted == own.predicted
