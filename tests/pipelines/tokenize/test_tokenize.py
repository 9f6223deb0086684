"""The tokenize pipeline over a hand-made catalog."""

import logging

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from transformers import BertConfig, BertModel

from klue_pipeline.datasets.models.tokenizer import TokenizerDataset
from klue_pipeline.datasets.tables.features import FeaturesDataset
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.pipelines.tokenize import create_pipeline
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.training.params import EncoderParams, ScratchEncoderParams

SCRATCH = ScratchEncoderParams(
    vocabulary_size=600,
    hidden_size=8,
    num_hidden_layers=1,
    num_attention_heads=1,
    intermediate_size=8,
    max_positions=64,
)


@pytest.fixture
def catalog(small_sentences, tmp_path):
    training = small_sentences.assign(
        origin_id=small_sentences["row_id"], method="original", weight=1.0
    )
    test = small_sentences.head(5).assign(label=None, problem=[None] * 4 + ["empty_sentence"])
    names = sorted(small_sentences["label"].unique())
    memory = {
        "training_sentences": training,
        "clean_test_sentences": test,
        "labels": LabelSet(names=names, negative="no_relation"),
        "params:encoder": EncoderParams(name="scratch", scratch=SCRATCH),
        "params:input": InputParams(
            name="typed_entity_marker_punct",
            query="question",
            query_position="before",
            type_words={"PER": "사람"},
        ),
        "params:training.max_tokens": 40,
    }
    return DataCatalog(
        {
            **{name: MemoryDataset(value) for name, value in memory.items()},
            "tokenizer": TokenizerDataset(filepath=str(tmp_path / "tokenizer")),
            "train_features": FeaturesDataset(filepath=str(tmp_path / "train.arrow")),
            "test_features": FeaturesDataset(filepath=str(tmp_path / "test.arrow")),
        }
    )


def test_pipeline_turns_sentences_into_features_on_disk(catalog):
    SequentialRunner().run(create_pipeline(), catalog)
    train, test = catalog.load("train_features"), catalog.load("test_features")
    assert train.row_ids.tolist() == catalog.load("training_sentences")["row_id"].tolist()
    assert test.row_ids.tolist() == catalog.load("clean_test_sentences")["row_id"].tolist()
    assert max(train.table["length"].to_pylist()) <= 40
    assert set(test.table["label_id"].to_pylist()) == {-1}
    assert train.fingerprint["tokenizer"] == test.fingerprint["tokenizer"]


def test_scratch_tokenizer_knows_sentences_markers_and_queries(catalog):
    SequentialRunner().run(create_pipeline(), catalog)
    tokenizer = catalog.load("tokenizer")
    row = catalog.load("train_features").table.slice(0, 1).to_pylist()[0]
    text = tokenizer.decode(row["input_ids"])
    assert text.replace(" ", "").startswith(
        "[CLS]이순신과조선의관계는무엇입니까?[SEP]@*사람*이순신@은"
    )
    assert tokenizer.unk_token not in text


def test_special_tokens_of_the_format_are_in_the_tokenizer_and_the_features(catalog):
    changes = {"name": "entity_marker_with_prefix", "query": "semantic_typing_marked"}
    catalog["params:input"] = catalog.load("params:input").model_copy(update=changes)
    SequentialRunner().run(create_pipeline(), catalog)
    tokenizer = catalog.load("tokenizer")
    row = catalog.load("train_features").table.slice(0, 1).to_pylist()[0]
    tokens = tokenizer.convert_ids_to_tokens(row["input_ids"])
    assert tokens.count("[SEP]") == 3
    assert [tokens.count(name) for name in ("[SE]", "[/SE]", "[OE]", "[/OE]")] == [1, 1, 1, 1]
    borders = [
        tokens[row[f"{role}_{end}"] - shift]
        for role in ("subject", "object")
        for end, shift in (("start", 0), ("end", 1))
    ]
    assert borders == ["<subj>", "</subj>", "<obj>", "</obj>"]
    assert tokenizer.tokenize("subj", split_special_tokens=True) != ["subj"]


def test_types_without_a_word_and_rows_without_types_are_told_once(catalog, caplog):
    training = catalog.load("training_sentences")
    untyped = training.assign(object_type=["NONE", "NAVY"] * 12)
    catalog["training_sentences"] = untyped
    changes = {"name": "typed_entity_marker", "type_words": {"PER": "사람", "ORG": "조직"}}
    catalog["params:input"] = catalog.load("params:input").model_copy(update=changes)
    with caplog.at_level(logging.INFO):
        SequentialRunner().run(create_pipeline(), catalog)
    (warning,) = [text for text in caplog.messages if "without a word" in text]
    assert "NAVY" in warning
    assert "NONE" not in warning
    (counted,) = [text for text in caplog.messages if "have no type" in text]
    assert counted.startswith("12 of 24 rows")


def test_english_rows_are_asked_in_english(catalog):
    changes = {"language": "en", "query": "semantic_typing", "type_words": {"PER": "person"}}
    catalog["params:input"] = catalog.load("params:input").model_copy(update=changes)
    SequentialRunner().run(create_pipeline(), catalog)
    row = catalog.load("train_features").table.slice(0, 1).to_pylist()[0]
    text = catalog.load("tokenizer").decode(row["input_ids"]).replace(" ", "")
    assert text.startswith(
        "[CLS]Whatistherelationbetweentheperson이순신andtheLOC조선?[SEP]@*person*이순신@은"
    )


def test_loaded_tokenizer_is_not_trained(catalog, tmp_path):
    SequentialRunner().run(create_pipeline(), catalog)
    sizes = SCRATCH.model_dump(exclude={"vocabulary_size", "max_positions"})
    tokenizer = catalog.load("tokenizer")
    config = BertConfig(**sizes, vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id)
    BertModel(config).save_pretrained(tmp_path / "other_model")
    tokenizer.save_pretrained(tmp_path / "other_model")
    catalog["params:encoder"] = EncoderParams(name=str(tmp_path / "other_model"))
    catalog["training_sentences"] = catalog.load("training_sentences").head(3)
    SequentialRunner().run(create_pipeline(), catalog)
    assert len(catalog.load("tokenizer")) > 300
