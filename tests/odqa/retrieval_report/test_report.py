"""The report of a search: what it counts, compares and says, and what it refuses."""

import json

import pytest
from retrieval_world import EXAMPLES, GOLD, GOOD, PARAMS, PASSAGES, POOR, make_run, make_truth

from klue_pipeline.odqa.retrieval_report.report import (
    Search,
    fingerprint_passages,
    judge,
    report_refusal,
)
from klue_pipeline.odqa.retrieval_report.table import (
    COLUMNS,
    final_scores,
    tabulate_scores,
    tell_retrieval,
)

RUNS = {"poor": POOR, "good": GOOD, "fusion": POOR}
SEARCH = Search(5, ("fusion",), frozenset({"good"}), {"good": {"index_bytes": 1024}})


def report(runs=None, search=SEARCH, params=PARAMS, **changed):
    return judge(runs or RUNS, make_truth(**changed), params, search)


def test_a_report_tells_scores_by_part_and_who_learnt_from_it():
    found = report()
    json.dumps(found, allow_nan=False)
    assert found["main_part"] == "validation"
    assert found["questions"]["validation"] == {
        "questions": 3, "with_gold": 3, "with_answers": 3, "units": 2
    }  # fmt: skip
    assert found["questions"]["all labelled"]["questions"] == 6
    assert found["questions"]["all labelled"]["with_gold"] == 5
    assert "test" not in found["questions"]
    assert found["corpus"]["groups"] == 6
    good, poor = found["runs"]["good"], found["runs"]["poor"]
    assert good["costs"] == {"index_bytes": 1024}
    assert good["parts"]["train"]["scores"]["recall_at_1"]["value"] == 50
    assert [part["learnt_from"] for part in good["parts"].values()] == [False, True, True]
    assert not poor["parts"]["train"]["learnt_from"]
    assert poor["parts"]["validation"]["without_passages"] == 1
    assert found["final_ranks"] == {
        "question_id": ["q0", "q1", "q2"], "rank": [3, 0, 0], "unit": [0, 1, 1]
    }  # fmt: skip


def test_a_fusion_that_is_no_better_than_its_best_member_is_called_so():
    found = report()
    assert (found["best_single"], found["final"]) == ("good", "fusion")
    assert found["verdict"] == (
        "fusion is worse than the best single retriever, good, in recall at 1: "
        "-100.0 [-100.0, -100.0]. good alone is the better default."
    )
    verdicts = {one["against"]: one["verdict"] for one in found["comparisons"]
                if one["score"] == "recall_at_1"}  # fmt: skip
    assert verdicts == {"poor": "no difference: noise", "good": "worse"}
    even = report({"poor": POOR, "fusion": POOR})
    assert "fusion does not beat the best single retriever, poor" in even["verdict"]
    better = report({"poor": POOR, "fusion": GOOD})
    assert better["verdict"].startswith("fusion is better than the best single retriever, poor")
    assert not report({"good": GOOD}, Search(5))["verdict"]


def test_the_scores_of_an_experiment_are_those_of_its_last_run():
    scores = final_scores(report())
    assert scores["recall_at_1"] == 0
    assert scores["mrr"] == pytest.approx(100 / 3 / 3)


def test_what_is_found_by_one_retriever_alone():
    finds = report()["finds"]
    assert (finds["depth"], finds["questions"], finds["any"], finds["all"]) == (1, 3, 100, 0)
    assert finds["found"] == finds["alone"] == {"poor": 0, "good": 3}
    assert [one["question_id"] for one in finds["examples"]["good"]] == ["q0", "q1", "q2"]
    assert finds["examples"]["poor"] == []


def test_questions_are_sliced_by_what_is_known_of_them():
    titles = EXAMPLES["title"].where(EXAMPLES["question_id"] != "q2", "다른 강")
    found = report(examples=EXAMPLES.assign(title=titles))
    parts = {(one["slice"], one["value"]): one for one in found["slices"]}
    assert {name for name, _ in parts} == {"answer", "title in question"}
    number = parts["answer", "number"]
    assert (number["questions"], number["scores"]["good"]["value"]) == (1, 100)
    assert parts["title in question", "whole title"]["questions"] == 2
    assert parts["title in question", "nothing"]["scores"]["poor"]["value"] == 0


def test_training_questions_are_judged_where_there_are_no_others():
    found = report(examples=EXAMPLES[EXAMPLES["part"] != "validation"])
    assert list(found["questions"]) == ["train"]
    assert found["main_part"] == "train"


def test_test_questions_with_known_gold_passages_are_a_part():
    gold = GOLD.replace({"question_id": {"q5": "q6"}, "passage_id": {"p6": "p5"}})
    found = report(gold=gold)
    assert found["runs"]["good"]["parts"]["test"]["scores"]["recall_at_1"]["value"] == 100


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"runs": {"fusion": GOOD}}, "combined runs only"),
        ({"search": Search(5, ("blend",))}, "no run called 'blend'; there are poor, good, fusion"),
        ({"gold": GOLD[:0]}, "None of 5 labelled questions has its answer.*the 7 passages"),
        ({"params": PARAMS.model_copy(update={"select_by": "recall_at_20"})},
         "select_by is recall_at_20, and runs have 5 passages"),
        ({"runs": {"good": make_run({"q0": ["p9"]})}, "search": Search(5)}, "not among the 7"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        report(**changed)


def test_the_end_of_a_run_tells_scores_or_why_there_are_none():
    assert tell_retrieval(report())[0].startswith("fusion on 3 validation questions: recall at 1")
    refused = report_refusal(make_truth(gold=GOLD[:0]), "no reason")
    assert tell_retrieval(refused) == ["Retrieval is not judged: no reason"]


def test_the_table_has_a_row_for_every_score():
    table = tabulate_scores(report())
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == 3 * 3 * 5
    row = table[(table["retriever"] == "good") & (table["part"] == "train")].iloc[0]
    assert row[["measure", "questions", "value", "learnt_from"]].tolist() == [
        "recall_at_1", 2, 50.0, True
    ]  # fmt: skip


def test_other_passages_have_another_fingerprint():
    changed = PASSAGES.assign(text=PASSAGES["text"].str.replace("서해", "동해"))
    assert fingerprint_passages(PASSAGES) == report()["corpus"]["fingerprint"]
    assert fingerprint_passages(PASSAGES) != fingerprint_passages(changed)
