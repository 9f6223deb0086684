"""Where the time of a training epoch and of a prediction goes, by groups of operators, and padding.

``python benchmarks/profile_operators.py --encoder <folder>`` prints shares in Markdown. It knows of
the trainer only what :mod:`benchmarks.contenders` and :mod:`benchmarks.inference` call, so that the
same table can be printed before and after a change.
"""

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from torch.profiler import ProfilerActivity, profile, record_function

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.contenders import train_ours
from benchmarks.inference import predict_ours
from benchmarks.markdown import write_table
from benchmarks.workload import Workload, make_workload
from klue_pipeline.relation.model.relation_model import RelationModel
from klue_pipeline.training.compute.dropout import KeepMasks

OUTER_GROUPS = {
    "optimiser": ("Optimizer.", "clip_grad"),
    "data": ("enumerate(DataLoader)",),
    "embedding and its gradient": ("embedding", "EmbeddingBackward"),
    "random numbers (dropout)": ("dropout", "Dropout", "_KeepScaled"),
    "attention": ("scaled_dot_product", "flash_attention", "ScaledDotProduct", "_Attention"),
}
"""Groups that take all that is called inside an operator whose name holds one of the texts."""

GROUPS = {
    "random numbers (dropout)": ("bernoulli", "random_", "aten::rand", "philox"),
    "optimiser": ("_foreach_", "_fused_adam", "linalg_vector_norm"),
    "matrix products": ("addmm", "aten::mm", "aten::matmul", "aten::linear", "mkldnn_linear",
                        "_linear_pointwise", "aten::_scaled_mm", "LinearBackward"),
    "attention": ("bmm", "softmax"),
    "normalisation and activation": ("layer_norm", "gelu", "tanh", "relu"),
    "copies and casts": ("aten::copy_", "aten::to", "aten::_to_copy", "aten::clone", "aten::cat",
                         "aten::contiguous", "aten::fill_", "aten::zero_", "aten::stack"),
}  # fmt: skip
"""Groups by an operator's own name, where it is inside none of the above."""

OTHER = "other operators"
PYTHON = "Python, outside operators"
ORDER = list(dict.fromkeys(["matrix products", *OUTER_GROUPS, *GROUPS, OTHER, PYTHON]))


@dataclass(frozen=True)
class CountingWorkload(Workload):
    """A workload that counts the tokens that its models see.

    Attributes:
        tokens: ``all`` and ``padded`` tokens, by whether the model was training.
    """

    tokens: dict[bool, Counter[str]] = field(
        default_factory=lambda: {True: Counter(), False: Counter()}
    )

    def build_model(self) -> RelationModel:
        """Build the classifier; it counts from now on."""
        model = super().build_model()
        model.register_forward_pre_hook(self._count, with_kwargs=True)
        return model

    def _count(
        self, model: torch.nn.Module, positional: tuple[Any, ...], named: dict[str, Any]
    ) -> None:
        ids = named["input_ids"] if "input_ids" in named else positional[0]
        mask = named.get("attention_mask", positional[1] if len(positional) > 1 else None)
        padded = 0 if mask is None else int((mask == 0).sum())
        self.tokens[model.training].update(all=ids.numel(), padded=padded)


@dataclass(frozen=True)
class Profile:
    """What one call took.

    Attributes:
        shares: Share of the call's wall time by group; they sum to 1.
        operators: The same by group and operator, largest first.
        seconds: Wall time under the profiler.
        seconds_before: Wall time of the call before, without it.
        padded: Share of the tokens that were padding.
    """

    shares: Counter[str]
    operators: Counter[tuple[str, str]]
    seconds: float
    seconds_before: float
    padded: float


def main() -> None:
    """Profile each number of layers that was asked for and print the tables."""
    arguments = _parse_arguments()
    logging.disable(logging.WARNING)
    columns = {}
    for layers in arguments.layers:
        plain = make_workload(
            arguments.train, arguments.encoder, layers, arguments.rows, arguments.batch_size
        )
        workload = CountingWorkload(**vars(plain))
        for title, run, training in CALLS:
            columns[f"{title}, {layers} layers"] = profile_call(plain, workload, run, training)
    print(write_shares(columns))
    for name, column in columns.items() if arguments.operators else ():
        print(f"\n{name}\n\n{write_operators(column, arguments.operators)}")


