"""Batches of questions and passages: who meets whom, and what counts as wrong."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.odqa.dense.contrastive_rows import (
    ContrastiveRows,
    DistinctGroupBatchSampler,
    QuestionPassages,
)
from klue_pipeline.odqa.dense.dual_encoder import contrastive_losses
from klue_pipeline.odqa.dense.validation import judge_retriever
from klue_pipeline.training.batches import EncodedRows


def numbered(count):
    """Rows of one token, the number of the row."""
    return EncodedRows(np.arange(count), None, np.arange(count + 1), {}, 0)


def pairs(groups, positives, gold_groups, negatives):
    return QuestionPassages(
        numbered(len(positives)),
        numbered(len(groups)),
        np.array(groups),
        np.array(positives),
        [np.array(each) for each in gold_groups],
        [np.array(each, dtype=np.int64) for each in negatives],
    )


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=60),
    st.integers(1, 12),
    st.integers(0, 3),
)
def test_an_epoch_has_every_row_once_and_no_batch_two_of_a_group(groups, size, epoch):
    sampler = DistinctGroupBatchSampler(np.array(groups), size, seed=1)
    sampler.set_epoch(epoch)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    assert sorted(row for batch in batches for row in batch) == list(range(len(groups)))
    assert all(len({groups[row] for row in batch}) == len(batch) <= size for batch in batches)
    sizes = {len(batch) for batch in batches}
    assert max(sizes) - min(sizes) <= 1
    assert batches == list(sampler)


def test_epochs_differ_and_rows_of_a_group_meet_others():
    sampler = DistinctGroupBatchSampler(np.repeat(np.arange(20), 2), 8, seed=1)
    met = set()
    for epoch in range(30):
        sampler.set_epoch(epoch)
        met |= {(batch[0] // 2, row // 2) for batch in sampler for row in batch[1:]}
    assert len(met) > 300  # of 380 pairs of groups


def test_a_batch_has_one_passage_of_each_group_and_no_gold_one_counts_as_wrong():
    # Question 0: gold 0 and, of another document, 5. Passage 1 is a copy of 0, passage 3 one of 2.
    known = pairs(
        groups=[0, 0, 2, 2, 4, 5, 6],
        positives=[0, 2, 4],
        gold_groups=[[0, 5], [2], [4]],
        negatives=[[3], [1, 5], []],
    )
    rows = ContrastiveRows(known, hard_negatives=2, seed=0)
    batch = rows.__getitems__([0, 1, 2])
    # 3 and 1 are of groups that are there already.
    assert batch["passage_input_ids"].flatten().tolist() == [0, 2, 4, 5]
    assert batch["labels"].tolist() == [0, 1, 2]
    assert batch["ignored"].tolist() == [
        [False, False, False, True],
        [False, False, False, False],
        [False, False, False, False],
    ]
    assert batch["input_ids"].flatten().tolist() == [0, 1, 2]
    assert batch["weights"].tolist() == [1, 1, 1]
    # Should copies meet after all, the second one's gold passage is that of the first.
    assert ContrastiveRows(
        pairs([0, 0], [0, 1], [[0], [0]], [[], []]), 0, 0
    ).__getitems__([0, 1])["labels"].tolist() == [0, 0]  # fmt: skip


def test_negatives_are_drawn_anew_each_epoch_and_alike_for_the_same_one():
    known = pairs(range(30), [0], [[0]], [list(range(1, 30))])
    rows = ContrastiveRows(known, hard_negatives=3, seed=0)
    drawn = []
    for epoch in (0, 1, 0):
        rows.set_epoch(epoch)
        drawn.append(rows.__getitems__([0])["passage_input_ids"].flatten().tolist())
    assert drawn[0] == drawn[2] != drawn[1]
    assert all(len(set(each)) == 4 and each[0] == 0 for each in drawn)


def test_the_loss_is_that_of_the_formula():
    similarities = torch.tensor([[0.9, 0.1, 0.4], [0.2, 0.5, 0.3]])
    batch = {
        "labels": torch.tensor([0, 1]),
        "ignored": torch.tensor([[False, True, False], [False, False, False]]),
    }
    found = contrastive_losses(similarities, batch, 0.5)
    first = np.exp([1.8, 0.8])
    second = np.exp([0.4, 1.0, 0.6])
    wanted = [-np.log(first[0] / first.sum()), -np.log(second[1] / second.sum())]
    assert found.numpy() == pytest.approx(wanted, rel=1e-6)


class Lookup(torch.nn.Module):
    """Vectors by number."""

    def __init__(self, questions, passages):
        super().__init__()
        self.questions = torch.nn.Parameter(torch.tensor(questions))
        self.passages = torch.tensor(passages)

    def embed_questions(self, batch):
        return self.questions[batch["input_ids"][:, 0]]

    def embed_passages(self, batch):
        return self.passages[batch["input_ids"][:, 0]]


def test_a_retriever_is_judged_by_the_rank_of_the_best_gold_passage():
    passages = [[1.0, 0.0], [0.0, 1.0], [0.6, 0.6], [0.0, 0.0]]
    questions = [[1.0, 0.2], [0.2, 1.0], [0.0, 0.0]]
    known = pairs([0, 1, 2, 3], [0, 0, 1], [[0], [0, 2], [1]], [[], [], []])
    found = judge_retriever(Lookup(questions, passages), known, 1.0, 2, "fp32")
    # First; second, behind passage 1 (its passage 2 is gold too); last, all being alike.
    assert found["mrr"] == pytest.approx(100 * (1 + 1 / 2 + 1 / 4) / 3)
    scores = np.array(questions) @ np.array(passages).T
    wrong = [[1, 2, 3], [1, 3], [0, 2, 3]]
    losses = [
        np.log(np.exp(scores[q, [p, *w]]).sum()) - scores[q, p]
        for q, (p, w) in enumerate(zip([0, 0, 1], wrong, strict=True))
    ]
    assert found["loss"] == pytest.approx(np.mean(losses))
    diverged = judge_retriever(
        Lookup([[np.nan, 0.0]] * 3, passages), known, 1.0, 2, "fp32"
    )  # fmt: skip
    assert diverged["mrr"] < 40
