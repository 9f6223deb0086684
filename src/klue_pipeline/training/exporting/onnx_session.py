"""An ONNX graph that answers batches in the place of a PyTorch module, on a CPU.

How it is made is not known here; what a folder must hold to be run by either is.
"""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from klue_pipeline.training.loading.checkpoint_files import COPY_AGAIN
from klue_pipeline.training.loading.encoder_files import explained
from klue_pipeline.training.loading.weights_file import GRAPH_FILE, WEIGHTS_FILE

Runtime = Literal["auto", "pytorch", "onnx"]
"""What runs a model; ``auto`` takes PyTorch where its weights are there, else the graph."""


class OnnxSession:
    """A graph, loaded; several threads may ask it at once.

    Args:
        path: The graph's file.

    Raises:
        ImportError: onnxruntime is not installed.
        ValueError: The file is no whole graph.
    """

    def __init__(self, path: Path) -> None:
        onnxruntime = import_extra("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()  # as many as the same in PyTorch
        options.enable_mem_pattern = False  # one would be kept for every shape of a batch
        options.log_severity_level = 3
        with explained(f"The graph {path}", COPY_AGAIN):
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        self.inputs = tuple(each.name for each in self._session.get_inputs())

    def __call__(self, batch: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Return the logits of a batch, of which a graph takes only some inputs.

        Args:
            batch: Arrays by the names of the model's arguments.
        """
        [logits] = self._session.run(None, {name: batch[name] for name in self.inputs})
        return np.asarray(logits)


class OnnxModule(nn.Module):
    """A graph as a module, so that whatever asks a model may ask it.

    Args:
        path: The graph's file.

    Raises:
        ImportError: onnxruntime is not installed.
        FileNotFoundError: There is no such file.
        ValueError: The file is no whole graph.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.session = OnnxSession(path)
        # Who asks a module looks at its parameters for the place where batches go.
        self.place = nn.Parameter(torch.empty(0), requires_grad=False)

    def forward(self, **batch: Tensor) -> Tensor:
        """Return logits; the arguments are those of the model that the graph was made of."""
        return torch.from_numpy(self.session({name: batch[name].numpy() for name in batch}))


def import_extra(name: str) -> Any:
    """Import a module of the extra ``onnx``.

    Raises:
        ImportError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"ONNX graphs need {name.partition('.')[0]}, which is not installed; install "
            "klue_pipeline[onnx], or use PyTorch (runtime pytorch)."
        ) from error


def choose_runtime(
    folders: Sequence[Path], runtime: Runtime, pipeline: str
) -> Literal["pytorch", "onnx"]:
    """Return what runs some models, all of them the same.

    Args:
        folders: Their checkpoints.
        runtime: What was asked for.
        pipeline: What makes graphs of them.

    Raises:
        FileNotFoundError: A folder does not hold what was asked for.
        ValueError: There is no such runtime.
    """
    if runtime not in get_args(Runtime):
        raise ValueError(f"runtime is {runtime!r}; wanted one of {get_args(Runtime)}.")
    without_graph = [folder for folder in folders if not (folder / GRAPH_FILE).is_file()]
    without_weights = [
        folder
        for folder in folders
        if folder not in without_graph and not (folder / WEIGHTS_FILE).is_file()
    ]
    if runtime == "onnx" and without_graph:
        raise FileNotFoundError(
            f"{without_graph[0]} holds no graph ({GRAPH_FILE} is missing). Make graphs with kedro "
            f"run --pipelines {pipeline}, with the same --env and --params as the training, and "
            "give their folder, onnx_int8 or onnx beside exported."
        )
    if without_weights and (runtime == "pytorch" or without_graph):
        raise FileNotFoundError(
            f"{without_weights[0]} holds a graph and no weights ({WEIGHTS_FILE} is missing). Load "
            "it with runtime='onnx', and together with graphs only, or give the folder exported."
        )
    return "onnx" if without_weights or runtime == "onnx" else "pytorch"


def require_cpu(device: str) -> None:
    """Refuse a device that graphs do not run on.

    Raises:
        ValueError: It is another one than the CPU.
    """
    if device not in ("auto", "cpu"):
        raise ValueError(f"device is {device!r}, but graphs run on a CPU; give auto or cpu.")
