"""The benchmark of graphs, on a tiny model: it measures and says what it measured."""

import json
import re
import shutil

import pytest
from benchmarks.onnx_runtime import main

from klue_pipeline.relation.inference.onnx_export import quantise_graphs
from klue_pipeline.relation.model.relation_model import RelationModel
from klue_pipeline.training.exporting.exported_graphs import begin_graphs
from klue_pipeline.training.exporting.onnx_graph import export_graph


@pytest.mark.slow
def test_it_prints_rates_ratios_and_shares_of_equal_labels(relation_checkpoints, tmp_path, capsys):
    import torch

    exported = shutil.copytree(relation_checkpoints, tmp_path / "exported")
    shutil.rmtree(exported / "fold_1")
    begin_graphs(exported, tmp_path / "onnx", ["fold_0"])
    batch = {
        "input_ids": torch.ones(2, 6, dtype=torch.int64),
        "attention_mask": torch.ones(2, 6, dtype=torch.int64),
        "positions": torch.tensor([[1, 2, 3, 4]] * 2),
    } | {"type_ids": torch.ones(2, 2, dtype=torch.int64)}
    model = RelationModel.from_pretrained(exported / "fold_0")
    export_graph(model, batch, tmp_path / "onnx/fold_0/model.onnx", "it")
    quantise_graphs(exported, tmp_path / "onnx", tmp_path / "onnx_int8")
    row = {"sentence": "이순신은 조선의 무신이다.", "subject": "이순신", "object": "조선"}
    rows = tmp_path / "rows.jsonl"
    rows.write_text(f"{json.dumps(row, ensure_ascii=False)}\n" * 5, encoding="utf-8")
    main(["--models", str(tmp_path), "--rows", str(rows), "--rounds", "3", "--batch-sizes", "1",
          "4", "--n-rows", "5"])  # fmt: skip
    shown = capsys.readouterr().out
    lines = re.findall(r"^\| (PyTorch, \w+|ONNX \w+) \| [\d.]+ \| ([\d.]+) \| ([\d.]+) % \|", shown,
                       re.MULTILINE)  # fmt: skip
    assert [name.split(",")[0] for name, *_ in lines] == 2 * [
        "PyTorch", "ONNX float32", "ONNX int8"
    ]  # fmt: skip
    assert [ratio for name, ratio, _ in lines if name.startswith("PyTorch")] == ["1.00", "1.00"]
    assert "Batch 4, 5 rows, median of 3 rounds" in shown
