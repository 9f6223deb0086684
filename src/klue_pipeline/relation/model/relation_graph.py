"""The relation classifier as an ONNX graph in the place of the PyTorch model."""

from pathlib import Path

from klue_pipeline.relation.model.relation_model import RelationModel, read_relation_config
from klue_pipeline.training.exporting.onnx_session import OnnxModule
from klue_pipeline.training.loading.encoder_files import read_config
from klue_pipeline.training.loading.weights_file import GRAPH_FILE


class RelationGraph(OnnxModule):
    """Encoder and head in one graph, over the arguments of :class:`RelationModel`.

    Args:
        folder: What ``kedro run --pipelines onnx`` makes of a checkpoint.

    Raises:
        ImportError: onnxruntime is not installed.
        FileNotFoundError: The folder is no checkpoint.
        ValueError: A file of it is not whole.
    """

    def __init__(self, folder: Path) -> None:
        config = read_relation_config(folder)
        super().__init__(folder / GRAPH_FILE)
        self.relation_config = config
        self.padding_id = int(read_config(folder).pad_token_id)


ScoringModel = RelationModel | RelationGraph
"""What scores encoded rows."""
