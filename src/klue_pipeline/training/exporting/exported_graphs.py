"""An exported model whose weights gave way to ONNX graphs: what its folder has, and how it is made.

Which parts of an export hold models, and how one becomes a graph, is left to the task.
"""

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from klue_pipeline.training.exporting.export_manifest import write_manifest
from klue_pipeline.training.exporting.linked_folders import CARD_FILE, link_folder
from klue_pipeline.training.exporting.onnx_graph import quantise
from klue_pipeline.training.loading.weights_file import GRAPH_FILE, WEIGHTS_FILE


@dataclass(frozen=True)
class ExportedGraphs:
    """What goes into a folder of graphs.

    Attributes:
        built: A folder with everything but card and manifest; it is moved, and gone afterwards.
        card: The card, in Markdown.
        pipeline: What makes it.
        setting: What names its experiment.
    """

    built: Path
    card: str
    pipeline: str
    setting: str

    def save_pretrained(self, folder: Path) -> None:
        """Move everything into ``folder``, and write card and manifest."""
        parts = sorted(path.name for path in self.built.iterdir())
        for name in parts:
            shutil.move(self.built / name, folder / name)
        self.built.rmdir()
        write_manifest(folder, parts, self.pipeline, self.setting)
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
    return {name: added_bytes(place / name, exported / name) for name in models}


def added_bytes(folder: Path, source: Path) -> int:
    """Return the size of what a folder has that another one lacks: a graph and its weights."""
    return sum(
        path.stat().st_size for path in folder.iterdir() if not (source / path.name).exists()
    )
