"""A tiny experiment that answers questions, and the folder that it is exported to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BIGRAMS = {
    "name": "bm25", "tokens": "character_bigram", "title": True, "variant": "bm25+", "k1": 1.5,
    "b": 0.75, "delta": 0.5,
}  # fmt: skip
WORDS = {"name": "tfidf", "tokens": "whitespace", "title": True, "max_ngram": 2}
WEIGHTS = {"bm25": 0.5, "words": 0.3, "dense": 0.2}
ANSWER = {
    "top_k": 3, "passages": "separate", "span_score": "logits", "max_answer_tokens": 8,
    "n_best": 5, "retrieval_weight": None, "trim_josa": True, "abstain_below": None,
}  # fmt: skip
FIT = {
    "retrieval_weight": 2.5,
    "calibration": {
        "intercept": -0.5,
        "coefficients": {"log_odds": 0.5, "margin": 0.1, "retrieval": 1.0},
    },
}
TOP_K = 8


@dataclass(frozen=True)
class TinyAnswerer:
    """What a tiny run left: two readers, three indexes, and what was fitted."""

    checkpoints: dict[str, Path]
    passages: Any
    indexes: dict[str, Any]

    def describe(self, *, answer=None, fit=None, search=True):
        """Make the settings of an answerer, but for what is named."""
        from klue_pipeline.odqa.inference.answerer_folder import AnswererSettings, SearchSettings
        from klue_pipeline.odqa.settings.reader_params import AnswerParams
        from klue_pipeline.odqa.settings.retriever_params import FusionParams, RerankParams

        fitted = FIT if fit is None else fit
        found = SearchSettings(
            retrievers=tuple(self.indexes),
            top_k=TOP_K,
            fusion=FusionParams(name="weighted", normalise="z_score", weights=WEIGHTS),
            rerank=RerankParams(name="none"),
        )
        weight = {"retrieval_weight": fitted["retrieval_weight"]}
        return AnswererSettings(
            experiment="tiny",
            answer=AnswerParams(**{**ANSWER, **weight, **(answer or {})}),
            fit=fitted,
            search=found if search else None,
            no_search="" if search else "retriever external has no index to hand out.",
        )

    def export(self, folder: Path, **changes) -> Path:
        """Write the folder of an answerer whose settings differ in what is named."""
        from klue_pipeline.odqa.inference.answerer_export import ExportedAnswerer

        settings = self.describe(**changes)
        indexes = self.indexes if settings.search else {}
        folder.mkdir(parents=True)
        answerer = ExportedAnswerer(self.checkpoints, settings, self.passages, "# 카드", indexes)
        answerer.save_pretrained(folder)
        return folder


@pytest.fixture(scope="session")
def tiny_answerer(
    tmp_path_factory, make_reader, wordpiece_tokenizer, tiny_passages, encoder_folders,
    retriever_params,
) -> TinyAnswerer:  # fmt: skip
    """Readers of two folds, and a search by bigrams, by words and by vectors; only looked at."""
    from klue_pipeline.odqa.dense.encoder import Placement
    from klue_pipeline.odqa.dense.index import build_dense_index
    from klue_pipeline.odqa.inference.index_folders import open_index, write_index
    from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
    from klue_pipeline.odqa.sparse.bm25 import fit_bm25
    from klue_pipeline.odqa.sparse.tfidf import fit_tfidf
    from klue_pipeline.odqa.tokens.passage_tokens import tokenise_passages
    from klue_pipeline.training.params import EncoderParams

    root = tmp_path_factory.mktemp("답하는 실험")
    encoder = EncoderParams(name=str(encoder_folders["bert"]))

    def tokens(name):
        return tokenise_passages(tiny_passages, name, root / "cache")

    bigrams = root / "index_bm25"  # one that is opened from disk, as in a run; words are not
    bigrams.mkdir()
    write_index(fit_bm25(tokens("character_bigram"), RetrieverParams(**BIGRAMS)), bigrams)

    return TinyAnswerer(
        {f"fold_{fold}": _save_reader(fold, root, make_reader, wordpiece_tokenizer, encoder.name)
         for fold in (0, 1)},
        tiny_passages,
        {
            "bm25": open_index(bigrams),
            "words": fit_tfidf(tokens("whitespace"), RetrieverParams(**WORDS)),
            "dense": build_dense_index(
                tiny_passages, retriever_params(), encoder, root / "vectors",
                placement=Placement("cpu", "fp32"),
            ),
        },
    )  # fmt: skip


def _save_reader(fold, root, make_reader, tokenizer, encoder):
    import torch
    from tiny_readers import READER

    from klue_pipeline.odqa.settings.reader_params import ReaderParams

    params = ReaderParams(**{**READER, "name": encoder})
    reader = make_reader(tokenizer, strategy="group", fold=fold, reader=params)
    torch.manual_seed(fold)
    torch.nn.init.normal_(reader.head.output.weight, std=0.5)
    reader.save_pretrained(root / f"fold_{fold}")
    tokenizer.save_pretrained(root / f"fold_{fold}")
    return root / f"fold_{fold}"


@pytest.fixture(scope="session")
def exported_answerer(tiny_answerer, tmp_path_factory) -> Path:
    """The folder of an exported answerer; only looked at."""
    return tiny_answerer.export(tmp_path_factory.mktemp("나간 실험") / "exported")


@pytest.fixture(scope="session")
def load_answerer():
    """Load an answerer on the CPU in float32."""
    from klue_pipeline.odqa.inference.answerer import QuestionAnswerer

    def load(folder, **settings):
        return QuestionAnswerer.from_pretrained(
            folder, **{"device": "cpu", "precision": "fp32", **settings}
        )

    return load


@pytest.fixture(scope="session")
def answerer(exported_answerer, load_answerer):
    """The exported answerer, loaded."""
    return load_answerer(exported_answerer)