CALLS: tuple[tuple[str, Callable[[Workload], float], bool], ...] = (
    ("training", train_ours, True),
    ("prediction", predict_ours, False),
)


def profile_call(
    plain: Workload, counting: CountingWorkload, run: Callable[[Workload], float], training: bool
) -> Profile:
    """Call once to count tokens, once without and once with the profiler.

    Args:
        plain: What to run on.
        counting: The same with a count of tokens.
        run: Runs and returns its seconds, whose end is the last optimizer step or the last event.
        training: Whether it trains.
    """
    run(counting)
    tokens = counting.tokens[training]
    before = run(plain)
    with (
        mock.patch.object(KeepMasks, "draw", _draw_named),
        profile(activities=[ProfilerActivity.CPU]) as recorded,
    ):
        seconds = run(plain)
    operators = sum_operators(list(recorded.events() or ()), seconds)
    shares: Counter[str] = Counter()
    for (group, _), share in operators.items():
        shares[group] += share
    return Profile(shares, operators, seconds, before, tokens["padded"] / tokens["all"])


_draw = KeepMasks.draw


def _draw_named(masks: KeepMasks, shape: Sequence[int], rate: float) -> tuple[torch.Tensor, float]:
    # numpy draws them, which is no operator of PyTorch.
    with record_function("dropout: draw masks"):
        return _draw(masks, shape, rate)


def sum_operators(events: list[Any], seconds: float) -> Counter[tuple[str, str]]:
    """Sum the time of a profile's last seconds up to its last optimizer step.

    A function's own time is what the functions that it calls did not take, so nothing counts twice.

    Args:
        events: A profile's events; of none that is still running.
        seconds: Wall time to look at. It ends with the last optimizer step where there is one.

    Returns:
        Share of ``seconds`` by group and name; what is in no event is Python's.
    """
    steps = [event for event in events if event.name.startswith("Optimizer.step")]
    end = max(event.time_range.end for event in steps or events)
    inside = [e for e in events if end - seconds * 1e6 <= e.time_range.start < end]
    shares: Counter[tuple[str, str]] = Counter()
    for event in inside:
        shares[find_group(event), event.name] += event.self_cpu_time_total / 1e6 / seconds
    shares[PYTHON, PYTHON] = 1 - sum(shares.values())
    return shares


def find_group(event: Any) -> str:
    """Return an event's group: that of the innermost call that has one, else that of its name."""
    own = _match(event.name, {"random numbers (dropout)": GROUPS["random numbers (dropout)"]})
    outer = (_match(name, OUTER_GROUPS) for name in _names_upwards(event))
    return own or next(filter(None, outer), None) or _match(event.name, GROUPS) or OTHER


def _names_upwards(event: Any) -> Iterator[str]:
    while event is not None:
        yield event.name
        event = event.cpu_parent


def _match(name: str, groups: dict[str, tuple[str, ...]]) -> str | None:
    return next((g for g, texts in groups.items() if any(text in name for text in texts)), None)


def write_shares(columns: dict[str, Profile]) -> str:
    """Write a table of a column for each call."""
    lines = [
        [group, *(_percent(column.shares[group]) for column in columns.values())] for group in ORDER
    ]
    lines.append(["padded tokens", *(_percent(c.padded, 1) for c in columns.values())])
    slower = [f"{c.seconds / c.seconds_before:.2f}" for c in columns.values()]
    lines.append(["time under the profiler over that without", *slower])
    return write_table(["share of the wall time", *columns], lines)


def write_operators(column: Profile, count: int) -> str:
    """Write the operators that took most, with their groups."""
    lines = [
        [f"`{name}`", group, _percent(share, 1)]
        for (group, name), share in column.operators.most_common(count)
    ]
    return write_table(["operator", "group", "share"], lines)


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", required=True, help="folder or hub id of the encoder")
    parser.add_argument("--layers", type=int, nargs="+", default=[4, 12], help="layers to keep")
    parser.add_argument("--train", default="data/01_raw/sample/train.csv", help="contest CSV")
    parser.add_argument("--rows", type=int, default=512, help="rows of an epoch (default 512)")
    parser.add_argument("--batch-size", type=int, default=32, help="rows in a batch (default 32)")
    parser.add_argument(
        "--operators", type=int, default=0, help="also print so many operators of each call"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
