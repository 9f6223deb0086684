"""The adapt pipeline over a hand-made catalog."""

import logging

import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.pipelines.adapt import create_pipeline
from klue_pipeline.training.pretraining.adapt_params import AdaptParams

SCRATCH = {
    "vocabulary_size": 300, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
    "intermediate_size": 8, "max_positions": 64,
}  # fmt: skip
PARAMS = AdaptParams(
    encoder={"name": "scratch", "scratch": SCRATCH}, include_test_text=False, whole_word=True,
    mask_share=0.15, held_out_share=0.2, epochs=1, learning_rate=0.01, batch_size=8,
    evaluation_batch_size=8, accumulation_steps=1, max_tokens=40, weight_decay=0.0, adam_beta1=0.9,
    adam_beta2=0.98, adam_epsilon=1e-6, warmup_share=0.1, precision="fp32", device="cpu", seed=5,
    log_every_steps=1,
)  # fmt: skip


@pytest.fixture
def catalog(small_sentences, tmp_path):
    catalog = DataCatalog.from_config(
        {
            "adaptation_workspace": {
                "type": "klue_pipeline.datasets.models.workspace.FoldWorkspaceDataset",
                "number": 0,
                "filepath": str(tmp_path / "scratch"),
            },
            "adapted_encoder": {
                "type": "klue_pipeline.datasets.models.checkpoint.AdaptedEncoderDataset",
                "filepath": str(tmp_path / "adapted"),
                "scratch": str(tmp_path / "scratch"),
            },
        }
    )
    catalog["clean_sentences"] = small_sentences.head(20)
    catalog["clean_test_sentences"] = small_sentences.tail(4).assign(
        problem=[None, None, None, "empty_sentence"]
    )
    catalog["params:adapt"] = PARAMS
    return catalog


def run(catalog):
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    return outputs["adaptation_report"].load(), outputs["adaptation_history"].load()


def test_sentences_become_an_encoder_and_the_resume_state_goes(catalog, tmp_path):
    report, history = run(catalog)
    assert {path.name for path in tmp_path.iterdir()} == {"adapted"}
    assert report["texts"]["training"]["rows"] + report["texts"]["held_out"]["rows"] == 20
    assert report["transductive"] is False
    assert history["step"].tolist() == [1, 2]
    assert history["validation_perplexity"].notna().sum() == 1


def test_test_sentences_are_learnt_from_if_the_settings_say_so(catalog, caplog):
    catalog["params:adapt"] = PARAMS.model_copy(update={"include_test_text": True})
    with caplog.at_level(logging.WARNING, "klue_pipeline"):
        report, _ = run(catalog)
    assert report["transductive"] is True
    assert report["texts"]["training"]["rows"] + report["texts"]["held_out"]["rows"] == 23
    assert "transductive (adapt.include_test_text)" in caplog.text


def test_an_unfinished_training_of_other_settings_is_not_resumed(catalog, tmp_path):
    wanted, _ = run(catalog)
    foreign = tmp_path / "scratch" / "0123456789abcdef" / "checkpoint-1"
    foreign.mkdir(parents=True)
    (foreign / "trainer_state.json").write_text('{"global_step": 1}')
    assert run(catalog)[0] == wanted
