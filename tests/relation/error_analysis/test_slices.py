"""Parts of the rows, judged as if each were a table of its own."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.intervals import draw_weights
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import label_scores
from klue_pipeline.relation.error_analysis.slices import tabulate_slices
from klue_pipeline.relation.metrics.evaluation import per_label_table
from klue_pipeline.relation.metrics.klue import accuracy, micro_f1
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams

LABELS = LabelSet(names=["no_relation", "per:title", "per:spouse", "org:dissolved"],
                  negative="no_relation")  # fmt: skip
N_ROWS = 120
DRAWS = EvaluationParams.model_validate(
    {
        "target_prior": {
            "source": "none",
            "estimator": "auto",
            "max_disagreement": 0.1,
            "min_effective_rows": 1,
        },
        "n_resamples": 100,
        "confidence": 0.8,
        "seed": 3,
        "select_by": "micro_f1",
    }
)


def draw_sentences(seed=0):
    """Rows whose entities are 0 to 59 characters apart, either of them first."""
    generator = np.random.default_rng(seed)
    gaps = generator.integers(60, size=N_ROWS)
    subject_first = generator.random(N_ROWS) < 0.5
    first, second = np.full(N_ROWS, 2), 5 + gaps
    starts = np.where(subject_first, first, second), np.where(subject_first, second, first)
    sentences = pd.DataFrame(
        {
            "row_id": [f"r{row}" for row in range(N_ROWS)],
            "sentence": ["가" * length for length in generator.integers(70, 320, size=N_ROWS)],
            "subject_start": starts[0],
            "subject_end": starts[0] + 3,
            "object_start": starts[1],
            "object_end": starts[1] + 3,
            "type_pair": generator.choice(["PER:ORG", "PER:PER", "ORG:DAT"], N_ROWS),
            "source": generator.choice(["wikipedia", "policy"], N_ROWS),
        }
    )
    return sentences.assign(gap=gaps)


def draw_scores(n_labels=3, row_ids=None, folds=None):
    """Gold labels, none of the last kind, and scores that know them a little."""
    generator = np.random.default_rng(1)
    ids = row_ids if row_ids is not None else [f"r{row}" for row in range(N_ROWS)]
    gold = generator.integers(n_labels, size=N_ROWS)
    truth = pd.Series([LABELS.names[label] for label in gold], [f"r{row}" for row in range(N_ROWS)])
    logits = generator.normal(size=(len(ids), 4)).astype(np.float32)
    logits[np.arange(len(ids)), [gold[int(row_id[1:])] for row_id in ids]] += 1.0
    logits[:, 3] = -9
    return ScoreTable(np.array(ids, dtype=object), logits, tuple(LABELS.names), folds), truth


def tabulate(scores, truth, sentences, seen=None):
    seen = np.zeros(len(scores), dtype=bool) if seen is None else seen
    return tabulate_slices(label_scores(scores, truth, LABELS), sentences, seen, DRAWS)


def take(table, kind):
    return table[table["kind"] == kind].set_index("value")


def judge_rows(scores, truth, mask):
    """Both scores of a part of the rows, and their ends over the same draws, by repeating rows."""
    names = pd.Index(LABELS.names)
    gold, predicted = names.get_indexer(truth[scores.row_ids]), scores.logits.argmax(axis=1)
    weights = np.hstack(list(draw_weights(scores, DRAWS.n_resamples, DRAWS.seed)))
    found = []
    for drawn in [np.ones(len(scores)), *weights.T]:
        rows = np.repeat(np.arange(len(scores)), (drawn * mask).astype(int))
        found.append(
            [micro_f1(gold[rows], predicted[rows], 0), accuracy(gold[rows], predicted[rows])]
        )
    (f1, right), draws = found[0], np.array(found[1:])
    ends = np.quantile(draws, [0.1, 0.9], axis=0)
    return [f1, ends[0, 0], ends[1, 0], right, ends[0, 1], ends[1, 1]]


NUMBERS = ["micro_f1", "low", "high", "accuracy", "accuracy_low", "accuracy_high"]


def test_every_part_is_judged_as_a_table_of_its_own():
    sentences = draw_sentences()
    scores, truth = draw_scores()
    seen = np.arange(N_ROWS) % 3 == 0
    table = tabulate(scores, truth, sentences, seen)
    gap, length = sentences["gap"], sentences["sentence"].str.len()
    parts = {
        ("type_pair", "PER:ORG"): sentences["type_pair"] == "PER:ORG",
        ("source", "policy"): sentences["source"] == "policy",
        ("entity_distance", "5 to 9"): gap.between(5, 9),
        ("entity_distance", "40 to 79"): gap >= 40,
        ("sentence_length", "50 to 99"): length < 100,
        ("sentence_length", "300 or more"): length >= 300,
        ("pair", "seen"): seen,
        ("pair", "unseen"): ~seen,
    }
    for (kind, value), mask in parts.items():
        found = take(table, kind).loc[value]
        assert found["rows"] == np.sum(mask)
        wanted = judge_rows(scores, truth, np.asarray(mask))
        assert found[NUMBERS].tolist() == pytest.approx(wanted), (kind, value)


def test_a_label_alone_has_the_f1_and_recall_of_the_label_table():
    sentences = draw_sentences()
    scores, truth = draw_scores()
    found, wanted = (
        take(tabulate(scores, truth, sentences), "label"),
        per_label_table(label_scores(scores, truth, LABELS)),
    )
    assert found.index.tolist() == LABELS.names
    assert found["rows"].tolist() == wanted["support"].tolist()
    for name, column in (("micro_f1", "f1"), ("accuracy", "recall")):
        np.testing.assert_allclose(found[name], wanted[column])


def test_the_interval_of_a_label_is_that_of_its_f1():
    sentences = draw_sentences()
    scores, truth = draw_scores()
    found = take(tabulate(scores, truth, sentences), "label").loc["per:spouse"]
    gold, predicted = truth.to_numpy() == "per:spouse", scores.logits.argmax(axis=1) == 2
    weights = np.hstack(list(draw_weights(scores, DRAWS.n_resamples, DRAWS.seed)))
    f1 = 200 * (gold & predicted) @ weights / ((gold * 1 + predicted) @ weights)
    assert (found["low"], found["high"]) == pytest.approx(tuple(np.quantile(f1, [0.1, 0.9])))


def test_what_is_not_defined_is_nan_and_not_nothing():
    """The last label occurs nowhere; one source has neither true nor predicted relations."""
    sentences = draw_sentences()
    scores, truth = draw_scores()
    sentences.loc[:1, "source"] = "empty"
    truth.iloc[:2] = "no_relation"
    scores.logits[:2] = [9, 0, 0, 0]
    table = tabulate(scores, truth, sentences)
    assert take(table, "label").loc["org:dissolved", ["rows"]].tolist() == [0]
    assert take(table, "label").loc["org:dissolved", NUMBERS].isna().all()
    found = take(table, "source").loc["empty"]
    assert found[["micro_f1", "low", "high"]].isna().all()
    assert found[["rows", "accuracy", "accuracy_low", "accuracy_high"]].tolist() == [
        2,
        100,
        100,
        100,
    ]


def test_a_label_that_is_predicted_and_never_true_has_an_f1_of_0():
    scores, truth = draw_scores()
    scores.logits[0] = [0, 0, 0, 9]
    found = take(tabulate(scores, truth, draw_sentences()), "label").loc["org:dissolved"]
    assert (found["rows"], found["micro_f1"], found["low"]) == (0, 0, 0)
    assert np.isnan(found["accuracy"])


def test_parts_stand_in_the_order_of_their_size_and_bins_in_their_own():
    sentences = draw_sentences()
    sentences["source"] = ["b"] * 10 + [None] * 100 + ["a"] * 10
    table = tabulate(*draw_scores(), sentences)
    assert table["kind"].unique().tolist() == [
        "label", "type_pair", "source", "entity_distance", "sentence_length", "pair",
    ]  # fmt: skip
    assert take(table, "source").index.tolist() == ["(none)", "a", "b"]
    distances = take(table, "entity_distance").index.tolist()
    assert distances == ["0 to 4", "5 to 9", "10 to 19", "20 to 39", "40 to 79"]
    for kind, own in table.groupby("kind"):
        assert own["rows"].sum() == N_ROWS, kind


def test_rows_are_found_by_their_id_in_any_order():
    sentences = draw_sentences()
    scores, truth = draw_scores()
    seen = np.arange(N_ROWS) % 3 == 0
    wanted = tabulate(scores, truth, sentences, seen)
    shuffled = pd.concat([sentences, sentences[:1].assign(row_id="other")]).sample(
        frac=1, random_state=0
    )
    pd.testing.assert_frame_equal(tabulate(scores, truth, shuffled, seen), wanted)


def test_a_row_held_out_by_two_folds_counts_twice_and_is_drawn_as_one():
    sentences = draw_sentences()
    once, truth = draw_scores()
    twice = ScoreTable(
        np.tile(once.row_ids, 2),
        np.tile(once.logits, (2, 1)),
        once.labels,
        np.repeat([0, 1], N_ROWS),
    )
    wanted, found = tabulate(once, truth, sentences), tabulate(twice, truth, sentences)
    np.testing.assert_allclose(found[NUMBERS], wanted[NUMBERS])
    assert found["rows"].tolist() == (2 * wanted["rows"]).tolist()


def test_a_task_without_negative_label_counts_every_label():
    scores, truth = draw_scores()
    labels = LabelSet(names=LABELS.names, negative=None)
    seen = np.ones(N_ROWS, dtype=bool)
    table = tabulate_slices(label_scores(scores, truth, labels), draw_sentences(), seen, DRAWS)
    (found,) = take(table, "pair").to_dict("records")
    assert found["micro_f1"] == pytest.approx(found["accuracy"])


def test_what_does_not_belong_together_is_refused():
    sentences = draw_sentences()
    scores, truth = draw_scores()
    with pytest.raises(ValueError, match=r"\(3,\) marks of seen pairs for 120 scored rows"):
        tabulate(scores, truth, sentences, np.ones(3, dtype=bool))
    with pytest.raises(ValueError, match="1 row outside the table of rows"):
        tabulate(scores, truth, sentences[1:])
    with pytest.raises(ValueError, match="without a true label"):
        tabulate(scores, truth[1:], sentences)
    scores.logits[5] = np.nan
    with pytest.raises(ValueError, match="1 of 120 rows have scores that are not numbers"):
        tabulate(scores, truth, sentences)
