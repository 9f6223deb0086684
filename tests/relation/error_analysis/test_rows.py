"""Scores, sentences and true labels brought together."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.relation.error_analysis.rows import collect_rows, describe_rows
from klue_pipeline.relation.settings.params import TargetParams

NAMES_POSITIVE = ["per:spouse", "per:title"]


def test_sentences_and_labels_come_in_the_order_of_the_scores(world, make_scores):
    world.out_of_fold = make_scores(["3", "1"], [[0.6, 0.3, 0.1]] * 2, folds=[0, 1])
    rows = world.held_out_rows
    assert rows.sentences["sentence"].tolist() == ["윤가람, 이도윤 (3).", "조선, 이순신 (1)."]
    assert rows.true_labels.tolist() == ["per:spouse", "per:title"]
    assert (rows.set_name, len(rows)) == ("out_of_fold", 2)


def test_labels_of_test_rows_may_be_missing(world):
    rows = world.test_rows
    assert rows.set_name == "test"
    assert rows.true_labels.isna().tolist() == [False, True, False]
    world.test_gold = world.test_gold.head(0)
    assert world.test_rows.true_labels.isna().all()


def test_scores_of_folds_are_brought_into_the_order_of_their_average(world):
    first, second = world.fold_scores
    backwards = replace(second, row_ids=second.row_ids[::-1], logits=second.logits[::-1])
    rows = collect_rows(first, world.test_sentences, gold_by_row(world.test_gold), world.labels,
                        world.target, [first, backwards])  # fmt: skip
    np.testing.assert_array_equal(rows.fold_scores[1].logits, second.logits)


def test_columns_say_what_was_scored(world):
    held_out, test = describe_rows(world.held_out_rows), describe_rows(world.test_rows)
    assert held_out["set"].unique().tolist() == ["out_of_fold"]
    assert held_out["fold"].tolist() == [0, 1, 1, 0, 1, 0]
    assert test["fold"].isna().all()
    assert held_out["problem"].isna().all()
    assert held_out["source"].isna().tolist() == [False] * 5 + [True]
    world.test_sentences["problem"] = pd.Series(["empty_sentence", None, None], dtype="str")
    assert describe_rows(world.test_rows)["problem"].tolist()[0] == "empty_sentence"


def test_rows_without_an_answer_are_left_out_in_all_tables_and_counted(world, make_scores, caplog):
    caplog.set_level("INFO")
    world.target = TargetParams(name="positive")
    world.test_gold = pd.DataFrame({"row_id": ["1"], "label": ["no_relation"]})
    world.fold_scores = [make_scores(["0", "1", "2"], [[0.3, 0.7]] * 3, NAMES_POSITIVE)] * 2
    rows = world.test_rows
    assert rows.scores.row_ids.tolist() == ["0", "2"]
    assert [len(table) for table in rows.fold_scores] == [2, 2]
    assert "1 row without an answer to target positive" in caplog.text


def test_folds_that_scored_other_rows_or_were_made_otherwise_are_refused(world, make_scores):
    gold = gold_by_row(world.test_gold)
    first, second = world.fold_scores
    fewer = make_scores(["0", "1"], [[0.5, 0.3, 0.2]] * 2)
    broken = replace(second, logits=np.full_like(second.logits, np.nan))
    for wrong, reason in (
        (broken, "3 of 3 scored rows have scores that are not numbers"),
        (fewer, r"1 row without a score, among them \['2'\]"),
        (replace(second, fingerprint={"rows": "other"}), "rows is None in one and other in the"),
    ):
        with pytest.raises(ValueError, match=reason):
            collect_rows(first, world.test_sentences, gold, world.labels, world.target,
                         [first, wrong])  # fmt: skip


def test_scores_that_do_not_say_who_made_them_are_refused(world):
    gold = gold_by_row(world.sentences)
    nameless = replace(world.out_of_fold, folds=None)
    with pytest.raises(ValueError, match="do not say which fold scored which row"):
        collect_rows(nameless, world.sentences, gold, world.labels, world.target)
    with pytest.raises(ValueError, match="Found no fold that scored the test rows"):
        collect_rows(nameless, world.sentences, gold, world.labels, world.target, [])


def break_score(world, make_scores):
    world.out_of_fold.logits[2, 1] = np.nan


def lose_sentence(world, make_scores):
    world.out_of_fold = make_scores(["0", "99"], [[0.5, 0.3, 0.2]] * 2, folds=[0, 0])


def rename_label(world, make_scores):
    world.out_of_fold = make_scores(["0"], [[0.5, 0.3, 0.2]], [*NAMES_POSITIVE, "x"], folds=[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (break_score, r"1 of 6 scored rows .* \['2'\]; the model has diverged"),
        (lose_sentence, r"1 scored row outside the 6 sentences.*\['99'\]"),
        (rename_label, r"wanted were 3 .*; score again with this label set"),
    ],
)
def test_scores_that_cannot_be_those_of_the_rows_are_refused(world, make_scores, change, message):
    change(world, make_scores)
    with pytest.raises(ValueError, match=message):
        _ = world.held_out_rows
