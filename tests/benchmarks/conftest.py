"""The benchmarks are no part of the package; their folder's parent has to be on the path."""

import logging
import sys
from pathlib import Path

import pytest
from transformers import BertConfig, BertModel

from klue_pipeline.training.tokenizer import train_tokenizer

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)


@pytest.fixture
def run_script(monkeypatch, capsys):
    """Call a script's ``main`` as its command line would, from the root; return what it prints."""
    monkeypatch.chdir(ROOT)

    def run(main, *arguments):
        monkeypatch.setattr(sys, "argv", ["script", *map(str, arguments)])
        main()
        return capsys.readouterr().out

    yield run
    logging.disable(logging.NOTSET)  # scripts keep the log off their tables


@pytest.fixture
def encoder(tmp_path):
    """The folder of a tiny random encoder."""
    tokenizer = train_tokenizer(["이순신은 조선의 장군이다.", "해온시는 도시이다."], 300)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    return tmp_path
