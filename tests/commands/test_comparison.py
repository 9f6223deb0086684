"""The table: whose numbers stand in it, what is compared with what, and how it reads."""

import csv
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.commands.comparison import Row, compare_results
from klue_pipeline.commands.jobs import Job
from klue_pipeline.commands.outcomes import Outcome
from klue_pipeline.commands.table import format_table, save_table
from klue_pipeline.evaluation.intervals import Interval
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.settings.params import TargetParams

LABELS = ["no_relation", "per:title", "per:spouse"]
N_ROWS = 90
GOLD = np.random.default_rng(0).choice(LABELS, N_ROWS)


def trained(name):
    return Outcome(Job(name), "trained", seconds=61.4)


def scores(labels, share_right, seed=1, rows="1"):
    """Out-of-fold scores that are right on a share of the rows."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(N_ROWS, len(labels)))
    right = generator.random(N_ROWS) < share_right
    for row in np.flatnonzero(right):
        if GOLD[row] in labels:
            logits[row, labels.index(GOLD[row])] += 9
    ids = np.array([f"row-{number}" for number in range(N_ROWS)], dtype=object)
    folds = np.zeros(N_ROWS, dtype=np.int64)
    return ScoreTable(ids, logits.astype(np.float32), tuple(labels), folds, {"rows": rows})


def results(out_of_fold, target="all", gold_is_current=True, test=None):
    datasets = {
        "experiment_metrics": {
            "out_of_fold": {"micro_f1": 61.25, "auprc": 50.5, "loss": 1.0}, "test": test,
        },
        "out_of_fold@one": out_of_fold,
        "labels": {"names": LABELS, "negative": "no_relation"},
        "clean_sentences": pd.DataFrame({"row_id": scores(LABELS, 1).row_ids, "label": GOLD}),
    }  # fmt: skip
    return SimpleNamespace(
        catalog=SimpleNamespace(load=datasets.__getitem__),
        parameters=SimpleNamespace(target=TargetParams(name=target)),
        is_current=lambda name: gold_is_current,
    )


def compare(reference, **stored):
    outcomes = [trained(name) for name in stored]
    return compare_results(outcomes, reference, lambda outcome: stored[outcome.job.experiment])


def test_metrics_are_those_on_disk_and_test_ones_if_known():
    test = {"micro_f1": 40.0, "auprc": 30.0, "rows": 9}
    first, second = compare(
        "a", a=results(scores(LABELS, 0.5)), b=results(scores(LABELS, 0.9), test=test)
    )
    assert first.metrics == {"micro_f1": 61.25, "auprc": 50.5}
    assert second.metrics == first.metrics | {"test_micro_f1": 40.0, "test_auprc": 30.0}


def test_the_others_are_compared_with_the_reference_wherever_it_stands():
    good, bad = results(scores(LABELS, 0.95)), results(scores(LABELS, 0.4, seed=2))
    before, reference, same = compare("b", a=good, b=bad, c=bad)
    assert reference.differences == {}
    assert before.differences["micro_f1"].low > 0
    assert before.differences["auprc"].excludes_zero
    assert same.differences == {
        "micro_f1": Interval(0.0, 0.0, 0.0),
        "auprc": Interval(0.0, 0.0, 0.0),
        "accuracy": Interval(0.0, 0.0, 0.0),
    }


def test_a_model_of_other_labels_is_listed_but_not_compared():
    binary = results(scores(["no_relation", "relation"], 0.5), target="binary")
    _, member = compare("a", a=results(scores(LABELS, 0.5)), b=binary)
    assert (member.metrics["micro_f1"], member.differences) == (61.25, {})
    assert "tells 2 other labels apart" in member.note


def test_two_members_are_compared_on_the_rows_that_have_an_answer():
    positive = LABELS[1:]
    better, _ = compare(
        "b",
        a=results(scores(positive, 0.95), target="positive"),
        b=results(scores(positive, 0.4, seed=2), target="positive"),
    )
    assert better.differences["micro_f1"].low > 0


def test_scores_of_other_rows_are_not_compared():
    _, other = compare(
        "a", a=results(scores(LABELS, 0.5)), b=results(scores(LABELS, 0.5, rows="2"))
    )
    assert other.differences == {}
    assert "rows is 2 in one and 1 in the other" in other.note


def test_true_labels_of_other_settings_compare_nothing():
    stale = results(scores(LABELS, 0.5), gold_is_current=False)
    reference, other = compare("a", a=stale, b=results(scores(LABELS, 0.9)))
    assert other.differences == {}
    assert "kedro run --pipelines ingest,clean" in reference.note


def test_without_the_reference_there_are_metrics_only():
    failed = Outcome(Job("a"), "failed", error="out of memory")
    stored = results(scores(LABELS, 0.5))
    rows = compare_results([failed, trained("b")], "a", lambda _: stored)
    assert [row.metrics.get("auprc") for row in rows] == [None, 50.5]
    assert [row.differences for row in rows] == [{}, {}]


ROWS = [
    Row(trained("기준선"), {"micro_f1": 60.0, "auprc": 50.0}),
    Row(
        Outcome(Job("rbert", "wide"), "finished before"),
        {"micro_f1": 61.234, "auprc": 49.0, "test_micro_f1": 100.0, "test_auprc": 70.0},
        {"micro_f1": Interval(1.234, 0.5, 2.0), "auprc": Interval(-1.0, -3.0, 1.0)},
    ),
    Row(Outcome(Job("binary"), "trained", 5.0), {"micro_f1": 80.0, "auprc": 81.0}, note="apart"),
    Row(Outcome(Job("tapt"), "failed", 3.4, "no folder\nsecond line")),
]


def test_the_table_reads_as_a_table():
    header, line, *rows = format_table(ROWS, "기준선").splitlines()
    assert header.split("  ")[0] == "experiment"
    assert set(line) == {"-"}
    assert [row.split() for row in rows[:4]] == [
        ["기준선", "trained", "61", "60.00", "50.00", "-", "-", "-", "-"],
        ["rbert--wide", "finished", "before", "-", "61.23", "49.00", "100.00", "70.00",
         "+1.23", "[+0.50,", "+2.00]*", "-1.00", "[-3.00,", "+1.00]"],
        ["binary", "trained", "5", "80.00", "81.00", "-", "-", "-", "-"],
        ["tapt", "failed", "3", "-", "-", "-", "-", "-", "-"],
    ]  # fmt: skip
    assert rows[4].startswith("F1 and AUPRC are out of fold. Differences are to 기준선, with 95% ")
    assert rows[5:] == ["binary: apart", "tapt failed: no folder"]


def test_columns_are_aligned_also_under_korean_names():
    """On a screen a Hangul syllable is two columns wide."""
    header, _, korean, variant, binary, _, *_ = format_table(ROWS, "기준선").splitlines()
    wide = korean.replace("기준선", "기준선###")
    for name in ("seconds", "F1", "AUPRC", "test F1", "test AUPRC"):
        end = header.index(f" {name} ") + len(name) + 1
        assert {row[end] for row in (wide, variant, binary)} == {" "}
        assert " " not in {row[end - 1] for row in (wide, variant, binary)}


def test_the_file_has_every_number_in_full(tmp_path):
    save_table(ROWS, "기준선", tmp_path / "08_reporting" / "experiments.csv")
    with (tmp_path / "08_reporting" / "experiments.csv").open(encoding="utf-8") as file:
        first, variant, _, failed = csv.DictReader(file)
    assert (first["experiment"], first["seconds"], first["compared_with"]) == ("기준선", "61.4", "")
    assert (variant["experiment"], variant["compared_with"]) == ("rbert--wide", "기준선")
    found = {name: float(variant[name]) for name in ("micro_f1", "micro_f1_low", "auprc_high")}
    assert found == {"micro_f1": 61.234, "micro_f1_low": 0.5, "auprc_high": 1.0}
    assert (failed["status"], failed["micro_f1"], failed["error"]) == ("failed", "", "no folder")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (None, ""),
        ("one\ntwo", "one"),
        ("Settings are wrong:\n  loss.name: found 'x'\n  more", "Settings are wrong: loss.name: "
         "found 'x'"),
        ("\n\n  late", "late"),
    ],
)  # fmt: skip
def test_a_failure_is_told_in_one_line(error, reason):
    assert Outcome(Job("a"), "failed", error=error).reason == reason
