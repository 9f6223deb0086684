"""Runs on natural shifts, each in a copy of the project, kept so that no model trains twice."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.natural_shifts import NEGATIVE, split_rows
from benchmarks.settings import read_settings
from klue_pipeline.datasets.tables.score_table import ScoreTableDataset
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import average_probabilities
from klue_pipeline.evaluation.truth import gold_by_row, label_scores
from klue_pipeline.relation.metrics.evaluation import evaluate_known_rows
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.exploration_params import ExploreParams
from klue_pipeline.relation.shift.density import TextShift, weigh_texts
from klue_pipeline.relation.shift.prior import resolve_prior
from klue_pipeline.relation.shift.report import report_shift

_PROJECT = Path(__file__).parents[1]
_STAGES = "ingest,clean,augment,tokenize,train,predict"
_EXPERIMENT = "typed_punct_query"
_COLUMNS = ["id", "sentence", "subject_entity", "object_entity", "label", "source"]
N_FOLDS = 2


@dataclass(frozen=True)
class Strength:
    """How well a model gets to know its task."""

    rows: int
    epochs: int
    layers: int


STRENGTHS = {
    "weak": Strength(rows=1500, epochs=2, layers=2),
    "usual": Strength(rows=3000, epochs=2, layers=3),
    "strong": Strength(rows=6000, epochs=3, layers=4),
}


@dataclass(frozen=True)
class ShiftRun:
    """One model on one shift.

    Attributes:
        folder: Its copy of the project.
        negative_share: How many of the judged rows have no relation, as a contest may say.
    """

    folder: Path
    negative_share: float

    def train(self, strength: Strength, encoder: str) -> None:
        """Train the folds and score all rows, unless that was done before."""
        if (self._data / "07_model_output" / _EXPERIMENT / "test_scores.parquet").exists():
            return
        for name in ("conf", "src"):
            shutil.copytree(_PROJECT / name, self.folder / name, dirs_exist_ok=True)
        shutil.copy(_PROJECT / "pyproject.toml", self.folder)
        settings = (
            f"raw.train={self.folder}/train.csv,raw.test={self.folder}/test.csv,"
            f"mlflow.enabled=false,folds.n_splits={N_FOLDS},encoder.name={encoder},"
            f"encoder.num_hidden_layers={strength.layers},training.epochs={strength.epochs},"
            "training.max_tokens=160,training.learning_rate=1e-4,training.batch_size=16,"
            "training.evaluation_batch_size=16"
        )
        command = [sys.executable, "-m", "kedro", "run", "--env", "klue"]
        subprocess.run(  # noqa: S603 - our own command
            [*command, "--pipelines", _STAGES, "--params", settings],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder / "src")},
            stdout=sys.stderr,
            check=True,
        )

    def judge(self) -> dict[str, Any]:
        """Report what is known before a submission, and under ``test`` what it then reaches."""
        scores = self._data / "07_model_output" / _EXPERIMENT
        out_of_fold = ScoreTableDataset(filepath=str(scores / "out_of_fold.parquet")).load()
        folds = [
            ScoreTableDataset(filepath=str(scores / f"fold_{number}" / "test.parquet")).load()
            for number in range(N_FOLDS)
        ]
        train, test = (
            pd.read_parquet(self._data / "03_primary" / f"{name}.parquet")
            for name in ("clean_sentences", "clean_test_sentences")
        )
        labels = LabelSet(names=list(out_of_fold.labels), negative=NEGATIVE)
        judged, mean = (
            label_scores(out_of_fold, gold_by_row(train), labels),
            average_probabilities(folds),
        )
        evaluation = _evaluation_under(self.negative_share)
        prior = resolve_prior(judged, mean, labels, evaluation)
        adversarial = ExploreParams.model_validate(read_settings("eda")["eda"]).adversarial
        texts = TextShift.from_tables(*weigh_texts(train, test, adversarial))
        gold = pd.read_csv(self.folder / "test_gold.csv", dtype=str).set_index("id")["label"]
        return {
            **report_shift(judged, folds, prior, texts, evaluation),
            "test": evaluate_known_rows(mean, gold, labels),
        }

    @property
    def _data(self) -> Path:
        return self.folder / "data" / "klue"


def _evaluation_under(negative_share: float) -> EvaluationParams:
    settings = read_settings("evaluation")["evaluation"]
    settings["target_prior"] |= {"negative_share": negative_share, "given_for": None}
    return EvaluationParams.model_validate(settings)


def prepare_run(
    folder: Path, rows: pd.DataFrame, shift: str, strength: Strength, seed: int
) -> ShiftRun:
    """Write the files of a shift; the labels of judged rows stand in a file of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    train, judged = split_rows(rows, shift, strength.rows, seed)
    train[_COLUMNS].to_csv(folder / "train.csv", index=False)
    judged[_COLUMNS].assign(label="100").to_csv(folder / "test.csv", index=False)
    judged[["id", "label"]].to_csv(folder / "test_gold.csv", index=False)
    return ShiftRun(folder, round(float((judged["label"] == NEGATIVE).mean()), 3))
