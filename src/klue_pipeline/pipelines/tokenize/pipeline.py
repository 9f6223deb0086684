"""Training and test sentences -> tokenizer -> features."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.tokenize.nodes import (
    encode_test,
    encode_train,
    encode_unlabelled,
    prepare_tokenizer,
)
from klue_pipeline.runs import topology


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire tokenize."""
    settings = ["params:input", "params:training.max_tokens"]
    unlabelled = node(
        encode_unlabelled,
        inputs=["unlabelled_sentences", "tokenizer", "labels", *settings],
        outputs="unlabelled_features",
        name="encode_unlabelled",
    )
    return Pipeline(
        [
            node(
                prepare_tokenizer,
                inputs=["training_sentences", "params:encoder", "params:input"],
                outputs="tokenizer",
                name="prepare_tokenizer",
            ),
            node(
                encode_train,
                inputs=["training_sentences", "tokenizer", "labels", *settings],
                outputs="train_features",
                name="encode_train",
            ),
            node(
                encode_test,
                inputs=["clean_test_sentences", "tokenizer", "labels", *settings],
                outputs="test_features",
                name="encode_test",
            ),
            *([unlabelled] if topology.teachers() else []),
        ]
    )
