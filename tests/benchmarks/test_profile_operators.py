"""The profile by operators: what is counted where, and that nothing counts twice."""

import re
from types import SimpleNamespace

import pytest
import torch
from benchmarks.profile_operators import (
    OTHER,
    PYTHON,
    CountingWorkload,
    find_group,
    main,
    sum_operators,
)


def call(name, start=0, end=0, own=0, parent=None):
    """An event as a profile has it; times in microseconds."""
    times = SimpleNamespace(start=start, end=end)
    return SimpleNamespace(name=name, time_range=times, self_cpu_time_total=own, cpu_parent=parent)


@pytest.mark.parametrize(
    ("names", "group"),
    [
        (["aten::addmm", "aten::linear"], "matrix products"),
        (["aten::mm", "autograd::engine::evaluate_function: AddmmBackward0"], "matrix products"),
        (["aten::bmm"], "attention"),
        (["aten::copy_", "aten::scaled_dot_product_attention"], "attention"),
        (["aten::bernoulli_", "aten::dropout", "aten::scaled_dot_product_attention"],
         "random numbers (dropout)"),
        (["aten::mul", "aten::dropout"], "random numbers (dropout)"),
        (["aten::fill_", "aten::embedding_dense_backward"], "embedding and its gradient"),
        (["aten::mul_", "Optimizer.step#AdamW.step"], "optimiser"),
        (["aten::_foreach_norm"], "optimiser"),
        (["aten::copy_", "aten::to"], "copies and casts"),
        (["aten::native_layer_norm"], "normalisation and activation"),
        (["enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__"], "data"),
        (["aten::add"], OTHER),
    ],
)  # fmt: skip
def test_an_event_belongs_to_its_innermost_call_that_has_a_group(names, group):
    event = None
    for name in reversed(names):
        event = call(name, parent=event)
    assert find_group(event) == group


def test_time_is_that_of_the_steps_and_what_no_operator_took_is_pythons():
    linear = call("aten::linear", 110, 150, own=10)
    events = [
        call("aten::normal_", 0, 90, own=90),  # weights are drawn before the training
        linear,
        call("aten::addmm", 115, 145, own=30, parent=linear),
        call("Optimizer.step#AdamW.step", 180, 200, own=20),
        call("aten::gelu", 210, 300, own=90),  # an evaluation after it
    ]
    shares = sum_operators(events, seconds=100e-6)
    assert shares["matrix products", "aten::linear"] == pytest.approx(0.1)
    assert shares["matrix products", "aten::addmm"] == pytest.approx(0.3)
    assert shares["optimiser", "Optimizer.step#AdamW.step"] == pytest.approx(0.2)
    assert shares[PYTHON, PYTHON] == pytest.approx(0.4)
    assert len(shares) == 4


def test_padding_is_what_the_mask_leaves_out():
    workload = CountingWorkload(None, None, None, None)
    ids = torch.zeros(2, 3)
    model = torch.nn.Module()
    workload._count(model, (), {"input_ids": ids, "attention_mask": torch.tensor([[1, 1, 0]] * 2)})
    workload._count(model.eval(), (ids, None), {})
    assert dict(workload.tokens[True]) == {"all": 6, "padded": 2}
    assert dict(workload.tokens[False]) == {"all": 6, "padded": 0}


@pytest.mark.slow
def test_shares_of_a_call_sum_to_one(encoder, run_script):
    shown = run_script(main, "--encoder", encoder, "--layers", "1", "--rows", "24",
                       "--operators", "500")  # fmt: skip
    table = shown.partition("| padded tokens")[0]
    columns = zip(*re.findall(r"\| (\d+) % \| (\d+) % \|$", table, re.MULTILINE), strict=True)
    assert all(sum(map(int, column)) == pytest.approx(100, abs=5) for column in columns)
    assert "| optimiser |" in shown
    assert "`aten::addmm`" in shown
