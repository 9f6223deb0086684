"""Nodes of the tokenize pipeline."""

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.encoding.features import Features, encode
from klue_pipeline.relation.inputs.input_texts import iterate_texts
from klue_pipeline.relation.inputs.missing_types import warn_of_types_without_token
from klue_pipeline.relation.inputs.special_tokens import describe_tokens
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.training import tokenizer as tokenizers
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.training.tokenizer import Tokenizer


def prepare_tokenizer(
    training_sentences: pd.DataFrame, encoder: EncoderParams, input_params: InputParams
) -> Tokenizer:
    """Train the tokenizer of an encoder from scratch on the run's own texts, or load the encoder's.

    Either way it gets the special tokens of the input format.

    Args:
        training_sentences: What to learn from: their marked sentences and queries.
        encoder: Which encoder.
        input_params: How a row is written as text.
    """
    warn_of_types_without_token(training_sentences, input_params)
    texts = iterate_texts(training_sentences, input_params)
    return tokenizers.prepare_tokenizer(encoder, texts, describe_tokens(input_params))


def encode_train(
    training_sentences: pd.DataFrame,
    tokenizer: Tokenizer,
    labels: LabelSet,
    input_params: InputParams,
    max_tokens: int,
) -> Features:
    """Encode every training row once, for all folds.

    Args:
        training_sentences: Rows with labels.
        tokenizer: The encoder's tokenizer.
        labels: The ordered label names; a label's id is its place.
        input_params: How a row is written as text.
        max_tokens: Longest row in tokens.
    """
    return encode(training_sentences, tokenizer, input_params, max_tokens, labels)


def encode_test(
    test_sentences: pd.DataFrame,
    tokenizer: Tokenizer,
    labels: LabelSet,
    input_params: InputParams,
    max_tokens: int,
) -> Features:
    """Encode every test row; one whose entities cannot be located goes in as a bare sentence.

    Args:
        test_sentences: Rows without labels.
        tokenizer: The encoder's tokenizer.
        labels: The ordered label names; a label's id is its place.
        input_params: How a row is written as text.
        max_tokens: Longest row in tokens.
    """
    return encode(test_sentences, tokenizer, input_params, max_tokens, labels)


def encode_unlabelled(
    unlabelled_sentences: pd.DataFrame,
    tokenizer: Tokenizer,
    labels: LabelSet,
    input_params: InputParams,
    max_tokens: int,
) -> Features:
    """Encode the rows without labels that a student learns from, as training rows are.

    Args:
        unlabelled_sentences: Rows without labels; there need not be any.
        tokenizer: The encoder's tokenizer.
        labels: The ordered label names; a label's id is its place.
        input_params: How a row is written as text.
        max_tokens: Longest row in tokens.
    """
    return encode(unlabelled_sentences, tokenizer, input_params, max_tokens, labels)
