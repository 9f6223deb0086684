"""The benchmark of labelling new rows, on a tiny model: it measures and says what it measured."""

import json
import re
from contextlib import redirect_stdout
from io import StringIO
from types import SimpleNamespace

import pytest
from benchmarks.batch_prediction import COLUMNS, main, repeat_rows

from benchmarks import batch_prediction

ROW = {
    "sentence": "이순신은 조선의 무신이다.",
    "subject": "이순신",
    "object": "조선",
    "subject_type": "PER",
}


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.jsonl"
    lines = [json.dumps(ROW | {"id": str(number)}, ensure_ascii=False) for number in range(6)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_rows_are_repeated_as_a_file_that_can_be_labelled(rows, tmp_path):
    lines = repeat_rows(str(rows), 8, tmp_path).read_text("utf-8").splitlines()
    assert len(lines) == 8
    assert json.loads(lines[7])["subject_end"] == 3
    assert len(COLUMNS) == len(json.loads(lines[0]))


@pytest.mark.slow
def test_it_prints_rates_their_ratio_and_memory(rows, relation_checkpoints, capsys, monkeypatch):
    def label_here(command, **_):
        """Stand in for a process, which would import torch anew."""
        assert command[1] == batch_prediction.__file__
        with redirect_stdout(StringIO()) as printed:
            main(command[2:])
        return SimpleNamespace(stdout=printed.getvalue())

    monkeypatch.setattr(batch_prediction, "subprocess", SimpleNamespace(run=label_here))
    main(["--model", str(relation_checkpoints), "--rows", str(rows), "--rounds", "1",
          "--calls", "3", "--sizes", "12"])  # fmt: skip
    shown = capsys.readouterr().out
    rates = [float(rate) for rate in re.findall(r"\| ([\d.]+) \|$", shown, re.MULTILINE)]
    ratio = float(re.search(r"is ([\d.]+) times as fast", shown)[1])
    assert ratio == pytest.approx(rates[0] / rates[1], rel=0.05)
    assert re.search(r"^\| 12 \| \d{2,4} \|$", shown, re.MULTILINE)
