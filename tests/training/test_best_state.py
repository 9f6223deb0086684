"""Which evaluation a rule takes for the best, and how long ago it was."""

import math

import pytest

from klue_pipeline.training.best_state import BestState

NAN = math.nan


@pytest.mark.parametrize(
    ("select_by", "losses", "exact_matches", "best"),
    [
        ("exact_match", [3, 2, 1], [5, 9, 9], 1),  # the first of equals
        ("loss", [3, 1, 2, 1], [0, 0, 9, 9], 1),
        ("loss", [NAN, NAN], [0, 0], 0),
        ("loss", [NAN, 4, NAN], [0, 0, 0], 1),
        # The loss falls.
        ("loss_or_exact_match", [3, 2, 1], [9, 5, 4], 2),
        # The exact match is as good as ever, or better; the loss rises.
        ("loss_or_exact_match", [3, 4, 5, 6], [5, 5, 6, 5], 2),
        # Neither: the loss is as low as ever, and not lower.
        ("loss_or_exact_match", [3, 3], [5, 4], 0),
        # The first state has the best exact match, though the second was kept for its loss.
        ("loss_or_exact_match", [3, 2, 4, 4], [9, 4, 8, 9], 3),
        ("loss_or_exact_match", [3, 2, 4], [9, 4, 8], 1),
        # A state that was kept for its loss raised the best exact match.
        ("loss_or_exact_match", [3, 2, 4], [4, 9, 8], 1),
        # A state that was kept for its exact match did not lower the best loss.
        ("loss_or_exact_match", [2, 4, 3], [4, 9, 8], 1),
        ("loss_or_exact_match", [NAN, 5, NAN], [0, 0, 0], 2),
    ],
)
def test_the_state_that_is_kept(tmp_path, select_by, losses, exact_matches, best):
    log = [{"step": 0, "loss": 9.0}]  # a step of the training
    for number, (loss, exact_match) in enumerate(zip(losses, exact_matches, strict=True)):
        log.append({"step": 10 + number, "eval_loss": loss, "eval_exact_match": exact_match})
        log.append({"step": 10 + number, "loss": 0.5})
    state = BestState(tmp_path, select_by)
    assert state.step(log) == 10 + best
    assert state.evaluations_since(log) == len(losses) - 1 - best
