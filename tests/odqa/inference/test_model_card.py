"""The card of an answerer, with figures that a reader can check."""

import ast
import dataclasses
import re

import pytest
import yaml
from markdown_it import MarkdownIt

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.odqa.inference.model_card import CardFacts, write_answerer_card
from klue_pipeline.odqa.settings.export_params import OdqaExportParams
from klue_pipeline.odqa.settings.reader_params import (
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
)

HOSTILE = "a|b<script>`x`\n# y"
NOT_STATED = dict.fromkeys(("model", "data", "encoder", "documents"))
SCORES = {
    "end_to_end": {
        "exact_match": {"value": 41.5, "low": 38.25, "high": 44.75},
        "character_f1": {"value": 50.0, "low": 47.0, "high": 53.0},
    },
    "given_gold_passage": {
        "exact_match": {"value": 61.5, "low": 58.25, "high": 64.75},
        "character_f1": {"value": 70.0, "low": 67.0, "high": 73.0},
    },
}
REPORT = {"refused": None, "confidence": 0.9, "questions": {"judged": 240}, "scores": SCORES}


@pytest.fixture(scope="module")
def facts(tiny_answerer):
    reader = {"max_question_tokens": 48, "stride": 64, "no_answer_share": 0.2,
              "hard_passages": 0, "gold_spans": "first"}  # fmt: skip
    return CardFacts(
        about=AboutParams(experiment="reader", folder="reader--v", why="낱개로 읽는다"),
        training_source="hub:klue:mrc:train",
        documents_source="/home/me/wiki.json",
        folds=ReaderFoldsParams(strategy="group", n_splits=5, validation_share=0.1, seed=1),
        exported_folds=[0, 1],
        trained_folds=[0, 1],
        chosen_by=None,
        augmentation=["random_flip"],
        reader=ReaderParams(name="klue/roberta-large", **reader),
        head=ReaderHeadParams(name="linear", dropout=0.1),
        max_tokens=384,
        settings=tiny_answerer.describe(answer={"abstain_below": 0.25}),
        indexes=tiny_answerer.indexes,
        n_passages=10,
        n_questions=3952,
        report=REPORT,
        export=OdqaExportParams(licences=NOT_STATED, known_licences=[]),
    )


def card(facts, **changes):
    return write_answerer_card(dataclasses.replace(facts, **changes))


def test_the_best_fold_alone_is_told_as_such(facts):
    text = card(facts, exported_folds=[1], chosen_by="exact_match")
    assert "The best of 2 folds by exact\\_match" in text
    assert "Only 2 of 5 folds were trained" in text


def test_it_says_what_it_is_and_how_good(facts):
    text = card(facts)
    front = yaml.safe_load(text.split("---\n", 2)[1])
    assert front == {
        "language": ["ko"],
        "library_name": "klue_pipeline",
        "pipeline_tag": "question-answering",
        "tags": ["open-domain-qa", "klue_pipeline"],
        "base_model": "klue/roberta-large",
        "datasets": ["klue"],
    }
    for part in (
        "experiment: reader, variant reader--v",
        "`fold_0`, `fold_1`); their probabilities are averaged",
        "Only 2 of 5 folds were trained",
        "documents: wiki.json, in 10 passages",
        "bm25 (bm25 over tokens by character_bigram), words (tfidf over tokens by whitespace)",
        "fused by weighted",
        "weight of the retrieval score: 2.5",
        "below 0.25",
        "on 240 questions",
        "the 90 % interval",
        "| exact match | 41.50 (38.25 to 44.75) | 61.50 (58.25 to 64.75) |",
        "not stated: set odqa.export.licences.documents",
        "odqa.experiment=reader,run.name=v",
    ):
        assert part.lower() in text.replace("\\_", "_").lower()
    assert "/home/me" not in text


def test_a_card_without_search_or_scores_says_why(facts, tiny_answerer):
    refused = {"refused": "The reader learnt from all.", "questions": {"judged": 0}}
    text = card(facts, settings=tiny_answerer.describe(search=False), indexes={}, report=refused)
    assert "Search: none. retriever external has no index" in text
    assert "None: The reader learnt from all." in text
    assert "answers with words of the context" in text
    assert text.count("answerer(") == 1


def test_what_people_write_formats_nothing(facts):
    about = AboutParams(experiment="e", folder="e", why=HOSTILE)
    export = OdqaExportParams(licences=dict.fromkeys(NOT_STATED, HOSTILE), known_licences=[])
    text = card(facts, about=about, export=export, augmentation=[HOSTILE])
    html = MarkdownIt("commonmark").enable("table").render(text.split("---\n", 2)[2])
    assert "<script>" not in html
    assert "<h1>y" not in html


def test_its_python_can_be_pasted(facts):
    [code] = re.findall(r"```python\n(.*?)```", card(facts), flags=re.DOTALL)
    ast.parse(code)
    assert "QuestionAnswerer.from_pretrained" in code
