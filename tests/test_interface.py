"""Settings that users script: each reaches what it names, and a slip of the pen its neighbour."""

import pytest

from klue_pipeline.cli import run
from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.parameters import check_parameters

INTERFACE = [
    ("raw.train", "my/train.csv", "raw.trian"),
    ("raw.test", "my/test.csv", "raw.tset"),
    ("raw.test_gold", "my/gold.csv", "raw.test_glod"),
    ("raw.reviewed_rows", "my/reviewed.csv", "raw.reviewed_row"),
    ("raw.bundles", "my/bundles", "raw.bundels"),
    ("raw.submissions", "my/submissions", "raw.submision"),
    ("clean.contradictory_duplicates.keep", "drop_all", "clean.contradictory_duplicates.kepp"),
    ("augment.entity_swap.share", 0.5, "augment.entity_swap.shares"),
    ("eda.adversarial.seed", 7, "eda.adversarial.sed"),
    ("label_audit.max_suspects", 10, "label_audit.max_suspect"),
    ("ingest.format", "legacy_tsv", "ingest.fromat"),
    ("ingest.max_rows", 77, "ingest.max_row"),
    ("labels.names", "infer", "labels.naems"),
    ("predict.input", "my/new.jsonl", "predict.inptu"),
    ("predict.output_format", "parquet", "predict.output_fromat"),
    ("experiment", "typed_punct_query", "experment"),
    ("run.name", "mine", "run.nam"),
    ("text.language", "en", "text.langauge"),
    ("encoder.name", "klue/roberta-small", "encoder.nmae"),
    ("encoder.num_hidden_layers", 4, "encoder.num_hidden_layer"),
    ("evaluation.select_by", "auprc", "evaluation.selectby"),
    ("evaluation.n_resamples", 200, "evaluation.n_resample"),
    ("evaluation.target_prior.negative_share", 0.3, "evaluation.target_prior.negative_shares"),
    ("ensemble.method", "greedy", "ensemble.metod"),
    ("ensemble.plain_submissions", "all", "ensemble.plain_submission"),
    ("ensemble.negative_bias", "auto", "ensemble.negative_bais"),
    ("ledger.max_per_day", 3, "ledger.max_per_days"),
    ("folds.n_splits", 4, "folds.n_split"),
    ("folds.strategy", "stratified", "folds.stratgy"),
    ("folds.run", [0], "folds.runs"),
    ("training.epochs", 7, "training.epoch"),
    ("training.learning_rate", 0.5, "training.learnin_rate"),
    ("training.batch_size", 3, "training.batchsize"),
    ("training.max_tokens", 48, "training.max_token"),
    ("training.precision", "fp32", "training.precison"),
    ("training.device", "cuda:1", "training.devices"),
    ("training.seed", 9, "training.sed"),
    ("export.licences.data", "CC-BY-4.0", "export.licences.date"),
    ("mlflow.enabled", True, "mlflow.enable"),
    ("odqa.raw.train", "my/train.jsonl", "odqa.raw.trian"),
    ("odqa.raw.documents", "my/documents.json", "odqa.raw.document"),
    ("odqa.ingest.format", "squad", "odqa.ingest.fromat"),
    ("odqa.retrieval.top_k", 7, "odqa.retrieval.topk"),
    ("odqa.encoder.name", "klue/roberta-small", "odqa.encoder.nmae"),
    ("odqa.retrievers.bm25.k1", 0.9, "odqa.retrievers.bm25.k"),
    ("odqa.experiment", "bm25", "odqa.experment"),
    ("odqa.questions", "my/new.jsonl", "odqa.question"),
    ("odqa.folds.strategy", "validation", "odqa.folds.stratgy"),
    ("odqa.folds.validation_share", 0.3, "odqa.folds.validation_shares"),
    ("odqa.folds.seed", 7, "odqa.folds.sed"),
    ("odqa.reader.name", "klue/bert-base", "odqa.reader.nmae"),
    ("odqa.reader.stride", 32, "odqa.reader.strid"),
    ("odqa.reader.max_question_tokens", 40, "odqa.reader.max_question_token"),
    ("odqa.reader.no_answer_share", 0.5, "odqa.reader.no_answer_shares"),
    ("odqa.reader.hard_passages", 2, "odqa.reader.hard_passage"),
    ("odqa.reader.gold_spans", "all", "odqa.reader.gold_span"),
    ("odqa.head.dropout", 0.3, "odqa.head.dropuot"),
    ("odqa.augment.methods", ["random_flip"], "odqa.augment.method"),
    ("odqa.training.epochs", 2, "odqa.training.epoch"),
    ("odqa.training.learning_rate", 0.5, "odqa.training.learnin_rate"),
    ("odqa.training.batch_size", 3, "odqa.training.batchsize"),
    ("odqa.training.max_tokens", 144, "odqa.training.max_token"),
    ("odqa.training.label_smoothing", 0.1, "odqa.training.label_smoothin"),
    ("odqa.training.select_by", "loss", "odqa.training.selectby"),
    ("odqa.training.freeze", "embeddings", "odqa.training.freez"),
    ("odqa.answer.top_k", 2, "odqa.answer.topk"),
    ("odqa.answer.passages", "joined", "odqa.answer.passage"),
    ("odqa.answer.max_answer_tokens", 9, "odqa.answer.max_answer_token"),
    ("odqa.answer.n_best", 3, "odqa.answer.nbest"),
    ("odqa.answer.retrieval_weight", 2.5, "odqa.answer.retrieval_weights"),
    ("odqa.answer.trim_josa", False, "odqa.answer.trim_jos"),
    ("odqa.answer.abstain_below", 0.4, "odqa.answer.abstain_bellow"),
    ("odqa.ensemble.members", ["reader", "cnn"], "odqa.ensemble.member"),
    ("odqa.ensemble.method", "hard_vote", "odqa.ensemble.metod"),
    ("odqa.ensemble.ties", "longer", "odqa.ensemble.tie"),
    ("odqa.evaluation.select_answers_by", "character_f1", "odqa.evaluation.select_answer_by"),
    ("odqa.answer_new.output_format", "jsonl", "odqa.answer_new.output_fromat"),
    ("odqa.ledger.max_per_day", 3, "odqa.ledger.max_per_days"),
]
"""What may be scripted, each with a value that is not the default, and a slip of the pen."""


def runtime_of(command_line):
    """Read ``--params`` as ``kedro run`` does."""
    with run.make_context("kedro run", ["--params", command_line] if command_line else []) as click:
        return click.params["params"]


@pytest.fixture(scope="module")
def settings_of_test(configured):
    return read_configuration("test")["parameters"]


@pytest.mark.parametrize(("name", "value", "slip"), INTERFACE)
def test_the_interface_reaches_what_it_names_and_a_slip_its_neighbour(
    settings_of_test, name, value, slip
):
    found = resolve_run(settings_of_test, runtime_of(f"{name}={value}"))
    check_parameters(found)
    for part in name.split("."):
        found = found[part]
    assert found == value
    wrong = resolve_run(settings_of_test, runtime_of(f"{slip}=1"))
    with pytest.raises(ValueError, match=f"{slip}: there is no such setting") as raised:
        check_parameters(wrong)
    assert name.rpartition(".")[2] in str(raised.value).partition("Did you mean")[2]
