"""Training and test sentences -> tokenizer -> features."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.tokenize.nodes import encode_test, encode_train, prepare_tokenizer


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire tokenize."""
    settings = ["params:input", "params:training.max_tokens"]
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
        ]
    )
