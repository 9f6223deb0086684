"""Documents in are documents used and rejected; passages cut are passages kept and merged."""

import json
import logging

import pandas as pd
import pytest

from klue_pipeline.odqa.ingest.schema import MergedPassages, Passages
from klue_pipeline.odqa.passages.splitting import split_documents
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams, PassagesParams
from klue_pipeline.text.records.raw_file import RawFile
from klue_pipeline.text.records.schema import RejectedRows

LONG = "한강은 서울을 지나 서해로 흘러가는 큰 강이다. 길이는 494킬로미터이고 유역은 넓다."
PORT = "부산은 대한민국의 항구 도시이다."


def questions(*rows):
    columns = {"question_id": "q1", "part": "train", "title": "한강", "context": LONG}
    answers = {"answers": ["494킬로미터"], "answer_starts": [LONG.index("494")]}
    return pd.DataFrame([columns | answers | row for row in rows], columns=[*columns, *answers])


def split(*documents, asked=(), share=1.0, **given):
    usual = {"name": "none", "near_duplicate_similarity": 0.8, "add_contexts": False}
    raw = RawFile("d.json", json.dumps({str(key): row for key, row in enumerate(documents)}))
    ingest = OdqaIngestParams(format="auto", max_rejected_share=share, seed=1)
    found = split_documents(raw, questions(*asked), PassagesParams(**usual | given), ingest)
    Passages.validate(found.passages)
    MergedPassages.validate(found.merged)
    RejectedRows.validate(found.rejected)
    report = found.report
    assert report["documents"] == len(documents)
    assert report["documents_rejected"] == len(found.rejected)
    assert report["documents"] == report["documents_used"] + report["documents_rejected"]
    assert report["passages_cut"] == report["passages"] + report["merged"]
    assert (len(found.passages), len(found.merged)) == (report["passages"], report["merged"])
    return found


def test_equal_texts_are_merged_and_bad_documents_set_aside(caplog):
    with caplog.at_level(logging.WARNING):
        found = split(
            {"text": "서울은\\n수도다.", "title": "서울"},
            {"text": "서울은 수도다. ", "title": "서울특별시"},
            {"text": " "},
            {"text": "부산", "document_id": "0"},
            {"text": "대전"},
        )
    assert found.passages.to_numpy().tolist() == [
        ["0", "0", "서울", "서울은\\n수도다.", 0],
        ["4", "4", "", "대전", 0],
    ]
    assert found.merged.to_numpy().tolist() == [["1", "0"]]
    assert found.rejected["reason"].tolist() == ["unusable text", "duplicate id"]
    assert found.rejected["detail"].tolist() == ["text is ' '", "row 1 has the same id"]
    assert "set aside 2 documents" in caplog.text


def test_parts_of_documents_have_numbers_and_places():
    found = split(
        {"text": LONG}, {"text": LONG}, name="characters", max_characters=30, overlap_characters=5
    )
    assert found.passages["passage_id"].tolist() == ["0#0", "0#1"]
    assert found.passages["document_id"].tolist() == ["0", "0"]
    for row in found.passages.itertuples():
        assert LONG.startswith(row.text, row.start_char)
    assert found.merged["kept_id"].tolist() == ["0#0", "0#1"]


@pytest.mark.parametrize("name", ["none", "characters"])
def test_contexts_whose_answers_no_passage_holds_become_passages(name):
    cut = {"max_characters": 20, "overlap_characters": 5} if name == "characters" else {}
    asked = [
        {"question_id": "held", "context": PORT, "answers": ["항구"], "answer_starts": [10]},
        {},
        {"question_id": "q2"},
        {"question_id": "none", "context": "다른 글", "answers": [], "answer_starts": []},
        {"question_id": "t1", "part": "test", "context": f"{LONG} 비밀이다."},
    ]
    document = {"text": PORT}
    found = split(document, asked=asked, name=name, add_contexts=True, **cut)
    assert found.report["contexts_added"] == 1
    assert set(found.passages["document_id"]) == {"0", "context_q1"}
    assert found.passages["title"].iloc[-1] == "한강"
    assert split(document, asked=asked, name=name, **cut).report["contexts_added"] == 0


@pytest.mark.parametrize(
    ("documents", "share", "message"),
    [
        ([], 1, "has no documents"),
        ([{"text": ""}], 1, "none of its 1 rows can be used"),
        ([{"내용": "가"}], 1, r"there are 내용\n.* call its columns document_id, title and text"),
        ([{"text": "가"}, {"body": "나"}], 0.4, r"\(50\.0%\).*odqa\.ingest\.max_rejected_share"),
    ],
)
def test_too_few_usable_documents_stop_the_run(documents, share, message):
    with pytest.raises(ValueError, match=message):
        split(*documents, share=share)


def test_a_corpus_of_one_passage_and_a_paragraph_of_a_megabyte():
    text = "서울은 대한민국의 수도이다. " * 70_000
    found = split({"text": text}, name="characters", max_characters=1000, overlap_characters=0)
    assert found.report["passages_cut"] > 1000
    assert split({"text": text}).passages["text"].tolist() == [text]
