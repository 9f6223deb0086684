"""Graphs of small modules: what they compute, how large they get, and what is refused."""

import onnx
import pytest
import torch
from torch import nn

from klue_pipeline.training.exporting import onnx_session
from klue_pipeline.training.exporting.linked_folders import link_folder
from klue_pipeline.training.exporting.onnx_graph import export_graph, quantise, require_agreement
from klue_pipeline.training.exporting.onnx_session import OnnxModule, OnnxSession, choose_runtime


class Mean(nn.Module):
    """The mean embedding of a row's tokens, through a layer."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.words = nn.Embedding(50, 32)
        self.layer = nn.Linear(32, 3)

    def forward(self, input_ids, attention_mask, unread=None):
        mask = attention_mask.unsqueeze(2)
        return self.layer((self.words(input_ids) * mask).sum(1) / mask.sum(1))


class Counting(Mean):
    """As many layers as the row has tokens: a loop that a trace unrolls for one length."""

    def forward(self, input_ids, attention_mask):
        states = super().forward(input_ids, attention_mask)
        return states * len(input_ids[0])


class Foreign(Mean):
    """It asks for something that is in no graph."""

    def forward(self, input_ids, attention_mask):
        return torch.linalg.eigvals(super().forward(input_ids, attention_mask).T @ torch.ones(2, 3))


def make_batch(rows, tokens):
    generator = torch.Generator().manual_seed(rows * tokens)
    mask = torch.ones(rows, tokens, dtype=torch.int64)
    mask[1:, tokens // 2 :] = 0
    ids = torch.randint(1, 50, (rows, tokens), generator=generator)
    return {"input_ids": ids * mask, "attention_mask": mask}


@pytest.fixture
def exported(tmp_path):
    model, path = Mean(), tmp_path / "graph/model.onnx"
    path.parent.mkdir()
    unread = {"unread": torch.zeros(2, dtype=torch.int64)}
    export_graph(model, make_batch(2, 7) | unread, path, "Mean")
    return model.eval(), path


def test_a_graph_answers_batches_of_any_size_as_the_model_does(exported):
    model, path = exported
    graph = OnnxModule(path)
    assert graph.session.inputs == ("input_ids", "attention_mask")
    batches = [make_batch(*size) for size in ((1, 1), (1, 9), (5, 3))]
    assert require_agreement(model, graph, batches) < 1e-6
    with torch.no_grad():
        model.layer.bias += 1
    with pytest.raises(ValueError, match=r"differ from PyTorch's by up to 1\b"):
        require_agreement(model, graph, batches)


def test_a_graph_that_answers_no_number_is_refused():
    model = Mean().eval()

    def answer_no_number(**batch):
        return model(**batch) * (torch.nan if len(batch["input_ids"]) > 1 else 1)

    with pytest.raises(ValueError, match="by up to nan"):
        require_agreement(model, answer_no_number, [make_batch(1, 3), make_batch(2, 3)])


def test_logits_of_padding_are_not_compared_but_those_of_words_are():
    words = torch.nn.Embedding(50, 2)

    def model(input_ids, attention_mask):
        return words(input_ids)

    def graph(input_ids, attention_mask):
        return words(input_ids) + (1 - attention_mask)[..., None]

    batches = [make_batch(3, 6)]
    assert require_agreement(model, graph, batches, per_token=True) == 0
    with pytest.raises(ValueError, match="by up to 1;"):
        require_agreement(model, lambda **batch: model(**batch) + 1, batches, per_token=True)


def test_a_graph_in_int8_is_small_and_near(exported, tmp_path):
    model, path = exported
    quantise(path, tmp_path / "model.onnx")
    weights = {
        tensor.data_type for tensor in onnx.load(tmp_path / "model.onnx").graph.initializer
        if len(tensor.dims) == 2
    }  # fmt: skip
    assert weights <= {onnx.TensorProto.INT8, onnx.TensorProto.UINT8}
    batch = make_batch(4, 6)
    with torch.no_grad():
        wanted = model(**batch)
    found = OnnxModule(tmp_path / "model.onnx")(**batch)
    assert 0 < (found - wanted).abs().max() < 0.1


def test_weights_in_files_beside_a_graph_are_found_where_the_folder_is_linked(exported, tmp_path):
    """What PyTorch does with more than 2 GB."""
    model, path = exported
    beside = {"save_as_external_data": True, "location": "words.weight", "size_threshold": 0}
    onnx.save_model(onnx.load(path), path, **beside)
    assert path.with_name("words.weight").is_file()
    link_folder(path.parent, tmp_path / "linked")
    graph = OnnxModule(tmp_path / "linked/model.onnx")
    assert require_agreement(model, graph, [make_batch(2, 4)]) < 1e-6
    quantise(path, tmp_path / "int8.onnx")
    OnnxSession(tmp_path / "int8.onnx")


@pytest.mark.parametrize(
    ("model", "error"),
    [(Foreign(), "Foreign could not be written as an ONNX graph: .*runtime pytorch"),
     (Counting(), "differ from PyTorch's")],
)  # fmt: skip
def test_what_no_graph_can_do_is_refused_and_so_is_one_that_does_something_else(
    model, error, tmp_path
):
    path = tmp_path / "model.onnx"

    def make_graph():
        export_graph(model, make_batch(2, 7), path, type(model).__name__)
        require_agreement(model.eval(), OnnxModule(path), [make_batch(2, 5)])

    with pytest.raises(ValueError, match=error):
        make_graph()


def test_a_missing_package_and_half_a_graph_are_told(exported, monkeypatch):
    _, path = exported
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"model.onnx could not be loaded: .*copy the folder"):
        OnnxSession(path)

    def import_module(name):
        raise ImportError(name)

    monkeypatch.setattr(onnx_session.importlib, "import_module", import_module)
    with pytest.raises(ImportError, match=r"need onnxruntime, .*install klue_pipeline\[onnx\]"):
        OnnxSession(path)


@pytest.mark.parametrize(
    ("files", "runtime", "found"),
    [
        (["model.safetensors"], "auto", "pytorch"),
        (["model.safetensors model.onnx"], "auto", "pytorch"),
        (["model.safetensors model.onnx"], "onnx", "onnx"),
        (["model.onnx", "model.onnx"], "auto", "onnx"),
        ([""], "auto", "pytorch"),  # where it is said what is missing
        (["model.safetensors"], "onnx", "0 holds no graph .*--pipelines onnx, .*onnx_int8"),
        (["model.onnx"], "pytorch", "0 holds a graph and no weights .*runtime='onnx'"),
        (["model.safetensors", "model.onnx"], "auto", "1 holds a graph and no weights"),
        (["model.onnx"], "tensorrt", "runtime is 'tensorrt'; wanted one of"),
    ],
)
def test_what_runs_a_model_is_what_its_folder_holds(files, runtime, found, tmp_path):
    folders = [tmp_path / str(number) for number in range(len(files))]
    for folder, names in zip(folders, files, strict=True):
        folder.mkdir()
        for name in names.split():
            (folder / name).touch()
    if " " not in found:
        assert choose_runtime(folders, runtime, "onnx") == found
        return
    with pytest.raises((FileNotFoundError, ValueError), match=found):
        choose_runtime(folders, runtime, "onnx")
