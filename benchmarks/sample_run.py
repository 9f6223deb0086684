"""What a run on the bundled sample left on disk, and its models' scores of other test rows."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from numpy.typing import NDArray
from scripts.make_sample import NO_RELATION, Row, write_test_rows
from transformers import PreTrainedTokenizerBase

from klue_pipeline.datasets.inputs.raw_relation import RawRelationDataset
from klue_pipeline.datasets.models.checkpoint import CheckpointDataset
from klue_pipeline.datasets.models.tokenizer import TokenizerDataset
from klue_pipeline.datasets.tables.score_table import ScoreTableDataset
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.pipelines.ingest.nodes import parse_test
from klue_pipeline.relation.encoding.features import encode
from klue_pipeline.relation.model.fold_prediction import score_test_rows
from klue_pipeline.relation.model.relation_model import read_relation_config
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.params import IngestParams
from klue_pipeline.relation.settings.training_params import RelationTrainingParams

_PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class SampleRun:
    """One experiment on disk.

    Attributes:
        out_of_fold: Scores of its training rows by the models that did not see them.
        sentences: The training rows with their labels.
        models: Checkpoint of each fold.
        tokenizer: What its texts were cut with.
        labels: The labels in the order of the scores.
        parameters: Kedro's parameters, resolved for the experiment.
    """

    out_of_fold: ScoreTable
    sentences: pd.DataFrame
    models: list[Path]
    tokenizer: PreTrainedTokenizerBase
    labels: LabelSet
    parameters: dict[str, Any]

    @property
    def gold(self) -> pd.Series:
        """True label names of the training rows, indexed by row id."""
        return gold_by_row(self.sentences)

    def evaluation_under(self, prior: Mapping[str, Any]) -> EvaluationParams:
        """Return how scores are judged, with other settings of the target's prior."""
        evaluation = EvaluationParams.model_validate(self.parameters["evaluation"]).model_dump()
        silent = {"shares": None, "negative_share": None}
        target_prior = evaluation["target_prior"] | silent | dict(prior)
        return EvaluationParams.model_validate(evaluation | {"target_prior": target_prior})


@dataclass(frozen=True)
class ScoredTestSet:
    """Test rows with their true labels, scored by every fold's model.

    Attributes:
        truth: True label ids. Shape: (rows,).
        sentences: The rows as they were read.
        folds: Scores of each fold's model.
    """

    truth: NDArray[np.int64]
    sentences: pd.DataFrame
    folds: list[ScoreTable]


def read_run(data: Path, experiment: str, environment: str | None = None) -> SampleRun:
    """Read what ``kedro run`` left.

    Args:
        data: The folder ``data`` of the run.
        experiment: Its name; a run with other settings than the lab book's is refused when its
            models are used.
        environment: In which it was run; None for the default one.

    Raises:
        DatasetError: Scores, tokenizer or a fold's model are not there.
    """
    scores = data / "07_model_output" / experiment / "out_of_fold.parquet"
    out_of_fold = ScoreTableDataset(filepath=str(scores)).load()
    folder = data / "06_models" / experiment
    numbers = np.unique(out_of_fold.folds).tolist()
    models = [CheckpointDataset(filepath=str(folder / f"fold_{k}")).load() for k in numbers]
    tokenizer = data / "05_model_input" / experiment / "tokenizer"
    labels = LabelSet(names=list(out_of_fold.labels), negative=NO_RELATION)
    sentences = pd.read_parquet(data / "03_primary" / "clean_sentences.parquet")
    return SampleRun(
        out_of_fold,
        sentences,
        models,
        TokenizerDataset(filepath=str(tokenizer)).load(),
        labels,
        _resolve_parameters(experiment, environment),
    )


def score_rows(run: SampleRun, rows: Sequence[Row]) -> ScoredTestSet:
    """Ingest rows as the run ingests its test file, and score them with every fold's model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.csv"
        write_test_rows(path, rows)
        raw = RawRelationDataset(source=str(path)).load()
    sentences = parse_test(raw, IngestParams.model_validate(run.parameters["ingest"]))
    training = RelationTrainingParams.model_validate(run.parameters["training"])
    written_as = read_relation_config(run.models[0]).input
    features = encode(sentences, run.tokenizer, written_as, training.max_tokens, run.labels)
    truth = pd.Index(run.labels.names).get_indexer([row.label for row in rows])
    folds = [score_test_rows(model, features, training) for model in run.models]
    return ScoredTestSet(truth, sentences, folds)


def _resolve_parameters(experiment: str, environment: str | None) -> dict[str, Any]:
    bootstrap_project(_PROJECT)
    settings = {"experiment": experiment}
    with KedroSession.create(
        _PROJECT, save_on_close=False, env=environment, runtime_params=settings
    ) as session:
        resolved: dict[str, Any] = session.load_context().params
        return resolved
