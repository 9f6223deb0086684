"""The report of answers: settings side by side, variants from what was read, and refusals."""

import json

import pandas as pd
import pytest
from answer_world import (
    ANSWER,
    ANSWERS,
    EVALUATION,
    EXAMPLES,
    FOLDS,
    GOLD,
    N_BEST,
    make_answered,
    make_candidates,
    make_questions,
    make_report,
)

from klue_pipeline.odqa.answer_report.answered import explain_refusal
from klue_pipeline.odqa.answer_report.report import fingerprint_task, report_refusal
from klue_pipeline.odqa.answer_report.table import (
    COLUMNS,
    metrics_of,
    tabulate_answers,
    tell_answers,
)
from klue_pipeline.odqa.answer_report.variants import Variant, chosen_variant, list_variants


@pytest.fixture(scope="module")
def report():
    return make_report()


def value(report, setting, metric):
    return report["scores"][setting][metric]["value"]


def test_the_reader_is_judged_given_the_gold_passage_and_end_to_end(report):
    json.dumps(report, allow_nan=False)
    assert report["questions"] == {
        "judged": 7, "with_gold_passage": 7, "answered": 6, "units": 5
    }  # fmt: skip
    assert value(report, "end_to_end", "exact_match") == pytest.approx(200 / 7)
    # What is said of the gold passage alone; wrong_span read nothing else of it.
    assert value(report, "given_gold_passage", "exact_match") == pytest.approx(600 / 7)
    difference = report["retriever"]["difference"]
    assert difference["exact_match"]["difference"] == pytest.approx(400 / 7)
    assert difference["exact_match"]["low"] > 0
    assert difference["mcnemar"]["first_only"] == 4
    found = {own["depth"]: own["gold"]["value"] for own in report["retriever"]["found"]}
    assert found == pytest.approx({1: 400 / 7, 2: 500 / 7})


def test_a_question_without_gold_passage_counts_end_to_end_alone():
    report = make_report(gold=GOLD[GOLD["question_id"] != "right"])
    assert report["questions"]["with_gold_passage"] == 6
    assert value(report, "end_to_end", "exact_match") == pytest.approx(200 / 7)
    # Compared are the same six questions, of which one is right end to end.
    assert value(report, "given_gold_passage", "exact_match") == pytest.approx(500 / 6)
    difference = report["retriever"]["difference"]["exact_match"]["difference"]
    assert difference == pytest.approx(400 / 6)
    outcomes = pd.DataFrame(report["outcomes"]).set_index("question_id")
    assert outcomes.loc["right", "exact_match"] == 1
    assert pd.isna(outcomes.loc["right", "exact_match_given_gold_passage"])
    assert outcomes.loc["not_retrieved", "exact_match_given_gold_passage"] == 1


def test_without_any_gold_passage_there_is_no_reader_alone():
    report = make_report(gold=GOLD[:0])
    assert set(report["scores"]) == {"end_to_end"}
    assert report["retriever"]["difference"] is None
    assert report["retriever"]["found"][0]["gold"] is None
    assert metrics_of(report)["exact_match"]["given_gold_passage"] is None
    assert all(own["setting"] == "end_to_end" for own in report["variants"])
    assert report["slices"] == []


def test_what_is_kept_back_is_wrong_and_no_variant_is_lower_for_it():
    kept_back = ANSWERS.assign(is_given=ANSWERS["question_id"] != "right")
    report = make_report(answers=kept_back)
    assert report["questions"]["answered"] == 5
    assert value(report, "end_to_end", "exact_match") == pytest.approx(100 / 7)
    chosen = next(own for own in report["variants"] if own["chosen"] and own["depth"])
    assert chosen["scores"]["exact_match"]["value"] == pytest.approx(200 / 7)
    assert report["failures"]["no_answer"] == 2
    # Retrieval lost what it lost, whatever was kept back.
    lost = report["retriever"]["difference"]["exact_match"]["difference"]
    assert lost == pytest.approx(400 / 7)


def test_variants_are_chosen_from_what_was_read(report):
    scores = {own["name"]: own["scores"]["exact_match"]["value"] for own in report["variants"]}
    assert list(scores) == [
        "gold passage, particles left",
        "gold passage, particles cut",
        "1 passage, particles left",
        "1 passage, particles cut",
        "2 passages, particles left",
        "2 passages, particles cut",
        "2 passages, particles left, with retrieval score",
        "2 passages, particles cut, with retrieval score",
    ]
    # One passage: another_passage reads its gold passage first, only_normalisation never sees its.
    assert scores["1 passage, particles cut"] == pytest.approx(200 / 7)
    assert scores["2 passages, particles left"] == 0
    base = [own for own in report["variants"] if own["verdict"] == "chosen"]
    assert [own["name"] for own in base] == [
        "gold passage, particles cut", "2 passages, particles cut, with retrieval score"
    ]  # fmt: skip
    left = next(
        own for own in report["variants"] if own["name"].endswith("left, with retrieval score")
    )
    assert left["comparison"]["exact_match"]["difference"] == pytest.approx(-200 / 7)
    assert left["comparison"]["mcnemar"]["second_only"] == 2


def test_the_retrieval_score_decides_between_passages_by_its_weight():
    # An even choice between a gold passage at rank 1 and another one.
    candidates = make_candidates(another_passage=[1.0, 1.0])
    answered = make_answered(candidates=candidates, answers=ANSWERS.assign(retrieval_weight=0.5))
    for weighted, text in ((True, "백두산"), (False, "낙동강")):
        variant = Variant(2, trimmed=True, weighted=weighted)
        found = answered.read.answer([variant])[variant]
        assert found.set_index("question_id")["text"]["another_passage"] == text


