"""A trained model as one ONNX graph, in float32 or with int8 weights, compared with PyTorch.

Any module over named tensors will do, whatever its task. What becomes of the file, and what it
costs in scores, is not decided here.
"""

import inspect
import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from klue_pipeline.training.batches import Batch
from klue_pipeline.training.exporting.onnx_session import OnnxModule, import_extra
from klue_pipeline.training.loading.encoder_files import explained

OPSET = 17
"""The first with LayerNormalization as one operator; every onnxruntime since 1.12 knows it."""

_BATCH, _TOKENS = "batch", "tokens"
_OVER_TOKENS = ("input_ids", "attention_mask", "token_type_ids")
_LARGEST_DIFFERENCE = 1e-2
"""Of logits that ask for the same sums in another order; one that is larger has another cause."""
_AS_IT_IS = "Set int8 of the settings of onnx to false for a graph in float32."
_REMEDY = "Use the model with PyTorch, which needs nothing of this (runtime pytorch)."


def export_graph(
    model: nn.Module, batch: Batch, path: Path, what: str, *, per_token: bool = False
) -> None:
    """Write a model as a graph that takes any number of rows of any length.

    Weights of more than 2 GB, which a file of this format cannot hold, go to files beside it.

    The exporter is the one that follows a batch through the model: the one over ``torch.export``
    needs a package more and cannot do packed sequences (PyTorch 2.13).

    Args:
        model: In float32 on the CPU; it is put into evaluation mode.
        batch: An example of what it takes, by the names of its arguments, best of several rows of
            different lengths. The graph has those of the inputs that the logits depend on.
        path: The file to write, in a folder that is there.
        what: What the model is, for messages.
        per_token: Whether there are logits of each token, or of each row.

    Raises:
        ImportError: A package is missing.
        ValueError: The model does something that no graph can.
    """
    import_extra("onnx")
    names = [name for name in inspect.signature(model.forward).parameters if name in batch]
    axes = {name: {0: _BATCH, **({1: _TOKENS} if name in _OVER_TOKENS else {})} for name in names}
    axes["logits"] = {0: _BATCH, **({1: _TOKENS} if per_token else {})}
    with explained(what, _REMEDY, "written as an ONNX graph"), _quiet(), torch.no_grad():
        torch.onnx.export(
            model.eval(),
            tuple(batch[name] for name in names),
            str(path),
            input_names=names,
            output_names=["logits"],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def require_agreement(
    model: nn.Module, graph: OnnxModule, batches: Iterable[Batch], *, per_token: bool = False
) -> float:
    """Return the largest difference between the logits of a model and of its graph.

    Args:
        model: The model, in float32 on the CPU.
        graph: What was made of it.
        batches: What to compare on, in the arguments of the model; at least one.
        per_token: Whether there are logits of each token. Those of padding, which nobody reads,
            are not compared: a token beyond the window of all others sees nothing, and what that
            gives is left to each runtime.

    Raises:
        ValueError: The graph computes something else.
    """
    with torch.inference_mode():
        differences = [_differences(model, graph, batch, per_token) for batch in batches]
    largest = float(torch.cat(differences).max())  # of which NaN is one, as it is not of Python's
    if not largest <= _LARGEST_DIFFERENCE:
        raise ValueError(
            f"The graph's logits differ from PyTorch's by up to {largest:.3g}; at most "
            f"{_LARGEST_DIFFERENCE:g} was wanted. {_REMEDY}"
        )
    return largest


def _differences(model: nn.Module, graph: OnnxModule, batch: Batch, per_token: bool) -> Tensor:
    differences: Tensor = (graph(**batch) - model(**batch)).abs()
    read = batch["attention_mask"].bool() if per_token else ...
    return differences[read].flatten()


def quantise(source: Path, target: Path) -> None:
    """Write a graph whose weights are whole numbers of 8 bits, a fourth of the size.

    Dynamic quantisation: inputs of a product are rounded as they come, by their own range. Weights
    are rounded by the range of their column, to 7 bits: on x86 without VNNI instructions sums of
    8-bit products overflow, and the graph would say something else there.

    Args:
        source: The graph of :func:`export_graph`.
        target: The file to write.

    Raises:
        ImportError: A package is missing.
        ValueError: onnxruntime cannot.
    """
    import_extra("onnx")
    quantize_dynamic = import_extra("onnxruntime.quantization").quantize_dynamic
    with explained(f"The graph {source}", _AS_IT_IS, "quantised"), _quiet():
        quantize_dynamic(source, target, per_channel=True, reduce_range=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the libraries say about their own work off the console."""
    root = logging.getLogger()

    def of_others(record: logging.LogRecord) -> bool:
        return record.name != root.name

    root.addFilter(of_others)  # onnxruntime logs by the root logger itself
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.removeFilter(of_others)
