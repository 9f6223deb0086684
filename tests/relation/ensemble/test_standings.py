"""From what lies on disk to entries: who is judged, by which target, and why others are not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.ensemble.panel import seat_out_of_fold, seat_test
from klue_pipeline.relation.ensemble.preparation import resolve_common_prior
from klue_pipeline.relation.ensemble.standings import Contender, rank_contenders
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.metrics.run_rows import RunRows
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.reporting.leaderboard import LeaderboardEntry

NAMES = ["no_relation", "per:title", "per:spouse"]
N_ROWS, N_TEST_ROWS = 300, 120
GENERATOR = np.random.default_rng(3)
GOLD = GENERATOR.choice(3, size=N_ROWS, p=[0.3, 0.4, 0.3])
TEST_GOLD = GENERATOR.choice(3, size=N_TEST_ROWS, p=[0.6, 0.2, 0.2])
FOLDS = np.arange(N_ROWS) % 3
ROW_IDS = np.array([f"r{row}" for row in range(N_ROWS)], dtype=object)
TEST_IDS = np.array([f"t{row}" for row in range(N_TEST_ROWS)], dtype=object)
MEMBERS = pd.DataFrame({"fold": FOLDS, "row_id": ROW_IDS})
WRITTEN = {"sentence": "문장", "subject_start": 0, "subject_end": 1, "subject_type": "PER",
           "object_start": 1, "object_end": 2, "object_type": "ORG"}  # fmt: skip
RUN = RunRows(
    pd.DataFrame({"row_id": ROW_IDS, "label": np.array(NAMES)[GOLD], **WRITTEN}),
    MEMBERS,
    pd.DataFrame({"row_id": TEST_IDS, **WRITTEN}),
    LabelSet(names=NAMES, negative="no_relation"),
)
PRINT = {name: RUN.provenance.fingerprint[name] for name in ("rows", "folds")}
KNOWN_TEST = pd.Series(np.array(NAMES)[TEST_GOLD], index=TEST_IDS)
NOT_KNOWN = pd.Series([], dtype="str")


def evaluation(source="given", select_by="shift_micro_f1", **prior):
    settings = {"source": source, "estimator": "em_calibrated", "max_disagreement": 1.0,
                "min_effective_rows": 1, **prior}  # fmt: skip
    if source == "given":
        settings.setdefault("negative_share", 0.6)
    return EvaluationParams.model_validate(
        {"target_prior": settings, "n_resamples": 100, "confidence": 0.95, "seed": 1,
         "select_by": select_by}
    )  # fmt: skip


def guess(gold, skill, seed):
    logits = np.random.default_rng(seed).normal(size=(len(gold), 3))
    logits[np.arange(len(gold)), gold] += skill
    return logits.astype(np.float32)


def contender(name, skill=2.0, seed=1, folds=(0, 1, 2), kind="single", **entry):
    chosen = np.isin(FOLDS, folds)
    return Contender(
        LeaderboardEntry(name, kind, entry.pop("status", "finished"), **entry),
        ScoreTable(
            ROW_IDS[chosen], guess(GOLD, skill, seed)[chosen], tuple(NAMES), FOLDS[chosen], PRINT
        ),
        ScoreTable(TEST_IDS, guess(TEST_GOLD, skill, seed), tuple(NAMES), None,
                   dict(RUN.provenance.fingerprint)),
    )  # fmt: skip


def rank(*contenders, test_gold=NOT_KNOWN, params=None, known=None):
    by_name = {own.entry.name: own for own in contenders}
    standings = rank_contenders(by_name, RUN, test_gold, params or evaluation(), known)
    return {place.entry.name: place.entry for place in standings.ranked}, standings


def test_an_entry_keeps_what_its_run_left_and_gets_its_scores():
    own = contender("a", why="왜", training_seconds=9.0, mlflow_run_id="abc")
    entries, _ = rank(own, test_gold=KNOWN_TEST)
    filled = entries["a"]
    plain = score_metrics(own.out_of_fold.logits, GOLD, 0)
    on_test = score_metrics(own.test_scores.logits, TEST_GOLD, 0)
    assert filled.score("micro_f1") == pytest.approx(plain["micro_f1"])
    assert filled.score("auprc") == pytest.approx(plain["auprc"])
    assert filled.score("shift_micro_f1") < plain["micro_f1"]
    assert filled.test_scores["micro_f1"] == pytest.approx(on_test["micro_f1"])
    assert filled.test_scores["auprc"] == pytest.approx(on_test["auprc"])
    assert (filled.rows, filled.folds) == (N_ROWS, 3)
    kept = ("why", "training_seconds", "mlflow_run_id", "status")
    assert [getattr(filled, name) for name in kept] == ["왜", 9.0, "abc", "finished"]
    assert own.entry.scores == {}  # what was given stays as it was


def test_the_best_is_called_so_and_the_others_are_compared_with_it():
    entries, _ = rank(contender("weak", 0.5, 2), contender("best", 3.0, 3), contender("mid", 2.0))
    assert entries["best"].verdict == "best"
    assert entries["best"].difference is None
    assert entries["weak"].verdict == "worse"
    for name in ("weak", "mid"):
        own = entries[name]
        wanted = own.score("shift_micro_f1") - entries["best"].score("shift_micro_f1")
        assert own.difference.difference == pytest.approx(wanted)
        assert 0 <= own.mcnemar_p <= 1


def test_the_best_is_the_best_by_what_is_ranked_by():
    """One is better at relations, the other at rows without: which is best is up to the score."""
    shy, bold = contender("shy", 1.5), contender("bold", 1.5)
    for own, pull in ((shy, 1.0), (bold, -1.0)):
        own.out_of_fold.logits[:, 0] += pull
    verdicts = {}
    for share in (0.02, 0.98):
        entries, _ = rank(shy, bold, params=evaluation(select_by="shift_accuracy",
                                                       negative_share=share))  # fmt: skip
        verdicts[share] = next(name for name, own in entries.items() if own.verdict == "best")
    assert verdicts == {0.02: "bold", 0.98: "shy"}


def test_without_scores_an_entry_stays_as_it_is():
    failed = Contender(
        LeaderboardEntry("failed", "single", "failed", error="ValueError: no", note="n"), None, None
    )
    entries, standings = rank(contender("a"), failed)
    assert entries["failed"] == replace(failed.entry, verdict="")
    assert [(place.rank, place.entry.name) for place in standings.ranked] == [
        (1, "a"),
        (None, "failed"),
    ]


def test_scores_of_other_rows_are_not_judged_and_the_reason_joins_the_note():
    odd = contender("odd", note="The last run failed.")
    odd = replace(odd, out_of_fold=replace(odd.out_of_fold, fingerprint={**PRINT, "rows": "9"}))
    entries, _ = rank(contender("a"), odd, test_gold=KNOWN_TEST)
    own = entries["odd"]
    assert own.note.startswith("The last run failed.; its rows are 9, those of this run")
    assert (own.scores, own.test_scores, own.rows, own.verdict) == ({}, {}, None, "")


@pytest.mark.parametrize("others", [[1, 2], [1]])  # more rows than the first, and as many
def test_experiments_without_a_row_in_common_are_not_compared(others):
    entries, _ = rank(contender("a", 3.0, folds=[0]), contender("b", 0.5, 2, folds=others))
    assert entries["b"].verdict == "not comparable: it scored no row that a scored"
    assert (entries["b"].difference, entries["b"].mcnemar_p) == (None, None)


def test_a_quick_look_is_no_rival_of_whole_runs():
    entries, standings = rank(
        contender("lucky", 5.0, folds=[0, 2]), contender("a", 2.0), contender("b", 1.0, 2)
    )
    places = [(place.rank, place.entry.name) for place in standings.ranked]
    assert places == [(1, "a"), (2, "b"), (None, "lucky")]
    assert (entries["a"].verdict, entries["a"].partial) == ("best", "")
    assert entries["lucky"].partial == "folds 0, 2 only"
    assert entries["lucky"].verdict == "better on the rows that both scored"


def resolve_from(*contenders):
    panel = seat_out_of_fold({own.entry.name: RUN.label(own.out_of_fold) for own in contenders})
    test_panel = seat_test({own.entry.name: own.test_scores for own in contenders})
    return resolve_common_prior(panel, test_panel, RUN.labels, evaluation("estimated"))


def test_an_estimated_target_is_everybody_s_but_the_blend_s_and_the_quick_looks():
    whole = [contender("a", 2.0, 1), contender("b", 2.0, 2)]
    others = [
        contender("quick", 2.0, 3, folds=[0]),
        contender("blend", 3.0, 4, kind="blend"),
        replace(contender("untested", 2.0, 5), test_scores=None),
    ]
    _, standings = rank(*others, *whole, params=evaluation("estimated"))
    wanted = resolve_from(*whole)
    assert wanted.population is not None
    np.testing.assert_allclose(standings.prior.population.shares, wanted.population.shares)
    everybody = resolve_from(*whole, others[1])
    assert not np.allclose(standings.prior.population.shares, everybody.population.shares)


def test_a_prior_that_was_estimated_from_the_same_scores_is_taken(monkeypatch):
    """As by the blend of the same run; another estimate of other scores is not."""
    whole = [contender("a", 2.0, 1), contender("b", 2.0, 2)]
    known, params = resolve_from(*whole), evaluation("estimated")
    monkeypatch.setattr("klue_pipeline.relation.shift.prior.study_prior", None)
    assert rank(*whole, params=params, known=known)[1].prior is known
    with pytest.raises(TypeError, match="not callable"):
        rank(*whole, contender("c", 2.0, 3), params=params, known=known)


def test_without_test_scores_there_is_no_target_and_the_plain_score_ranks():
    alone = replace(contender("a"), test_scores=None)
    entries, standings = rank(alone, test_gold=KNOWN_TEST)
    assert standings.prior is None
    assert standings.select_by == "micro_f1"
    assert set(entries["a"].scores) == {"micro_f1", "auprc", "accuracy"}
    assert entries["a"].test_scores == {}
    assert entries["a"].verdict == "best"


def test_a_target_that_nobody_wants_is_none():
    _, standings = rank(contender("a"), params=evaluation("none"))
    assert standings.prior.population is None
    assert standings.select_by == "micro_f1"


def test_nobody_at_all_is_an_empty_field():
    entries, standings = rank()
    assert (entries, standings.prior) == ({}, None)
    failed = Contender(LeaderboardEntry("failed", "single", "failed"), None, None)
    assert list(rank(failed)[0]) == ["failed"]