def test_the_chosen_way_is_the_one_that_was_gone():
    answered = make_answered()
    again = answered.questions.find_texts(answered.read.answer([answered.chosen])[answered.chosen])
    assert again.tolist() == answered.answers["text"].tolist()


def test_joined_passages_cannot_be_parted_again():
    joined = ANSWER.model_copy(update={"passages": "joined"})
    ways = [own for own in list_variants(joined, has_weight=True) if own.depth]
    assert ways == [Variant(2, trimmed, is_joined=True) for trimmed in (False, True)]
    assert chosen_variant(joined, has_weight=True) == ways[1]
    deep = ANSWER.model_copy(update={"top_k": 20})
    depths = [own.depth for own in list_variants(deep, has_weight=False) if own.trimmed]
    assert depths == [None, 1, 3, 5, 10, 20]


def test_questions_are_sliced_as_in_the_report_of_retrieval(report):
    parts = {(one["slice"], one["value"]): one for one in report["slices"]}
    number = parts["answer", "number"]
    assert number["questions"] == 1
    assert number["scores"]["given_gold_passage"]["value"] == 100
    assert number["scores"]["end_to_end"]["value"] == 0


def test_the_numbers_that_stand_for_an_experiment(report):
    metrics = metrics_of(report)
    assert metrics["exact_match"]["end_to_end"] == value(report, "end_to_end", "exact_match")
    assert set(metrics["squad_f1"]) == {"given_gold_passage", "end_to_end"}
    low, high = metrics["intervals"]["character_f1"]["end_to_end"]
    assert low < metrics["character_f1"]["end_to_end"] < high
    assert (metrics["part"], metrics["questions"], metrics["refused"]) == ("validation", 7, None)
    assert tell_answers(report)[0].startswith(
        "exact match end to end, 7 validation questions: 28.6 ["
    )


def test_the_table_has_a_row_for_every_way_and_metric(report):
    table = tabulate_answers(report)
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == 8 * 4
    chosen = table[table["chosen"]]
    assert chosen["difference"].isna().all()
    assert table["mcnemar_p"].notna().sum() == 6


@pytest.mark.parametrize(
    ("strategy", "part", "reason"),
    [
        ("all", "validation", "odqa.folds.strategy=all"),
        ("validation", "train", "No validation question has a known answer"),
        ("holdout", "validation", "None of 8 validation questions has its answer"),
    ],
)
def test_what_cannot_be_judged_has_no_score_and_a_reason(strategy, part, reason):
    gold = GOLD[:0] if strategy == "holdout" else GOLD
    questions = make_questions(examples=EXAMPLES.assign(part=part), gold=gold)
    folds = FOLDS.model_copy(update={"strategy": strategy})
    found = explain_refusal(questions, folds)
    assert reason in found
    report = report_refusal(questions, found)
    metrics = metrics_of(report)
    assert metrics["exact_match"] == {"given_gold_passage": None, "end_to_end": None}
    assert metrics["refused"] == found
    assert metrics["intervals"]["squad_f1"]["end_to_end"] is None
    assert tabulate_answers(report).empty
    assert tell_answers(report) == [f"Answers are not judged: {found}"]
    assert explain_refusal(make_questions(), FOLDS) is None


def test_a_question_that_was_not_answered_is_no_question_without_answer():
    with pytest.raises(ValueError, match="no answer to 1 of 7 validation questions, such as right"):
        make_answered(answers=ANSWERS[1:])


def test_other_questions_have_another_fingerprint(report):
    assert report["fingerprint"] == fingerprint_task(make_questions())
    answers = EXAMPLES["answers"].map(lambda own: [*own, "다른 답"] if own else own)
    other = fingerprint_task(make_questions(examples=EXAMPLES.assign(answers=answers)))
    assert other["questions"] != report["fingerprint"]["questions"]
    assert other["passages"] == report["fingerprint"]["passages"]


def test_confidence_is_judged_where_it_is_known(report):
    found = report["confidence_in_answers"]
    assert set(found) == {"confidence", "probability"}
    assert found["confidence"]["curve"]["coverage"][-1] == 100
    assert found["confidence"]["curve"]["accuracy"][-1] == pytest.approx(200 / 7)
    # Half the probability ranks alike.
    assert found["confidence"]["area"] == pytest.approx(found["probability"]["area"])
    assert found["confidence"]["ece"] != found["probability"]["ece"]
    assert found["probability"]["area"] < found["probability"]["best_area"]
    sure = {own["threshold"]: own for own in found["probability"]["thresholds"]}
    assert list(sure) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    assert (sure[0.7]["answers"], sure[0.1]["answers"]) == (4, 6)
    assert sure[0.7]["exact_match"]["value"] == 50
    unknown = make_report(answers=ANSWERS.assign(confidence=float("nan")))
    assert set(unknown["confidence_in_answers"]) == {"probability"}


def test_n_best_of_other_questions_is_left_out():
    assert "asked" in set(N_BEST["question_id"])
    assert "asked" not in set(make_answered().n_best["question_id"])


def test_ranks_are_by_the_settings_of_evaluation():
    by_f1 = make_report(EVALUATION.model_copy(update={"select_answers_by": "character_f1"}))
    one = next(own for own in by_f1["variants"] if own["name"] == "gold passage, particles left")
    assert one["verdict"] == "worse"
    assert tell_answers(by_f1)[0].startswith("character F1 end to end")
