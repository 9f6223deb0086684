"""How a reader is judged, by models whose scores are known."""

import math

import pandas as pd
import pytest
import torch
from torch import nn

from klue_pipeline.odqa.reader.judging import held_out_windows, judge_reader
from klue_pipeline.odqa.reader.labelled_rows import labelled_rows

CONTEXT = "가나다라마바사아자차카타"  # two characters a token


class ScoresIds(nn.Module):
    """Scores each token by its id alone."""

    def __init__(self, starts, ends):
        super().__init__()
        table = torch.zeros(100, 2)
        for side, scores in enumerate((starts, ends)):
            for token, score in scores.items():
                table[token, side] = score
        self.scores = nn.Parameter(table)

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.scores[input_ids]


@pytest.fixture
def held_out(make_features):
    """q1 in two windows with tokens 11 to 14 and 13 to 16, q2 in one, q3 without an answer."""
    features = make_features(
        {
            "row_id": "q1", "tokens": [1, 2, 3, 11, 12, 13, 14, 4], "owned": (3, 6),
            "spans": [(4, 6)],
        },
        {
            "row_id": "q1", "window": 1, "tokens": [1, 2, 3, 13, 14, 15, 16, 4], "first_char": 4,
            "owned": (4, 7),
        },
        {"row_id": "q2", "tokens": [1, 5, 3, 21, 22, 4], "spans": [(3, 4)]},
        {"row_id": "q3", "tokens": [1, 5, 3, 31, 4]},
    )  # fmt: skip
    examples = pd.DataFrame(
        {
            "row_id": ["q1", "q2", "q3"],
            "context": CONTEXT,
            "answers": [["다라마바"], ["가나", "사아"], []],
        }
    )
    return held_out_windows(features, labelled_rows(features, 0, "first"), examples)


def judge(model, held_out, max_answer_tokens=4):
    return judge_reader(model, held_out, max_answer_tokens, batch_size=2, precision="fp32")


@pytest.mark.parametrize(
    ("starts", "ends", "exact_match", "character_f1"),
    [
        ({12: 1, 21: 1}, {13: 1, 21: 1}, 100, 100),
        # The question (2, 5), the first token (1) and the end of the window (4) score highest.
        (
            {1: 9, 2: 9, 5: 9, 3: 9, 4: 9, 12: 1, 21: 1},
            {1: 9, 2: 9, 5: 9, 3: 9, 4: 9, 13: 1, 21: 1},
            100,
            100,
        ),
        ({12: 1, 21: 1}, {13: 1, 22: 2}, 50, (100 + 100 * 2 * 2 / 6) / 2),
        # The second window owns token 14: its span there beats the one of the first window.
        ({12: 1, 14: 3, 21: 1}, {13: 1, 15: 3, 21: 1}, 50, 50),
        # It does not own token 13, with which an answer begins in the first window alone.
        ({12: 1, 13: 3, 21: 1}, {13: 1, 15: 3, 14: 2, 21: 1}, 50, (100 * 2 * 2 / 8 + 100) / 2),
        (dict.fromkeys(range(100), math.nan), {}, 0, 0),
    ],
)
def test_the_best_span_of_all_windows_is_the_answer(
    held_out, starts, ends, exact_match, character_f1
):
    found = judge(ScoresIds(starts, ends), held_out)
    assert found["exact_match"] == pytest.approx(exact_match)
    assert found["character_f1"] == pytest.approx(character_f1)


def test_the_longest_answer_is_that_of_the_settings(held_out):
    model = ScoresIds({12: 1, 21: 1}, {13: 1, 21: 1})
    assert judge(model, held_out, max_answer_tokens=2)["exact_match"] == 100
    assert judge(model, held_out, max_answer_tokens=1)["exact_match"] == 50


def test_the_loss_is_the_mean_over_windows(held_out):
    """All scores alike: 5, 5, 3 and 2 candidates, token 0 among them."""
    found = judge(ScoresIds({}, {}), held_out)["loss"]
    assert found == pytest.approx(sum(map(math.log, (5, 5, 3, 2))) / 4)
