"""Ranks of gold passages and answers: against a loop that a reader believes, and at the edges."""

import numpy as np
import pandas as pd
import pytest
from retrieval_world import EXAMPLES, GOLD, GOOD, GROUPS, PASSAGES, POOR, make_run, make_truth

from klue_pipeline.odqa.metrics.retrieval import (
    find_first_gold,
    find_first_ranks,
    score_gold_ranks,
)


def test_a_copy_of_the_gold_passage_counts_and_what_is_missing_is_a_miss():
    truth = make_truth()
    assert truth.questions["question_id"].tolist() == ["q0", "q1", "q2", "q3", "q5"]
    good, poor = (find_first_ranks(run, truth) for run in (GOOD, POOR))
    assert good.gold.tolist() == [1, 1, 1, 2, 1]
    assert good.answer.tolist() == [1, 1, 1, 2, 1]
    assert poor.gold.tolist() == [3, 0, 0, 1, 2]
    assert poor.answer.tolist() == [1, 0, 0, 1, 1]
    assert poor.returned.tolist() == [3, 2, 0, 1, 2]


def test_a_run_without_rows_finds_nothing():
    found = find_first_ranks(POOR[:0], make_truth())
    assert not any(map(np.any, (found.gold, found.answer, found.returned)))


def naive_ranks(run, examples, gold, groups, passages):
    group = dict(groups[["passage_id", "group_id"]].to_numpy())
    text = dict(passages[["passage_id", "text"]].to_numpy())
    found = []
    for example in examples.itertuples():
        own = {group[p] for q, p in gold[["question_id", "passage_id"]].to_numpy()
               if q == example.question_id}  # fmt: skip
        if not own and not example.answers:
            continue
        ranks = [0, 0]
        for row in run[run["question_id"] == example.question_id].itertuples():
            hits = (
                group[row.passage_id] in own,
                any(a in text[row.passage_id] for a in example.answers),
            )
            ranks = [rank or row.rank * hit for rank, hit in zip(ranks, hits, strict=True)]
        found.append(ranks)
    return np.array(found).T.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_ranks_are_those_of_a_plain_loop(seed):
    generator = np.random.default_rng(seed)
    passages = PASSAGES.loc[np.arange(30) % 7].assign(
        passage_id=[f"p{number}" for number in range(30)],
        text=["".join(generator.choice(list("가나다라마바사"), 6)) for _ in range(30)],
    )
    groups = passages[["passage_id"]].assign(group_id=[f"p{n // 2 * 2}" for n in range(30)])
    examples = EXAMPLES.loc[np.arange(40) % 7].assign(
        question_id=[f"q{number}" for number in range(40)],
        answers=[["".join(generator.choice(list("가나다라마바사"), 2))] * int(generator.integers(2))
                 for _ in range(40)],
    )  # fmt: skip
    pairs = [(f"q{generator.integers(40)}", f"p{generator.integers(30)}") for _ in range(35)]
    gold = pd.DataFrame(pairs, columns=["question_id", "passage_id"])
    ranked = {f"q{n}": generator.permutation(30)[: n % 9] for n in range(40)}
    run = make_run({name: [f"p{place}" for place in places] for name, places in ranked.items()})
    found = find_first_ranks(run, make_truth(examples=examples, gold=gold, groups=groups,
                                             passages=passages))  # fmt: skip
    expected = naive_ranks(run, examples, gold, groups, passages)
    assert [found.gold.tolist(), found.answer.tolist()] == expected


def test_a_run_of_other_passages_is_refused():
    run = make_run({"q0": ["p0", "elsewhere"]})
    with pytest.raises(ValueError, match=r"not among the 7 that were searched: elsewhere"):
        find_first_gold(run, make_truth())


def test_gold_passages_that_are_not_searched_are_refused():
    with pytest.raises(ValueError, match="not among the 6 passages, such as p6"):
        make_truth(passages=PASSAGES[:6])


def test_questions_about_one_group_are_drawn_together_and_others_apart():
    examples = pd.concat([EXAMPLES, EXAMPLES[:1].assign(question_id="q9")])  # has an answer only
    gold = pd.concat([GOLD, pd.DataFrame({"question_id": ["q0"], "passage_id": ["p3"]})])
    units = make_truth(examples=examples, gold=gold).units.tolist()
    assert units[1] == units[2]
    assert len(set(units)) == 5
    assert make_truth(groups=GROUPS[:0]).units.tolist()[1] == units[1]


def test_scores_of_ranks():
    scores = score_gold_ranks(np.array([1, 0, 4, 11]))
    assert [scores[f"recall_at_{depth}"] for depth in (1, 5, 10, 20, 100)] == [25, 50, 50, 75, 75]
    assert scores["mrr"] == pytest.approx(100 * (1 + 1 / 4 + 1 / 11) / 4)
