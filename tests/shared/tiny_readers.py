"""Tiny readers of open-domain QA, as they are saved."""

import pytest

READER = {
    "name": "scratch", "max_question_tokens": 12, "stride": 8,
    "no_answer_share": 1.0, "hard_passages": 0, "gold_spans": "first",
}  # fmt: skip
TRAINING = {
    "epochs": 1, "learning_rate": 1e-3, "batch_size": 4, "evaluation_batch_size": 8,
    "accumulation_steps": 1, "max_tokens": 40, "weight_decay": 0.0, "adam_beta1": 0.9,
    "adam_beta2": 0.999, "adam_epsilon": 1e-8, "schedule": "linear", "warmup_share": 0.1,
    "precision": "fp32", "device": "cpu", "seed": 1, "group_by_length": True, "compile": False,
    "log_every_steps": 1, "select_by": "exact_match",
}  # fmt: skip
MAX_TOKENS = 40
"""So few that the passages of the tests have several windows."""


@pytest.fixture(scope="session")
def reader_training():
    """Make the settings of a short training on the CPU, but for what is named."""
    from klue_pipeline.odqa.settings.reader_params import ReaderTrainingParams

    return lambda **changes: ReaderTrainingParams(**{**TRAINING, **changes})


@pytest.fixture(scope="session")
def make_reader():
    """Make a random reader with narrow windows for a tokenizer."""

    def make(tokenizer, **changed):
        import torch
        from transformers import BertConfig, BertModel

        from klue_pipeline.odqa.reader.reader_model import ReaderConfig, ReaderModel
        from klue_pipeline.odqa.settings.reader_params import ReaderHeadParams, ReaderParams

        torch.manual_seed(3)
        sizes = BertConfig(
            vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=16, max_position_embeddings=128, initializer_range=0.4,
            pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
        config = {
            "reader": ReaderParams(**READER),
            "head": ReaderHeadParams(name="linear", dropout=0.0),
            "max_tokens": MAX_TOKENS,
            "strategy": "holdout",
            "fold": 0,
            "fingerprint": {},
        }
        model = ReaderModel(
            BertModel(sizes, add_pooling_layer=False), ReaderConfig(**{**config, **changed})
        )
        torch.nn.init.normal_(model.head.output.weight, std=0.5)
        return model.eval()

    return make


@pytest.fixture(scope="session")
def reader_folder(tmp_path_factory, make_reader, wordpiece_tokenizer):
    """The folder of a reader that has held out some training questions.

    Session-wide: only looked at.
    """
    folder = tmp_path_factory.mktemp("readers") / "fold_0"
    make_reader(wordpiece_tokenizer).save_pretrained(folder)
    wordpiece_tokenizer.save_pretrained(folder)
    return folder
