"""Tiny random encoders of each family, and checkpoints of a tiny model."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def relation_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoints fold_0 and fold_1: tiny random models of three labels.

    Session-wide: only looked at.
    """
    import torch
    from transformers import BertConfig, BertModel

    from klue_pipeline.relation.model.relation_model import (
        RelationConfig,
        RelationModel,
    )
    from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
    from klue_pipeline.training.loading.trained_model import TrainedModel
    from klue_pipeline.training.tokenizer import train_tokenizer

    sentences = ["이순신은 조선의 무신이다.", "@ * 사람 * 이순신 @은 # ^ 장소 ^ 조선 #의 무신이다."]
    tokenizer = train_tokenizer(sentences, vocabulary_size=300)
    labels = ("no_relation", "per:origin", "per:title")
    config = RelationConfig(
        labels=labels,
        task_labels=labels,
        label_counts=(3, 2, 1),
        input=InputParams(
            name="typed_entity_marker_punct",
            query="none",
            query_position="after",
            type_words={"PER": "사람", "LOC": "장소"},
        ),
        max_tokens=60,
        target=TargetParams(name="all"),
        head=HeadParams(name="cls_entity_start", dropout=0.0),
        entity_types=("LOC", "PER"),
        legal_labels={},
        fingerprint={"tokenizer": "t"},
    )
    sizes = BertConfig(
        vocab_size=len(tokenizer), hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        intermediate_size=8, max_position_embeddings=64, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("models")
    for fold in (0, 1):
        torch.manual_seed(fold)
        model = RelationModel(BertModel(sizes, add_pooling_layer=False), config)
        TrainedModel(model.eval(), tokenizer).save_pretrained(folder / f"fold_{fold}")
    return folder


@pytest.fixture(scope="session")
def encoder_folders(tmp_path_factory, wordpiece_tokenizer, xlm_roberta_tokenizer):
    """A tiny random encoder per family with its tokenizer, in a folder for ``encoder.name``."""
    import torch
    from transformers import AutoModel

    root = tmp_path_factory.mktemp("encoders")
    families = _encoder_families(wordpiece_tokenizer, xlm_roberta_tokenizer)
    for number, (family, (config, tokenizer)) in enumerate(families.items()):
        config.vocab_size, config.pad_token_id = len(tokenizer), tokenizer.pad_token_id
        torch.manual_seed(number)
        AutoModel.from_config(config).save_pretrained(root / family)
        tokenizer.save_pretrained(root / family)
    return {family: root / family for family in families}


def _encoder_families(wordpiece, unigram):
    from transformers import BertConfig, ElectraConfig, RobertaConfig, XLMRobertaConfig

    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    }
    one_segment = sizes | {"type_vocab_size": 1, "max_position_embeddings": 130}
    return {
        "bert": (BertConfig(**sizes, max_position_embeddings=128), wordpiece),
        "roberta": (RobertaConfig(**one_segment), _as_klue_roberta_numbers(wordpiece)),
        "electra": (ElectraConfig(**sizes, embedding_size=8), wordpiece),
        "xlm_roberta": (XLMRobertaConfig(**one_segment), unigram),
    }


def _as_klue_roberta_numbers(wordpiece):
    """klue/roberta's ids: [CLS] 0, [PAD] 1, [SEP] 2, [UNK] 3, [MASK] 4."""
    from transformers import BertTokenizerFast

    vocabulary = sorted(wordpiece.get_vocab(), key=wordpiece.get_vocab().get)
    vocabulary[:5] = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]
    numbered = {token: index for index, token in enumerate(vocabulary)}
    return BertTokenizerFast(vocab=numbered, do_lower_case=False)


@pytest.fixture(scope="session", params=["bert", "roberta", "electra", "xlm_roberta"])
def encoder_folder(request, encoder_folders):
    """Each encoder's folder in turn."""
    return encoder_folders[request.param]
