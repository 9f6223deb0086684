"""A reader as an ONNX graph in the place of the PyTorch model."""

from pathlib import Path

from klue_pipeline.odqa.reader.reader_model import ReaderModel, read_reader_config
from klue_pipeline.training.exporting.onnx_session import OnnxModule
from klue_pipeline.training.loading.weights_file import GRAPH_FILE


class ReaderGraph(OnnxModule):
    """Encoder and head in one graph, over the arguments of :class:`ReaderModel`.

    Args:
        folder: What ``kedro run --pipelines odqa_onnx`` makes of a checkpoint.

    Raises:
        ImportError: onnxruntime is not installed.
        FileNotFoundError: The folder is no checkpoint.
        ValueError: A file of it is not whole.
    """

    def __init__(self, folder: Path) -> None:
        config = read_reader_config(folder)
        super().__init__(folder / GRAPH_FILE)
        self.reader_config = config


AnyReader = ReaderModel | ReaderGraph
"""What scores the tokens of windows."""
