"""An exported model whose weights gave way to ONNX graphs: what its folder has, and how it is made.

Which parts of an export hold models, and what their rows are, is left to the task.
"""

import inspect
import logging
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from klue_pipeline.training.batches import Batch, EncodedRows
from klue_pipeline.training.exporting.export_manifest import write_manifest
from klue_pipeline.training.exporting.linked_folders import CARD_FILE, link_folder
from klue_pipeline.training.exporting.onnx_graph import export_graph, quantise, require_agreement
from klue_pipeline.training.exporting.onnx_session import OnnxModule
from klue_pipeline.training.loading.weights_file import GRAPH_FILE, WEIGHTS_FILE

logger = logging.getLogger(__name__)

_BATCH_SIZE = 16


@dataclass(frozen=True)
class ExportedGraphs:
    """What goes into a folder of graphs.

    Attributes:
        built: A folder with everything but card and manifest; it is moved, and gone afterwards.
        exported: The folder of the exported model that they were made of.
        card: The card, in Markdown.
        pipeline: What makes them.
        setting: What names their experiment.
    """

    built: Path
    exported: Path
    card: str
    pipeline: str
    setting: str

    def save_pretrained(self, folder: Path) -> None:
        """Move everything into ``folder``, and write card and manifest."""
        parts = sorted(path.name for path in self.built.iterdir())
        for name in parts:
            shutil.move(self.built / name, folder / name)
        self.built.rmdir()
        write_manifest(folder, parts, self.pipeline, self.setting, made_of=self.exported)
        (folder / CARD_FILE).write_text(self.card, encoding="utf-8")


def begin_graphs(exported: Path, place: Path, models: Collection[str]) -> None:
    """Make a folder like an export, without the weights that graphs are going to replace.

    Args:
        exported: The folder of an exported model.
        place: The folder to make; what is there goes.
        models: Names of the folders in it whose weights become graphs.
    """
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for part in sorted(path for path in exported.iterdir() if path.is_dir()):
        link_folder(part, place / part.name)
    for name in models:
        (place / name / WEIGHTS_FILE).unlink()


def make_graph(  # noqa: PLR0913
    model: nn.Module,
    load_graph: Callable[[Path], OnnxModule],
    checkpoint: Path,
    folder: Path,
    rows: EncodedRows,
    check_rows: int,
    *,
    what: str,
    per_token: bool = False,
) -> dict[str, float]:
    """Write a model as a graph, and compare it with the model on rows of all lengths.

    Args:
        model: The model, in float32 on the CPU.
        load_graph: What loads a folder of a graph.
        checkpoint: Where the model came from.
        folder: What :func:`begin_graphs` made of it.
        rows: Real rows.
        check_rows: How many of them to compare on.
        what: What the model is, for messages.
        per_token: Whether there are logits of each token, or of each row.

    Returns:
        ``largest_difference`` of logits, ``weights_bytes`` and ``graph_bytes``.

    Raises:
        ImportError: A package of the extra ``onnx`` is not installed.
        ValueError: The model cannot be written as a graph, or its graph computes something else.
    """
    order = np.argsort(rows.lengths, kind="stable")
    places = order[np.unique(np.linspace(0, len(order) - 1, check_rows).astype(int))].tolist()
    example = _inputs(model, rows, [places[0], places[-1]])
    export_graph(model, example, folder / GRAPH_FILE, what, per_token=per_token)
    batches = _batches(model, rows, places)
    difference = require_agreement(model, load_graph(folder), batches, per_token=per_token)
    found = {
        "largest_difference": difference,
        "weights_bytes": (checkpoint / WEIGHTS_FILE).stat().st_size,
        "graph_bytes": _added_bytes(folder, checkpoint),
    }
    logger.info(
        "%s: the graph's logits differ from PyTorch's by at most %.2g on %d rows; %.1f MB",
        checkpoint.name, difference, len(places), found["graph_bytes"] / 1e6,
    )  # fmt: skip
    return found


def _batches(model: nn.Module, rows: EncodedRows, places: list[int]) -> Iterator[Batch]:
    """Yield some rows of all lengths alone, and all in batches of rows of different lengths."""
    step = max(1, len(places) // _BATCH_SIZE)
    for place in places[::step]:
        yield _inputs(model, rows, [place])
    for start in range(step):
        yield _inputs(model, rows, places[start::step])


def _inputs(model: nn.Module, rows: EncodedRows, places: list[int]) -> Batch:
    batch = rows.__getitems__(places)
    taken = inspect.signature(model.forward).parameters
    return {name: values for name, values in batch.items() if name in taken}


def quantise_graphs(
    exported: Path, graphs: Path, place: Path, models: Collection[str]
) -> dict[str, int]:
    """Write each graph with weights of 8 bits.

    Args:
        exported: The folder of the experiment that the graphs were made of.
        graphs: The folder of graphs in float32.
        place: The folder to make.
        models: Names of the folders in it that hold a graph.

    Returns:
        The size of each in bytes.

    Raises:
        ImportError: A package of the extra ``onnx`` is not installed.
        ValueError: onnxruntime cannot.
    """
    begin_graphs(exported, place, models)
    for name in models:
        quantise(graphs / name / GRAPH_FILE, place / name / GRAPH_FILE)
    return {name: _added_bytes(place / name, exported / name) for name in models}


def _added_bytes(folder: Path, source: Path) -> int:
    """Return the size of what a folder has that another one lacks: a graph and its weights."""
    return sum(
        path.stat().st_size for path in folder.iterdir() if not (source / path.name).exists()
    )
