"""What every head of a reader has in common: shapes, padding, dropout, weights; and their sizes."""

from typing import get_args

import pytest
import torch

from klue_pipeline.odqa.reader.heads import HEADS, build_head
from klue_pipeline.odqa.settings.reader_params import ReaderHeadName, ReaderHeadParams

WIDTH, LENGTHS = 8, (7, 3, 1)


def build(name, dropout=0.3, hidden_size=None, width=WIDTH):
    torch.manual_seed(0)
    params = ReaderHeadParams(name=name, dropout=dropout, hidden_size=hidden_size)
    return build_head(params, width, attention_heads=4)


@pytest.fixture(params=HEADS)
def name(request):
    return request.param


@pytest.fixture
def head(name):
    return build(name).eval()


@pytest.fixture
def states():
    torch.manual_seed(1)
    return torch.randn(len(LENGTHS), max(LENGTHS), WIDTH, requires_grad=True)


@pytest.fixture
def mask():
    return (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()


def test_every_legal_name_has_a_head():
    assert set(HEADS) == set(get_args(ReaderHeadName))


@pytest.mark.parametrize("junk", [0.0, 1e3])
def test_a_row_scores_alone_as_among_padded_ones(head, states, mask, junk):
    padded = torch.where(mask.bool().unsqueeze(2), states, junk)
    logits = head(padded, mask)
    assert logits.shape == (3, 7, 2)
    assert torch.isfinite(logits).all()
    for row, length in enumerate(LENGTHS):
        alone = head(states[row : row + 1, :length], mask[row : row + 1, :length])
        torch.testing.assert_close(alone[0], logits[row, :length])


@pytest.mark.parametrize(
    ("name", "reached"),
    [
        ("linear", {3}),
        ("cnn", {1, 2, 3, 4, 5}),
        ("bilstm", set(range(7))),
        ("bilstm_layer_norm", set(range(7))),
        ("cnn_bilstm", set(range(7))),
        ("attention", set(range(7))),
    ],
)
def test_how_far_a_head_sees(name, reached, states, mask):
    """Tokens whose scores change with the state of token 3: start and end of the same span meet."""
    head = build(name).eval()
    changed = states.detach().clone()
    changed[0, 3] += torch.randn(WIDTH)
    moved = (head(changed, mask) - head(states, mask)).abs().amax(dim=(0, 2)) > 0
    assert set(moved.nonzero().flatten().tolist()) == reached


def test_every_weight_learns_and_so_does_the_encoder(head, states, mask):
    logits = head.train()(states, mask)
    torch.nn.functional.cross_entropy(logits[..., 0], torch.tensor([4, 1, 0])).backward()
    torch.nn.functional.cross_entropy(
        head(states, mask)[..., 1], torch.tensor([5, 2, 0])
    ).backward()
    silent = [name for name, weight in head.named_parameters() if not weight.grad.abs().sum() > 0]
    assert silent == []
    assert (states.grad.abs().sum(dim=2) > 0)[mask.bool()].any()


def test_dropout_is_that_of_the_settings(name, head, states, mask):
    without = build(name, dropout=0.0)
    assert torch.equal(without.train()(states, mask), without.eval()(states, mask))
    assert torch.equal(head(states, mask), without(states, mask))
    head.train()
    assert not torch.equal(head(states, mask), head(states, mask))
    assert not torch.equal(head.eval()(states, mask), head.train()(states, mask))


def test_every_head_runs_in_half_precision(head, states, mask):
    wanted = head(states, mask)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = head(states.bfloat16(), mask)
    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits, wanted, atol=0.03, rtol=0.03)
    logits.sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in head.parameters())


@pytest.mark.parametrize(
    ("name", "hidden_size", "shapes"),
    [
        ("linear", None, {"output.weight": (2, 8)}),
        ("bilstm", 5, {"layers.0.lstm.weight_hh_l1_reverse": (20, 5), "output.weight": (2, 10)}),
        ("bilstm_layer_norm", None, {"layers.0.norm.weight": (16,), "output.weight": (2, 16)}),
        (
            "cnn",
            5,
            {
                "layers.0.kernels.0.weight": (5, 8, 1),
                "layers.0.kernels.1.weight": (5, 8, 3),
                "layers.0.kernels.2.weight": (5, 8, 5),
                "output.weight": (2, 15),
            },
        ),
        ("cnn_bilstm", 5, {"layers.1.lstm.weight_ih_l0": (20, 15), "output.weight": (2, 10)}),
        ("attention", 6, {"layers.0.query.weight": (6, 8), "output.weight": (2, 8)}),
    ],
)
def test_sizes(name, hidden_size, shapes):
    weights = build(name, hidden_size=hidden_size).state_dict()
    assert {key: tuple(weights[key].shape) for key in shapes} == shapes


def test_attention_is_that_of_pytorch(states, mask):
    """Its own module, from the same weights, over the tokens of one row."""
    (layer,) = build("attention").eval().layers
    wanted = torch.nn.MultiheadAttention(WIDTH, 4, batch_first=True).eval()
    own = [layer.query, layer.key, layer.value]
    with torch.no_grad():
        wanted.in_proj_weight.copy_(torch.cat([part.weight for part in own]))
        zeros = torch.zeros(WIDTH)
        wanted.in_proj_bias.copy_(torch.cat([own[0].bias, zeros, own[2].bias]))
        wanted.out_proj.load_state_dict(layer.joined.state_dict())
    found, _ = wanted(states, states, states, key_padding_mask=mask == 0)
    by_hand = torch.nn.functional.layer_norm(states + found, (WIDTH,))
    torch.testing.assert_close(layer(states, mask)[mask.bool()], by_hand[mask.bool()])
