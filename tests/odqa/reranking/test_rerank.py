"""Runs ordered anew by a cross-encoder."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModelForSequenceClassification, BertConfig

from klue_pipeline.odqa.ingest.schema import Run
from klue_pipeline.odqa.reranking import rerank as module
from klue_pipeline.odqa.reranking.cross_encoder import load_reranker
from klue_pipeline.odqa.reranking.rerank import rerank
from klue_pipeline.odqa.settings.retriever_params import RerankParams


@pytest.fixture(scope="module")
def make_model(encoder_folders, tmp_path_factory):
    """Store a tiny cross-encoder of some labels."""

    def make(labels, weight=1.0):
        folder = tmp_path_factory.mktemp("cross_encoder")
        shutil.copytree(encoder_folders["bert"], folder, dirs_exist_ok=True)
        config = BertConfig.from_pretrained(folder, num_labels=labels)
        torch.manual_seed(labels)
        model = AutoModelForSequenceClassification.from_config(config)
        with torch.no_grad():
            model.classifier.weight.mul_(weight)
        model.save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="module")
def run(tiny_questions, tiny_passages):
    """Six passages for each of three questions, in mixed order."""
    ids = tiny_passages["passage_id"].to_numpy()
    return pd.DataFrame(
        [
            (question, ids[(3 * number + rank) % 10], rank, 1 / rank)
            for number, question in enumerate(["q4", "q1", "q9"])
            for rank in range(1, 7)
        ],
        columns=["question_id", "passage_id", "rank", "score"],
    )


def params(model, **changes):
    fields = {"top_n": 4, "max_tokens": 64, "batch_size": 3}
    return RerankParams(name="cross_encoder", model=str(model), **{**fields, **changes})


@pytest.mark.parametrize("labels", [1, 2])
def test_the_best_are_ordered_by_the_score_of_each_pair_alone(
    run, tiny_questions, tiny_passages, make_model, monkeypatch, labels
):
    monkeypatch.setattr(module, "resolve_precision", lambda *_: "fp32")
    monkeypatch.setattr(module, "_PAIRS_AT_A_TIME", 5)
    folder = make_model(labels)
    found = Run.validate(rerank(run, tiny_questions, tiny_passages, params(folder)))
    assert found["question_id"].tolist() == run["question_id"].tolist()
    assert found["rank"].tolist() == run["rank"].tolist()
    for _, part in found.groupby("question_id"):
        assert part["score"].is_monotonic_decreasing

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    question_of = tiny_questions.set_index("question_id")["question"]
    texts = tiny_passages.set_index("passage_id")
    for question, before in run.groupby("question_id", sort=False):
        scores = {}
        for passage in before["passage_id"][:4]:
            title, text = texts.loc[passage, ["title", "text"]]
            read = (f"{title}: {text}" if title else text).replace("\\n", " ")
            pair = tokenizer(
                question_of[question], read, truncation=True, max_length=64, return_tensors="pt"
            )
            with torch.no_grad():
                logits = model(**pair).logits[0].numpy()
            scores[passage] = logits[0] if labels == 1 else logits[1] - logits[0]
        after = found.loc[found["question_id"] == question]
        wanted = sorted(scores, key=lambda passage: -scores[passage])
        assert after["passage_id"].tolist() == [*wanted, *before["passage_id"][4:]]
        assert after["score"].to_numpy()[:4] == pytest.approx(
            sorted(scores.values(), reverse=True), abs=1e-5
        )


def test_what_scores_alike_stays_in_its_order(run, tiny_questions, tiny_passages, make_model):
    found = rerank(run, tiny_questions, tiny_passages, params(make_model(1, weight=0.0)))
    assert found["passage_id"].tolist() == run["passage_id"].tolist()
    behind = found.loc[found["rank"] > 4, "score"].to_numpy().reshape(3, 2)
    assert behind == pytest.approx(
        found.loc[found["rank"] == 4, "score"].to_numpy()[:, None] - [[1, 2]]
    )
    assert rerank(run.iloc[:0], tiny_questions, tiny_passages, params("nowhere")).empty


def test_all_passages_may_be_ordered_anew(run, tiny_questions, tiny_passages, make_model):
    best = run[run["rank"] <= 4].reset_index(drop=True)
    found = rerank(best, tiny_questions, tiny_passages, params(make_model(1)))
    assert Run.validate(found)["rank"].tolist() == best["rank"].tolist()


def test_no_cross_encoder_is_refused(
    run, tiny_questions, tiny_passages, encoder_folders, make_model
):
    with pytest.raises(ValueError, match=r"no trained head .* odqa\.rerank\.model=trained"):
        rerank(run, tiny_questions, tiny_passages, params(encoder_folders["bert"]))
    with pytest.raises(ValueError, match="tells 3 labels apart"):
        rerank(run, tiny_questions, tiny_passages, params(make_model(3)))
    with pytest.raises(ValueError, match=r"odqa\.rerank\.max_tokens is 500, .* 128 positions"):
        rerank(run, tiny_questions, tiny_passages, params(make_model(1), max_tokens=500))


def test_scores_have_more_digits_than_bfloat16(make_model):
    model = load_reranker(str(make_model(1)), 64).model
    ids = torch.arange(5, 165).reshape(16, 10)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        scores = model(input_ids=ids, attention_mask=torch.ones_like(ids))
    assert scores.dtype == torch.float32
    assert not torch.equal(scores, scores.bfloat16().float())


def test_a_score_that_is_not_finite_is_refused_by_name(
    run, tiny_questions, tiny_passages, make_model, monkeypatch
):
    monkeypatch.setattr(
        module, "predict_logits", lambda model, rows, *_, **__: np.full(len(rows), np.nan)
    )
    with pytest.raises(ValueError, match="passage 'p1' is not finite, nor are 11"):
        rerank(run, tiny_questions, tiny_passages, params(make_model(1)))


def test_a_head_without_its_pooler_is_refused(
    run, tiny_questions, tiny_passages, make_model, tmp_path
):
    from safetensors.torch import load_file, save_file

    shutil.copytree(make_model(1), tmp_path / "model")
    weights = load_file(tmp_path / "model/model.safetensors")
    kept = {name: value for name, value in weights.items() if ".pooler." not in name}
    save_file(kept, tmp_path / "model/model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"bert\.pooler\.dense\.bias.* would start at random"):
        rerank(run, tiny_questions, tiny_passages, params(tmp_path / "model"))
